"""Whether a new engine fits beside the one that serves."""

import pytest

from components.llm import beside

GIB = 2**30


def test_an_engine_needs_its_weights_and_some_more() -> None:
    assert 4 * GIB < beside.need_bytes(4 * GIB, 8 * GIB) < 5 * GIB


def test_an_engine_never_takes_more_than_its_container_may() -> None:
    assert beside.need_bytes(4 * GIB, 4 * GIB) == 4 * GIB


def test_an_engine_of_unknown_size_needs_all_that_its_container_may_use() -> None:
    assert beside.need_bytes(None, 8 * GIB) == 8 * GIB


def test_an_engine_that_fits_has_no_problem() -> None:
    assert list(beside.why_not_on_this_machine({"main": 4 * GIB}, 4 * GIB)) == []


def test_an_engine_that_does_not_fit_is_told_with_both_figures_and_the_way_out() -> None:
    assert list(beside.why_not_on_this_machine({"main": 4 * GIB}, 3 * GIB)) == [
        (
            "llms.main.memory: the new engine takes about 4.0 GiB beside the one that serves, and this machine has"
            " 3.0 GiB left for it. Free some, or replace the old one first, with a pause:"
            " `pulumi config set --path llms.main.strategy recreate`."
        )
    ]


def test_engines_that_come_up_in_one_run_need_room_together() -> None:
    (problem,) = beside.why_not_on_this_machine({"main": 4 * GIB, "second": 3 * GIB}, 6 * GIB)

    assert problem.startswith("llms.second.memory: the new engine takes about 3.0 GiB")
    assert "this machine has 2.0 GiB left for it" in problem


def test_one_that_does_not_fit_takes_no_room_from_the_next() -> None:
    (problem,) = beside.why_not_on_this_machine({"main": 8 * GIB, "second": 3 * GIB}, 6 * GIB)

    assert problem.startswith("llms.main.memory")


def test_two_models_fit_on_one_server_up_to_its_limit() -> None:
    assert beside.why_not_on_one_server("main", ("new", 4 * GIB), ("old", 4 * GIB), limit_bytes=8 * GIB) is None


def test_two_models_that_do_not_fit_on_one_server_are_told_with_all_figures() -> None:
    assert beside.why_not_on_one_server("main", ("new", 5 * GIB), ("old", 4 * GIB), limit_bytes=8 * GIB) == (
        "memory: the weights of 'new' take 5.0 GiB beside the 4.0 GiB of 'old', which serves, and the container may use"
        " 8.0 GiB. Raise `memory`, or replace the old one first, with a pause:"
        " `pulumi config set --path llms.main.strategy recreate`."
    )


@pytest.mark.parametrize("share", [None, 0.3, 0.5])
def test_two_engines_that_may_fit_on_one_gpu_are_tried(share: float | None) -> None:
    assert beside.why_not_on_one_gpu("main", share) is None


def test_two_engines_that_cannot_fit_on_one_gpu_are_refused() -> None:
    reason = beside.why_not_on_one_gpu("main", 0.85)

    assert reason is not None
    assert reason.startswith("gpuMemoryShare: two engines that take 0.85 of a GPU each do not fit on one")
