"""The table of checks: what of it was made, what was not, and what to do."""

import pytest

from components.llm.gate.checks import Check
from components.llm.gate.conformance import ROWS, lines, next_step


def by_id(*checks: Check, asked: tuple[str, ...] = (), reached_end: bool = True) -> dict[str, tuple[str, str]]:
    found = lines(checks, asked=asked, reached_end=reached_end)
    return {line.check.id: (line.check.verdict, line.check.detail) for line in found}


def test_every_row_has_its_own_id_and_something_to_do() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert [row.id for row in ROWS if not row.next_step] == []


def test_checks_that_were_made_come_first_and_in_their_order() -> None:
    made = (Check("C12", "pass", "refused"), Check("container", "pass", "running"), Check("C1", "pass", "HTTP 200"))

    assert ("C12", "container", "C1") == tuple(by_id(*made))[:3]


def test_every_other_row_is_unknown() -> None:
    found = by_id(Check("C1", "pass", "HTTP 200"))

    assert {verdict for id_, (verdict, _) in found.items() if id_ != "C1"} == {"unknown"}
    assert found.keys() == {row.id for row in ROWS}


@pytest.mark.parametrize(
    ("asked", "reached_end", "detail"),
    [
        ((), True, "not asked, add --tools"),
        ((), False, "not asked, add --tools"),
        (("--tools",), False, "not reached"),
        (("--tools",), True, "not made here"),
    ],
)
def test_it_says_why_a_check_was_not_made(asked: tuple[str, ...], *, reached_end: bool, detail: str) -> None:
    assert by_id(asked=asked, reached_end=reached_end)["O16"] == ("unknown", detail)


@pytest.mark.parametrize("verdict", ["warn", "fail"])
def test_the_public_url_gets_the_same_advice(verdict: str) -> None:
    bad = Check("public.C10", "warn" if verdict == "warn" else "fail", "one burst")

    assert "proxy_buffering off" in next_step(bad)


@pytest.mark.parametrize(
    "check", [Check("C10", "pass", ""), Check("C10", "unknown", ""), Check("container", "fail", "")]
)
def test_nothing_is_advised_where_nothing_is_wrong_or_known(check: Check) -> None:
    assert next_step(check) == ""
