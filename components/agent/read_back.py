"""Did it take effect? TruGen echoes nothing and may drop a field, or a misplaced LLM, without a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from components.agent.body import differences, observed
from components.agent.inputs import SECRET_INPUTS
from components.trugen.client import TrugenClient
from components.trugen.errors import NotFoundError, TrugenError

# A read may lag behind the write it follows: TruGen promises nothing about it.
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0)


class ReadBack:
    """Compares what TruGen shows with what was sent, until they agree or the pauses are used up."""

    def __init__(self, api: TrugenClient, sleep: Callable[[float], object], say: Callable[[str], None]) -> None:
        self._api = api
        self._sleep = sleep
        self._say = say

    def reason(self, id_: str, inputs: Mapping[str, Any]) -> str:
        """Why the agent is not verified, empty when it is. Never raises: the id is known, so it must be recorded."""
        why = ""
        for pause_s in PAUSES_S:
            if pause_s:
                self._say(f"{why}; reading again in {pause_s:g} s")
                self._sleep(pause_s)
            try:
                document = self._api.get_agent(id_)
            except NotFoundError:
                why = "TruGen does not show the agent that it confirmed"
                continue
            except TrugenError as error:
                return f"it could not be read back ({str(error).splitlines()[0]})"
            why = _told(differences(document, inputs), document, inputs)
            if not why:
                return ""
        return why


def _told(different: list[str], document: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    """One clause: which inputs TruGen shows otherwise, with values where those are no secret and short."""
    if not different:
        return ""
    seen = observed(document, inputs)
    parts = [_one(key, inputs.get(key), seen.get(key)) for key in different]
    hint = ""
    if "llm_provider" in different:
        other = "flat" if inputs.get("placement") == "nested" else "nested"
        hint = f" (the LLM block was not taken where it was sent: try `placement: {other}`)"
    return f"TruGen does not show what was sent: {', '.join(parts)}{hint}"


def _one(key: str, sent: Any, shown: Any) -> str:
    plain = isinstance(sent, str | int | float) and isinstance(shown, str | int | float | None)
    if key in SECRET_INPUTS or not plain or sent == shown:
        return key
    return f"{key} is {str(shown)[:80]!r} instead of {str(sent)[:80]!r}"
