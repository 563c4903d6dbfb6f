import base64
import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from components.llm.gate.chat_requests import counting, filler, unstreamed, with_image, with_tool, with_tool_result
from components.llm.gate.tool_calls import ToolCall


@given(st.integers(0, 5_000))
def test_a_filler_has_exactly_the_length_of_the_prompt_it_stands_for(size_bytes: int) -> None:
    assert size_bytes == len(filler(size_bytes).encode())


def test_a_system_prompt_is_sent_only_when_an_agent_has_one() -> None:
    assert ["user"] == [turn["role"] for turn in counting("m", max_tokens=1)["messages"]]
    assert ["system", "user"] == [
        turn["role"] for turn in counting("m", max_tokens=1, system_prompt_bytes=9)["messages"]
    ]


def test_tools_are_offered_and_the_model_chooses_as_in_a_talk() -> None:
    body = with_tool("m")

    assert (["get_weather"], True) == ([tool["function"]["name"] for tool in body["tools"]], body["stream"])
    assert "tool_choice" not in body


def test_every_call_is_answered_under_its_own_id() -> None:
    calls = [ToolCall(id_, "get_weather", '{"city": "Paris"}') for id_ in ("a", "b")]

    _, called, *results = with_tool_result("m", calls)["messages"]

    assert (None, ["a", "b"]) == (called["content"], [call["id"] for call in called["tool_calls"]])
    assert [("tool", "a"), ("tool", "b")] == [(turn["role"], turn["tool_call_id"]) for turn in results]


def test_the_image_is_a_small_valid_png_of_one_colour() -> None:
    image = with_image("m")["messages"][0]["content"][1]["image_url"]
    kind, _, data = image["url"].partition(",")
    png = base64.b64decode(data, validate=True)

    assert ("data:image/png;base64", "low") == (kind, image["detail"])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    blocks = dict(png_blocks(png))
    assert ["IHDR", "IDAT", "IEND"] == list(blocks)
    width, height, depth, colour = struct.unpack(">IIBB", blocks["IHDR"][:10])
    assert (32, 32, 8, 2) == (width, height, depth, colour)
    rows = zlib.decompress(blocks["IDAT"])
    assert (32 * (1 + 32 * 3), {b"\xff\x00\x00"}) == (len(rows), {rows[at : at + 3] for at in range(1, 97, 3)})


def png_blocks(png: bytes) -> list[tuple[str, bytes]]:
    blocks, at = [], 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + data) == int.from_bytes(png[at + 8 + size : at + 12 + size])
        blocks.append((kind.decode(), data))
        at += 12 + size
    return blocks


def test_an_unstreamed_request_has_no_options_of_streams() -> None:
    body = unstreamed(counting("m", max_tokens=1))

    assert body["stream"] is False
    assert "stream_options" not in body
