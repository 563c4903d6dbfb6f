"""What the doctor's checks find at each server, and how it is shown."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.llm.gate.conformance import ROWS, Line
from components.llm.gate.diagnosis import Diagnosis, diagnose
from components.llm.gate.introduction import Question
from tests.conformance.subjects import PREPARE, Subject

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
COLUMNS = tuple(row.id for row in ROWS)
# The time to the first token is the machine's.
PAGE_COLUMNS = tuple(column for column in COLUMNS if column != "ttft")
NOT_ASKED = "-"
_LIMIT_S = 240.0  # for the slowest machine that is left to one of them
_SECONDS = re.compile(r"\d+\.\d+ s\b")


@dataclass(frozen=True)
class Row:
    """*diagnosis* is None for a server that is not on this machine; then *missing* says what is not."""

    subject: Subject
    diagnosis: Diagnosis | None
    missing: str = ""

    @property
    def cells(self) -> Mapping[str, str]:
        """A verdict, or `-` for a check that nobody asked for, by the id of the check; empty for a missing server."""
        return {line.check.id: _cell(line) for line in self.diagnosis.lines} if self.diagnosis else {}

    @property
    def remarks(self) -> Sequence[Line]:
        """Checks that warn or fail."""
        found = self.diagnosis.lines if self.diagnosis else ()
        return [line for line in found if line.check.verdict in {"warn", "fail"}]

    @property
    def is_ready(self) -> bool:
        return self.diagnosis is not None and self.diagnosis.verdict in {"pass", "warn"}

    @property
    def absence(self) -> str:
        return f"not here: {self.missing}; `{PREPARE}` brings it"

    def as_dict(self) -> dict[str, Any]:
        who = {"server": self.subject.name, "kind": self.subject.kind}
        return {**who, **(self.diagnosis.as_dict() if self.diagnosis else {"absent": self.absence})}


def examined(subject: Subject) -> Row:
    if missing := subject.missing():
        return Row(subject, None, missing)
    with subject.serve() as server:
        question = Question(
            server.base_url,
            model=server.model,
            engine=subject.engine,
            token=server.token,
            needs=subject.needs,
            timeout_s=_LIMIT_S,
            # An open port of this machine is a warning; whatever asks for a token has to mean it.
            auth_required=subject.engine == "hosted",
        )
        clock, sleep = (server.clock, server.clock.sleep) if server.clock else (time.monotonic, time.sleep)
        return Row(subject, diagnose(question, on_progress=lambda _: None, clock=clock, sleep=sleep))


def text(rows: Iterable[Row]) -> Iterator[str]:
    """The table for a terminal, and below it what is behind each warning and failure."""
    shown = list(rows)
    first = max(len(str(row.subject)) for row in shown)
    widths = [max(len(column), len("unknown")) if column == "context" else max(len(column), 4) for column in COLUMNS]
    yield f"{'':<{first}}  {' '.join(f'{name:<{width}}' for name, width in zip(COLUMNS, widths, strict=True))}".rstrip()
    for row in shown:
        cells = [_SHORT.get(row.cells.get(name, ""), row.cells.get(name, "")) for name in COLUMNS]
        line = " ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield f"{row.subject!s:<{first}}  {line if row.diagnosis else row.absence}".rstrip()
    yield f"\n?  unknown; {NOT_ASKED}  not asked"
    for row in shown:
        yield from (f"{row.subject}: {_remark(line)}" for line in row.remarks)
        if row.diagnosis and not row.is_ready:
            yield f"{row.subject}: {row.diagnosis.summary}"


_SHORT = {"unknown": "?"}


def markdown_cells(row: Row) -> str:
    """One line of the written table."""
    if row.diagnosis is None:
        return f"| {row.subject.name} | {row.subject.kind} | {row.absence} |"
    return f"| {row.subject.name} | {row.subject.kind} | {' | '.join(row.cells[name] for name in PAGE_COLUMNS)} |"


def markdown(rows: Sequence[Row], reasons: Mapping[str, Mapping[str, str]]) -> str:
    """The page docs/conformance.md, with *reasons* by server and check; without figures that change with every run."""
    shown = [row for row in ROWS if row.id in PAGE_COLUMNS]
    titles = "\n".join(f"- **{row.id}** {row.title}{f' (`{row.option}`)' if row.option else ''}" for row in shown)
    remarks = "\n".join(
        f"- {row.subject.name}, {_remark(line)}{_because(reasons[row.subject.name].get(line.check.id))}"
        for row in rows
        for line in row.remarks
        if line.check.id in PAGE_COLUMNS
    )
    return _PAGE.format(
        titles=titles,
        header=" | ".join(PAGE_COLUMNS),
        rule="|".join(["---"] * (len(PAGE_COLUMNS) + 2)),
        table="\n".join(map(markdown_cells, rows)),
        remarks=_SECONDS.sub("… s", remarks),
    )


_PAGE = """\
# Which server passes which check

Generated by `make conformance ARGS=--write`; do not edit. *real* is the server itself, run here; *stand-in* is a
scripted server that does what its documentation or source says, with the source beside each behaviour
(`tests/fixtures/stand_ins`). `-` was not asked: SmolLM2, the model behind the real servers, is too small for tools and
has no eyes. `unknown` could not be told: nothing that is not needed is asked of whoever charges for every request.

{titles}

| server | kind | {header} |
|{rule}|
{table}

Every warning and failure with its evidence, and how it is known. How long the first token takes is the machine's, so it
is left out here.

{remarks}
"""


def _remark(line: Line) -> str:
    return f"{line.check.id} {line.check.verdict}: {line.check.detail}"


def _because(reason: str | None) -> str:
    return f". Known: {reason}" if reason else ""


def _cell(line: Line) -> str:
    return NOT_ASKED if line.check.detail.startswith("not asked, add ") else line.check.verdict
