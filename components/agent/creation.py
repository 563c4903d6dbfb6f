"""
Making exactly one agent with an API that has no idempotency key: search, POST, search again.

A crash can come between any two of these steps; the next run then finds the agent by its name and takes it over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from components.agent.body import agent_body, differences, outputs
from components.agent.errors import AgentTakenError, AgentUncertainError, RivalAgentError
from components.agent.identity import age_order, is_own, remote_name
from components.agent.read_back import ReadBack
from components.trugen.client import TrugenClient
from components.trugen.errors import AmbiguousError, NotFoundError, RefusedError, TrugenError

SEARCH_PAUSES_S = (0.0, 1.0, 2.0, 4.0)
CONFLICT = 409

Inputs = Mapping[str, Any]


class Creation:
    """The create verb. Raises only while no agent of ours is known; after that, problems become the `status_reason`."""

    def __init__(
        self, api: TrugenClient, read_back: ReadBack, sleep: Callable[[float], object], say: Callable[[str], None]
    ) -> None:
        self._api = api
        self._read_back = read_back
        self._sleep = sleep
        self._say = say

    def create(self, inputs: Inputs) -> tuple[str, dict[str, Any]]:
        if "adopt_agent_id" in inputs:
            adopted = str(inputs["adopt_agent_id"])
            self._api.get_agent(adopted)
            return adopted, outputs(inputs, self._overwritten(adopted, inputs))
        existing = self._existing(inputs)
        if existing:
            return existing, outputs(inputs, self._overwritten(existing, inputs))
        id_, unsure = self._posted(inputs)
        # After an unanswered POST the agent found may be another run's: make it what this one declares.
        reason = self._overwritten(id_, inputs) if unsure else self._read_back.reason(id_, inputs)
        return self._only(id_, inputs, reason, late=self._is_ours if unsure else None)

    def alone(self, id_: str, inputs: Inputs, reason: str) -> dict[str, Any]:
        """Outputs of the recorded *id_*, after the check for twins that its create could not finish."""
        kept, outs = self._only(id_, inputs, reason, late=self._is_identical)
        if kept != id_:
            raise RivalAgentError(remote_name(inputs), kept, id_)
        return outs

    def _existing(self, inputs: Inputs) -> str | None:
        """The agent that an interrupted run of ours left, by the rules for the kind of name."""
        found = self._own(inputs)
        if not found:
            return None
        name, ids = remote_name(inputs), [agent["id"] for agent in found]
        if len(found) > 1:
            raise AgentTakenError(name, ids, "several agents carry it")
        policy = inputs.get("on_name_conflict") if inputs.get("exact_name") else "adopt"
        if policy == "fail":
            raise AgentTakenError(name, ids, "an agent carries it, and `onNameConflict` is `fail`")
        if policy == "adoptIdentical" and not self._is_identical(ids[0], inputs):
            raise AgentTakenError(name, ids, "the agent that carries it is not what this stack declares")
        return str(ids[0])

    def _posted(self, inputs: Inputs) -> tuple[str, bool]:
        """Id of the agent made, and whether an unanswered POST may have made another."""
        cause = ""
        for earlier in (False, True):
            try:
                return self._api.create_agent(agent_body(inputs)), earlier
            except AmbiguousError as error:
                found = self._awaited(inputs, error)
                cause = error.cause
            except RefusedError as error:
                found = self._own(inputs) if error.status == CONFLICT else []
                if not found:
                    raise
            if found:
                return str(min(found, key=age_order)["id"]), True
        raise AgentUncertainError(remote_name(inputs), cause)

    def _awaited(self, inputs: Inputs, error: AmbiguousError) -> list[dict[str, Any]]:
        """Agents of ours that show up after an unanswered POST. None was there before it, so they come from it."""
        for pause_s in SEARCH_PAUSES_S:
            wait_s = pause_s or error.retry_after_s
            if wait_s:
                self._say(f"TruGen did not answer the POST; searching for the agent in {wait_s:g} s")
                self._sleep(wait_s)
            found = [agent for agent in self._own(inputs) if self._is_ours(agent["id"], inputs)]
            if found:
                return found
        return []

    def _only(
        self, id_: str, inputs: Inputs, reason: str, *, late: Callable[[str, Inputs], bool] | None
    ) -> tuple[str, dict[str, Any]]:
        """
        Search again: of several agents of ours the oldest stays. Returns its id and outputs.

        Without *late*, the others are another run's: when it was first we take back what we just made and fail, and
        when we were first, it does. With *late*, an unanswered POST of ours may have made them: then the oldest is
        kept whoever made it, and the younger ones that *late* recognises go.
        """
        try:
            rivals = [agent for agent in self._own(inputs) if agent["id"] != id_]
            if not rivals:
                return id_, outputs(inputs, reason)
            winner = str(min([self._api.get_agent(id_), *rivals], key=age_order)["id"])
            for rival in rivals:
                if late and rival["id"] != winner and late(rival["id"], inputs):
                    self._removed(rival["id"])
            if winner != id_:
                self._removed(id_)
        except TrugenError as error:
            # Unverified, so that the next `up` comes back to `alone` instead of leaving a twin.
            return id_, outputs(inputs, f"it could not be checked for a twin ({str(error).splitlines()[0]})")
        if winner == id_:
            return id_, outputs(inputs, reason)
        if late is None:
            raise RivalAgentError(remote_name(inputs), winner, id_)
        return winner, outputs(inputs, self._overwritten(winner, inputs))

    def _overwritten(self, id_: str, inputs: Inputs) -> str:
        """PUT the whole document over *id_*; returns why it is not verified, empty when it is. Never raises."""
        try:
            self._api.replace_agent(id_, agent_body(inputs))
        except TrugenError as error:
            return f"it could not be written ({str(error).splitlines()[0]})"
        return self._read_back.reason(id_, inputs)

    def _own(self, inputs: Inputs) -> list[dict[str, Any]]:
        """Agents with our name. Whether the search matches parts of names is not documented: ask for both forms."""
        texts = [remote_name(inputs)] if inputs.get("exact_name") else [str(inputs["marker"]), remote_name(inputs)]
        found = {agent["id"]: agent for text in texts for agent in self._api.search_agents(text)}
        return [agent for agent in found.values() if is_own(inputs, agent)]

    def _is_ours(self, id_: str, inputs: Inputs) -> bool:
        """With a marker the name says it; an exact name may be anybody's, so the content has to agree."""
        return not inputs.get("exact_name") or self._is_identical(id_, inputs)

    def _is_identical(self, id_: str, inputs: Inputs) -> bool:
        """Re-read by id: list items may show less than a read."""
        try:
            return not differences(self._api.get_agent(id_), inputs)
        except NotFoundError:
            return False

    def _removed(self, id_: str) -> None:
        try:
            self._api.delete_agent(id_)
        except NotFoundError:
            return
