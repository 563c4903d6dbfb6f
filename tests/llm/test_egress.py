"""The way out of a container, when Docker does not answer. With Docker it is tried end to end."""

import pytest

from components.llm import egress
from components.llm.egress import EgressError


@pytest.fixture(autouse=True)
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")


def test_a_refresh_does_not_take_it_for_open() -> None:
    assert not egress.is_open("c0ffee", "way-out")


def test_that_it_could_not_be_opened_is_told_with_what_to_do() -> None:
    fetching = egress.open_while_fetching("c0ffee", "way-out")

    with pytest.raises(EgressError, match=r"(?s)did not open the way out 'way-out'.*`docker info`"), fetching:
        pytest.fail("nothing may be fetched")


def test_that_it_could_not_be_shut_is_told_with_what_to_do() -> None:
    with pytest.raises(EgressError, match=r"(?s)did not shut the way out 'way-out'.*run `pulumi up` again"):
        egress.shut("c0ffee", "way-out")


def test_an_engine_that_fetches_nothing_asks_nobody() -> None:
    with egress.open_while_fetching("c0ffee", None):
        egress.shut("c0ffee", None)

    assert not egress.is_open("c0ffee", None)
