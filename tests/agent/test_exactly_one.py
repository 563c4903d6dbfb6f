"""
The invariant of the agent resource, for any order of faults, kills, edits and runs: once the faults stop and `up` runs
again, TruGen holds exactly one agent per declared one, none of ours beside, and nothing is left to change.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from components.agent.kind import AGENT
from components.agent.lifecycle import AgentLifecycle, check, diff
from components.lifecycle.errors import LifecycleError
from components.lifecycle.roster import Roster
from components.trugen.client import TrugenClient
from components.trugen.errors import TrugenError
from tests.fixtures.agent_inputs import agent_inputs
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.scripted_trugen import DROP, KEY, TRUE, Fault, ScriptedTrugen, scripted_trugen

FAULTS = st.builds(
    Fault,
    verb=st.sampled_from(["GET", "GET", "POST", "PUT", "DELETE"]),
    status=st.sampled_from([DROP, 200, 404, 429, 500, 503]),
    body=st.sampled_from([b"{}", b"<html>", b'{"error": "scripted"}']),
    applied=st.booleans(),
)


class Killed(BaseException):
    """The provider process is gone: nothing after the current request happens, no state is written."""


class Engine:
    """What Pulumi does with one agent resource: refresh, diff, create or update, and record what was returned."""

    def __init__(self, api: ScriptedTrugen, marker: str) -> None:
        self._api = api
        self.marker = marker
        self.declared = agent_inputs(marker=marker)
        self.id: str | None = None
        self.outs: dict[str, Any] = {}

    def up(self, *, refresh: bool) -> bool:
        """Whether the run was green. State is written after every step that returned."""
        try:
            if refresh and self.id:
                self._refresh()
            self._apply()
        except (TrugenError, LifecycleError, Killed):
            return False
        return bool(self.outs["status"] == "verified")

    def destroy(self) -> None:
        try:
            if self.id:
                self._lifecycle().delete(self.id)
        except (TrugenError, Killed):
            return
        self.id, self.outs = None, {}

    def _refresh(self) -> None:
        assert self.id is not None
        outs = self._lifecycle().read(self.id, self.outs)
        self.id, self.outs = (None, {}) if outs is None else (self.id, outs)

    def _apply(self) -> None:
        inputs, failures = check(self.declared, sandbox=True)
        assert failures == []
        if self.id is None:
            self.id, self.outs = self._lifecycle().create(inputs)
        elif diff(self.id, self.outs, inputs).changed:
            self.outs = self._lifecycle().update(self.id, self.outs, inputs)

    def _lifecycle(self) -> AgentLifecycle:
        clock = FakeClock()
        client = TrugenClient(self._api.url, KEY, clock=clock, sleep=clock.sleep, draw=lambda: 0.5)
        return AgentLifecycle(client, roster=Roster(), sleep=clock.sleep)


class ExactlyOne(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.context = scripted_trugen()
        self.api = self.context.__enter__()
        self.foreign = self.api.add({**AGENT.body(agent_inputs()), "agent_name": "Helpdesk"})
        self.engines = [Engine(self.api, "k3x9abcd"), Engine(self.api, "m4y8efgh")]

    @rule(faults=st.lists(FAULTS, max_size=4), refresh=st.booleans(), which=st.integers(0, 1))
    def up_among_faults(self, faults: list[Fault], which: int, *, refresh: bool) -> None:
        self.api.faults = faults
        self.engines[which].up(refresh=refresh)
        self.api.faults = []

    @rule(
        verb=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
        later=st.integers(0, 3),
        which=st.integers(0, 1),
        applied=st.booleans(),
    )
    def up_is_killed_at_a_request(self, verb: str, later: int, which: int, *, applied: bool) -> None:
        engine = self.engines[which]
        with pytest.MonkeyPatch.context() as patch:
            self.api.faults = [*[Fault(verb, TRUE)] * later, Fault(verb, DROP, applied=applied)]
            patch.setattr("components.trugen.http.attempt", killed_when_dropped)
            engine.up(refresh=True)
        self.api.faults = []

    @rule(
        which=st.integers(0, 1), prompt=st.sampled_from(["One.", "Two."]), name=st.sampled_from(["Helpdesk", "Support"])
    )
    def declare(self, which: int, prompt: str, name: str) -> None:
        engine = self.engines[which]
        engine.declared = agent_inputs(marker=engine.marker, persona_prompt=prompt, agent_name=name)

    @rule(which=st.integers(0, 1))
    def edit_elsewhere(self, which: int) -> None:
        id_ = self.engines[which].id
        if id_ in self.api.agents:
            self.api.agents[id_]["agent_name"] = "Renamed by hand"
            self.api.avatar(id_)["persona_prompt"] = "Edited by hand."

    @rule(which=st.integers(0, 1))
    def delete_elsewhere(self, which: int) -> None:
        self.api.agents.pop(self.engines[which].id or "", None)

    @rule(faults=st.lists(FAULTS, max_size=2), which=st.integers(0, 1))
    def destroy_among_faults(self, faults: list[Fault], which: int) -> None:
        self.api.faults = faults
        self.engines[which].destroy()
        self.api.faults = []

    @rule()
    def quiet_ups_converge(self) -> None:
        for engine in self.engines:
            assert engine.up(refresh=True), engine.outs.get("status_reason")
            inputs, _ = check(engine.declared, sandbox=True)
            assert engine.id is not None
            assert diff(engine.id, engine.outs, inputs).changed == []
            assert [id_ for id_, agent in self.api.agents.items() if AGENT.is_own(inputs, agent)] == [engine.id]
        assert self.api.agents.keys() == {self.foreign, *(engine.id for engine in self.engines)}

    @invariant()
    def foreign_agents_are_left_alone(self) -> None:
        if hasattr(self, "api"):
            assert self.api.agents[self.foreign]["agent_name"] == "Helpdesk"

    def teardown(self) -> None:
        if hasattr(self, "api"):
            try:
                self.quiet_ups_converge()
                for engine in self.engines:
                    engine.destroy()
                assert self.api.agents.keys() == {self.foreign}
            finally:
                self.context.__exit__(None, None, None)


def killed_when_dropped(*args: Any, **options: Any) -> Any:
    from components.trugen.attempt import attempt  # noqa: PLC0415 - the true one, while its name is replaced
    from components.trugen.errors import NoAnswerError  # noqa: PLC0415 - beside it

    try:
        return attempt(*args, **options)
    except NoAnswerError:
        raise Killed from None


def test_exactly_one_agent_per_declared_one_once_the_faults_stop() -> None:
    limits = settings(
        max_examples=25,
        stateful_step_count=10,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(ExactlyOne, settings=limits)
