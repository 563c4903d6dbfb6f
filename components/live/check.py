"""The whole check."""

from __future__ import annotations

from components.live.api import Api
from components.live.look import look
from components.live.recording import Recording
from components.live.throwaway import Throwaway
from components.live.write import write


def check(api: Api, recording: Recording, *, throwaway_name: str | None, token: str) -> None:
    """
    Ask the API and fill *recording*, which holds what was learnt also when this is cut short.

    Args:
        throwaway_name: of the agent that is made, changed and deleted; None makes no write.
        token: sent as the throwaway's LLM token.

    Raises:
        CannotAskError: the API did not answer.
        LeftBehindError: the throwaway is or may be still there.
    """
    throwaway = Throwaway(api, throwaway_name or "")
    try:
        look(api, recording)
        if throwaway_name:
            write(api, recording, throwaway, token)
    finally:
        try:
            throwaway.remove()
        finally:
            recording.calls, recording.limited = api.calls, api.limited
