"""What `stacks/shared.yaml` lends to the entries of a stack file, and how its mistakes are told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from components.stack import shared, yaml_file
from components.stack.shared import Shared
from tests.settings.conftest import Load, Stack

Share = Callable[[str], None]
Problems = Callable[..., list[str]]
ADA = "agents: {ada: {agentName: Ada, personaPrompt: You are Ada., llm: main, timeoutS: 600, record: true}}"
EMPTY = "agents.ada.personaPrompt: is empty; write what the agent is and how it should answer"


def test_an_entry_takes_what_it_leaves_out_from_the_shared_one_of_its_name(
    load: Load, share: Share, stack: Stack
) -> None:
    share(ADA)
    stack["agents"] = {"ada": {"agentName": "Ada (dev)"}}

    ada = load(stack).agents["ada"]

    assert (ada.agent_name, ada.llm, ada.timeout_s) == ("Ada (dev)", "main", 600)


def test_an_empty_entry_is_the_shared_one(load: Load, share: Share, stack: Stack) -> None:
    share(ADA)
    stack["agents"] = {"ada": {}}

    assert load(stack).agents["ada"].timeout_s == 600


def test_what_the_stack_file_does_not_name_is_not_deployed(load: Load, share: Share, stack: Stack) -> None:
    share("agents: {grace: {agentName: Grace, personaPrompt: You are Grace., llm: main}}\ntools: {call: {name: call}}")

    settings = load(stack)

    assert (set(settings.agents), dict(settings.tools)) == ({"ada"}, {})


def test_the_star_lies_beneath_the_name_and_the_name_beneath_the_stack(load: Load, share: Share, stack: Stack) -> None:
    share("agents: {'*': {timeoutS: 1, personaName: one, email: one}, ada: {timeoutS: 2, personaName: two}}")
    stack["agents"]["ada"]["timeoutS"] = 3

    ada = load(stack).agents["ada"]

    assert (ada.timeout_s, ada.persona_name, ada.email) == (3, "two", "one")


def test_an_agent_that_is_adopted_takes_nothing_and_so_stays_as_it_is(load: Load, share: Share, stack: Stack) -> None:
    share("agents: {'*': {idleTimeout: {idleS: 20}, timeoutS: 600}, ada: {record: true}}")
    stack["agents"]["ada"] |= {"adoptAgentId": "agent-1", "timeoutS": None}

    ada = load(stack).agents["ada"]

    assert (ada.idle_timeout, ada.timeout_s, ada.record) == (None, None, False)


def test_an_attachment_that_is_adopted_takes_nothing_either(load: Load, share: Share, stack: Stack) -> None:
    share("guardrails: {'*': {category: tone}}")
    stack["guardrails"] = {"calm": {"name": "Calm", "prompt": "Stay calm.", "adoptId": "guardrail-1"}}

    assert load(stack).guardrails["calm"].category is None


def test_maps_merge_deeply(load: Load, share: Share, stack: Stack) -> None:
    share("llms: {'*': {ready: {timeoutS: 600}}, main: {ready: {successes: 3, ttftBudgetS: 1.5}}}")
    stack["llms"]["main"]["ready"] = {"successes": 4}

    ready = load(stack).llms["main"].model_dump()["ready"]

    assert (ready["timeout_s"], ready["successes"], ready["ttft_budget_s"]) == (600, 4, 1.5)


@pytest.mark.parametrize("gpu", ["off", "'off'", "all", "amd"])
def test_words_mean_what_they_mean_in_a_stack_file(load: Load, share: Share, stack: Stack, gpu: str) -> None:
    share(f"llms: {{main: {{gpu: {gpu}}}}}")

    assert load(stack).llms["main"].model_dump()["gpu"] == gpu.strip("'")


# Measured: `pulumi config get m` of a stack file with these values, CLI 3.259.
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("12:30", "12:30"),
        ("600", 600),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("~", None),
        ("", None),
        ("'600'", "600"),
        ("8GiB", "8GiB"),
        (".5", 0.5),
        ("+5", 5),
    ],
)
def test_a_value_is_read_as_pulumi_reads_it(written: str, value: object) -> None:
    assert yaml_file.loaded(f"a: {written}") == {"a": value}


@pytest.mark.parametrize("written", ["0755", "0x1F", "1_000", "2030-05-31"])
def test_a_number_or_date_of_another_notation_is_text_and_so_refused_where_a_number_belongs(
    problems: Problems, share: Share, stack: Stack, written: str
) -> None:
    share(f"agents: {{ada: {{timeoutS: {written}}}}}")

    assert problems(stack) == [
        f"agents.ada.timeoutS: input should be a valid integer, not '{written}' (from stacks/shared.yaml)"
    ]


def test_a_list_replaces(load: Load, share: Share, stack: Stack) -> None:
    share("agents: {ada: {callbackEvents: [one, two]}}")
    stack["agents"]["ada"]["callbackEvents"] = ["three"]

    assert load(stack).agents["ada"].callback_events == ("three",)


def test_a_null_replaces_a_whole_map(load: Load, share: Share, stack: Stack) -> None:
    share("agents: {ada: {tts: {stability: 0.5}}}")
    stack["agents"]["ada"]["tts"] = None

    assert load(stack).agents["ada"].tts is None


@pytest.mark.parametrize(
    ("beneath", "written"),
    [
        ("personaPromptFile: stacks/agents/none.md", {"personaPrompt": "Mine."}),
        ("personaPrompt: Shared.", {"personaPromptFile": "stacks/agents/concierge.md"}),
    ],
)
def test_a_text_and_the_file_that_holds_it_replace_each_other(
    load: Load, share: Share, stack: Stack, beneath: str, written: dict[str, str]
) -> None:
    share(f"agents: {{ada: {{{beneath}}}}}")
    del stack["agents"]["ada"]["personaPrompt"]
    stack["agents"]["ada"] |= written

    prompt = load(stack).agents["ada"].persona_prompt

    assert prompt.startswith(("Mine.", "You are Ada, the concierge"))


def test_the_same_holds_between_the_star_and_a_name(load: Load, share: Share, stack: Stack) -> None:
    share("agents: {'*': {personaPromptFile: stacks/agents/none.md}, ada: {personaPrompt: Mine.}}")
    del stack["agents"]["ada"]["personaPrompt"]

    assert load(stack).agents["ada"].persona_prompt == "Mine."


def test_an_attachment_is_shared_too_and_its_name_may_be_listed_by_a_shared_agent(
    load: Load, share: Share, stack: Stack
) -> None:
    share("guardrails: {calm: {name: Calm, prompt: Stay calm.}}\nagents: {ada: {guardrail: [calm]}}")
    stack["guardrails"] = {"calm": {}}

    settings = load(stack)

    assert (settings.guardrails["calm"].name, settings.agents["ada"].guardrail) == ("Calm", ("calm",))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("agents: {ada: {timeoutS: 0}}", "agents.ada.timeoutS: input should be greater than 0, not 0"),
        ("agents: {'*': {llm: other}}", "agents.ada.llm: no LLM is named 'other'; known: main"),
        (
            "agents: {ada: {tts: {stability: 2}}}",
            "agents.ada.tts.stability: input should be less than or equal to 1, not 2",
        ),
        ("agents: {ada: {callbackEvents: ['']}}", "agents.ada.callbackEvents[0]: is empty"),
        (
            "agents: {ada: {personaPromptFile: stacks}}",
            "agents.ada.personaPromptFile: 'stacks' is not a regular file",
        ),
        ("agents: {ada: {personaPrompt: ' '}}", EMPTY),
        ("llms: {main: {contextLenght: 4096}}", "llms.main.contextLenght: unknown key; did you mean 'contextLength'?"),
    ],
)
def test_a_mistake_that_stands_in_the_shared_file_is_told_as_its_own(
    problems: Problems, share: Share, stack: Stack, text: str, problem: str
) -> None:
    share(text)
    for key in ("llm", "personaPrompt"):
        if f"{key}:" in text or f"{key}File:" in text:
            del stack["agents"]["ada"][key]

    assert problems(stack) == [f"{problem} (from stacks/shared.yaml)"]


def test_a_mistake_of_the_stack_file_stays_one_of_the_stack_file(
    problems: Problems, share: Share, stack: Stack
) -> None:
    share("agents: {ada: {timeoutS: 600}}")
    stack["agents"]["ada"]["timeoutS"] = 0

    assert problems(stack) == ["agents.ada.timeoutS: input should be greater than 0, not 0"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("trugen: {sandbox: {}}", "`trugen` has no place here; what it says is the choice of one stack"),
        ("protection: {protect: true}", "`protection` has no place here; what it says is the choice of one stack"),
        ("trugenApiKey: canary", "`trugenApiKey` has no place here; a secret is stored encrypted"),
        ("llmTokens: {main: canary}", "`llmTokens` has no place here; a secret is stored encrypted"),
        ("secretHeaders: {tools: {}}", "`secretHeaders` has no place here; a secret is stored encrypted"),
        ("agent: {}", "`agent` has no place here; did you mean 'agents'?"),
        ("agents: [ada]", "`agents` is not a map; indent its entries under it"),
        ("agents: {ada: }", "`agents.ada` is not a map; indent its values under it"),
    ],
)
def test_what_has_no_place_in_the_shared_file_is_refused(
    problems: Problems, share: Share, stack: Stack, text: str, says: str
) -> None:
    share(text)

    (problem,) = problems(stack)

    assert problem.startswith(f"stacks/shared.yaml: {says}")
    assert "canary" not in problem


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("agents: {\n  ada: [canary", "is no YAML: "),
        ("agents: {}\nagents: {}", "is no YAML: 'agents' stands twice (line 1)"),
        ("agents: !!python/object:canary {}", "is no YAML: "),
        ("agents: !!binary aGVq", "is no YAML that a stack file could hold, too"),
        ("agents: &a [*a]", "is no YAML: the alias *a; write the value itself"),
        ("a: &a {x: 1}\nb: {<<: [*a, *a]}", "is no YAML: the alias *a; write the value itself"),
        ("- agents", "is not a map of sections; known: llms, agents, "),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / shared.FILE).write_text(text)

    (problem,) = _read(tmp_path).problems

    assert problem.path == "stacks/shared.yaml"
    assert problem.text.startswith(says)
    assert "\n" not in problem.text


def test_a_project_without_the_file_has_no_shared_defaults(tmp_path: Path) -> None:
    assert _read(tmp_path) == Shared()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "\ufeffagents: {}\r\n"])
def test_an_empty_file_shares_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / shared.FILE).write_text(text)

    assert (_read(tmp_path).problems, _read(tmp_path).beneath("agents", {"ada": {}})) == ([], {"ada": {}})


def test_a_file_outside_the_project_is_not_read(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "stacks").mkdir(parents=True)
    (tmp_path / "elsewhere.yaml").write_text("agents: {}")
    (project / shared.FILE).symlink_to(tmp_path / "elsewhere.yaml")

    (problem,) = _read(project).problems

    assert "leads outside the project folder" in problem.text


def test_a_pipe_is_no_file_of_defaults(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    os.mkfifo(tmp_path / shared.FILE)

    (problem,) = _read(tmp_path).problems

    assert problem.text == "'stacks/shared.yaml' is not a regular file"


# Bound before the fixture of this folder replaces it.
_read = shared.read
