"""The providers of attachments in a real provider process, against the sandbox behind the fault proxy."""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from components.agent.provider import TrugenAgentProvider
from components.attachments.provider import GuardrailProvider, ToolProvider
from tests.fixtures.agent_inputs import agent_inputs
from tests.fixtures.attachment_inputs import (
    ATTACHMENTS,
    CANARIES,
    CANARY_HEADER,
    CANARY_PROMPT,
    CANARY_TEXT,
    CANARY_URL,
    Case,
    guardrail_inputs,
    tool_inputs,
)
from tests.fixtures.dynamic_process import DynamicProcess, ProviderFailed, dynamic_process
from tests.fixtures.fault_acts import says
from tests.fixtures.fault_proxy import FaultProxy, Rule, fault_proxy
from tests.fixtures.sandbox_server import SandboxServer

ENCODED = base64.b64encode(CANARY_HEADER.encode()).decode()


def echo(case: Case) -> dict[str, str]:
    """Everything secret that was sent, said back, some of it in other words."""
    sent = json.dumps(case.inputs())
    held = [text for text in (CANARY_HEADER, CANARY_URL, CANARY_PROMPT, CANARY_TEXT) if text in sent]
    assert held
    return {"error": " ".join([*held, *([ENCODED] if CANARY_HEADER in held else [])])}


