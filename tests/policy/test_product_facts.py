"""
What the pack knows of the product, compared with the product. The pack itself imports nothing of it.

The names of types are compared on the registered resources of the stacks: test_our_stacks.py.
"""

import ast
from pathlib import Path

from components.llm.gateway import caddyfile
from components.llm.token import BearerTokenProvider
from policy import containers
from tests.policy.conftest import agent, violations

POLICY = Path(__file__).resolve().parents[2] / "policy"


def test_the_pack_imports_nothing_of_what_it_judges() -> None:
    imported = {name for file in POLICY.glob("*.py") for name in _imported(file)}

    assert "policy" in imported
    assert "components" not in imported


def test_only_the_edge_knows_pulumi() -> None:
    knowing = [file.name for file in POLICY.glob("*.py") if any(name.startswith("pulumi") for name in _imported(file))]

    assert knowing == ["registration.py"]


def test_the_private_door_is_where_the_gateway_has_it() -> None:
    assert caddyfile.PRIVATE_PORT == containers._PRIVATE_DOOR  # noqa: SLF001 - the one fact that it keeps to itself


def test_a_token_that_we_generate_is_strong_enough() -> None:
    made = [BearerTokenProvider().create({"generation": 1}).outs or {} for _ in range(20)]

    assert [violations("token-strength", agent(llm_token=one["value"])) for one in made] == [[]] * 20


def _imported(file: Path) -> list[str]:
    """Packages by their first name."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return [name.split(".")[0] for name in names]
