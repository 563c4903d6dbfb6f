"""The token of an endpoint that has none yet."""

import re

from components.llm.token import BearerTokenProvider


def token_of(props: dict[str, str]) -> str:
    return str((BearerTokenProvider().create(props).outs or {})["value"])


def test_a_token_has_256_random_bits_in_letters_that_no_gateway_reads_as_a_pattern() -> None:
    values = {token_of({}) for _ in range(100)}

    assert len(values) == 100
    assert [value for value in values if not re.fullmatch(r"[A-Za-z0-9_-]{43}", value)] == []


def test_a_token_stays_until_it_is_replaced() -> None:
    outs = BearerTokenProvider().create({"__provider": "p"}).outs or {}

    assert not BearerTokenProvider().diff("generated", outs, {"__provider": "p"}).changes
