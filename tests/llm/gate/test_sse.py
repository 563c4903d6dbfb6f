from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.llm.gate.sse import Event, LineTooLong, SseParser


def parsed(*reads: bytes) -> list[Event]:
    parser = SseParser()
    return [event for read in reads for event in parser.feed(read)]


def messages(*datas: str) -> list[Event]:
    return [Event("message", data) for data in datas]


def test_a_blank_line_ends_an_event() -> None:
    assert messages("one", "two") == parsed(b"data: one\n\ndata: two\n\n")


def test_data_lines_of_one_event_are_joined_by_newlines() -> None:
    assert messages("one\ntwo") == parsed(b"data: one\ndata: two\n\n")


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_end_in_lf_cr_or_crlf(end: bytes) -> None:
    assert messages("one", "two") == parsed(b"data: one" + end * 2 + b"data: two" + end * 2)


def test_comments_and_unknown_fields_are_ignored() -> None:
    assert messages("one") == parsed(b": OPENROUTER PROCESSING\nid: 7\nretry: 3\nfoo: bar\nnocolon\ndata: one\n\n")


def test_only_the_first_space_after_the_colon_is_dropped() -> None:
    assert messages("one", " two", "") == parsed(b"data:one\n\ndata:  two\n\ndata\n\n")


def test_an_event_may_be_named() -> None:
    assert [Event("error", "{}"), Event("message", "x")] == parsed(b"event: error\ndata: {}\n\ndata: x\n\n")


def test_an_event_without_data_is_dropped_with_its_name() -> None:
    assert messages("x") == parsed(b"event: ping\n\ndata: x\n\n")


def test_a_byte_order_mark_is_ignored_at_the_start_only() -> None:
    assert messages("one") == parsed(b"\xef\xbb\xbfdata: one\n\n\xef\xbb\xbfdata: two\n\n")


def test_other_line_separators_of_unicode_are_plain_text() -> None:
    assert messages("a\x0bb\x0cc\u2028d\x85") == parsed("data: a\x0bb\x0cc\u2028d\x85\n\n".encode())


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8")), max_size=4),
    st.sampled_from(["\n", "\r", "\r\n"]),
    st.lists(st.integers(0, 400), max_size=8),
)
def test_where_reads_are_cut_does_not_matter(datas: list[str], end: str, cuts: list[int]) -> None:
    stream = "".join(f": ping{end}data: {data}{end}{end}" for data in datas).encode()
    edges = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})

    assert messages(*datas) == parsed(*(stream[edge:next_edge] for edge, next_edge in pairwise(edges)))


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    stream = "data: naïve 漢字 🙂\r\n\r\n".encode()

    assert messages("naïve 漢字 🙂") == parsed(*(bytes([byte]) for byte in stream))


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert messages("a\ufffdb") == parsed(b"data: a\xffb\n\n")


def test_what_no_blank_line_closed_is_not_an_event() -> None:
    parser = SseParser()

    assert [] == parser.feed(b"data: [DONE]\n")
    assert "[DONE]" == parser.unfinished


def test_an_event_cut_within_its_line_is_unfinished() -> None:
    parser = SseParser()

    assert messages("one") == parser.feed(b'data: one\n\ndata: {"choi')
    assert 'data: {"choi' == parser.unfinished


def test_a_line_above_the_limit_is_refused_before_it_is_complete() -> None:
    parser = SseParser(max_line_bytes=100)
    parser.feed(b"data: " + b"x" * 90)

    with pytest.raises(LineTooLong, match="longer than 100 bytes"):
        parser.feed(b"x" * 90)
