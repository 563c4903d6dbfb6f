"""Phases `warm` and `stream`: have the weights loaded, then streams of text that pass the checks C1 to C10."""

import json
from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

from components.llm.gate.chat_requests import ONE_TOKEN, WORKING_TOKENS, counting
from components.llm.gate.checks import Check, judge
from components.llm.gate.conformance import next_step
from components.llm.gate.listing import Listing
from components.llm.gate.probe import Probe, refuse_errors
from components.llm.gate.recording import Recording
from components.llm.gate.setback import Setback, setback_from_words

STREAM_TOKENS = 16


def warm(probe: Probe, listing: Listing) -> Recording:
    """The throw-away request that waits for the weights."""
    probe.wait.enter("warm", probe.target.base_url)

    def load() -> Recording:
        recording = _chat(probe, probe.target.base_url, listing, max_tokens=ONE_TOKEN)
        refuse_errors(probe.caller, recording)
        return recording

    return probe.wait.until_passed(load)


def streams(probe: Probe, base_url: str, listing: Listing, *, prefix: str = "") -> Sequence[Recording]:
    """As many good streams in a row as count as ready; the checks of the last are kept, *prefix* before their ids."""
    passed: list[Recording] = []
    checks: Sequence[Check] = ()
    while len(passed) < (1 if probe.target.hosted else probe.budget.successes):
        try:
            recording = _chat(probe, base_url, listing, max_tokens=STREAM_TOKENS)
            if recording.is_all_hidden_thought:
                recording = _chat(probe, base_url, listing, max_tokens=WORKING_TOKENS)
            checks = _passing_checks(probe, recording, base_url, prefix)
        except Setback as setback:
            passed.clear()
            probe.wait.after(setback.failing(f"{prefix}C1"))
        else:
            passed.append(recording)
            probe.wait.served()
    probe.wait.checks += checks
    return passed


def _passing_checks(probe: Probe, recording: Recording, base_url: str, prefix: str) -> Sequence[Check]:
    judged = [replace(check, detail=probe.caller.redacted(check.detail)) for check in judge(recording)]
    checks = [replace(check, id=prefix + check.id) for check in judged]
    failed = [check for check in judged if check.verdict == "fail"]
    if not failed:
        return checks
    # An error the server itself reports explains the other faults of the stream.
    worst = next((check for check in failed if check.id == "C9"), failed[0])
    known = setback_from_words(worst.detail)
    hopeless = known or recording.ending == "oversized" or (worst.id == "C1" and recording.body)
    raise Setback(
        "fatal" if hopeless else "suspect",
        known.cause if known else f"{worst.id}: {worst.detail}",
        next_step=known.next_step if known else f"{next_step(worst)} {_try_it(probe, base_url)}",
        checks=sorted(checks, key=lambda check: check.id == prefix + worst.id),
    )


def _try_it(probe: Probe, base_url: str) -> str:
    body = {"model": probe.target.model, "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    headers = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
    return f"See the stream: `curl -N {base_url}/chat/completions {headers} -d {quote(json.dumps(body))}`."


def _chat(probe: Probe, base_url: str, listing: Listing, *, max_tokens: int) -> Recording:
    target = probe.target
    # With a prompt of the real length where it costs nothing: it decides the time to the first token.
    prompt_bytes = 0 if target.metered else target.needs.system_prompt_bytes
    body = counting(target.model, max_tokens=max_tokens, system_prompt_bytes=prompt_bytes)
    try:
        return probe.caller.chat(base_url, target.token_at(base_url), body)
    except Setback as setback:
        unlisted = listing.names is not None and not listing.has(target.model)
        if setback.failure_class != "fatal" or setback.checks or not unlisted:
            raise
        raise Setback(
            "fatal",
            f"{setback.cause}; it serves {probe.caller.redacted(listing.shown())}",
            answer=setback.answer,
            next_step="Name a model it serves: `pulumi config set --path llms.<llm>.model <name>`.",
        ) from None
