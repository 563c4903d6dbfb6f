import re

from components.lifecycle.identity import marker


def test_the_marker_is_stable_across_runs_and_machines() -> None:
    """Stored agents carry it: another value would orphan all of them."""
    assert marker("trugen-llm", "local", "helpdesk") == "st45zew3"


def test_the_marker_is_eight_lower_case_base32_characters() -> None:
    assert re.fullmatch("[a-z2-7]{8}", marker("p", "s", "n"))


def test_project_stack_and_name_each_make_another_marker() -> None:
    places = [("p", "s", "n"), ("p2", "s", "n"), ("p", "s2", "n"), ("p", "s", "n2"), ("ps", "", "n"), ("p", "sn", "")]

    assert len({marker(*place) for place in places}) == len(places)
