"""
For any faults on the way of any calls: once they stop and `up` runs again, there is one knowledge base, it holds each
declared document once, what a person added is still there, and nothing is left to change.
"""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from components.attachments.knowledge_base import KNOWLEDGE_BASE
from components.lifecycle.errors import LifecycleError
from components.lifecycle.verbs import Lifecycle, diff
from components.trugen.errors import TrugenError
from tests.attachments.conftest import LifecycleOf
from tests.fixtures import fault_acts as acts
from tests.fixtures.attachment_inputs import knowledge_base_inputs
from tests.fixtures.fault_proxy import Rule, fault_proxy
from tests.fixtures.sandbox_server import SandboxServer

ACTS = {
    "reset before": acts.reset_before,
    "reset after": acts.reset_after,
    "reset in body": acts.reset_in_body,
    "503": acts.answers(503),
    "503 applied": acts.answers(503, b"{}", applied=True),
    "429": acts.answers(429),
    "400": acts.says(400, {"error": "scripted"}),
    "404": acts.not_found,
    "html": acts.html(200),
    "html applied": acts.html(200, applied=True),
    "empty": acts.empty,
    "cut": acts.cut,
}
FAULTS = st.tuples(st.sampled_from(["GET", "POST", "PUT", "DELETE"]), st.sampled_from(sorted(ACTS)), st.integers(0, 4))
# Three editions of what is declared; each run deploys one of them.
EDITIONS = (
    {"a": {"text": "one"}, "b": {"text": "two"}},
    {"a": {"text": "one, revised"}, "b": {"text": "two"}},
    {"b": {"text": "two"}, "c": {"text": "three"}},
)
RUNS = st.lists(st.tuples(st.sampled_from(range(len(EDITIONS))), st.lists(FAULTS, max_size=4)), min_size=1, max_size=4)


class Stack:
    """One knowledge base over several runs, with the refresh that Pulumi.yaml asks for."""

    def __init__(self, lifecycle_of: LifecycleOf, url: str) -> None:
        self._lifecycle_of = lifecycle_of
        self._url = url
        self.id: str | None = None
        self.outs: dict[str, Any] = {}

    def _start(self) -> Lifecycle:
        return self._lifecycle_of(KNOWLEDGE_BASE, self._url)

    def up(self, edition: int) -> bool:
        """Whether the run was green."""
        declared = knowledge_base_inputs(documents=EDITIONS[edition])
        try:
            if self.id is not None:
                read = self._start().read(self.id, self.outs)
                self.id, self.outs = (None, {}) if read is None else (self.id, read)
            if self.id is None:
                self.id, self.outs = self._start().create(declared)
            elif diff(KNOWLEDGE_BASE, self.id, self.outs, declared).changed:
                self.outs = self._start().update(self.id, self.outs, declared)
        except (TrugenError, LifecycleError):
            return False
        return bool(self.outs["status"] == "verified")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(runs=RUNS)
@example(runs=[(0, [("POST", "reset after", 1), ("POST", "503 applied", 0)]), (1, [("DELETE", "reset after", 0)])])
def test_faults_leave_every_document_once(
    lifecycle_of: LifecycleOf, sandbox: SandboxServer, runs: list[tuple[int, list[tuple[str, str, int]]]]
) -> None:
    sandbox.clear()
    with fault_proxy(sandbox.root) as proxy:
        stack = Stack(lifecycle_of, proxy.api_url)
        last = runs[-1][0]
        for edition, faults in runs:
            proxy.rules = [Rule(verb, ACTS[name], skip=skip) for verb, name, skip in faults]
            stack.up(edition)
            proxy.calm()
        first_green = stack.up(last)
        for base in sandbox.call("GET", "/ext/kbs").json():
            files = {"input": ("minutes.pdf", b"by hand")}
            sandbox.call("POST", f"/ext/kb/{base['id']}/doc", files=files).raise_for_status()

        second_green = stack.up(last)

    (base,) = sandbox.call("GET", "/ext/kbs").json()
    held = sorted(document["name"].split(".")[0] for document in base["documents"])
    assert (base["id"], first_green or second_green) == (stack.id, True)
    assert held == sorted([*EDITIONS[last], "minutes"])
    assert stack.outs["documents"] == knowledge_base_inputs(documents=EDITIONS[last])["documents"]
