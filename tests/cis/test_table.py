from tests.cis.rules import ROLES, RULES
from tests.cis.table import PAGE, in_page, table


def test_the_page_shows_the_rules_that_containers_are_held_to() -> None:
    assert in_page(PAGE.read_text(encoding="utf-8")) == table()


def test_every_exception_names_a_container_and_its_reason() -> None:
    assert {role for rule in RULES for role in rule.but} <= set(ROLES)
    assert [rule.number for rule in RULES for reason in rule.but.values() if len(reason.split()) < 5] == []
