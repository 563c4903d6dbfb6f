"""`python -m components adopt` on a workspace of the sandbox, without a stack."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.cli import adopt, engine
from tests.fixtures.hand_made import TOKEN, agent
from tests.fixtures.sandbox_server import SandboxServer

CUSTOM = {"provider": "custom", "model": "org/m-1", "url": "https://llm.example.com/v1", "token": TOKEN}


@dataclass(frozen=True)
class Printed:
    status: int
    text: str
    errors: str

    @property
    def llms(self) -> dict[str, Any]:
        return self._section("llms")

    @property
    def agents(self) -> dict[str, Any]:
        return self._section("agents")

    def _section(self, name: str) -> dict[str, Any]:
        section: dict[str, Any] = yaml.safe_load(self.text)["config"][f"a-project:{name}"]
        return section


Adopt = Callable[..., Printed]


@pytest.fixture(scope="module", params=[False, True], ids=["url hidden", "url shown"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox"), reveal_llm=request.param) as server:
        yield server


@pytest.fixture
def shows_url(request: pytest.FixtureRequest) -> bool:
    return bool(request.node.callspec.params["server"])


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    server.clear()
    return server


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: a-project\nruntime: python\n")
    monkeypatch.setattr(engine, "PROJECT", tmp_path)
    return tmp_path


@pytest.fixture
def run(
    sandbox: SandboxServer, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Adopt:
    assert project.is_dir()
    monkeypatch.setenv("TRUGEN_API_KEY", sandbox.api_key)

    def adopted(*words: str) -> Printed:
        parser = argparse.ArgumentParser()
        adopt.add_arguments(parser)
        status = adopt.adopt(parser.parse_args([*words, "--api-url", sandbox.api_url]))
        return Printed(status, *capsys.readouterr())

    return adopted


def made(sandbox: SandboxServer, *bodies: dict[str, Any]) -> list[str]:
    return [sandbox.call("POST", "/ext/agent", body).json()["id"] for body in bodies]


def ids(printed: Printed) -> list[str]:
    return [entry["adoptAgentId"] for entry in printed.agents.values()]


def test_one_agent_is_written_as_a_whole_stack_file(run: Adopt, sandbox: SandboxServer) -> None:
    (id_,) = made(sandbox, agent("Empfang"))

    printed = run(id_)

    assert printed.status == 0
    assert ids(printed) == [id_]
    assert yaml.safe_load(printed.text)["config"]["a-project:trugen"] == {"apiUrl": sandbox.api_url}


def test_agents_are_retained_unless_somebody_decides_otherwise(run: Adopt, sandbox: SandboxServer) -> None:
    made(sandbox, agent("Empfang"))

    assert run("--all").agents["empfang"]["retain"] is True


def test_all_means_every_page_oldest_first(run: Adopt, sandbox: SandboxServer) -> None:
    expected = made(sandbox, *(agent(f"Agent {number}") for number in range(60)))

    assert ids(run("--all")) == expected


def test_names_are_short_plain_and_told_apart(run: Adopt, sandbox: SandboxServer) -> None:
    made(sandbox, *map(agent, ["Zoë & Co.", "zoe co", "漢字", "42", "X" * 40, "X" * 41]))

    assert list(run("--all").agents) == ["zoe-co", "zoe-co-2", "agent", "agent-42", "x" * 30, f"{'x' * 28}-2"]


def test_agents_on_the_same_model_of_trugens_share_one_llm(run: Adopt, sandbox: SandboxServer) -> None:
    groq = {"provider": "groq", "model": "openai/gpt-oss-120b"}
    made(sandbox, agent("A", llm=groq), agent("B", llm=groq), agent("C"))

    printed = run("--all")

    assert printed.llms == {
        "gpt-oss-120b": {"engine": "trugen", "provider": "groq", "model": "openai/gpt-oss-120b"},
        "gpt-5-4-mini": {"engine": "trugen", "provider": "azure-openai", "model": "gpt-5.4-mini"},
    }
    assert [entry["llm"] for entry in printed.agents.values()] == ["gpt-oss-120b", "gpt-oss-120b", "gpt-5-4-mini"]


def test_agents_on_an_llm_of_their_own_share_it_where_its_url_is_shown(
    run: Adopt, sandbox: SandboxServer, *, shows_url: bool
) -> None:
    made(sandbox, agent("A", llm=CUSTOM), agent("B", llm=CUSTOM))

    llms = run("--all").llms

    if shows_url:
        assert llms == {"m-1": {"engine": "hosted", "baseUrl": "https://llm.example.com/v1", "model": "org/m-1"}}
    else:
        assert {name: llm["baseUrl"] for name, llm in llms.items()} == {
            "m-1": "<URL-of-this-LLM-ending-in-its-version>",
            "m-1-2": "<URL-of-this-LLM-ending-in-its-version>",
        }


def test_the_command_for_the_token_stands_beside_the_llm_and_the_token_nowhere(
    run: Adopt, sandbox: SandboxServer
) -> None:
    made(sandbox, agent("A", llm=CUSTOM, callback_url=f"https://hooks.example.org/{TOKEN}"))

    printed = run("--all")

    assert "# its token: pulumi config set --secret --path llmTokens.m-1\n" in printed.text
    assert TOKEN not in printed.text + printed.errors


def test_a_url_that_holds_a_password_is_not_printed(run: Adopt, sandbox: SandboxServer) -> None:
    made(sandbox, agent("A", llm={**CUSTOM, "url": f"https://user:{TOKEN}@llm.example.com/v1"}))

    printed = run("--all")

    assert printed.llms["m-1"]["baseUrl"] == "<URL-of-this-LLM-ending-in-its-version>"
    assert TOKEN not in printed.text + printed.errors


def test_what_stays_unsaid_is_a_comment_at_the_agent(run: Adopt, sandbox: SandboxServer) -> None:
    guardrail = sandbox.call("POST", "/ext/guardrail", {"name": "No\nswearing", "prompt": "p"}).json()["id"]
    made(sandbox, agent("A", tools={"x": 1}, config={"timeout": 5}, guardrail=[{"id": guardrail}]))

    text = run("--all").text

    assert f"    # attached: {guardrail} is 'No\\nswearing'\n" in text
    assert "    # stays as it is: timeoutS (TruGen holds 5, 5, 300, 300), tools\n" in text


def test_an_agent_of_this_module_is_passed_over_unless_it_is_named(run: Adopt, sandbox: SandboxServer) -> None:
    marked, plain = made(sandbox, agent("Helpdesk [k3x7abcd]"), agent("Empfang"))

    everything, named = run("--all"), run(marked)

    assert (ids(everything), everything.status) == ([plain], 0)
    assert f"{marked}: passed over, its marker says that a stack manages it" in everything.errors
    assert ids(named) == [marked]


def test_an_agent_that_cannot_be_written_is_left_out_with_the_reason(run: Adopt, sandbox: SandboxServer) -> None:
    odd, plain = made(sandbox, agent("a\u200bb"), agent("Empfang"))

    printed = run("--all")

    assert (ids(printed), printed.status) == ([plain], 1)
    assert f"{odd}: left out, its name holds the control or invisible character U+200B" in printed.errors


def test_an_id_that_names_no_agent_is_left_out(run: Adopt, sandbox: SandboxServer) -> None:
    (plain,) = made(sandbox, agent("Empfang"))

    printed = run("no-such-agent", plain)

    assert (ids(printed), printed.status) == ([plain], 1)
    assert "no-such-agent: left out, this workspace has no such agent" in printed.errors


def test_a_prompt_that_pulumi_would_change_needs_a_file(run: Adopt, sandbox: SandboxServer, project: Path) -> None:
    made(sandbox, agent("Empfang", "\n\tYou are.\n"))

    without, into_files = run("--all"), run("--all", "--prompts-to", "stacks/agents")

    assert (without.status, without.text) == (1, "")
    assert "give `--prompts-to stacks/agents`" in without.errors
    assert into_files.agents["empfang"]["personaPromptFile"] == "stacks/agents/empfang.md"
    assert "personaPrompt" not in into_files.agents["empfang"]
    assert (project / "stacks" / "agents" / "empfang.md").read_bytes() == b"\n\tYou are.\n"


def test_a_file_would_not_keep_every_prompt_to_the_byte(run: Adopt, sandbox: SandboxServer) -> None:
    made(sandbox, agent("Empfang", "One\r\nTwo"))

    assert run("--all", "--prompts-to", "prompts").agents["empfang"]["personaPrompt"] == "One\r\nTwo"


def test_a_prompt_file_of_somebody_else_is_not_overwritten(run: Adopt, sandbox: SandboxServer, project: Path) -> None:
    (project / "empfang.md").write_text("Mine.\n")
    made(sandbox, agent("Empfang", "One\nTwo\n"))

    printed = run("--all", "--prompts-to", ".")

    assert (printed.status, printed.text) == (1, "")
    assert "empfang.md holds something else" in printed.errors
    assert (project / "empfang.md").read_text() == "Mine.\n"


def test_prompts_stay_inside_of_the_project(run: Adopt) -> None:
    printed = run("--all", "--prompts-to", "../elsewhere")

    assert (printed.status, printed.text) == (1, "")
    assert "../elsewhere leads outside of the project" in printed.errors


@pytest.mark.parametrize("words", [(), ("--all", "an-id")])
def test_it_is_said_which_agents(run: Adopt, words: tuple[str, ...]) -> None:
    printed = run(*words)

    assert (printed.status, printed.errors) == (2, "Say which agents: their ids, or --all.\n")


def test_a_missing_key_is_answered_with_how_to_give_it(run: Adopt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRUGEN_API_KEY")

    printed = run("--all")

    assert printed.status == 1
    assert "There is no TruGen API key" in printed.errors
    assert "export TRUGEN_API_KEY=" in printed.errors
