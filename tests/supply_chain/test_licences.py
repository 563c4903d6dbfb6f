import pytest

from tests.supply_chain.licences import Allowed, allowed, judged, licences

RULES = Allowed(allow=frozenset({"MIT", "Apache-2.0"}), exceptions={})


def package(licence: str) -> dict[str, str]:
    return {"Name": "alpha", "Version": "2.0", "License": licence}


@pytest.mark.parametrize(
    "licence",
    ["AGPL-3.0-only", "UNKNOWN", "MIT AND AGPL-3.0-only", "MIT; AGPL-3.0-only", "AGPL-3.0-only OR SSPL-1.0", "mit", ""],
)
def test_a_licence_that_is_not_allowed_is_refused_by_name(licence: str) -> None:
    verdict = judged([package(licence)], RULES)

    assert verdict.status == "failed"
    assert verdict.lines[0].startswith(f"alpha 2.0: {licence!r} is not allowed; replace it, or ")


@pytest.mark.parametrize("licence", ["MIT", "MIT AND Apache-2.0", "MIT; Apache-2.0", "AGPL-3.0-only OR MIT"])
def test_a_licence_that_is_allowed_or_offers_one_that_is_passes(licence: str) -> None:
    assert judged([package(licence)], RULES).status == "passed"


def test_an_exception_lets_its_package_pass_and_is_named() -> None:
    rules = RULES.model_copy(update={"exceptions": {"alpha": "read only"}})

    verdict = judged([package("MPL-2.0")], rules)

    assert (verdict.status, verdict.lines) == ("passed", ("1 packages; by exception: alpha",))


def test_an_exception_that_nothing_needs_any_more_is_refused() -> None:
    rules = RULES.model_copy(update={"exceptions": {"alpha": "read only"}})

    verdict = judged([package("MIT")], rules)

    assert verdict.lines == ("alpha: its exception is not needed; take it out of pyproject.toml",)


def test_every_package_of_this_environment_has_a_licence_that_is_allowed() -> None:
    assert licences().status == "passed", str(licences())


def test_every_exception_names_the_licence_and_a_reason() -> None:
    assert [name for name, why in allowed().exceptions.items() if len(why.partition(": ")[2].split()) < 3] == []
