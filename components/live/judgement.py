"""The verdict on every row."""

from __future__ import annotations

from collections.abc import Callable

from components.live import on_reads, on_writes
from components.live.recording import Recording, Written
from components.live.rows import ROWS, Row
from components.live.verdict import Verdict, unknown

_ON_READS: dict[int, Callable[[Recording], Verdict]] = {
    1: on_reads.placement,
    6: on_reads.token,
    7: on_reads.url,
    12: on_reads.names,
    14: on_reads.rate_limits,
    16: on_reads.foreign_ids,
    17: on_reads.malformed_ids,
    18: on_reads.missing_body,
    24: on_reads.readiness,
    27: on_reads.providers,
    32: on_reads.several_avatars,
    34: on_reads.list_items,
}
_ON_WRITES: dict[int, Callable[[Written], Verdict]] = {
    1: on_writes.placement,
    2: on_writes.full_replace,
    3: on_writes.patch,
    4: on_writes.put_members,
    5: on_writes.detaching,
    6: on_writes.token,
    7: on_writes.url,
    8: on_writes.unknown_members,
    9: on_writes.minimal_create,
    10: on_writes.defaults,
    11: on_writes.timeouts,
    13: on_writes.create_twice,
    15: on_writes.delete_twice,
    19: on_writes.consistency,
    28: on_writes.call_ended,
    29: on_writes.token_header,
    31: on_writes.http_urls,
}


def judged(seen: Recording) -> list[tuple[Row, Verdict]]:
    """Every row in order. The throwaway is better evidence than other people's agents, where it tells anything."""
    return [(row, _verdict(row, seen)) for row in ROWS]


def _verdict(row: Row, seen: Recording) -> Verdict:
    by_write = _ON_WRITES[row.number](seen.written) if seen.written and row.number in _ON_WRITES else None
    if by_write and (by_write.outcome != "unknown" or row.number not in _ON_READS):
        return by_write
    if row.number in _ON_READS:
        return _ON_READS[row.number](seen)
    return by_write or unknown("")
