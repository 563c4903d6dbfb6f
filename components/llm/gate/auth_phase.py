"""Phase `auth`, check C12: strangers are refused at the URL the agent will call, and find no other way in."""

from components.llm.gate.calls import Answer
from components.llm.gate.chat_requests import ONE_TOKEN, counting
from components.llm.gate.checks import Check
from components.llm.gate.exchange import Request
from components.llm.gate.probe import Probe
from components.llm.gate.setback import Setback
from components.llm.gate.target import engine_root
from components.urls import is_loopback

# LiteLLM refuses keys of another form before it looks them up.
WRONG_TOKEN = "sk-trugen-llm-wrong-token"  # noqa: S105 - opens nothing on purpose
_STRANGERS = (("a wrong token", WRONG_TOKEN), ("no token", None))
_LIMIT_S = 30.0  # a server that is open generates a token, behind the requests of others
_REFUSED = {401, 403}
_SAID_CHARS = 60
# Ollama's own API, everybody's metrics, and the route by which vLLM and TGI answer without their key.
_ENGINE_ROUTES = (("GET", "/api/tags"), ("GET", "/metrics"), ("POST", "/invocations"))
_HIDDEN = {401, 403, 404}
# The engine understood us and only disliked the request.
_REACHED = {200, 400, 422}


def auth(probe: Probe) -> None:
    """
    Raises:
        NotReady: anybody may use the endpoint though `auth_required`, or nobody answers.
    """
    target = probe.target
    probe.wait.enter("auth", target.agent_url)
    probe.keep(_judge_strangers(probe), next_step=_next_step(probe))
    if target.auth_required and target.public_url is not None and not target.hosted:
        next_step = "Let only /v1/chat/completions and /v1/models through the gateway."
        probe.keep(_judge_engine_routes(probe), next_step=next_step)


def _judge_strangers(probe: Probe) -> Check:
    answers = []
    for who, token in _STRANGERS:
        try:
            answer = _asked_as_stranger(probe, token)
        except Setback as setback:
            return Check("C12", "unknown", f"{who}: {setback.cause}")
        if answer.ok:
            return _open(probe, f"answered HTTP {answer.status} to {who}")
        answers.append((who, answer))
    told = "; ".join(f"{who}: HTTP {answer.status}{_said(probe, answer)}" for who, answer in answers)
    # LiteLLM without a database refuses with 400 and 500, Traefik's routers with 404, a login page with 302.
    usual = all(answer.status in _REFUSED for _, answer in answers)
    return Check("C12", "pass" if usual else "warn", told if usual else f"refused, though not with 401: {told}")


def _said(probe: Probe, answer: Answer) -> str:
    message = probe.caller.redacted(answer.message())[:_SAID_CHARS]
    return f" {message}" if message and answer.status not in _REFUSED else ""


def _open(probe: Probe, how: str) -> Check:
    target = probe.target
    if target.auth_required:
        return Check("C12", "fail", f"lets anybody in: {how}")
    near = is_loopback(target.agent_url)
    reach = "reachable from this machine only" if near else f"to whoever reaches {target.agent_url}"
    return Check("C12", "warn", f"open, {reach}: {how}")


def _asked_as_stranger(probe: Probe, token: str | None) -> Answer:
    """
    Raises:
        Setback: it did not get as far as refusing, and is not asked twice: it is hosted, or may be open.
    """
    target = probe.target
    body = counting(target.model, max_tokens=ONE_TOKEN)
    request = Request("POST", f"{target.agent_url}/chat/completions", token, body)

    def ask() -> Answer:
        try:
            answer = probe.caller.answer(request, limit_s=probe.wait.spare_s(_LIMIT_S))
        except Setback as setback:
            raise setback.failing("C12") from None
        refusal = probe.caller.setback(answer)
        if not answer.ok and refusal.is_undecided:
            raise refusal.failing("C12")
        return answer

    return ask() if target.hosted or not target.auth_required else probe.wait.until_passed(ask)


def _next_step(probe: Probe) -> str:
    target = probe.target
    if target.public_url is not None:
        return f"Let the gateway at {target.public_url} demand the token before it passes a request on."
    gateway = "Put a gateway that demands the token in front of it, and name that"
    return f"{gateway}: `pulumi config set --path llms.<llm>.{'baseUrl' if target.hosted else 'publicUrl'} <url>`."


def _judge_engine_routes(probe: Probe) -> Check:
    statuses = {path: _status_for_strangers(probe, method, path) for method, path in _ENGINE_ROUTES}
    told = ", ".join(f"{path}: {f'HTTP {status}' if status else 'no answer'}" for path, status in statuses.items())
    if opened := [path for path, status in statuses.items() if status in _REACHED]:
        return Check("routes", "fail", f"{opened[0]} of the engine is open to anybody ({told})")
    return Check("routes", "pass" if set(statuses.values()) <= _HIDDEN else "warn", told)


def _status_for_strangers(probe: Probe, method: str, path: str) -> int | None:
    """None when it is not answered: some gateways hang up instead of refusing."""
    url = engine_root(probe.target.agent_url) + path
    request = Request(method, url, None, {} if method == "POST" else None)
    try:
        return probe.caller.answer(request, limit_s=probe.wait.spare_s(_LIMIT_S)).status
    except Setback:
        return None
    finally:
        probe.wait.heard()
