"""What agents need beyond a stream, asked of real servers: strangers kept out, tools, images, room for the prompt."""

import pytest

from components.llm.gate.failure import CannotServe
from components.llm.gate.needs import Needs
from components.llm.gate.readiness import Evidence
from tests.fixtures.gating import gate, refusal
from tests.fixtures.real_servers import LITELLM_KEY, RealServer, real_llama_cpp

pytestmark = pytest.mark.docker

KEY = "sk-canary-92d1f0a7"


def told(evidence: Evidence, id_: str) -> tuple[str, str]:
    (only,) = (check for check in evidence.checks if check.id == id_)
    return only.verdict, only.detail


def test_llama_cpp_with_a_key_keeps_strangers_out() -> None:
    with real_llama_cpp("--api-key", KEY) as server:
        evidence = gate(server, "llama.cpp", token=KEY, auth_required=True)

    assert ("pass", "a wrong token: HTTP 401; no token: HTTP 401") == told(evidence, "C12")
    assert KEY not in repr(evidence)


def test_llama_cpp_that_knows_another_key_is_refused_for_ours() -> None:
    with real_llama_cpp("--api-key", "sk-another") as server:
        said = refusal(server, "llama.cpp", CannotServe, token=KEY)

    assert "HTTP 401, our token was refused" in said
    assert KEY not in said


def test_llama_cpp_without_a_key_is_open(llama_cpp: RealServer) -> None:
    verdict, detail = told(gate(llama_cpp, "llama.cpp"), "C12")

    assert "warn" == verdict
    assert "open, reachable from this machine only" in detail


def test_llama_cpp_without_a_key_is_refused_where_a_key_is_required(llama_cpp: RealServer) -> None:
    said = refusal(llama_cpp, "llama.cpp", CannotServe, token="ignored", auth_required=True)

    assert "lets anybody in: answered HTTP 200 to a wrong token" in said


def test_litellm_keeps_strangers_out_in_words_of_its_own(litellm: RealServer) -> None:
    verdict, detail = told(gate(litellm, "litellm", token=LITELLM_KEY, auth_required=True), "C12")

    assert "warn" == verdict
    assert "a wrong token: HTTP 400 No connected db." in detail
    assert "no token: HTTP 500" in detail


def test_tools_and_images_are_proven_through_litellm(litellm: RealServer) -> None:
    needs = Needs(tools=True, vision=True)

    evidence = gate(litellm, "litellm", model="capable", token=LITELLM_KEY, needs=needs)

    assert ("pass", "pass", "pass") == tuple(told(evidence, id_)[0] for id_ in ("O16", "O17", "O18"))


def test_a_model_that_never_calls_a_tool_is_refused_for_agents_with_tools(llama_cpp: RealServer) -> None:
    said = refusal(llama_cpp, "llama.cpp", CannotServe, needs=Needs(tools=True))

    assert "answered with text instead of calling the tool" in said


def test_a_model_without_eyes_is_refused_for_agents_that_send_images(llama_cpp: RealServer) -> None:
    said = refusal(llama_cpp, "llama.cpp", CannotServe, needs=Needs(vision=True))

    assert "Choose a model that reads images" in said


def test_a_system_prompt_longer_than_the_window_of_llama_cpp_is_refused_by_both(llama_cpp: RealServer) -> None:
    said = refusal(llama_cpp, "llama.cpp", CannotServe, needs=Needs(system_prompt_bytes=12_000))

    assert "exceeds the available context size (2048 tokens)" in said


def test_a_system_prompt_that_leaves_no_room_for_the_talk_is_refused() -> None:
    with real_llama_cpp("--ctx-size", "768") as server:
        said = refusal(server, "llama.cpp", CannotServe, needs=Needs(system_prompt_bytes=1_300))

    assert "and 512 for the talk exceed the window of 768 tokens" in said


def test_llama_cpp_tells_its_window_and_what_it_does_with_requests_it_should_not_take(llama_cpp: RealServer) -> None:
    evidence = gate(llama_cpp, "llama.cpp")

    assert (2048, 8192) == (evidence.capabilities["context_tokens"], evidence.capabilities["max_context_tokens"])
    assert ("warn", "answers under any model name") == told(evidence, "S14")
    assert "pass" == told(evidence, "S15")[0]
    assert "pass" == told(evidence, "S19")[0]
