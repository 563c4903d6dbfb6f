"""Which engine answers a request, as the file says that the relay reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.llm.gateway.routes import Routes, only

ADDRESSES = st.builds("engine-{}:{}".format, st.sampled_from("ab"), st.integers(1, 65535))
ROUTES = st.builds(Routes, ADDRESSES, st.dictionaries(st.text(), ADDRESSES))


@given(ROUTES)
def test_what_is_written_is_read_again(routes: Routes) -> None:
    assert Routes.parse(str(routes)) == routes


@given(ROUTES)
def test_it_fits_into_a_header_whatever_a_model_is_called(routes: Routes) -> None:
    assert str(routes).isascii()
    assert str(routes).isprintable()


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "null", '"engine-a:1"', '{"live": "engine-a:1"}', '{"live": {}}']
)
def test_a_file_that_is_missing_or_damaged_leads_nowhere(text: str | None) -> None:
    assert Routes.parse(text) is None


def test_the_new_engine_gets_its_model_and_whatever_names_none() -> None:
    routes = only("engine-a:11434", "old").moved_to("engine-b:8080", "new")

    assert ("engine-b:8080", "engine-b:8080") == (routes.live, routes.models["new"])


def test_who_still_names_the_old_model_finds_the_old_engine() -> None:
    assert "engine-a:11434" == only("engine-a:11434", "old").moved_to("engine-b:8080", "new").models["old"]


def test_a_model_of_the_same_name_moves_to_the_new_engine() -> None:
    assert only("engine-a:11434", "same").moved_to("engine-b:8080", "same") == only("engine-b:8080", "same")


def test_some_traffic_goes_to_an_engine_that_one_model_still_names() -> None:
    routes = only("engine-a:11434", "old").moved_to("engine-b:8080", "new")

    assert [True, True] == [routes.lead_to("engine-a:11434"), routes.lead_to("engine-b:8080")]
    assert not only("engine-a:11434", "old").lead_to("engine-b:11434")


def test_another_port_is_still_the_same_engine() -> None:
    """Ollama in a slot is replaced by llama.cpp in the same slot."""
    assert only("engine-a:11434", "old").lead_to("engine-a:8080")
