"""
The conformance checks C1 to C10 and S11: does a recorded stream look as TruGen needs it? Pure.

Sources: OpenAI API reference "chat.completion.chunk", WHATWG server-sent events, TruGen's byo-llm guide. What each
engine is known to do differently, and may, stands beside the check.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from components.llm.gate.recording import DONE, Chunk, Recording

Verdict = Literal["pass", "warn", "fail", "unknown"]
SAMPLE_CHARS = 60

_FINISHES = {"stop", "length", "tool_calls", "content_filter", "function_call"}
_CHUNK_FIELDS = ("id", "object", "created", "model", "choices")


@dataclass(frozen=True)
class Check:
    """`unknown` is a check that could not be made: never counted as passed."""

    id: str
    verdict: Verdict
    detail: str


def judge(recording: Recording) -> tuple[Check, ...]:
    """All checks in order; when C1 fails there is no stream, and the others are not made."""
    transport = _c1_event_stream(recording)
    if transport.verdict == "fail":
        return (transport,)
    return (transport, *(check(recording) for check in _STREAM_CHECKS))


def fault_of(recording: Recording) -> Check | None:
    """The first failed check of those that hold for any stream, whatever was asked for: a call has no text, say."""
    return next((check for check in judge(recording) if check.verdict == "fail" and check.id in _ANY_STREAM), None)


_ANY_STREAM = {"C1", "C2", "C3", "C4", "C7", "C8", "C9"}


def _c1_event_stream(recording: Recording) -> Check:
    kind = recording.content_type.partition(";")[0].strip().lower()
    if recording.status == 200 and kind == "text/event-stream":  # noqa: PLR2004 - HTTP's own number
        return Check("C1", "pass", f"HTTP 200 {recording.content_type}")
    if not recording.body:
        # Caddy answers 200 with nothing, and no auth check, for a Host that matches no site.
        return Check("C1", "fail", f"HTTP {recording.status} with an empty body instead of an event stream")
    return Check("C1", "fail", f"not SSE: HTTP {recording.status} {kind or 'without a content type'}")


def _c2_framing(recording: Recording) -> Check:
    if recording.ending == "oversized":
        return Check("C2", "fail", recording.fault)
    if recording.unfinished and recording.unfinished != DONE:
        return Check("C2", "fail", "the last event was cut: no blank line closed it")
    return Check("C2", "pass", f"{len(recording.events)} events")


def _c3_chunk_object(recording: Recording) -> Check:
    for number, chunk in enumerate(recording.chunks, 1):
        if (fault := _chunk_fault(chunk)) is not None:
            return Check("C3", "fail", f"event {number} {fault}")
    return Check("C3", "pass", f"{len(recording.chunks)} chunks")


def _chunk_fault(chunk: Chunk) -> str | None:
    if chunk.error:
        return None  # C9's
    if chunk.problem:
        return chunk.problem
    if missing := [name for name in _CHUNK_FIELDS if name not in chunk.fields]:
        return f"lacks {', '.join(missing)}"
    if chunk.fields["object"] != "chat.completion.chunk":
        return f"is a {str(chunk.fields['object'])[:40]!r}, not a 'chat.completion.chunk'"
    choices = chunk.fields["choices"]
    if choices is not None and not isinstance(choices, list):
        return "has choices that are no list"
    return None


def _c4_choice(recording: Recording) -> Check:
    for number, chunk in enumerate(recording.chunks, 1):
        for choice in chunk.choices:
            # LiteLLM sends one empty choice with its usage; `index` is then all it has, or nothing.
            if choice.get("index", 0) != 0:
                return Check("C4", "fail", f"event {number} has choice {choice['index']}; only 0 was asked for")
            if not isinstance(choice.get("delta", {}), dict):
                return Check("C4", "fail", f"event {number} has a delta that is no object")
    return Check("C4", "pass", "index 0, delta objects")


def _c5_role(recording: Recording) -> Check:
    roles = {str(role) for delta in recording.deltas if (role := delta.get("role"))}
    # Absent is legal, and TGI repeats it on every chunk.
    if roles <= {"assistant"}:
        return Check("C5", "pass", "assistant" if roles else "no role sent")
    return Check("C5", "warn", f"role {', '.join(sorted(roles))[:40]}")


def _c6_text(recording: Recording) -> Check:
    if not recording.text.strip():
        return Check("C6", "fail", "the stream held no text, neither content nor reasoning")
    sample = " ".join(recording.text.split())
    return Check("C6", "pass", sample if len(sample) <= SAMPLE_CHARS else f"{sample[: SAMPLE_CHARS - 1]}…")


def _c7_finish(recording: Recording) -> Check:
    reasons = recording.finish_reasons
    if not reasons:
        how = "the connection broke" if recording.ending == "broken" else "the stream ended"
        return Check("C7", "fail", f"{how} before finish_reason")
    if odd := [reason for reason in reasons if not isinstance(reason, str) or reason not in _FINISHES]:
        return Check("C7", "fail", f"finish_reason {str(odd[0])[:40]!r}")
    if len(reasons) > 1:
        return Check("C7", "warn", f"finish_reason sent {len(reasons)} times")
    return Check("C7", "pass", str(reasons[0]))


def _c8_end(recording: Recording) -> Check:
    datas = [timed.event.data for timed in recording.events]
    if DONE not in datas:
        if recording.unfinished == DONE and recording.ending == "closed":
            return Check("C8", "warn", "no blank line after [DONE]")
        return Check("C8", "fail", f"the stream ended without 'data: [DONE]'{_because(recording)}")
    if datas[-1] != DONE:
        return Check("C8", "fail", "events came after [DONE]")
    if recording.ending == "open":
        return Check("C8", "warn", "the connection stayed open after [DONE]")
    return Check("C8", "pass", "[DONE], then the end")


def _because(recording: Recording) -> str:
    return f" ({recording.fault})" if recording.fault else ""


def _c9_no_error(recording: Recording) -> Check:
    # TGI and vLLM send [DONE] after an error event: the end alone proves nothing.
    if recording.errors:
        return Check("C9", "fail", f"an error inside the stream: {recording.errors[0]}")
    return Check("C9", "pass", "no error event")


_QUICK_S = 0.25  # a whole answer in less cannot be told from a burst, and harms nobody
_BURST_GAP_S = 0.002  # reads of one burst follow each other faster
_SPREAD_SHARE = 0.3
_STEADY_SPREAD_S = 0.05
# Groq makes 877 tokens a second (jupyterlab/jupyter-ai#739): sixteen tokens of that are 18 ms.
_FAST_GAP_S = 0.0008
_FAST_SPREAD_S = 0.01
_FEW_READS = 3
_ONE_PIECE_CHARS = 40


def _c10_incremental(recording: Recording) -> Check:
    """
    A proxy that buffers delivers the answer at its end, so text spread over 30 % of the time is proof of streaming.

    Less is no proof of buffering: a long prompt or a queue delays the first token of a fast engine. What tells them
    apart is that streamed pieces arrive one by one, and buffered ones together; the fastest engines leave it open.
    """
    times = [at_s for at_s, _ in recording.words]
    if not times:
        return Check("C10", "unknown", "no text to judge by")
    first_s, last_s = times[0], times[-1]
    measured = f"text arrived from {first_s:.2f} s to {last_s:.2f} s"
    if len(times) == 1:
        # LiteLLM imitates streaming for upstreams that cannot: the whole answer in one chunk.
        whole = len(recording.text) >= _ONE_PIECE_CHARS
        return Check("C10", "fail" if whole else "warn", f"the whole answer came in one chunk at {first_s:.2f} s")
    if last_s - first_s >= _SPREAD_SHARE * last_s or _one_by_one(times):
        return Check("C10", "pass", measured)
    if last_s < _QUICK_S or _in_quick_succession(times):
        return Check("C10", "warn", f"{measured}: too quick to tell streaming from one burst")
    encoding = f" ({recording.content_encoding} encoded)" if recording.content_encoding else ""
    return Check("C10", "fail", f"{measured}: one burst{encoding}, buffered by a proxy")


def _one_by_one(times: list[float]) -> bool:
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return median(gaps) >= _BURST_GAP_S and times[-1] - times[0] >= _STEADY_SPREAD_S


def _in_quick_succession(times: list[float]) -> bool:
    reads = sorted(set(times))  # one read may hold several pieces
    gaps = [later - earlier for earlier, later in pairwise(reads)]
    return len(reads) >= _FEW_READS and median(gaps) >= _FAST_GAP_S and reads[-1] - reads[0] >= _FAST_SPREAD_S


def _s11_usage(recording: Recording) -> Check:
    if any(chunk.usage for chunk in recording.chunks):
        return Check("S11", "pass", f"{recording.tokens} tokens")
    return Check("S11", "warn", "no usage reported, though it was asked for")


_STREAM_CHECKS: tuple[Callable[[Recording], Check], ...] = (
    _c2_framing,
    _c3_chunk_object,
    _c4_choice,
    _c5_role,
    _c6_text,
    _c7_finish,
    _c8_end,
    _c9_no_error,
    _c10_incremental,
    _s11_usage,
)
