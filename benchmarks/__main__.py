"""`make bench`: every measurement of this folder, one after the other."""

from benchmarks import gate_delay, noop_up

noop_up.main()
gate_delay.main()
