"""Every server of the table passes and warns as it is known to."""

from collections.abc import Mapping

import pytest

from tests.conformance.expected import DEVIATIONS, wanted
from tests.conformance.subjects import PREPARE, SUBJECTS, Subject
from tests.conformance.table import PAGE, PAGE_COLUMNS, Row, examined, markdown, text

_REAL = [pytest.mark.end_to_end, pytest.mark.docker]


def wrong(row: Row) -> Mapping[str, str]:
    return {check: row.cells[check] for check, right in wanted(row.subject).items() if row.cells[check] not in right}


@pytest.mark.parametrize(
    "subject",
    [pytest.param(one, marks=_REAL if one.kind == "real" else (), id=str(one)) for one in SUBJECTS],
)
def test_each_server_passes_and_warns_as_it_is_known_to(subject: Subject) -> None:
    row = examined(subject)

    assert row.missing == ""
    assert wrong(row) == {}, "\n".join(f"{line.check}" for line in row.remarks)
    assert [line.check.id for line in row.remarks if not line.next_step] == []


def test_each_server_has_its_deviations_and_each_deviation_its_reason() -> None:
    assert DEVIATIONS.keys() == {subject.name for subject in SUBJECTS}
    assert [one for deviations in DEVIATIONS.values() for one in deviations.values() if not one.why] == []


def test_the_written_page_shows_every_server_with_right_cells() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if "| " in line]
    shown = {(name, kind): dict(zip(PAGE_COLUMNS, cells, strict=True)) for name, kind, *cells in rows}

    assert [
        (subject.name, check, cell)
        for subject in SUBJECTS
        for check, cell in shown[subject.name, subject.kind].items()
        if cell not in wanted(subject)[check]
    ] == []


def test_a_server_that_is_not_here_is_shown_as_such_and_never_as_passed() -> None:
    absent = Row(SUBJECTS[0], None, "the image of it")

    assert f"not here: the image of it; `{PREPARE}` brings it" in "\n".join(text([absent]))
    assert "pass" not in "\n".join(text([absent])).split("not here", 1)[1]
    assert "pass" not in next(line for line in markdown([absent], {}).splitlines() if "not here" in line)


def test_the_evidence_of_a_warning_stands_below_the_table() -> None:
    tgi = examined(next(subject for subject in SUBJECTS if subject.name == "tgi"))

    assert "tgi (stand-in): S14 warn: answers under any model name" in list(text([tgi]))
