"""
One streamed chat completion as it arrived, and what it says once decoded. Pure.

Times are seconds since the request was sent.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

from components.llm.gate.sse import Event

DONE = "[DONE]"
_MOST_TOKENS = 2**40


@dataclass(frozen=True)
class TimedEvent:
    at_s: float
    event: Event


@dataclass(frozen=True)
class Recording:
    """
    What one `POST …/chat/completions` gave.

    `ending` is `closed` (a clean end), `open` (nothing more came after `[DONE]`), `broken` (the connection failed
    before the body was complete) or `oversized` (a line or the body passed its limit); `fault` says more about the
    last two. `unfinished` holds the data of an event that no blank line closed. `body` is kept for answers that are
    no event stream.
    """

    status: int
    content_type: str
    content_encoding: str = ""
    events: tuple[TimedEvent, ...] = ()
    ending: Literal["closed", "open", "broken", "oversized"] = "closed"
    fault: str = ""
    unfinished: str = ""
    body: str = ""

    @cached_property
    def chunks(self) -> tuple["Chunk", ...]:
        """Every event that is not `[DONE]`."""
        return tuple(Chunk.parse(timed) for timed in self.events if timed.event.data != DONE)

    @cached_property
    def words(self) -> tuple[tuple[float, str], ...]:
        """Time and text of every piece of generated text, reasoning included."""
        return tuple((chunk.at_s, text) for chunk in self.chunks if (text := chunk.text))

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.words)

    @property
    def deltas(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(delta for chunk in self.chunks for delta in chunk.deltas)

    @property
    def finish_reasons(self) -> tuple[Any, ...]:
        choices = (choice for chunk in self.chunks for choice in chunk.choices)
        return tuple(choice["finish_reason"] for choice in choices if choice.get("finish_reason"))

    @property
    def prompt_tokens(self) -> int | None:
        """Length of the prompt as the server counts it; None when it reports no usage."""
        reported = [usage["prompt_tokens"] for chunk in self.chunks if (usage := chunk.usage)]
        return reported[-1] if reported else None

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(chunk.error for chunk in self.chunks if chunk.error)

    @property
    def is_all_hidden_thought(self) -> bool:
        """Whether its tokens went into reasoning that the server keeps to itself, so that the limit left no text."""
        counted = [chunk.usage.get("completion_tokens_details") for chunk in self.chunks if chunk.usage]
        thought = any(isinstance(details, dict) and details.get("reasoning_tokens") for details in counted)
        return thought and not self.text and "length" in self.finish_reasons

    @property
    def ttft_s(self) -> float | None:
        """Time to the first piece of text; None when there was none."""
        return self.words[0][0] if self.words else None

    @property
    def ended_s(self) -> float:
        """Time of the last event."""
        return self.events[-1].at_s if self.events else 0.0

    @property
    def longest_gap_s(self) -> float:
        """Longest silence between two pieces of text."""
        times = [at_s for at_s, _ in self.words]
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)

    @property
    def tokens_per_s(self) -> float | None:
        """Speed after the first token; pieces of text stand for tokens when the server reports no usage."""
        if len(self.words) < 2:  # noqa: PLR2004 - a speed needs two points
            return None
        spread_s = self.words[-1][0] - self.words[0][0]
        return (self.tokens - 1) / spread_s if spread_s > 0 else None

    @property
    def tokens(self) -> int:
        reported = [usage["completion_tokens"] for chunk in self.chunks if (usage := chunk.usage)]
        return int(reported[-1]) if reported and reported[-1] > 0 else len(self.words)


@dataclass(frozen=True)
class Chunk:
    """One decoded event. `problem` says why it is not a JSON object; `fields` is empty then."""

    at_s: float
    event_type: str
    fields: Mapping[str, Any]
    problem: str = ""

    @classmethod
    def parse(cls, timed: TimedEvent) -> "Chunk":
        try:
            fields = json.loads(timed.event.data)
        except (ValueError, RecursionError) as error:
            return cls(timed.at_s, timed.event.type, {}, f"is not JSON ({error})")
        if not isinstance(fields, dict):
            return cls(timed.at_s, timed.event.type, {}, f"is a JSON {type(fields).__name__}, not an object")
        return cls(timed.at_s, timed.event.type, fields)

    @property
    def error(self) -> str:
        """Text of an error the server sent inside the stream, whatever its shape; empty for none."""
        error = self.fields.get("error")
        if isinstance(error, dict):
            error = error.get("message") or json.dumps(error)
        # vLLM's older and SGLang's form lies flat: {"object": "error", "message"} (block/goose#8031).
        if not error and "error" in (self.event_type, self.fields.get("object")):
            error = self.fields.get("message") or "an event of type 'error'"
        return str(error) if error else ""

    @property
    def deltas(self) -> Iterator[Mapping[str, Any]]:
        return (delta for choice in self.choices if isinstance(delta := choice.get("delta"), dict))

    @property
    def choices(self) -> list[dict[str, Any]]:
        """Choices that are objects: null, absent and empty lists are legal (usage and content-filter chunks)."""
        choices = self.fields.get("choices")
        return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []

    @property
    def text(self) -> str:
        # Ollama and vLLM name thinking `reasoning`, llama.cpp and DeepSeek `reasoning_content`.
        parts = [delta.get(key) for delta in self.deltas for key in ("reasoning", "reasoning_content", "content")]
        return "".join(part for part in parts if isinstance(part, str))

    @property
    def usage(self) -> Mapping[str, Any] | None:
        usage = self.fields.get("usage")
        counts = ("prompt_tokens", "completion_tokens", "total_tokens")
        complete = isinstance(usage, dict) and all(_is_count(usage.get(count)) for count in counts)
        return usage if complete else None


def _is_count(value: Any) -> bool:
    """JSON knows numbers that no float can hold."""
    return isinstance(value, int) and 0 <= value <= _MOST_TOKENS
