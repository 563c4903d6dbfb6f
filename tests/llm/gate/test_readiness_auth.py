"""Phase `auth`: who may use an endpoint without the agent's token."""

from typing import Any

import pytest

from components.llm.gate.failure import CannotServe, KeepsFailing, NotReady
from components.llm.gate.readiness import Evidence
from tests.fixtures.conforming import conforming, error, in_turn, kind_of, of_kind
from tests.fixtures.scripted_llm import ScriptedLlm, answer, raw_answer, refuse, reset, stream
from tests.fixtures.scripted_socket import Act
from tests.fixtures.waiting import TOKEN, Waiting, verdicts

OPEN = stream()
WRONG_KEY, NO_KEY = error(401, "Incorrect API key provided"), error(401, "You didn't provide an API key")


def c12(evidence: Evidence) -> tuple[str, str]:
    return next((check.verdict, check.detail) for check in evidence.checks if check.id == "C12")


def guarded(*refusals: Act, **others: Any) -> Act:
    """Answers strangers with *refusals* in turn: first the one with a wrong token, then the one without."""
    return conforming(TOKEN, stranger=in_turn(*refusals), **others)


def refused(waiting: Waiting, act: Act, **target: Any) -> NotReady:
    with ScriptedLlm([act]) as llm, pytest.raises(NotReady) as caught:
        waiting.until_ready(llm, **{"auth_required": True, **target})
    return caught.value


def test_an_endpoint_that_refuses_strangers_passes(waiting: Waiting) -> None:
    with ScriptedLlm([guarded(WRONG_KEY, NO_KEY)]) as llm:
        evidence = waiting.until_ready(llm, auth_required=True)

    assert ("pass", "a wrong token: HTTP 401; no token: HTTP 401") == c12(evidence)


def test_strangers_ask_for_what_an_agent_asks_for_and_never_with_its_token(waiting: Waiting) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm:
        waiting.until_ready(llm)

    with_wrong, without = of_kind("stranger", llm.chats(), token=TOKEN)
    assert [(True, 1)] * 2 == [(body["stream"], body["max_tokens"]) for body in (with_wrong.json(), without.json())]
    assert TOKEN not in with_wrong.headers["authorization"]
    assert "authorization" not in without.headers


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(raw_answer(401, b""), id="TGI's empty body"),
        pytest.param(answer(401, {"error": "Unauthorized"}), id="vLLM's text"),
        pytest.param(error(403, "Forbidden"), id="403"),
    ],
)
def test_every_known_shape_of_a_refusal_passes(waiting: Waiting, refusal: Act) -> None:
    with ScriptedLlm([guarded(refusal)]) as llm:
        assert "pass" == c12(waiting.until_ready(llm, auth_required=True))[0]


@pytest.mark.parametrize(
    ("refusals", "told"),
    [
        pytest.param(
            [error(400, "No connected db."), refuse(500, "Internal Server Error")],
            "a wrong token: HTTP 400 No connected db.; no token: HTTP 500 Internal Server Error",
            id="LiteLLM without a database",
        ),
        pytest.param([raw_answer(404, b"404 page not found")], "HTTP 404 404 page not found", id="Traefik's routers"),
        pytest.param([answer(302, {}, Location="/login")], "HTTP 302", id="a login page"),
        pytest.param([WRONG_KEY, refuse(500, "oops")], "a wrong token: HTTP 401; no token: HTTP 500 oops", id="mixed"),
    ],
)
def test_a_refusal_by_another_status_is_a_warning(waiting: Waiting, refusals: list[Act], told: str) -> None:
    with ScriptedLlm([guarded(*refusals)]) as llm:
        verdict, detail = c12(waiting.until_ready(llm, auth_required=True))

    assert ("warn", True) == (verdict, detail.startswith("refused, though not with 401: "))
    assert told in detail


@pytest.mark.parametrize(
    ("refusals", "who"),
    [
        ([OPEN], "a wrong token"),
        ([WRONG_KEY, OPEN], "no token"),
        ([WRONG_KEY, answer(200, {"choices": []})], "no token"),
    ],
)
def test_a_server_that_lets_strangers_in_is_refused_when_the_token_has_to_count(
    waiting: Waiting, refusals: list[Act], who: str
) -> None:
    told = refused(waiting, guarded(*refusals))

    assert CannotServe is type(told)
    assert ("C12", "fail", f"lets anybody in: answered HTTP 200 to {who}") == (
        told.checks[-1].id,
        told.checks[-1].verdict,
        told.checks[-1].detail,
    )
    assert str(told).endswith("in front of it, and name that: `pulumi config set --path llms.smol.publicUrl <url>`.")


def test_an_open_hosted_endpoint_is_refused_with_its_own_next_step(waiting: Waiting) -> None:
    told = refused(waiting, guarded(OPEN), engine="hosted")

    assert str(told).endswith("`pulumi config set --path llms.smol.baseUrl <url>`.")


