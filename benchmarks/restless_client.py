"""
A client that never pauses: as soon as a stream has ended, its worker reads anew where the LLM is, and asks again.

    with WithoutPause(agent_record(outputs["sandbox"], agent_id), workers=4) as client:
        client.begin("model")
        deployment.change("llms.main.model", "other")
        deployment.deployed()
        client.wait_for(300)
    assert client.tally().failed == 0, client.tally()

It runs in a thread of its own, so that the one that uses it may run `pulumi up` meanwhile. Leaving the block lets the
streams then open end by themselves.
"""

import asyncio
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import requests

from benchmarks.streaming_client import Endpoint, Outcome, ask

RETRY_AFTER_S = 0.25
"""Pause of a worker whose request failed; else what it counts in an outage would be the speed of this machine."""
_EXAMPLES = 3
_LIMIT_S = 10.0


def agent_record(sandbox: Mapping[str, str], agent_id: str) -> Callable[[], Endpoint]:
    """
    Where an agent's record says its LLM is, read anew at each call, as TruGen does.

    Args:
        sandbox: `api_url` and `api_key`, as the program's output of this name has them; it must run with `revealLlm`.
    """

    def read() -> Endpoint:
        url, headers = f"{sandbox['api_url']}/ext/agent/{agent_id}", {"x-api-key": sandbox["api_key"]}
        response = requests.get(url, headers=headers, timeout=_LIMIT_S)
        response.raise_for_status()
        llm = response.json()["avatars"][0]["config"]["llm"]
        return Endpoint(llm["url"], llm["model"], llm["token"])

    return read


@dataclass(frozen=True)
class Tally:
    """
    What became of the requests of one phase, or of all.

    Attributes:
        broken: Streams that had begun and did not end; the rest of *failed* got no stream at all.
        faults: How many there are of each kind (see `Outcome.fault`).
        examples: The first details of each kind.
        longest_silence_s: The longest time in which no stream ended well.
    """

    requests: int
    failed: int
    broken: int
    faults: Mapping[str, int]
    examples: Mapping[str, Sequence[str]]
    ttft_p50_s: float
    longest_silence_s: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Self:
        faults = Counter(each.fault for each in outcomes if not each.ok)
        details = {kind: [each.detail for each in outcomes if each.fault == kind][:_EXAMPLES] for kind in faults}
        seconds = [each.ttft_s for each in outcomes if each.ok and each.ttft_s is not None]
        return cls(
            requests=len(outcomes),
            failed=sum(faults.values()),
            broken=sum(each.fault == "broken" or (not each.ok and each.events > 0) for each in outcomes),
            faults=faults,
            examples=details,
            ttft_p50_s=statistics.median(seconds) if seconds else 0.0,
            longest_silence_s=longest_silence_s(outcomes),
        )

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind} (as: {self.examples[kind][0]})" for kind, count in self.faults.items())
        told = f"{self.requests} requests, {self.failed} failed, {self.broken} of them broken streams"
        return f"{told}; longest silence {self.longest_silence_s:.1f} s{f'; {kinds}' if kinds else ''}"


def longest_silence_s(outcomes: Sequence[Outcome]) -> float:
    """From the first beginning to the last end of any request, between ends of streams that were good."""
    if not outcomes:
        return 0.0
    first_s, last_s = min(each.began_s for each in outcomes), max(each.ended_s for each in outcomes)
    ends = [first_s, *sorted(each.ended_s for each in outcomes if each.ok), last_s]
    return max(later - earlier for earlier, later in pairwise(ends))


class WithoutPause:
    """
    Asks while its `with` block lasts, each worker at least once.

    Args:
        endpoint: Called before each request, in a thread; what it raises is a request that failed (`no endpoint`).
        limit_s: Of one request.
    """

    def __init__(
        self, endpoint: Callable[[], Endpoint], *, workers: int, max_tokens: int = 8, limit_s: float = 60.0
    ) -> None:
        self._endpoint = endpoint
        self._workers = workers
        self._max_tokens = max_tokens
        self._limit_s = limit_s
        self._phase = ""
        self._ended: list[tuple[str, Outcome]] = []
        self._news = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def begin(self, phase: str) -> None:
        """Requests that begin from now on belong to *phase*."""
        self._phase = phase

    def wait_for(self, count: int, *, limit_s: float = 120.0) -> None:
        """
        Until *count* more requests have ended well.

        Raises:
            AssertionError: They have not within *limit_s*; the text is the tally.
        """
        with self._news:
            wanted = self._good() + count
            reached = self._news.wait_for(lambda: self._good() >= wanted, limit_s)
        assert reached, f"fewer than {count} requests ended well in {limit_s:.0f} s: {self.tally()}"

    def tally(self, phase: str | None = None) -> Tally:
        """Of one phase, or of all requests that have ended."""
        with self._news:
            return Tally.of([outcome for of, outcome in self._ended if phase in {None, of}])

    def outcomes(self) -> list[Outcome]:
        """All so far, in the order they ended."""
        with self._news:
            return [outcome for _, outcome in self._ended]

    def _good(self) -> int:
        return sum(outcome.ok for _, outcome in self._ended)

    async def _run(self) -> None:
        await asyncio.gather(*(self._work() for _ in range(self._workers)))

    async def _work(self) -> None:
        while True:
            phase = self._phase
            outcome = await self._one()
            with self._news:
                self._ended.append((phase, outcome))
                self._news.notify_all()
            if self._stop.is_set():
                return
            if not outcome.ok:
                await asyncio.sleep(RETRY_AFTER_S)

    async def _one(self) -> Outcome:
        began_s = time.monotonic()
        try:
            endpoint = await asyncio.to_thread(self._endpoint)
        except (requests.RequestException, LookupError) as error:
            return Outcome("no endpoint", began_s, time.monotonic(), detail=str(error)[:200])
        return await ask(endpoint, max_tokens=self._max_tokens, limit_s=self._limit_s)
