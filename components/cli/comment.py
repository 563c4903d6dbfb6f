"""
Markdown of a plan and of a drift report, for a pull request, an issue and a job's summary. Pure.

Names and messages come from a stack file that anybody may propose: none of them is ever Markdown. Each stands in a code
span or a fenced block, where GitHub and GitLab take mentions, HTML, links and quick actions for text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from components.cli.plan import Plan, Resource, Said, Step

# GitHub refuses a comment of more than 65,536 characters; the rest is for what a workflow adds.
LIMIT_CHARS = 60_000
_ROWS_CHARS = 30_000
_TEXT_CHARS = 1_500
_TEXTS_CHARS = 20_000

NOTHING = Plan()
_UPDATES = {"docker:Container": "puts it back as declared", "trugen:ChatCompletionsReady": "proves it again"}
_WORDS = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
}


def preview(stack: str, plan: Plan, *, failure: str = "", as_sandbox: bool = False) -> str:
    """The plan of *stack*; with a *failure*, why there is none and what to do."""
    verdict = "was refused" if failure else _total(plan)
    lines = [f"<!-- trugen-llm preview: {stack} -->", f"### Preview of {code(stack)}: {verdict}", ""]
    if as_sandbox:
        lines += ["Checked against a sandbox with stand-ins for all secrets; nothing of the real stack was asked.", ""]
    lines += _steps(plan.steps)
    lines += _said(failure, plan)
    return _joined(lines)


def drift(
    stack: str,
    found: Plan,
    next_up: Plan = NOTHING,
    *,
    blocked: str = "",
    commands: Iterable[str] = (),
    failure: str = "",
) -> str:
    """
    What differs from the record of *stack*, and what the next `up` does with it.

    Args:
        next_up: The plan of the next run, made right after *found*.
        blocked: Why the next run would be refused.
        failure: Why nothing could be found out.
    """
    changed = f"{_counted(len(found.steps), 'object')} changed elsewhere" if found.steps else "none"
    verdict = "could not be looked for" if failure else changed
    lines = [f"<!-- trugen-llm drift: {stack} -->", f"### Drift of {code(stack)}: {verdict}", ""]
    if found.steps:
        lines += ["| what | name | changed elsewhere | the next `up` |", "| --- | --- | --- | --- |"]
        planned = {step.resource: step for step in next_up.steps}
        stopped = {said.resource for said in next_up.texts("error") if said.resource}
        lines += _rows(
            f"| {code(step.resource.kind)} | {code(step.resource.name)} | {_edit(step)} |"
            f" {_fate(step, planned.get(step.resource), stopped=step.resource in stopped)} |"
            for step in found.steps
        )
        lines += [""]
    lines += _said(failure or blocked, _without_edits(next_up if found.steps else found))
    if commands := list(commands):
        lines += ["What to do:", "", *_block("\n".join(commands))]
    return _joined(lines)


def code(text: str) -> str:
    """*text* as a code span on one line, fit for a cell of a table."""
    plain = _printable(text).replace("`", "'").replace("|", "\\|").strip()
    return f"`{plain}`" if plain else "``(nothing)``"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _block(text: str) -> list[str]:
    lines = [_printable(line) for line in text.splitlines()]
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence, ""]


def _steps(steps: Iterable[Step]) -> list[str]:
    rows = [
        f"| {_WORDS.get(step.op, step.op)} | {code(step.resource.kind)} | {code(step.resource.name)} |"
        f" {_names(step.changed) if step.op != 'create' else ''} |"
        for step in steps
    ]
    if not rows:
        return []
    return ["| step | what | name | changed inputs |", "| --- | --- | --- | --- |", *_rows(rows), ""]


def _rows(rows: Iterable[str]) -> list[str]:
    """As many of *rows* as there is room for."""
    kept: list[str] = []
    rows, room = list(rows), _ROWS_CHARS
    for row in rows:
        room -= len(row)
        if room < 0:
            return [*kept, "", f"{len(rows) - len(kept)} more: see the log of the job."]
        kept.append(row)
    return kept


def _names(names: Iterable[str]) -> str:
    return ", ".join(code(name) for name in names)


def _edit(step: Step) -> str:
    return "gone" if step.op == "delete" else _names(step.changed)


def _fate(found: Step, planned: Step | None, *, stopped: bool) -> str:
    if stopped:
        return "is refused, `onDrift` says `fail`"
    if planned is None:
        return "leaves it" if found.op != "delete" else "forgets it"
    if planned.op == "create":
        return "makes it anew"
    if planned.op == "update":
        return _UPDATES.get(planned.resource.kind, "sends the declaration again")
    return f"{_WORDS.get(planned.op, planned.op)}s it"


def _said(failure: str, plan: Plan) -> list[str]:
    lines: list[str] = []
    if failure:
        lines += _block(_cut(failure, _TEXTS_CHARS))
    notes = [f"- {_about(said)}{code(_cut(said.text, _TEXT_CHARS))}" for said in plan.texts("warning", "info")]
    if notes:
        lines += ["<details><summary>Notes</summary>", "", *_few(notes), "", "</details>", ""]
    return lines


def _without_edits(plan: Plan) -> Plan:
    """The table names them."""
    return replace(plan, said=tuple(said for said in plan.said if not said.text.startswith("was edited elsewhere:")))


def _few(lines: Iterable[str]) -> list[str]:
    kept: list[str] = []
    lines, room = list(lines), LIMIT_CHARS - _ROWS_CHARS - _TEXTS_CHARS - 2_000
    for line in lines:
        room -= len(line)
        if room < 0:
            return [*kept, f"- {len(lines) - len(kept)} more: see the log of the job."]
        kept.append(line)
    return kept


def _about(said: Said) -> str:
    return f"{_shown(said.resource)}: " if said.resource else ""


def _shown(resource: Resource) -> str:
    return code(f"{resource.kind} {resource.name}")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _total(plan: Plan) -> str:
    changes: dict[str, int] = {}
    for step in plan.steps:
        word = _WORDS.get(step.op, step.op)
        changes[word] = changes.get(word, 0) + 1
    return _listed(changes) or "nothing changes"


def _listed(changes: Mapping[str, int]) -> str:
    return ", ".join(f"{number} to {word}" for word, number in changes.items())


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _joined(lines: list[str]) -> str:
    text = "\n".join(lines).rstrip() + "\n"
    return text if len(text) <= LIMIT_CHARS else text[: LIMIT_CHARS - 2] + "…\n"
