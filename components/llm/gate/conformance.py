"""
The table of checks that an endpoint is held to: what each is called, who has to ask for it, and what to do about it.

Numbers: C must pass, S should, O is asked for. The other ids are those of the gate's phases.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from components.llm.gate.checks import Check


@dataclass(frozen=True)
class Row:
    """*option* of `doctor` asks for the check; without one it is always made."""

    id: str
    title: str
    next_step: str
    option: str = ""


@dataclass(frozen=True)
class Line:
    """One check as it is shown. *next_step* is empty when there is nothing to do."""

    check: Check
    title: str
    next_step: str = ""

    def as_dict(self) -> dict[str, str]:
        told = {
            "id": self.check.id,
            "title": self.title,
            "verdict": self.check.verdict,
            "detail": self.check.detail,
            "next_step": self.next_step,
        }
        return {name: text for name, text in told.items() if text}


_BROKEN_OFF = "See the server's log for why it broke off; a proxy's time limit cuts streams, too."
_CLIENT_COPES = "Nothing, if your agent works: TruGen may cope with it. Else use a newer release of the server."
_FOR_DEBUGGING = "Nothing: TruGen sends no such request. It only makes a failing agent harder to debug."
_NEWER = "Use a newer release of the server, or report it to its makers with this evidence."
_TRUGEN_SENDS_IT = "Use a newer release of the server: TruGen reads the stream by these fields."
ROWS = (
    Row("transport", "answers", "Start the server, and check address, port and certificate."),
    Row("model", "name of the model", "Give the name that the server lists, with `--model`."),
    Row("C1", "event stream", "Give the root of the API, `/v1` included, not a page in front of it."),
    Row("C2", "framing", "Let no proxy change the stream; blank lines end events."),
    Row("C3", "chunks", _TRUGEN_SENDS_IT),
    Row("C4", "choices", _TRUGEN_SENDS_IT),
    Row("C5", "role", _CLIENT_COPES),
    Row("C6", "some text", "Use an instruction-tuned model with a chat template; a base model has nothing to say."),
    Row("C7", "finish_reason", _BROKEN_OFF),
    Row(
        "C8", "[DONE] at the end", "See the server's log for why it broke off; a proxy's time limit cuts streams, too."
    ),
    Row("C9", "no error inside", "See the server's log for the error; memory and context length are the usual causes."),
    Row(
        "C10",
        "piece by piece",
        "If a proxy is in front, turn off its buffering and compression of text/event-stream;"
        " nginx: `proxy_buffering off;`.",
    ),
    Row("S11", "usage", "Nothing: TruGen does not need it, but nobody will count tokens."),
    Row("ttft", "time to first token", "Choose a smaller or faster model, a GPU, or a server nearer to TruGen."),
    Row("C12", "token demanded", "Put a gateway in front that demands the token and answers 401 to every other."),
    Row("S13", "shape of errors", _FOR_DEBUGGING),
    Row("S14", "wrong model refused", "Check the model's name with care: this server answers under any."),
    Row("S15", "bad request refused", _FOR_DEBUGGING),
    Row("S19", "content parts", _NEWER),
    Row(
        "O16",
        "tool call",
        "Use a model made for tools, and the parser of its family (vLLM and SGLang: `--tool-call-parser`).",
        "--tools",
    ),
    Row("O17", "tool result", "Use a model whose chat template knows the role `tool`.", "--tools"),
    Row("O18", "image", "Use a model that reads images, with its projector (llama.cpp: `--mmproj`).", "--vision"),
    Row(
        "context",
        "room for the prompt",
        "Give the model more context, or shorten the system prompt.",
        "--system-prompt-bytes",
    ),
    Row("gpu", "on the GPU", "Give the container the GPU, and use the image built for it.", "--gpu"),
)
_ROW_OF: Mapping[str, Row] = {row.id: row for row in ROWS}


def next_step(check: Check) -> str:
    """What to do about *check*; empty when nothing is known, or nothing wrong. `public.C10` is known as `C10`."""
    row = _ROW_OF.get(check.id.rpartition(".")[2])
    return row.next_step if row and check.verdict in {"warn", "fail"} else ""


def lines(checks: Iterable[Check], *, asked: Iterable[str], reached_end: bool) -> tuple[Line, ...]:
    """
    *checks* that were made, in their order, and then each row of the table that was not, as unknown.

    *asked* are the options that were given; *reached_end* is false when a failed check ended the others.
    """
    made = [Line(check, _title(check.id), next_step(check)) for check in checks]
    have, options = {line.check.id for line in made}, set(asked)
    return (*made, *(_unmade(row, options, reached_end) for row in ROWS if row.id not in have))


def _title(id_: str) -> str:
    row = _ROW_OF.get(id_.rpartition(".")[2])
    return row.title if row else ""


def _unmade(row: Row, options: set[str], reached_end: bool) -> Line:  # noqa: FBT001 - passed on by one caller
    if row.option and row.option not in options:
        why = f"not asked, add {row.option}"
    else:
        why = "not made here" if reached_end else "not reached"
    return Line(Check(row.id, "unknown", why), row.title)
