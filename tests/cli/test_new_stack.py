"""`python -m components new-stack`: what it asks, what it refuses, and that it leaves nothing half done."""

from pathlib import Path

import pytest

from tests.fixtures.new_stacks import NewStack, in_project, words
from tests.fixtures.stack_schemas import STACK, complaints

SHARED = "agents: {night-desk: {personaPrompt: You are Ada.}}\n"


@pytest.fixture
def new_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewStack:
    return in_project(tmp_path, monkeypatch)


def test_with_every_answer_given_nobody_is_asked(new_stack: NewStack, capsys: pytest.CaptureFixture[str]) -> None:
    status = new_stack(*words("hosted", sandbox=False))

    assert (status, new_stack.asked, new_stack.files) == (0, [], ["Pulumi.trial.yaml"])
    assert capsys.readouterr().out.splitlines() == [
        "Written: stacks/Pulumi.trial.yaml. Next:",
        '  eval "$(make env STACK=trial)"',
        "  pulumi stack init trial   # asks for a passphrase of your own",
        "  pulumi config set --secret trugenApiKey --stack trial   # asks for the key of app.trugen.ai > Developers",
        "  pulumi config set --secret --path llmTokens.main --stack trial   # asks for the key of the API",
        "  make preview STACK=trial",
        "  make up STACK=trial",
    ]


def test_a_person_is_asked_for_what_is_missing_only_and_may_take_the_defaults(new_stack: NewStack) -> None:
    status = new_stack("trial", "--engine", "ollama", answers=["", "", "", ""])

    assert (status, len(new_stack.asked)) == (0, 4)
    assert new_stack.file()["config"] == {
        "trugen-llm:llms": {"main": {"engine": "ollama", "model": "llama3.2:1b", "port": 23434, "privatePort": 23436}},
        "trugen-llm:agents": {
            "concierge": {
                "llm": "main",
                "agentName": "Concierge",
                "personaPrompt": "You are Concierge. Answer in one or two short spoken sentences.",
            }
        },
        "trugen-llm:trugen": {"sandbox": {"port": 23435}},
    }


def test_an_answer_that_is_none_is_asked_for_again(new_stack: NewStack, capsys: pytest.CaptureFixture[str]) -> None:
    status = new_stack("trial", *words("ollama", sandbox=True)[3:], answers=["olama", "ollama"])

    assert (status, len(new_stack.asked)) == (0, 2)
    assert "  one of ollama, llama.cpp, vllm, sglang, tgi, hosted, anthropic, trugen" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("left_out", "flag"),
    [
        ("--model", "--model is missing"),
        ("--agent", "--agent is missing"),
        ("--prompt", "--prompt is missing"),
        ("--llm-url", "--llm-url is missing"),
        ("--engine", "--engine is missing"),
    ],
)
def test_without_a_terminal_the_flag_that_is_missing_is_named(
    new_stack: NewStack, capsys: pytest.CaptureFixture[str], left_out: str, flag: str
) -> None:
    given = words("hosted", sandbox=True)
    position = given.index(left_out)

    assert new_stack(*given[:position], *given[position + 2 :]) == 1
    assert capsys.readouterr().err == f"{flag}, and nobody is there to be asked. Nothing was written.\n"
    assert new_stack.files == []


