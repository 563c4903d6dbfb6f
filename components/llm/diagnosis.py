"""The gate's checks, once, against any endpoint: what was found, line by line, instead of an error."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from components.llm.calls import Caller
from components.llm.checks import Check, Verdict
from components.llm.conformance import Line, lines
from components.llm.failure import NotReady
from components.llm.listing import Listing, openai_listing
from components.llm.needs import Needs
from components.llm.readiness import wait_until_ready
from components.llm.recognition import UNKNOWN, Recognised, hosted, recognised
from components.llm.setback import Setback
from components.llm.target import Target
from components.llm.wait import Budget, Wait
from components.redaction import Redactor

_LINE_CHARS = 200
_STEP_CHARS = 400
_SIGN_CHARS = 80


@dataclass(frozen=True)
class Question:
    """
    Args:
        base_url: API root without a slash at the end.
        model: None takes the only one that the server lists.
        engine: None lets the server say.
    """

    base_url: str
    model: str | None = None
    engine: str | None = None
    token: str | None = field(default=None, repr=False)
    needs: Needs = field(default_factory=Needs)
    auth_required: bool = False
    gpu: bool = False
    timeout_s: float = 60.0

    @property
    def options(self) -> Sequence[str]:
        """Of `doctor`, as far as they ask for checks."""
        given = {
            "--tools": self.needs.tools,
            "--vision": self.needs.vision,
            "--system-prompt-bytes": self.needs.system_prompt_bytes > 0,
            "--gpu": self.gpu,
        }
        return [option for option, asked in given.items() if asked]


class ModelNotChosen(Exception):
    """No model was named and the server lists another number than one; `names` are fit to print."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"{len(names)} models are listed")
        self.names = names


@dataclass(frozen=True)
class Diagnosis:
    """
    `verdict` is that of the worst check that counts; `unknown` when the endpoint could not be asked.

    All texts are fit to print. `notes` say what was chosen for the asker; `figures` are the gate's evidence.
    """

    base_url: str
    model: str | None
    engine: str
    verdict: Verdict
    summary: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        checks = [
            {
                "id": line.check.id,
                "title": line.title,
                "verdict": line.check.verdict,
                "detail": line.check.detail,
                **({"next_step": line.next_step} if line.next_step else {}),
            }
            for line in self.lines
        ]
        found = {
            "base_url": self.base_url,
            "model": self.model,
            "engine": self.engine,
            "verdict": self.verdict,
            "summary": self.summary,
            "notes": list(self.notes),
            "checks": checks,
        }
        return {**self.figures, **found}


