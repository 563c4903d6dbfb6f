"""
Which part of the project may know which. An arrow against this table is a design change and needs an ADR.

Only modules are looked at, not names: what a part exports is its own business.
"""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
COMPONENTS = PROJECT / "components"

# Part of components/ -> other parts it may import. Helpers without knowledge of their own may be used by everybody.
MAY_IMPORT = {
    "settings": {"stack"},
    "stack": {"llm", "agent", "attachments", "urls"},
    "protection": {"stack"},
    "attached": {"stack", "agent", "attachments"},
    "account": {"stack", "sandbox", "trugen"},
    "llm": {"redaction", "urls"},
    "agent": {"provider", "lifecycle", "trugen", "urls"},
    "attachments": {"agent", "provider", "lifecycle", "trugen", "urls", "redaction"},
    "provider": {"workspace", "lifecycle", "trugen"},
    "workspace": {"lifecycle", "trugen"},
    "lifecycle": {"trugen"},
    "trugen": {"redaction", "urls"},
    "sandbox": set(),  # no rule in common with what it is there to test
    "live": {"trugen", "redaction"},
    "cli": {"llm", "trugen", "agent", "lifecycle", "live", "stack", "urls"},
    "__main__": {"cli"},
    "progress": set(),
    "foreseen": set(),
    "redaction": set(),
    "unknowns": set(),
    "urls": set(),
    "workers": set(),
}
FOR_EVERYBODY = {"progress", "foreseen", "unknowns", "workers"}
# What must stay usable without Pulumi: by the command line, by tests, and one day by another kind of provider.
WITHOUT_PULUMI = [
    "trugen",
    "cli",
    "live",
    "redaction.py",
    "urls.py",
    "llm/egress.py",
    "llm/gate",
    "llm/gateway/caddyfile.py",
    "llm/gateway/candidate.py",
    "llm/gateway/door.py",
    "llm/gateway/found.py",
    "llm/gateway/relay.py",
    "llm/gateway/routes.py",
    "llm/gateway/slots.py",
    "llm/model_work.py",
    "llm/ollama_api.py",
    "llm/preflight.py",
    "llm/volume_files.py",
    "agent/lifecycle.py",
    "agent/kind.py",
    "agent/adopted.py",
    "lifecycle",
    "agent/document.py",
    "sandbox/app.py",
    "sandbox/store.py",
    "stack",
]


def imported(path: Path) -> set[str]:
    """Absolute names of all modules that *path* imports, at its top or inside a function."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part_of(path: Path) -> str:
    return path.relative_to(COMPONENTS).parts[0].removesuffix(".py")


MODULES = sorted(path for path in COMPONENTS.rglob("*.py") if path != COMPONENTS / "__init__.py")


def test_every_part_has_its_place_in_the_table() -> None:
    assert {part_of(path) for path in MODULES} == set(MAY_IMPORT)


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_knows_only_what_lies_below_it(part: str) -> None:
    allowed = MAY_IMPORT[part] | FOR_EVERYBODY | {part}
    against = {
        f"{path.relative_to(PROJECT)} -> {name}"
        for path in MODULES
        if part_of(path) == part
        for name in imported(path)
        if name.startswith("components.") and name.split(".")[1] not in allowed
    }

    assert against == set()


def test_the_program_takes_only_what_it_composes() -> None:
    taken = {name.split(".")[1] for name in imported(PROJECT / "__main__.py") if name.startswith("components.")}

    assert taken == {"settings", "stack", "account", "llm", "agent", "attached", "protection"}


def test_only_settings_reads_pulumi_config() -> None:
    readers = {
        str(path.relative_to(PROJECT))
        for path in [*MODULES, PROJECT / "__main__.py"]
        if any(name.startswith("pulumi.runtime.config") or name == "pulumi.Config" for name in imported(path))
        or "pulumi.Config(" in path.read_text(encoding="utf-8")
    }

    assert readers == {"components/settings.py"}


@pytest.mark.parametrize("place", WITHOUT_PULUMI)
def test_the_logic_runs_without_pulumi(place: str) -> None:
    paths = [COMPONENTS / place] if place.endswith(".py") else list((COMPONENTS / place).rglob("*.py"))

    assert paths
    assert [
        path.name for path in paths if any(name.split(".")[0].startswith("pulumi") for name in imported(path))
    ] == []
