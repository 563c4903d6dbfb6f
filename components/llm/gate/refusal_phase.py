"""Phase `refusals`: what a server says to requests it should not take, S13 to S15, and to harmless ones, S19."""

from components.llm.gate.chat_requests import ONE_TOKEN, Body, counting, in_parts, unstreamed, without_messages
from components.llm.gate.checks import Check
from components.llm.gate.exchange import Request
from components.llm.gate.listing import Listing
from components.llm.gate.probe import Probe
from components.llm.gate.refusals import (
    Refusal,
    judge_bad_body,
    judge_bad_model,
    judge_content_parts,
    judge_error_shape,
    judge_model_name,
)
from components.llm.gate.setback import Setback

_NO_SUCH_MODEL = "trugen-llm-no-such-model"
_LIMIT_S = 15.0
_OK = 200
_COSTS = "not asked: every request costs"


def refusals(probe: Probe, listing: Listing) -> None:
    """
    Raises:
        NotReady: it answers under any model name, and lists only other ones: it serves something else.
    """
    target = probe.target
    if target.hosted:
        probe.wait.checks.append(judge_model_name(target.model, listing, bad_model=None))
        for check_id in ("S13", "S14", "S15", "S19"):
            probe.wait.note(check_id, "unknown", _COSTS)
        return
    probe.wait.enter("refusals", target.base_url)
    bad_model = _bad_model(probe, listing)
    next_step = "Name a listed model: `pulumi config set --path llms.<llm>.model <name>`."
    probe.keep(judge_model_name(target.model, listing, bad_model=bad_model), next_step=next_step)
    bad_body = _refusal(probe, without_messages(target.model))
    for check in (
        judge_error_shape((bad_model, bad_body)),
        judge_bad_model(bad_model),
        judge_bad_body(bad_body),
        Check("S19", "unknown", _COSTS)
        if target.metered
        else judge_content_parts(_refusal(probe, unstreamed(in_parts(target.model)))),
    ):
        probe.keep(check, next_step="")


def _bad_model(probe: Probe, listing: Listing) -> Refusal:
    body = counting(_NO_SUCH_MODEL, max_tokens=ONE_TOKEN)
    answer = _refusal(probe, unstreamed(body))
    if answer.status is not None or listing.names is None or listing.has(probe.target.model):
        return answer
    # Only this tells a name of ours from any other, so a slow server is asked with the patience of a stream.
    return Refusal(_OK, None, "") if probe.wait.until_passed(lambda: _is_streamed(probe, body)) else answer


def _is_streamed(probe: Probe, body: Body) -> bool:
    try:
        recording = probe.caller.chat(probe.target.base_url, probe.target.base_token, body)
    except Setback as setback:
        if setback.is_undecided:
            raise
        return False
    return not recording.errors


def _refusal(probe: Probe, body: Body) -> Refusal:
    target = probe.target
    try:
        request = Request("POST", f"{target.base_url}/chat/completions", target.base_token, body)
        answer = probe.caller.answer(request, limit_s=probe.wait.spare_s(_LIMIT_S))
    except Setback as setback:
        return Refusal(None, None, setback.cause)
    finally:
        # Given up or answered, it goes on: a server that says nothing to an odd request is no dead one.
        probe.wait.heard()
    return Refusal(answer.status, answer.fields(), probe.caller.redacted(answer.message()))
