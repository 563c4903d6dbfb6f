"""
How long after each engine can serve do we know it, and who believes it too early?

A container plays the start-up of each engine (`slow_llm`; a scripted server, not the engine) for 2 to 4 s, and three
judges wait for it side by side: the gate; the Docker provider's rule on the health check of that engine, run every
second (Docker's default, and ours, is 30 s: benchmarks/gate_delay.py); and a script that asks the health route once a
second. A delay below zero is a verdict before the engine could answer a chat: too early, and no delay at all.

Four containers at a time; `python -m benchmarks engine_delay [rounds]`, 20 rounds take 150 s. Needs Docker and Go.
"""

import math
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import docker
import requests
from docker.models.containers import Container

from benchmarks import slow_server

SHORTEST_S, LONGEST_S = 2.0, 4.0
ENOUGH_FOR_P95 = 20
_AT_A_TIME = 4
_INTERVAL_S = 1
GATE, RULE, SCRIPT = "gate", "docker wait, 1 s", "ask health, 1 s"


@dataclass(frozen=True)
class Start:
    """*behaviour* is one of `slow_llm`; its health route stands for the check in components/llm/engines.py."""

    behaviour: str
    source: str


STARTS: Mapping[str, Start] = {
    # Its check, `ollama list`, needs the server only; the first chat loads the weights.
    "ollama": Start("sleeps", "ollama/ollama v0.24.0, server/sched.go"),
    "llama.cpp": Start("loads", "ggml-org/llama.cpp b11434, tools/server/server-http.cpp: middleware_server_state"),
    # The router listens after the shards are ready and warmed up.
    "tgi": Start("refuses", "huggingface/text-generation-inference db931fc, launcher/src/main.rs"),
    # The API server listens after the engine's core is ready.
    "vllm": Start("refuses", "vllm-project/vllm v0.33.0, vllm/entrypoints/openai/api_server.py"),
    # The server listens before it warms itself up, and answers 503 on /health meanwhile.
    "sglang": Start("warms", "sgl-project/sglang v0.5.23, srt/entrypoints/http_server.py"),
    # Lively at once, whatever its upstream does.
    "litellm": Start("proxies", "LiteLLM 1.105.3, run: /health/readiness is 200 with every upstream dead"),
}


@dataclass(frozen=True)
class Delay:
    engine: str
    judge: str
    seconds: float


def main(rounds: int = ENOUGH_FOR_P95) -> None:
    client = docker.from_env()
    chance = random.Random(5)  # noqa: S311 - the same start-ups on every run, nothing secret
    starts = [(engine, chance.uniform(SHORTEST_S, LONGEST_S)) for _ in range(rounds) for engine in STARTS]
    with slow_server.image(client), ThreadPoolExecutor(_AT_A_TIME) as threads:
        measured = list(threads.map(lambda start: _measure(client, *start), starts))
    print("\n".join(report([delay for delays in measured for delay in delays])))


def _measure(client: docker.DockerClient, engine: str, start_s: float) -> list[Delay]:
    behaviour = STARTS[engine].behaviour
    judges: Mapping[str, Callable[[Container], None]] = {
        GATE: lambda box: slow_server.gate(box, engine),
        RULE: slow_server.docker_wait,
        SCRIPT: _ask_health,
    }
    with (
        slow_server.server(client, behaviour, start_s, interval_s=_INTERVAL_S, health_path="/health") as box,
        ThreadPoolExecutor(len(judges)) as threads,
    ):
        verdicts = {judge: threads.submit(_verdict_ns, wait, box) for judge, wait in judges.items()}
        at_ns = {judge: verdict.result() for judge, verdict in verdicts.items()}
        ready_ns = slow_server.ready_at_ns(box)
    return [Delay(engine, judge, (ns - ready_ns) / slow_server.NS_PER_S) for judge, ns in at_ns.items()]


def _verdict_ns(wait: Callable[[Container], None], box: Container) -> int:
    wait(box)
    return time.time_ns()


def _ask_health(box: Container) -> None:
    while True:
        try:
            if requests.get(f"{slow_server.root_url(box)}/health", timeout=1).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(_INTERVAL_S)


def report(delays: Sequence[Delay]) -> list[str]:
    """A line for each engine and judge; the ratio compares medians in this run, for a judge that was never early."""
    rounds = len(delays) // (3 * len(STARTS))
    lines = [f"{'engine':<10} {'judge':<17} {'p50':>7} {'p95':>7} {'worst':>7}  {'too early':<10} times the gate's"]
    for engine in STARTS:
        of_engine = [delay for delay in delays if delay.engine == engine]
        gate_s = statistics.median(delay.seconds for delay in of_engine if delay.judge == GATE)
        for judge in (GATE, RULE, SCRIPT):
            seconds = sorted(delay.seconds for delay in of_engine if delay.judge == judge)
            lines.append(_line(engine, judge, seconds, gate_s))
    enough = "" if rounds >= ENOUGH_FOR_P95 else f"; too few for a p95, which wants {ENOUGH_FOR_P95}"
    return [*lines, f"{rounds} rounds{enough}"]


def _line(engine: str, judge: str, seconds: Sequence[float], gate_s: float) -> str:
    early = sum(each < 0 for each in seconds)
    head = f"{engine:<10} {judge:<17}"
    if early:
        by_s = -statistics.median(each for each in seconds if each < 0)
        return f"{head} {'':>7} {'':>7} {'':>7}  {early} of {len(seconds)}, by {by_s:.2f} s (median)"
    nearest_rank = f"{seconds[math.ceil(0.95 * len(seconds)) - 1]:.2f} s" if len(seconds) >= ENOUGH_FOR_P95 else "-"
    ratio = "" if judge == GATE else f"{statistics.median(seconds) / gate_s:.1f}"
    told = f"{statistics.median(seconds):.2f} s".rjust(7)
    return f"{head} {told} {nearest_rank:>7} {f'{seconds[-1]:.2f} s':>7}  {'never':<10} {ratio}".rstrip()