def test_without_a_terminal_it_has_to_be_said_which_trugen(
    new_stack: NewStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_stack(*words("hosted", sandbox=True)[:-1]) == 1
    assert capsys.readouterr().err.startswith("--sandbox or --trugen is missing")


@pytest.mark.parametrize("answers", [[], [""], ["", "", ""]])
def test_who_leaves_in_the_middle_leaves_nothing(
    new_stack: NewStack, capsys: pytest.CaptureFixture[str], answers: list[str]
) -> None:
    assert new_stack("trial", answers=answers) == 1
    assert "Nothing was written; run the same command again." in capsys.readouterr().err
    assert new_stack.files == []


def test_who_interrupts_leaves_nothing(new_stack: NewStack, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("components.cli.new_stack._free_ports", interrupted)

    assert new_stack(*words("ollama", sandbox=True)) == 1
    assert new_stack.files == []


def test_a_stack_file_that_is_there_is_never_overwritten(
    new_stack: NewStack, capsys: pytest.CaptureFixture[str]
) -> None:
    new_stack(*words("ollama", sandbox=True))
    first = new_stack.text()

    assert new_stack(*words("hosted", sandbox=True)) == 1
    assert "stacks/Pulumi.trial.yaml is there already; edit it, or choose another name" in capsys.readouterr().err
    assert new_stack.text() == first


@pytest.mark.parametrize("name", ["Trial", "../trial", "a b", "1st", "x" * 31])
def test_a_name_that_docker_or_pulumi_would_not_take_is_refused(
    new_stack: NewStack, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert new_stack(name, *words("ollama", sandbox=True)[1:]) == 1
    assert "use up to 30 lower-case letters, digits and '-', a letter first" in capsys.readouterr().err
    assert new_stack.files == []


@pytest.mark.parametrize(
    ("kind", "more", "problem"),
    [
        ("hosted", ["--llm-url", "ftp://llm.example.com"], "llms.main.baseUrl: "),
        ("hosted", ["--llm-url", "openai"], "llms.main: has the model 'openai/gpt-oss-20b', which is none of OpenAI"),
        ("vllm", ["--weights", "acme/support-8b@main"], "llms.main.weights.revision: 'main' does not fit"),
        ("ollama", ["--gpu", "two"], "llms.main.gpu: say 'off', 'all', 'amd'"),
        ("ollama", ["--agent", "Ada [x]"], "agents.ada-x.agentName: holds '[' or ']'"),
        ("ollama", ["--prompt-file", "../secret"], "agents.night-desk.personaPromptFile: '../secret' leads outside"),
        ("ollama", ["--port", "70000"], "llms.main.port: is 70000"),
    ],
)
def test_what_a_run_would_refuse_is_not_written(
    new_stack: NewStack, capsys: pytest.CaptureFixture[str], kind: str, more: list[str], problem: str
) -> None:
    assert new_stack(*words(kind, sandbox=True), *more) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("Nothing was written:\n")
    assert problem in printed
    assert new_stack.files == []


def test_a_host_name_that_trugen_cannot_call_is_refused(
    new_stack: NewStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_stack(*words("ollama", sandbox=False), "--hostname", "gpu-box.local") == 1
    assert (
        "llms.main.gateway.tls: asks a public CA for a certificate, but gpu-box.local is a name of"
        in capsys.readouterr().err
    )


def test_an_agent_that_the_shared_file_knows_needs_no_prompt(new_stack: NewStack) -> None:
    (new_stack.project / "stacks" / "shared.yaml").write_text(SHARED)
    given = words("ollama", sandbox=True)
    position = given.index("--prompt")

    assert new_stack(*given[:position], *given[position + 2 :]) == 0
    assert new_stack.file()["config"]["trugen-llm:agents"] == {"night-desk": {"llm": "main", "agentName": "Night desk"}}


def test_two_stacks_on_one_machine_get_ports_of_their_own(new_stack: NewStack) -> None:
    new_stack(*words("ollama", sandbox=True))
    new_stack("second", *words("ollama", sandbox=True)[1:])

    assert new_stack.file("second")["config"]["trugen-llm:llms"]["main"]["port"] == 24434
    assert new_stack.file("second")["config"]["trugen-llm:trugen"]["sandbox"]["port"] == 24435


def test_an_editor_finds_the_schema_of_the_file_and_nothing_to_underline(new_stack: NewStack) -> None:
    new_stack(*words("vllm", sandbox=False))

    assert new_stack.text().startswith("# yaml-language-server: $schema=schema/stack.schema.json\n")
    assert complaints(STACK, new_stack.file()) == []