def test_a_server_of_this_machine_may_be_open_and_that_is_told(waiting: Waiting) -> None:
    with ScriptedLlm([guarded(OPEN)]) as llm:
        evidence = waiting.until_ready(llm)

    assert ("warn", "open, reachable from this machine only: answered HTTP 200 to a wrong token") == c12(evidence)


def test_strangers_are_judged_at_the_url_of_the_agent(waiting: Waiting) -> None:
    with ScriptedLlm([guarded(OPEN)]) as llm, ScriptedLlm([conforming(TOKEN)]) as public:
        evidence = waiting.until_ready(llm, public_url=public.base_url, auth_required=True)

    assert "pass" == c12(evidence)[0]
    assert "stranger" not in [kind_of(asked, token=TOKEN) for asked in llm.chats()]


def test_a_gateway_that_lets_strangers_in_is_named(waiting: Waiting) -> None:
    with ScriptedLlm([guarded(OPEN)]) as public:
        told = refused(waiting, conforming(TOKEN), public_url=public.base_url)

        assert str(told).startswith(f"{public.base_url} is not ready")
        assert str(told).endswith(
            f"Let the gateway at {public.base_url} demand the token before it passes a request on."
        )


@pytest.mark.parametrize("early", [refuse(503, "busy"), refuse(429, "slow down", Retry_After="3"), reset])
def test_a_gateway_that_is_busy_is_asked_again_before_it_is_judged(waiting: Waiting, early: Act) -> None:
    with ScriptedLlm([guarded(early, WRONG_KEY, NO_KEY)]) as llm:
        assert "pass" == c12(waiting.until_ready(llm, auth_required=True))[0]


def test_a_gateway_that_dies_on_strangers_proves_nothing(waiting: Waiting) -> None:
    told = refused(waiting, guarded(reset))

    assert KeepsFailing is type(told)
    assert ("C12", "connection reset") == (told.checks[-1].id, told.checks[-1].detail)


@pytest.mark.parametrize("target", [{"engine": "hosted", "auth_required": True}, {"auth_required": False}], ids=str)
def test_one_that_is_not_asked_twice_leaves_it_unknown(waiting: Waiting, target: dict[str, Any]) -> None:
    with ScriptedLlm([guarded(refuse(503, "busy"))]) as llm:
        evidence = waiting.until_ready(llm, **target)

    assert ("unknown", "a wrong token: HTTP 503 busy") == c12(evidence)
    assert 1 == len(of_kind("stranger", llm.chats(), token=TOKEN))


CLOSED = {"/api/tags": refuse(404, "no"), "/metrics": refuse(403, "no"), "/invocations": refuse(401, "no")}


def behind(waiting: Waiting, **routes: Act) -> Evidence:
    paths = {"metrics": "/metrics", "tags": "/api/tags", "invocations": "/invocations"}
    opened = {paths[name]: act for name, act in routes.items()}
    with (
        ScriptedLlm([conforming(TOKEN)]) as llm,
        ScriptedLlm([conforming(TOKEN)], routes={**CLOSED, **opened}) as public,
    ):
        return waiting.until_ready(llm, public_url=public.base_url, auth_required=True)


def test_a_gateway_hides_the_routes_of_the_engine(waiting: Waiting) -> None:
    assert "pass" == verdicts(behind(waiting))["routes"]


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        ({"metrics": raw_answer(200, b"vllm:prompt_tokens_total 1")}, "/metrics of the engine is open to anybody"),
        ({"tags": answer(200, {"models": []})}, "/api/tags of the engine is open to anybody"),
        ({"invocations": answer(422, {"detail": "messages missing"})}, "/invocations of the engine is open to anybody"),
    ],
)
def test_a_route_of_the_engine_that_is_open_is_refused(waiting: Waiting, routes: dict[str, Act], told: str) -> None:
    with pytest.raises(CannotServe) as caught:
        behind(waiting, **routes)

    assert told in str(caught.value)
    assert str(caught.value).endswith("Let only /v1/chat/completions and /v1/models through the gateway.")


def test_a_gateway_that_hangs_up_on_other_routes_is_not_refused(waiting: Waiting) -> None:
    """As nginx does with `return 444`."""
    assert "warn" == verdicts(behind(waiting, metrics=reset, tags=reset, invocations=reset))["routes"]


def test_a_route_that_answers_something_else_is_a_warning(waiting: Waiting) -> None:
    assert "warn" == verdicts(behind(waiting, invocations=refuse(405, "method not allowed")))["routes"]


@pytest.mark.parametrize("target", [{"engine": "hosted"}, {"auth_required": False}], ids=str)
def test_routes_are_looked_at_only_behind_a_gateway_of_ours(waiting: Waiting, target: dict[str, Any]) -> None:
    with ScriptedLlm([conforming(TOKEN)]) as llm, ScriptedLlm([conforming(TOKEN)]) as public:
        evidence = waiting.until_ready(llm, **{"public_url": public.base_url, "auth_required": True, **target})

    assert "routes" not in verdicts(evidence)