def diagnose(
    question: Question,
    *,
    on_progress: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Diagnosis:
    """
    Ask everything of the endpoint that *question* wants to know.

    Raises:
        ModelNotChosen: the server lists no model, or several, and none was named.
    """
    asking = _Asking(question, on_progress, clock, sleep)
    try:
        asking.introduce()
        return asking.passed(wait_until_ready(asking.target(), **asking.how()).as_dict())
    except NotReady as error:
        return asking.refused(error)


class _Asking:
    """Who is asked, as far as it is known, and how what was heard is told."""

    def __init__(
        self,
        question: Question,
        on_progress: Callable[[str], None],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._question = question
        self._on_progress = on_progress
        self._clock = clock
        self._sleep = sleep
        self._redactor = Redactor(question.token)
        self._started_at = clock()
        by_host = hosted(question.base_url)
        self._model = question.model
        self._engine = question.engine or (by_host.engine if by_host else None)
        self._notes = [self._note(by_host)] if by_host and not question.engine else []

    def target(self) -> Target:
        question = self._question
        return Target(
            question.base_url,
            self._model or "",
            self._engine or UNKNOWN,
            token=question.token,
            needs=question.needs,
            auth_required=question.auth_required,
            gpu=question.gpu,
        )

    def how(self) -> dict[str, Any]:
        rest_s = max(1.0, round(self._question.timeout_s - (self._clock() - self._started_at), 1))
        return {
            "budget": Budget(stall_timeout_s=rest_s, timeout_s=rest_s),
            "on_progress": self._on_progress,
            "clock": self._clock,
            "sleep": self._sleep,
        }

    def introduce(self) -> None:
        """Find out which model and engine answer, where that was not said."""
        if self._model is not None and self._engine is not None:
            return
        wait = Wait(self.target(), look=None, **self.how())
        caller = Caller(self._redactor, clock=self._clock, tick=wait.tick, heard=wait.heard)
        listing = self._first_answer(wait, caller)
        if self._model is None:
            self._model = self._only_one(listing)
            self._notes.append(f"model: {self._line(self._model, _LINE_CHARS)}, the only one listed")
        if self._engine is None:
            found = recognised(caller, self._question.base_url, self._question.token)
            self._engine = found.engine
            self._notes.append(self._note(found))

    def _first_answer(self, wait: Wait, caller: Caller) -> Listing:
        wait.enter("transport", self._question.base_url)
        while True:
            try:
                return openai_listing(caller, self._question.base_url, self._question.token)
            except Setback as setback:
                wait.after(setback)

    def _only_one(self, listing: Listing) -> str:
        names = list(listing.names or ())
        if len(names) != 1:
            raise ModelNotChosen([self._line(name, _LINE_CHARS) for name in names])
        return names[0]

    def passed(self, evidence: dict[str, Any]) -> Diagnosis:
        checks = [Check(check["id"], check["verdict"], check["detail"]) for check in evidence.pop("checks")]
        warns = [check.id for check in checks if check.verdict == "warn"]
        but = f", with warnings about {', '.join(warns)}" if warns else ""
        summary = f"Ready: {self._question.base_url} streams {self._shown_model()} as TruGen needs it{but}."
        return self._diagnosis("warn" if warns else "pass", summary, checks, figures=evidence)

    def refused(self, error: NotReady) -> Diagnosis:
        *before, last = error.checks
        could_ask = error.failure_class in {"fatal", "suspect"}
        step = error.circumstances.next_step
        if could_ask:
            cause = error.cause if error.cause.startswith(f"{last.id}:") else f"{last.id}: {error.cause}"
            summary = f"Not ready: {cause}."
            return self._diagnosis("fail", summary, [*before, last], step=step)
        heard = error.circumstances.last_answer
        why = error.cause if heard in error.cause else f"{error.cause}; last answer: {heard}"
        summary = f"Unknown: {self._question.base_url} could not be asked: {why}."
        return self._diagnosis("unknown", summary, [*before, replace(last, verdict="unknown", detail=why)], step=step)

    def _diagnosis(
        self,
        verdict: Verdict,
        summary: str,
        checks: Sequence[Check],
        *,
        step: str = "",
        figures: Mapping[str, Any] | None = None,
    ) -> Diagnosis:
        found = lines(checks, asked=self._question.options, reached_end=not step)
        if step:
            # The gate's own step knows the cause; the table's only the check.
            at = len(checks) - 1
            found = (*found[:at], replace(found[at], next_step=self._in_words_of_doctor(step)), *found[at + 1 :])
        return Diagnosis(
            base_url=self._question.base_url,
            model=self._shown_model() if self._model else None,
            engine=self._engine or UNKNOWN,
            verdict=verdict,
            summary=self._line(summary, _STEP_CHARS),
            lines=tuple(self._fit_to_print(line) for line in found),
            notes=tuple(self._notes),
            figures=self._all_fit_to_print(figures or {}),
        )

    def _fit_to_print(self, line: Line) -> Line:
        check = Check(self._line(line.check.id, 40), line.check.verdict, self._line(line.check.detail, _LINE_CHARS))
        return replace(line, check=check, next_step=self._line(line.next_step, _STEP_CHARS))

    def _all_fit_to_print(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._all_fit_to_print(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._all_fit_to_print(each) for each in value]
        return self._line(value, _LINE_CHARS) if isinstance(value, str) else value

    def _note(self, found: Recognised) -> str:
        return f"engine: {found.engine}, {self._line(found.sign, _SIGN_CHARS)}"

    def _shown_model(self) -> str:
        return self._line(self._model or "", _LINE_CHARS)

    def _line(self, text: str, limit: int) -> str:
        return self._redactor.line(text, limit=limit)

    def _in_words_of_doctor(self, step: str) -> str:
        for pattern, words in _WORDS_OF_DOCTOR:
            step = re.sub(pattern, words.format(longer_s=2 * self._question.timeout_s), step)
        return step


# The gate speaks of a stack file, which an endpoint of somebody else does not have.
_WORDS_OF_DOCTOR = (
    (r"`pulumi config set --secret --path llmTokens\.<llm>`", "`export LLM_TOKEN=<token>`"),
    (r"`pulumi config set --path llms\.<llm>\.model(?: <name>)?`", "`--model <name>`"),
    (r"`pulumi config set --path llms\.<llm>\.baseUrl <url>`", "`python -m components doctor <url>`"),
    (r"`pulumi config set --path llms\.<llm>\.ready\.\w+ \S+`", "`--timeout-s {longer_s:g}`"),
    (r"Run `pulumi up` again", "Run this again"),
)
