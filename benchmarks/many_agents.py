"""
Many agents of one stack: ours beside OpenTofu with the Mastercard REST provider and beside a plain dynamic resource.

Every contender declares the same N agents on a TruGen sandbox that answers each call 200 ms late, and starts from an
empty state of its own on local disk: an empty run, the run that creates them, and a run that refreshes all of them and
finds nothing to change. All in one process, one after the other, rounds in turn; the table shows medians. Ours includes
what the others leave out: the search for an interrupted run's agent, the verifying read, the second resource
that fails a run whose agent is not verified.

`python -m benchmarks.many_agents [--agents 100 1000] [--rounds 3] [--latency-s 0.2]`; the first run compiles OpenTofu
into the user's cache (ten minutes on two busy cores). Not part of `make bench`: that, and 1,000 agents, take too long
(of the plain resource most of all: its state is written whole twice per agent).
Wall clocks need a quiet machine: ours computes where the peer waits, so other work on the cores slows ours alone.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.opentofu_contender import OpenTofu
from benchmarks.process_tree import Weighed
from benchmarks.pulumi_contender import PROJECT, Pulumi
from benchmarks.slow_sandbox import API_KEY, SlowSandbox, slow_sandbox
from components.agent.document import AgentDocument
from components.agent.kind import AGENT
from components.cli import many

_UP = ("up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs")
_NO_OP = (*_UP, "--refresh", "--expect-no-changes")
# What `python -m components up` sets for a stack of more than `many.MANY` agents.
_FOR_MANY = many.variables(many.MANY + 1)
OURS = Pulumi("ours", "trugen_agents.py", create=_UP, no_op=_NO_OP, variables=_FOR_MANY)
PLAIN = Pulumi("plain", "plain_agents.py", create=_UP, no_op=_NO_OP)
PEER = OpenTofu()
# Rounds are for the medians of short runs; one of some minutes is its own.
LARGE_FROM = 1000

_LLM = {"url": "https://llm.example.com/v1", "model": "smollm2:135m", "token": "benchmark-only"}


class Prepared(Protocol):
    def create(self) -> Weighed: ...

    def no_op(self) -> Weighed: ...

    def state_bytes(self) -> int: ...


class Contender(Protocol):
    @property
    def name(self) -> str: ...

    def prepare(self, folder: Path, job: Mapping[str, Any] | None) -> Prepared: ...


@dataclass(frozen=True)
class Round:
    """What one contender took for one number of agents."""

    empty: Weighed
    created: Weighed
    unchanged: Weighed
    state_bytes: int
    calls_to_create: int
    calls_to_refresh: int
    agents: int

    def __str__(self) -> str:
        return (
            f"empty {self.empty.wall_s:.2f} s, create {self.created.wall_s:.2f} s, no-op {self.unchanged.wall_s:.2f} s"
        )


def main(agents: Sequence[int] = (100, 1000), rounds: int = 3, latency_s: float = 0.2) -> None:
    for count in agents:
        large = count >= LARGE_FROM
        # What people write by hand rewrites its state at every step, which takes a quarter of an hour for 1,000.
        contenders = (OURS, PEER) if large else (OURS, PEER, PLAIN)
        taken: dict[str, list[Round]] = {contender.name: [] for contender in contenders}
        for number in range(1 if large else rounds):
            for contender in contenders:
                load = os.getloadavg()[0]
                one = _round(contender, count, latency_s)
                taken[contender.name].append(one)
                _say(f"{count} agents, round {number + 1}, {contender.name}: {one} (load average before {load:.1f})")
        report(count, latency_s, taken)


def _round(contender: Contender, count: int, latency_s: float) -> Round:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        nothing = contender.prepare(folder / "nothing", None)
        nothing.create()
        empty = nothing.no_op()
        with slow_sandbox(folder / "sandbox", latency_s) as sandbox:
            stack = contender.prepare(folder / "stack", job(count, sandbox))
            created = stack.create()
            calls_to_create = sum(sandbox.calls().values())
            unchanged = stack.no_op()
            return Round(
                empty,
                created,
                unchanged,
                stack.state_bytes(),
                calls_to_create,
                sum(sandbox.calls().values()),
                sandbox.agents(),
            )


def job(count: int, sandbox: SlowSandbox) -> dict[str, Any]:
    """What to declare: *document* is what the API gets, *declared* what our classes make it from."""
    prompt = (PROJECT / "stacks" / "agents" / "concierge.md").read_text()
    declared = {"persona_name": "Ada", "persona_prompt": prompt}
    inputs = {
        **AgentDocument(agent_name="Concierge", persona_name="Ada", persona_prompt=prompt).to_props(),
        "llm_provider": "custom",
        "llm_url": _LLM["url"],
        "llm_model": _LLM["model"],
        "llm_token": _LLM["token"],
        "marker": "k3x9abcd",
    }
    return {
        "api_url": sandbox.api_url,
        "api_key": API_KEY,
        "names": [f"Concierge {number:04}" for number in range(count)],
        "declared": declared,
        "llm": _LLM,
        "document": AGENT.body(inputs),
    }


def _say(line: str) -> None:
    print(line, flush=True)


def report(count: int, latency_s: float, taken: Mapping[str, Sequence[Round]]) -> None:
    rounds = len(next(iter(taken.values())))
    _say(f"\n{count} agents, {latency_s * 1000:.0f} ms per call, {rounds} round(s), medians")
    names = list(taken)
    others = names[1:]
    _say(f"  {'':<26}" + "".join(f"{name:>12}" for name in names) + "".join(f"{f'ours / {o}':>16}" for o in others))
    for title, unit, figure in _ROWS:
        medians = {name: statistics.median(figure(one, count) for one in taken[name]) for name in names}
        ours = medians[OURS.name]
        ratios = "".join(f"{ours / medians[other]:>16.2f}" for other in others)
        _say(f"  {title:<26}" + "".join(f"{medians[name]:>9.2f} {unit:<2}" for name in names) + ratios)
        assert all(median > 0 for median in medians.values()), f"{title}: nothing was measured"
    for name, each in taken.items():
        assert all(one.agents == count for one in each), f"{name} left {[one.agents for one in each]} agents"
    for title in _TO_WIN:
        figure = next(row[2] for row in _ROWS if row[0] == title)
        ours, peer = (statistics.median(figure(one, count) for one in taken[who.name]) for who in (OURS, PEER))
        _say(f"  ahead of {PEER.name} in {title}: {'yes' if ours <= peer else 'no'} ({ours:.2f} against {peer:.2f})")


_ROWS: Sequence[tuple[str, str, Callable[[Round, int], float]]] = (
    ("empty run", "s", lambda one, _: one.empty.wall_s),
    ("create", "s", lambda one, _: one.created.wall_s),
    ("no-op with refresh", "s", lambda one, _: one.unchanged.wall_s),
    ("CPU to create", "s", lambda one, _: one.created.cpu_s),
    ("CPU of the no-op", "s", lambda one, _: one.unchanged.cpu_s),
    ("peak memory, create", "MB", lambda one, _: one.created.peak_rss_bytes / 1e6),
    ("peak memory, no-op", "MB", lambda one, _: one.unchanged.peak_rss_bytes / 1e6),
    ("state per agent", "KB", lambda one, count: one.state_bytes / count / 1e3),
    ("calls per agent, create", "", lambda one, count: one.calls_to_create / count),
    ("calls per agent, no-op", "", lambda one, count: one.calls_to_refresh / count),
    ("agents at the end", "", lambda one, _: one.agents),
)
_TO_WIN = ("create", "no-op with refresh", "state per agent")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_agents")
    parser.add_argument("--agents", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency-s", type=float, default=0.2)
    main(**vars(parser.parse_args()))
