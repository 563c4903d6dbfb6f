"""The gate's checks, once, against any endpoint: what was found, line by line, instead of an error."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from components.llm.gate.calls import Caller
from components.llm.gate.checks import Check, Verdict
from components.llm.gate.conformance import Line, lines
from components.llm.gate.evidence import Evidence
from components.llm.gate.failure import NotReady
from components.llm.gate.introduction import Introduction, Question
from components.llm.gate.readiness import wait_until_ready
from components.llm.gate.recognition import UNKNOWN
from components.llm.gate.wait import Budget, Wait
from components.redaction import Redactor

_LINE_CHARS = 200
_STEP_CHARS = 400
_SHORTEST_WAIT_S = 1.0


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
        found = {
            "base_url": self.base_url,
            "model": self.model,
            "engine": self.engine,
            "verdict": self.verdict,
            "summary": self.summary,
            "notes": list(self.notes),
            "checks": [line.as_dict() for line in self.lines],
        }
        return {**found, **{name: value for name, value in self.figures.items() if name not in found}}


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
    started_at = clock()
    introduction = Introduction.begun(question)
    telling = _Telling(introduction)

    def rest() -> Budget:
        rest_s = max(_SHORTEST_WAIT_S, round(question.timeout_s - (clock() - started_at), 1))
        return Budget(stall_timeout_s=rest_s, timeout_s=rest_s)

    try:
        if not introduction.is_complete:
            wait = Wait(introduction.target, rest(), look=None, clock=clock, sleep=sleep, on_progress=on_progress)
            caller = Caller(telling.redactor, clock=clock, tick=wait.tick, heard=wait.heard)
            introduction.complete(wait, caller)
        evidence = wait_until_ready(
            introduction.target, budget=rest(), on_progress=on_progress, clock=clock, sleep=sleep
        )
    except NotReady as error:
        return telling.refused(error)
    return telling.passed(evidence)


class _Telling:
    """Puts what was found into words that are fit to print, whatever the server wrote."""

    def __init__(self, introduction: Introduction) -> None:
        self._introduction = introduction
        self._question = introduction.question
        self.redactor = Redactor(introduction.question.token)

    def passed(self, evidence: Evidence) -> Diagnosis:
        warns = [check.id for check in evidence.checks if check.verdict == "warn"]
        but = f", with warnings about {', '.join(warns)}" if warns else ""
        model = self._introduction.model
        summary = f"Ready: {self._question.base_url} streams {model} as TruGen needs it{but}."
        found = lines(evidence.checks, asked=self._question.options, reached_end=True)
        return self._diagnosis("warn" if warns else "pass", summary, found, evidence.as_dict())

    def refused(self, error: NotReady) -> Diagnosis:
        """An endpoint that only needs more time failed nothing: that it could not be asked leaves the check unknown."""
        *before, last = error.checks
        if error.failure_class in {"fatal", "suspect"}:
            verdict: Verdict = "fail"
            cause = error.cause if error.cause.startswith(f"{last.id}:") else f"{last.id}: {error.cause}"
            summary = f"Not ready: {cause.rstrip('.?')}."
        else:
            verdict = "unknown"
            heard = error.circumstances.last_answer
            why = error.cause if heard in error.cause else f"{error.cause}; last answer: {heard}"
            last = replace(last, verdict=verdict, detail=why)
            summary = f"Unknown: {self._question.base_url} could not be asked: {why}."
        found = lines([*before, last], asked=self._question.options, reached_end=False)
        # The gate's own step knows the cause; the table's only the check.
        step = self._in_words_of_doctor(error.circumstances.next_step)
        told = (replace(line, next_step=step) if line.check is last else line for line in found)
        return self._diagnosis(verdict, summary, told, {})

    def _diagnosis(
        self, verdict: Verdict, summary: str, found: Iterable[Line], figures: Mapping[str, Any]
    ) -> Diagnosis:
        introduction = self._introduction
        return Diagnosis(
            base_url=self._question.base_url,
            model=introduction.model and self._line(introduction.model),
            engine=introduction.engine or UNKNOWN,
            verdict=verdict,
            summary=self._line(summary, _STEP_CHARS),
            lines=tuple(self._fit_to_print(line) for line in found),
            notes=tuple(introduction.notes),
            figures=self._all_fit_to_print(figures),
        )

    def _fit_to_print(self, line: Line) -> Line:
        check = Check(self._line(line.check.id), line.check.verdict, self._line(line.check.detail))
        return replace(line, check=check, next_step=self._line(line.next_step, _STEP_CHARS))

    def _all_fit_to_print(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._all_fit_to_print(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._all_fit_to_print(each) for each in value]
        return self._line(value) if isinstance(value, str) else value

    def _line(self, text: str, limit: int = _LINE_CHARS) -> str:
        return self.redactor.line(text, limit=limit)

    def _in_words_of_doctor(self, step: str) -> str:
        for pattern, words in _WORDS_OF_DOCTOR:
            step = re.sub(pattern, words.format(longer_s=2 * self._question.timeout_s), step)
        return step


# The gate speaks of a stack file, which an endpoint of somebody else does not have.
_WORDS_OF_DOCTOR = (
    (r"`pulumi config set --secret --path llmTokens\.<llm>`", "`export LLM_TOKEN=<token>`"),
    (r"`pulumi config set --path llms\.<llm>\.model(?: <name>)?`", "`--model <name>`"),
    (r"`pulumi config set --path llms\.<llm>\.(?:baseUrl|publicUrl) <url>`", "`python -m components doctor <url>`"),
    (r"`pulumi config set --path llms\.<llm>\.ready\.\w+ \d\S*`", "`--timeout-s {longer_s:g}`"),
    (r": `pulumi config set --secret --path providerKeys\.<llm>`", " in the settings of the proxy"),
    (r"`pulumi config set --path llms\.<llm>\.([\w.]+) ([^`]+)`", r"set `\1` of the server to \2"),
    (r"([Rr])un `pulumi up` again", r"\1un this again"),
)
