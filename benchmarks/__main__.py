"""
`make bench`: the measurements quoted in the README, one after the other.

`python -m benchmarks NAME [ROUNDS]` makes one of them.
"""

import sys
from collections.abc import Callable

from benchmarks import engine_delay, gate_delay, many_streams, newcomer, noop_up, relay_cost, without_pause

BENCHMARKS: dict[str, Callable[..., None]] = {
    "noop_up": noop_up.main,
    "newcomer": newcomer.main,
    "gate_delay": gate_delay.main,
    "engine_delay": engine_delay.main,
    "relay_cost": relay_cost.main,
    "many_streams": many_streams.main,
    "without_pause": without_pause.main,
}

if len(sys.argv) == 1:
    for benchmark in BENCHMARKS.values():
        benchmark()
elif sys.argv[1] in BENCHMARKS:
    BENCHMARKS[sys.argv[1]](*map(int, sys.argv[2:]))
else:
    sys.exit(f"There is no benchmark {sys.argv[1]!r}; there are {', '.join(BENCHMARKS)}.")
