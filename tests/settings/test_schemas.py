"""
What an editor is told about a stack file.

That the schema takes every stack that the settings take is asked at each of them, by the fixture `load` of this folder.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.stack import schema
from tests.fixtures.stack_schemas import SHARED, STACK, STACKS, as_file, complaints
from tests.settings.conftest import Stack
from tests.settings.test_bad_inputs import ROWS, SECRETS, put

# A schema knows the shape of a value; what it means (a reachable address, a declared name) the preview tells.
STRUCTURAL = ("input should be", "unknown key")
BAD_SHAPES = [row for row in ROWS if "value" in row and row["says"].startswith(STRUCTURAL)]


@pytest.mark.parametrize(
    ("name", "made"),
    [("stack.schema.json", schema.of_a_stack()), ("shared.schema.json", schema.of_the_shared_file())],
    ids=["stack", "shared"],
)
def test_the_committed_schema_is_that_of_the_models(name: str, made: dict[str, Any]) -> None:
    assert (STACKS / "schema" / name).read_text(encoding="utf-8") == schema.text(made), "run `make schema`"


@pytest.mark.parametrize("path", sorted(STACKS.glob("*.yaml")), ids=lambda path: path.name)
def test_every_committed_file_names_its_schema_and_fits_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    name, validator = ("shared", SHARED) if path.name == "shared.yaml" else ("stack", STACK)

    assert text.splitlines()[0] == f"# yaml-language-server: $schema=schema/{name}.schema.json"
    assert complaints(validator, yaml.safe_load(text)) == []


@pytest.mark.parametrize("row", BAD_SHAPES, ids=[f"{row['at']} {row['says'][:30]}" for row in BAD_SHAPES])
def test_a_value_of_a_wrong_shape_is_underlined(cloud_stack: Stack, row: dict[str, Any]) -> None:
    put(cloud_stack, row["at"], row["value"])

    assert complaints(STACK, as_file(cloud_stack, SECRETS)) != []


def test_a_fair_part_of_the_bad_inputs_is_of_a_wrong_shape() -> None:
    assert len(BAD_SHAPES) >= 35


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("llms", {"main": {"engine": "ollama", "baseUrl": "https://llm.example.com/v1"}}),
        ("llms", {"main": {"engine": "olama"}}),
        ("llms", {"Main": {"engine": "ollama"}}),
        ("llms", {"main": {"engine": "ollama", "gpu": "on"}}),
        ("llms", {"*": {"engine": "ollama"}}),
        ("llms", {"main": None}),
        ("trugen", {"sandbox": {"prot": 1}}),
        ("protection", {"maxDeletes": -1}),
        ("trugenApiKey", "tg-0123456789"),
        ("llmTokens", {"main": "sk-0123456789"}),
        ("agentes", {}),
    ],
)
def test_what_no_section_takes_is_underlined(cloud_stack: Stack, section: str, value: Any) -> None:
    cloud_stack[section] = value

    assert complaints(STACK, as_file(cloud_stack, {})) != []


@pytest.mark.parametrize("section", ["trugen", "protection", "trugenApiKey", "llmTokens", "agent"])
def test_what_is_not_shared_is_underlined_in_the_shared_file(section: str) -> None:
    assert complaints(SHARED, {section: {}}) != []


def test_an_entry_may_leave_out_what_the_shared_file_gives() -> None:
    sections = {"llms": {"main": {"ready": {"successes": 3}}}, "agents": {"ada": {}}, "tools": {"rooms": {}}}

    assert complaints(STACK, as_file(sections, {})) == []


def test_the_shared_file_has_an_entry_for_all_others() -> None:
    assert complaints(SHARED, {"agents": {"*": {"timeoutS": 600}}, "llms": {"*": {"ready": {"successes": 3}}}}) == []


def test_what_pulumi_itself_keeps_in_the_file_is_no_mistake() -> None:
    file = {
        "secretsprovider": "awskms://alias/trugen-llm",
        "encryptedkey": "AQICAHi",
        "encryptionsalt": "v1:a:v1:b:c==",
        "config": {
            "pulumi:tags": {"owner": "ops"},
            "trugen-llm:llmTokens": {"main": {"secure": "v1:a:b"}},
            "trugen-llm:secretHeaders": {"tools": {"rooms": {"Authorization": {"secure": "v1:a:b"}}}},
        },
    }

    assert complaints(STACK, file) == []


def test_a_text_beside_a_field_in_the_code_is_its_help_in_the_editor() -> None:
    agent = schema.of_a_stack()["$defs"]["AgentSettings"]["properties"]

    assert agent["isPublic"]["description"] == "Reachable by its embed link."
    assert agent["personaPromptFile"]["type"] == "string"