class Wire:
    """One sandbox, a proxy before it, and a provider process per kind."""

    def __init__(self, sandbox: SandboxServer, proxy: FaultProxy, stack: ExitStack) -> None:
        self.sandbox = sandbox
        self.proxy = proxy
        self._stack = stack
        self._processes: dict[str, DynamicProcess] = {}

    def process(self, case: Case) -> DynamicProcess:
        if case.kind.noun not in self._processes:
            process = self._stack.enter_context(dynamic_process(case.provider()))
            process.configure(self.workspace())
            self._processes[case.kind.noun] = process
        return self._processes[case.kind.noun]

    def workspace(self) -> dict[str, str]:
        return {"trugen:apiUrl": self.proxy.api_url, "trugen:apiKey": self.sandbox.api_key, "trugen:sandbox": "true"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with (
        SandboxServer(tmp_path_factory.mktemp("wire")) as sandbox,
        fault_proxy(sandbox.root) as proxy,
        ExitStack() as stack,
    ):
        yield Wire(sandbox, proxy, stack)


@pytest.fixture
def wire(shared: Wire) -> Wire:
    shared.sandbox.clear()
    shared.proxy.calm()
    return shared


@pytest.fixture(params=ATTACHMENTS.values(), ids=list(ATTACHMENTS))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_an_attachment_lives_its_whole_life_over_the_wire(wire: Wire, case: Case) -> None:
    process, inputs = wire.process(case), case.inputs()
    key, _, value = case.member

    assert process.check(inputs) == {}
    created = process.create(inputs)
    assert created.outs["status"] == "verified"
    assert not process.diff(created.id, created.outs, inputs).changes
    assert process.read(created.id, created.outs) == created

    changed = case.inputs(**{key: value})
    assert process.diff(created.id, created.outs, changed).changes
    outs = process.update(created.id, created.outs, changed)
    assert (outs[key], outs["status"]) == (value, "verified")

    process.delete(created.id, outs)
    assert wire.sandbox.call("GET", case.path).json() == []


def test_unknown_values_pass_check_and_are_a_change_without_replacement(wire: Wire, case: Case) -> None:
    process = wire.process(case)
    unknown = dict.fromkeys(case.kind.secrets, UNKNOWN)
    recorded = {**case.inputs(), "status": "verified"}

    assert process.check({**case.inputs(), **unknown}) == {}
    difference = process.diff("a1", recorded, {**recorded, **unknown})
    assert (difference.changes, difference.replaces) == (True, ())


def test_the_adoption_of_what_is_not_there_fails_in_the_plan(wire: Wire, case: Case) -> None:
    failures = wire.process(case).check(case.inputs(adopt_id="a1"))

    assert failures.keys() == {"adopt_id"}
    assert f"names no {case.kind.noun} of this workspace; look the id up" in failures["adopt_id"]


# Answers that end a call at once: the process under test sleeps real seconds before a retry.
@pytest.mark.parametrize("status", [400, 401, 422])
@pytest.mark.parametrize("verb", ["GET", "PUT", "POST", "DELETE"])
def test_no_error_and_no_reason_of_any_verb_holds_a_secret(wire: Wire, case: Case, verb: str, status: int) -> None:
    process, said = wire.process(case), []
    created = process.create(case.inputs())
    wire.proxy.rules = [Rule(verb, says(status, echo(case)), times=40)]
    key, _, value = case.member
    changed = case.inputs(**{key: value})

    for call in (
        lambda: said.append(process.create(case.inputs(marker="another2")).outs["status_reason"]),
        lambda: process.read(created.id, created.outs),
        lambda: said.append(process.update(created.id, created.outs, changed)["status_reason"]),
        lambda: process.delete(created.id, created.outs),
    ):
        try:
            call()
        except ProviderFailed as failure:
            said.append(str(failure))

    assert len([text for text in said if text]) >= 1
    assert [text for text in said for secret in (*CANARIES, ENCODED, "Y2FuYXJ5") if secret in text] == []


def test_no_check_failure_shows_a_secret(wire: Wire) -> None:
    bad: dict[str, Any] = {
        "headers": {"Authorization": f"{CANARY_HEADER}\r\nX: y"},
        "url": f"ftp://{CANARY_HEADER}.example",
        "name": "no function name",
    }

    failures = wire.process(ATTACHMENTS["tool"]).check({**tool_inputs(), **bad})

    assert failures.keys() == {"", "name"}
    assert [line.split()[0].split(".")[0] for line in failures[""].splitlines()] == ["url", "headers"]
    assert CANARY_HEADER not in json.dumps(failures)


def test_an_agent_that_refers_to_what_is_yet_to_be_made_passes_check(wire: Wire) -> None:
    with dynamic_process(TrugenAgentProvider()) as process:
        process.configure(wire.workspace())

        assert process.check({**agent_inputs(), "tool": [UNKNOWN, "t-1"]}) == {}


def test_guardrails_that_are_read_together_share_one_list(wire: Wire) -> None:
    """There is no read by id: without sharing, a hundred of them would fetch a hundred lists of a hundred."""
    with dynamic_process(GuardrailProvider()) as process:
        process.configure(wire.workspace())
        made = [process.create(guardrail_inputs(marker=f"marker{number:02}")) for number in range(5)]
    with dynamic_process(GuardrailProvider()) as process:
        process.configure(wire.workspace())
        wire.proxy.forget()

        assert [process.read(one.id, one.outs) for one in made] == made

    assert wire.proxy.count("GET") <= 2


def test_outside_a_sandbox_urls_must_be_public(wire: Wire) -> None:
    with dynamic_process(ToolProvider(), env={"TRUGEN_API_KEY": wire.sandbox.api_key}) as process:
        process.configure({**wire.workspace(), "trugen:sandbox": "false"})

        failures = process.check(tool_inputs(url="http://10.0.0.8/hook"))

    assert failures == {"": "url cannot be called by TruGen: 10.0.0.8 is a loopback, private or reserved address"}


def test_parameters_reach_the_api_as_they_were_declared_and_stay_so(wire: Wire) -> None:
    """Pulumi hands every number over as a float, and null for what is null."""
    limits = {"type": ["integer", "null"], "minimum": 1, "enum": [1, 2, None], "default": None, "multipleOf": 0.5}
    inputs = tool_inputs(parameters={"type": "object", "properties": {"n": limits}, "required": []})
    process = wire.process(ATTACHMENTS["tool"])

    created = process.create(inputs)

    (tool,) = wire.sandbox.call("GET", "/ext/tool").json()
    shown = tool["schema"]["parameters"]["properties"]["n"]
    assert json.dumps([shown["minimum"], shown["enum"], shown["multipleOf"]]) == "[1, [1, 2, null], 0.5]"
    assert created.outs["status"] == "verified"
    read = process.read(created.id, created.outs)
    assert not process.diff(created.id, read.outs, inputs).changes
