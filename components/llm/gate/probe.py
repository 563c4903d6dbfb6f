"""What every phase of a wait works with."""

from dataclasses import dataclass, replace

from components.llm.gate.calls import Caller
from components.llm.gate.chat_requests import Body
from components.llm.gate.checks import Check, fault_of
from components.llm.gate.recording import Recording
from components.llm.gate.setback import Setback, setback_from_words
from components.llm.gate.target import Target
from components.llm.gate.wait import Budget, Wait


@dataclass(frozen=True)
class Probe:
    """Whom to ask, how, for how long, and where findings go: checks to `wait`, which also ends it all."""

    target: Target
    budget: Budget
    wait: Wait
    caller: Caller

    def until_streamed(self, body: Body, *, check_id: str) -> Recording:
        """
        One whole stream in answer to *body*, for the check that failed when there comes none.

        Raises:
            NotReady: the wait is over.
        """

        def attempt() -> Recording:
            try:
                recording = self.caller.chat(self.target.base_url, self.target.base_token, body)
                refuse_faults(self.caller, recording)
            except Setback as setback:
                raise setback.failing(check_id) from None
            return recording

        return self.wait.until_passed(attempt)

    def keep(self, check: Check, *, next_step: str) -> None:
        """
        Note *check*, without secrets.

        Raises:
            CannotServe: it failed.
        """
        clean = replace(check, detail=self.caller.redacted(check.detail))
        if clean.verdict == "fail":
            self.wait.refuse(clean, next_step)
        self.wait.checks.append(clean)


def refuse_faults(caller: Caller, recording: Recording) -> None:
    """
    Raises:
        Setback: *recording* is no whole event stream, or holds an error.
    """
    refuse_errors(caller, recording)
    if (fault := fault_of(recording)) is not None:
        raise Setback("suspect", f"{fault.id}: {caller.redacted(fault.detail)}")


def refuse_errors(caller: Caller, recording: Recording) -> None:
    """
    Raises:
        Setback: *recording* is no event stream, or holds an error.
    """
    if recording.errors:
        said = caller.redacted(recording.errors[0])
        raise setback_from_words(said) or Setback("suspect", f"an error inside the stream: {said}")
    fault = fault_of(recording)
    if fault is not None and fault.id == "C1":
        raise Setback("fatal" if recording.body else "suspect", caller.redacted(fault.detail))
