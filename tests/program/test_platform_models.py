"""A stack whose agents use models that TruGen serves itself."""

from collections.abc import Callable
from typing import Any

from tests.program.conftest import Program

Run = Callable[..., Program]
KEY = {"trugenApiKey": "tg-0123456789"}


def stack(**agent: Any) -> dict[str, Any]:
    return {
        "trugen-llm:llms": {"fast": {"engine": "trugen", "provider": "groq", "model": "openai/gpt-oss-120b"}},
        "trugen-llm:agents": {"ada": {"llm": "fast", "agentName": "Ada", "personaPrompt": "You are Ada.", **agent}},
        "trugen-llm:trugen": {"apiUrl": "https://api.trugen.ai/v1"},
    }


def test_the_agent_names_provider_and_model_and_no_endpoint(run: Run) -> None:
    agent = run(stack(), KEY).only("Agent").inputs

    assert (agent["llm_provider"], agent["llm_model"]) == ("groq", "openai/gpt-oss-120b")
    assert {"llm_url", "llm_token"} & agent.keys() == set()


def test_nothing_is_deployed_or_proven_for_it(run: Run) -> None:
    program = run(stack(), KEY)

    assert {one.type.rpartition(":")[2] for one in program.resources} == {"pulumi-python", "Agent", "AgentVerified"}


def test_its_output_says_where_it_is_served_and_the_studio_has_no_form_for_it(run: Run) -> None:
    exports = run(stack(), KEY).exports

    assert exports["llms"] == {"fast": {"model": "openai/gpt-oss-120b", "engine": "trugen", "provider": "groq"}}
    assert exports["developer_studio"] == {}


def test_an_agent_stays_in_trugen_only_where_the_stack_says_so(run: Run) -> None:
    kept, deleted = (run(stack(**more), KEY).only("Agent").options.retainOnDelete for more in ({"retain": True}, {}))

    assert (kept, deleted) == (True, False)


def test_what_is_null_in_the_stack_file_is_not_sent(run: Run) -> None:
    left = ["timeoutS", "isPublic", "stt", "memory", "personaName", "agentSystemPrompt", "callbackUrl", "tool"]

    agent = run(stack(**dict.fromkeys(left)), KEY).only("Agent").inputs

    absent = {"timeout_s", "is_public", "stt", "memory", "persona_name", "agent_system_prompt", "callback_url", "tool"}
    assert absent & agent.keys() == set()
    assert {"record", "is_active", "tts", "persona_prompt"} <= agent.keys()
