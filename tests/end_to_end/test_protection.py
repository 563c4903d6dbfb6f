"""The real CLI refuses to let agents go, and lets them go as docs/protection.md says."""

import re
import secrets
import shlex
from collections.abc import Iterator

import pytest

from tests.fixtures.deployment import PROJECT
from tests.fixtures.platform_stack import PlatformDeployment, agent
from tests.fixtures.pulumi_project import Result
from tests.fixtures.trugen_user import TrugenUser

PROTECTED = {"protect": True, "maxDeletes": 0}
GUIDE = (PROJECT / "docs" / "protection.md").read_text()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformDeployment]:
    made = PlatformDeployment(tmp_path_factory.mktemp("protection") / "project", f"e2e-{secrets.token_hex(3)}")
    yield made
    made.pulumi("state", "unprotect", "--all", "--yes")
    assert made.destroy().status == 0


@pytest.fixture
def protected(stack: PlatformDeployment) -> PlatformDeployment:
    """Two agents and a guardrail, deployed under `protect` and `maxDeletes: 0`, whatever the test before left."""
    stack.change("agents", {"concierge": agent("Concierge"), "doorman": agent("Doorman")})
    stack.change("guardrails", {"calm": {"name": "Calm", "prompt": "Stay calm."}})
    stack.change("protection", PROTECTED)
    stack.deployed()
    return stack


def held(stack: PlatformDeployment) -> set[str]:
    return {re.sub(r" \[.*", "", one["agent_name"]) for one in TrugenUser(**stack.outputs()["sandbox"]).agents()}


def guide(section: str) -> list[list[str]]:
    """The commands of that section of the guide, without `pulumi` and its stack."""
    (text,) = re.findall(rf"(?ms)^## {section}$(.*?)(?=^## |\Z)", GUIDE)
    lines = [line.strip() for block in re.findall(r"(?s)```bash\n(.*?)```", text) for line in block.splitlines()]
    commands = [shlex.split(line.replace("--stack production", "")) for line in lines if line.strip()]
    assert {words[0] for words in commands} == {"pulumi"}
    return [words[1:] for words in commands]


def type_in(stack: PlatformDeployment, words: list[str]) -> Result:
    return stack.pulumi(*(word.replace(":production:", f":{stack.stack}:") for word in words))


def test_a_run_that_would_lose_an_agent_is_refused_before_it_makes_another(protected: PlatformDeployment) -> None:
    protected.change("agents.concierge", None)
    protected.change("agents.newcomer", agent("Newcomer"))

    for refused in (protected.pulumi("preview"), protected.up("--skip-preview")):
        assert refused.status == 1, refused.printed
        assert "1 of 3 agents and attachments would leave the stack" in refused.printed
        assert "agents.concierge\n" in refused.printed
        assert "Traceback" not in refused.printed

    assert held(protected) == {"Concierge", "Doorman"}


def test_a_run_that_loses_nothing_has_nothing_to_do(protected: PlatformDeployment) -> None:
    again = protected.up("--skip-preview", "--expect-no-changes")

    assert again.status == 0, again.printed


def test_what_somebody_deletes_in_the_dashboard_is_made_again(protected: PlatformDeployment) -> None:
    before = protected.outputs()
    TrugenUser(**before["sandbox"]).delete(before["agents"]["concierge"]["id"])

    after = protected.deployed()

    assert held(protected) == {"Concierge", "Doorman"}
    assert after["agents"]["doorman"]["id"] == before["agents"]["doorman"]["id"]


def test_a_replacement_is_refused(protected: PlatformDeployment) -> None:
    urn = f"urn:pulumi:{protected.stack}::trugen-llm::pulumi-python:dynamic/trugen:Agent::concierge"

    refused = protected.pulumi("preview", "--replace", urn)

    assert refused.status == 1, refused.printed
    assert "it is currently marked for protection" in refused.printed


def test_one_is_removed_in_two_changes(protected: PlatformDeployment) -> None:
    unprotect, *remove = guide("Removing one that is protected")
    protected.change("agents.concierge.protect", value=False)
    first = type_in(protected, unprotect)
    protected.change("agents.concierge", None)
    protected.change("protection.maxDeletes", 1)

    done = [first, *(type_in(protected, words) for words in remove)]

    assert [one.status for one in done] == [0, 0, 0], [one.printed for one in done]
    assert held(protected) == {"Doorman"}


def test_one_whose_entry_has_gone_is_let_go_by_the_command_that_the_refusal_shows(
    protected: PlatformDeployment,
) -> None:
    (unprotect, up) = guide("When its entry has gone already")
    protected.change("agents.concierge", None)
    protected.change("protection.maxDeletes", 1)
    refused = protected.pulumi("preview")
    assert refused.status == 1, refused.printed
    assert (
        f"pulumi state unprotect '{unprotect[-1]}'".replace(":production:", f":{protected.stack}:") in refused.printed
    )

    done = [type_in(protected, unprotect), type_in(protected, up)]

    assert [one.status for one in done] == [0, 0], [one.printed for one in done]
    assert held(protected) == {"Doorman"}


def test_a_stack_is_not_destroyed_before_it_says_so(protected: PlatformDeployment) -> None:
    refused = protected.components("down")
    assert refused.status == 1, refused.printed
    assert "because it is protected" in refused.printed
    assert held(protected) == {"Concierge", "Doorman"}
    protected.change("protection.protect", value=False)

    done = [type_in(protected, words) for words in guide("Taking the whole stack down")]

    assert [one.status for one in done] == [0, 0], [one.printed for one in done]
    assert protected.resources() == []
