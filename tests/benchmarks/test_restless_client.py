from pathlib import Path

from benchmarks.restless_client import Tally, WithoutPause, agent_record, longest_silence_s
from benchmarks.streaming_client import Endpoint, Outcome
from tests.fixtures.sandbox_server import SandboxServer
from tests.fixtures.scripted_llm import MODEL, ScriptedLlm, chunk, refuse, stream
from tests.fixtures.trugen_user import TrugenUser


def test_it_asks_again_until_it_is_told_to_stop() -> None:
    with ScriptedLlm([stream()]) as llm:
        with WithoutPause(lambda: Endpoint(llm.base_url, MODEL, "sk-1"), workers=2) as client:
            client.wait_for(10)

        assert client.tally().requests == len(llm.chats()) >= 10
        assert client.tally().failed == 0


def test_each_request_goes_where_the_endpoint_is_then() -> None:
    with ScriptedLlm([stream()]) as old, ScriptedLlm([stream()]) as new:
        place = [old]
        with WithoutPause(lambda: Endpoint(place[0].base_url, MODEL, "sk-1"), workers=1) as client:
            client.wait_for(3)
            place[0] = new
            client.wait_for(3)

        assert old.chats()
        assert new.chats()


def test_failures_are_counted_by_phase_and_kind() -> None:
    script = [stream(), refuse(503, "Loading model"), stream(chunk("One"), end=False), stream()]
    with ScriptedLlm(script) as llm, WithoutPause(lambda: Endpoint(llm.base_url, MODEL, "sk-1"), workers=1) as client:
        client.wait_for(2)
        client.begin("later")
        client.wait_for(2)

    early, later = client.tally(""), client.tally("later")
    assert (early.failed, early.broken, early.faults) == (2, 1, {"status 503": 1, "broken": 1})
    assert (later.failed, later.requests + early.requests) == (0, client.tally().requests)
    assert "Loading model" in str(early)


def test_an_endpoint_that_cannot_be_read_is_a_failed_request() -> None:
    nowhere = {"api_url": "http://127.0.0.1:9/v1", "api_key": "key-1"}
    with WithoutPause(agent_record(nowhere, "ag-1"), workers=1) as client:
        pass

    assert client.tally().faults.keys() == {"no endpoint"}


def test_silence_is_between_streams_that_ended_well() -> None:
    ended = [Outcome("", 0, 1), Outcome("refused", 1, 3), Outcome("", 3, 5), Outcome("", 1, 2)]

    assert longest_silence_s(ended) == 3
    assert Tally.of([Outcome("refused", 0, 7)]).longest_silence_s == 7
    assert Tally.of([]).requests == 0


def test_an_agents_record_says_where_its_llm_is(tmp_path: Path) -> None:
    llm = {"provider": "custom", "url": "http://127.0.0.1:1/v1", "model": MODEL, "token": "sk-1"}
    agent = {"agent_name": "Ada", "agent_system_prompt": "", "config": {}, "avatars": [{"config": {"llm": llm}}]}
    with SandboxServer(tmp_path, reveal_llm=True) as sandbox:
        id_ = TrugenUser(sandbox.api_url, sandbox.api_key).make("agent", agent)
        read = agent_record({"api_url": sandbox.api_url, "api_key": sandbox.api_key}, id_)

        assert read() == Endpoint("http://127.0.0.1:1/v1", MODEL, "sk-1")
