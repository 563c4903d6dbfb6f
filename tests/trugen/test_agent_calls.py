import pytest

from components.trugen.client import TrugenClient
from components.trugen.errors import AmbiguousError, UnexpectedAnswerError
from tests.fixtures.scripted_trugen import KEY, Fault, ScriptedTrugen


def test_an_agent_is_made_read_replaced_and_deleted(client: TrugenClient, api: ScriptedTrugen) -> None:
    id_ = client.agents.create({"agent_name": "Ada"})
    client.agents.replace(id_, {"agent_name": "Grace"})

    assert client.agents.get(id_)["agent_name"] == "Grace"

    client.agents.delete(id_)

    assert api.agents == {}


def test_every_call_carries_the_key_and_our_name(client: TrugenClient, api: ScriptedTrugen) -> None:
    client.check_key()

    assert {"x-api-key": KEY, "user-agent": "trugen-llm"}.items() <= api.seen_headers[0].items()


def test_netrc_adds_nothing(
    client: TrugenClient, api: ScriptedTrugen, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))

    client.check_key()

    assert "authorization" not in api.seen_headers[0]


def test_a_proxy_in_the_environment_is_not_used_for_this_machine(
    client: TrugenClient, api: ScriptedTrugen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    client.check_key()

    assert api.count("GET") == 1


@pytest.mark.parametrize("status", [201, 202, 204])
def test_other_answers_of_success_are_accepted(client: TrugenClient, api: ScriptedTrugen, status: int) -> None:
    api.add({"agent_name": "Ada"}, id_="a1")
    api.faults = [Fault("PUT", status, b"", applied=True)]

    client.agents.replace("a1", {"agent_name": "Grace"})

    assert api.agents["a1"]["agent_name"] == "Grace"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"id": null}', b'{"id": 7}', b'{"id": "a/../b"}', b'{"id": ".."}', b'["id"]', b"<html>"],
    ids=["nothing", "no id", "null", "number", "path", "dots", "list", "HTML"],
)
def test_a_post_that_succeeds_without_a_usable_id_is_ambiguous(
    client: TrugenClient, api: ScriptedTrugen, body: bytes
) -> None:
    api.faults = [Fault("POST", 200, body, applied=True)]

    with pytest.raises(AmbiguousError, match="200 came without a usable id"):
        client.agents.create({"agent_name": "Ada"})


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<html>Log in to the hotel</html>", "expected JSON, got text/html: '<html>Log in to the hotel</html>'"),
        (b'{"id": "a1", "n": NaN}', "expected JSON"),
        (b"[" * 100_000, "expected JSON"),
        (b"{}", "JSON that is no agent"),
        (b'{"id": "another", "agent_name": "Ada"}', "the agent 'another'"),
    ],
    ids=["portal", "NaN", "deep", "empty object", "another agent"],
)
def test_an_answer_that_is_no_agent_is_not_taken_for_one(
    client: TrugenClient, api: ScriptedTrugen, body: bytes, found: str
) -> None:
    api.faults = [Fault("GET", 200, body, headers={"Content-Type": "text/html"})]

    with pytest.raises(UnexpectedAnswerError) as caught:
        client.agents.get("a1")

    assert found in str(caught.value)


def test_a_portal_page_does_not_confirm_a_delete(client: TrugenClient, api: ScriptedTrugen) -> None:
    api.faults = [Fault("DELETE", 200, b"<html>welcome</html>")]

    with pytest.raises(UnexpectedAnswerError, match="expected JSON"):
        client.agents.delete("a1")
