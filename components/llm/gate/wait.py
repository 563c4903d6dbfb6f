"""
The patience of one wait: how long, how often, and when to stop.

Bytes, log lines and phase changes are progress. The wait ends when there was none for the stall limit, at the overall
limit, or at once when waiting cannot help.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeVar

from components.llm.engines import ENGINES
from components.llm.gate.checks import Check, Verdict
from components.llm.gate.container_state import ContainerState, Look
from components.llm.gate.failure import CannotServe, Circumstances, KeepsFailing, NotReady, StillBusy, StillStarting
from components.llm.gate.setback import Setback, setback_from_words
from components.llm.gate.target import Target

_LOOK_EVERY_S = 1.0
_LOOK_AGAIN_AT_SILENT_DOCKER_S = 15.0
_REPORT_EVERY_S = 1.0
_SUSPECT_PAUSE_S = 1.0
_BUSY_PAUSE_S = 5.0
_MOST_BUSY_ANSWERS = 4  # of somebody who charges: it may name a time without end
_RETRIES_OF_SUSPECT = 2
_BRISK_FOR_S = 10.0
_BRISK_PAUSE_S = 0.1
_DOUBLINGS = 4  # to 1.6 s, so that with the answer's own time readiness is seen within 2 s

Passed = TypeVar("Passed")


def pause_s(waited_s: float) -> float:
    """Time between two polls: 0.1 s for the first 10 s, then doubling with each second to 1.6 s."""
    if waited_s < _BRISK_FOR_S:
        return _BRISK_PAUSE_S
    return float(_BRISK_PAUSE_S * 2 ** min(_DOUBLINGS, int(waited_s - _BRISK_FOR_S) + 1))


@dataclass(frozen=True)
class Budget:
    """
    Limits of a wait, and what counts as ready.

    *successes* is the number of good streams in a row. *ttft_budget_s* limits the median time to first token of warm
    requests.
    """

    stall_timeout_s: float = 180.0
    timeout_s: float = 1200.0
    successes: int = 2
    ttft_budget_s: float | None = None
    ttft_budget_action: Literal["warn", "fail"] = "warn"


class Wait:
    """
    Called while waiting (`tick`), told of everything that happens and was checked, and the only place that ends a wait.

    A hosted endpoint is asked again only when its own answer names a time, and then a few times: every further request
    costs money.
    """

    def __init__(
        self,
        target: Target,
        budget: Budget,
        *,
        look: Look | None,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        on_progress: Callable[[str], None],
    ) -> None:
        self._target = target
        self._budget = budget
        self._look = look
        self._clock = clock
        self._sleep = sleep
        self._on_progress = on_progress
        self._started_at = self._progressed_at = clock()
        self._reported_at = self._look_at = float("-inf")
        self._phase = "transport"
        self._base_url = target.base_url
        self._last: Setback | None = None
        self._suspects = self._recoveries = self._busy_answers = 0
        self._served = False
        self._first_look: ContainerState | None = None
        self.container: ContainerState | None = None
        self.checks: list[Check] = []

    @property
    def waited_s(self) -> float:
        return self._clock() - self._started_at

    def enter(self, phase: str, base_url: str) -> None:
        if base_url != self._base_url:
            self._served = False
        self._phase = phase
        self._base_url = base_url
        self._last = None
        self._suspects = self._recoveries = 0
        self._reported_at = float("-inf")
        self.heard()
        self.tick()

    def note(self, id_: str, verdict: Verdict, detail: str) -> None:
        self.checks.append(Check(id_, verdict, detail))

    def heard(self) -> None:
        """Count something as progress."""
        self._progressed_at = self._clock()

    def spare_s(self, limit_s: float) -> float:
        """*limit_s*, or half of the time that is left: for a request whose silence must not end the wait."""
        now = self._clock()
        until_over_s = self._started_at + self._budget.timeout_s - now
        until_stalled_s = self._progressed_at + self._budget.stall_timeout_s - now
        return min(limit_s, until_over_s / 2, until_stalled_s / 2)

    def served(self) -> None:
        """Note a good stream: from now on a connection refused at that URL is no start-up any more."""
        self._served = True
        self._last = None
        self._recoveries += self._suspects > 0

    def tick(self) -> None:
        """
        Look at the container and the limits, and show progress.

        Raises:
            NotReady: the wait is over.
        """
        self._watch_container()
        now = self._clock()
        if now - self._started_at >= self._budget.timeout_s:
            more = self._more_time("timeoutS", self._budget.timeout_s)
            self.end(StillStarting, f"not ready within {self._budget.timeout_s:g} s", more)
        if now - self._progressed_at >= self._budget.stall_timeout_s:
            silence = f"no byte, log line or phase change for {self._budget.stall_timeout_s:g} s"
            self.end(StillStarting, silence, self._more_time("stallTimeoutS", self._budget.stall_timeout_s))
        if now - self._reported_at >= _REPORT_EVERY_S:
            self._reported_at = now
            doing = f": {self._last.answer}" if self._last else ""
            self._on_progress(f"{self._phase}{doing} ({self.waited_s:.0f} s)")

    def after(self, setback: Setback) -> None:
        """
        Pause as *setback* asks, so that the caller can try again.

        Raises:
            NotReady: trying again would not help, or there is no time left for it.
        """
        self._last = setback
        match setback.failure_class:
            case "fatal":
                self.end(CannotServe, setback.cause, setback.next_step, setback.checks)
            case "busy":
                self._back_off(setback)
            case "starting" if not self._served:
                self._keep_waiting(setback)
            case _:
                self._suspect(setback)

    def until_passed(self, attempt: Callable[[], Passed]) -> Passed:
        """
        Make *attempt* until it raises no `Setback`.

        Raises:
            NotReady: the wait is over.
        """
        while True:
            try:
                return attempt()
            except Setback as setback:
                self.after(setback)

    def _back_off(self, setback: Setback) -> None:
        told_s = setback.retry_after_s
        rest_s = self._budget.timeout_s - self.waited_s
        if told_s is None and self._target.hosted:
            self.end(StillBusy, setback.cause, "Run `pulumi up` again in a minute.", setback.checks)
        if told_s is not None and told_s >= rest_s:
            again = f"Run `pulumi up` again in {told_s:.0f} s."
            self.end(StillBusy, f"it is busy for another {told_s:.0f} s", again, setback.checks)
        self._busy_answers += 1
        if self._target.metered and self._busy_answers == _MOST_BUSY_ANSWERS:
            often = f"{setback.cause} (asked {self._busy_answers} times)"
            self.end(StillBusy, often, "Run `pulumi up` again in a minute.", setback.checks)
        self._pause(_BUSY_PAUSE_S if told_s is None else max(told_s, pause_s(self.waited_s)), alive=True)

    def _keep_waiting(self, setback: Setback) -> None:
        if setback.retry_after_s is not None:
            self._back_off(setback)
        elif self._target.hosted:
            self.end(StillStarting, setback.cause, setback.next_step, setback.checks)
        else:
            self._pause(pause_s(self.waited_s))

    def _suspect(self, setback: Setback) -> None:
        self._suspects += 1
        if self._target.hosted or self._suspects > _RETRIES_OF_SUSPECT:
            times = "once" if self._suspects == 1 else f"{self._suspects} times"
            flaps = f", with good streams in between: {self._recoveries}" if self._recoveries else ""
            self.end(KeepsFailing, f"{setback.cause} (failed {times}){flaps}", setback.next_step, setback.checks)
        self._pause(_SUSPECT_PAUSE_S)

    def _pause(self, pause: float, *, alive: bool = False) -> None:
        over_at = self._clock() + pause
        while (rest := over_at - self._clock()) > 0:
            self._sleep(min(rest, _LOOK_EVERY_S))
            if alive:
                self.heard()
            self.tick()

    def _watch_container(self) -> None:
        if self._look is None or self._clock() < self._look_at:
            return
        before, state = self.container, self._look()
        self.container = state
        silent = state.status == "unknown"
        self._look_at = self._clock() + (_LOOK_AGAIN_AT_SILENT_DOCKER_S if silent else _LOOK_EVERY_S)
        if silent:
            return
        if self._first_look is None:
            self._first_look = state
        if state.log_mark and before is not None and before.log_mark != state.log_mark:
            self.heard()
        if (why := state.failure_since(self._first_look)) is not None:
            self._end_with_container(why, state)

    def _end_with_container(self, why: str, state: ContainerState) -> NoReturn:
        self._phase = "container"
        for words in (why, *reversed(state.log_tail)):
            if (next_step := self._cure_of(words)) is not None:
                self.end(CannotServe, why if words == why else f"{why}: {words}", next_step)
        self.end(CannotServe, why)

    def _cure_of(self, words: str) -> str | None:
        engine = ENGINES.get(self._target.engine)
        own = (cure for fault, cure in engine.hopeless.items() if fault in words.lower()) if engine else iter(())
        known = setback_from_words(words)
        return next(own, known.next_step if known else None)

    def refuse(self, check: Check, next_step: str) -> NoReturn:
        """End the wait because of *check*, which more time would not heal."""
        self.end(CannotServe, check.detail, next_step, (check,))

    def end(self, error: type[NotReady], cause: str, next_step: str = "", failed: Sequence[Check] = ()) -> NoReturn:
        """Raise *error* with everything known about this wait; without *failed* it is the phase that failed."""
        raise error(
            cause,
            Circumstances(
                base_url=self._base_url,
                model=self._target.model,
                phase=self._phase,
                waited_s=self.waited_s,
                last_answer=self._last.answer if self._last else "",
                log_tail=self.container.log_tail if self.container else (),
                next_step=(next_step or self._see_for_yourself()).replace("<llm>", self._target.name),
            ),
            (*self.checks, *(failed or (Check(self._phase, "fail", cause),))),
        )

    def _more_time(self, key: str, given_s: float) -> str:
        command = f"pulumi config set --path llms.<llm>.ready.{key} {2 * given_s:g}"
        return f"{self._see_for_yourself()} Or allow more time: `{command}`."

    def _see_for_yourself(self) -> str:
        if self._target.is_candidate:
            return "Correct `llms.<llm>` in the stack file, then run `pulumi up` again."
        if self._target.container_id is not None:
            return f"See what it says: `docker logs --tail 50 {self._target.container_id[:12]}`."
        return f"See what it answers: `curl -i {self._base_url}/models`."
