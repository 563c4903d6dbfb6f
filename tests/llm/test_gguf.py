"""Is this a GGUF file, and is all of it here? The files are built here, byte by byte, after ggml's docs/gguf.md."""

import struct
from pathlib import Path

import pytest

from components.llm import gguf

F32, Q4_0 = 0, 2
UINT32, STRING, ARRAY = 4, 8, 9


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def model(
    *, magic: bytes = b"GGUF", version: int = 3, tensors: int = 2, alignment: int = 64, data: int | None = None
) -> bytes:
    """Two tensors: 64 floats, then 64 values in 4 bits, padded to *alignment* each."""
    tokens = struct.pack("<IQ", STRING, 2) + text("hello") + text("world")
    metadata = [
        text("general.alignment") + struct.pack("<I", UINT32) + struct.pack("<I", alignment),
        text("tokenizer.ggml.tokens") + struct.pack("<I", ARRAY) + tokens,
        text("general.name") + struct.pack("<I", STRING) + text("Toy"),
    ]
    table = [
        text("a.weight") + struct.pack("<IQIQ", 1, 64, F32, 0),
        text("b.weight") + struct.pack("<IQQIQ", 2, 32, 2, Q4_0, 256),
    ]
    head = magic + struct.pack("<IQQ", version, tensors, len(metadata)) + b"".join(metadata) + b"".join(table)
    padding = -len(head) % alignment
    return head + bytes(padding) + bytes(256 + 2 * 18 if data is None else data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.gguf"


def test_a_whole_file_is_accepted(path: Path) -> None:
    path.write_bytes(model())

    gguf.check(path)


def test_a_file_that_lacks_one_byte_is_cut_off(path: Path) -> None:
    whole = model()
    path.write_bytes(whole[:-1])

    with pytest.raises(gguf.NotGgufError, match=rf"need {len(whole):,} bytes and it has {len(whole) - 1:,}; fetch it"):
        gguf.check(path)


def test_a_file_that_ends_at_any_byte_of_its_header_is_refused(path: Path) -> None:
    whole = model()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(gguf.NotGgufError):
            gguf.check(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not start with 'GGUF'"),
        (b"<html>Not Found</html>", "does not start with 'GGUF'"),
        (model(magic=b"GGML"), "does not start with 'GGUF'"),
        (model(version=1), "is GGUF version 1; versions 2 and 3 are known"),
        (model(version=0x03000000), "is GGUF version 50331648"),
        (model(tensors=0), "claims 0 tensors"),
        (model(tensors=2**40), "claims 1,099,511,627,776 tensors"),
    ],
)
def test_what_is_not_a_model_is_refused_with_the_reason(path: Path, content: bytes, reason: str) -> None:
    path.write_bytes(content)

    with pytest.raises(gguf.NotGgufError, match=reason):
        gguf.check(path)


def test_random_bytes_after_the_magic_never_crash_the_check(path: Path) -> None:
    for seed in range(256):
        noise = bytes((seed * 31 + index * 17) % 256 for index in range(400))
        path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2, 2) + noise)
        with pytest.raises(gguf.NotGgufError):
            gguf.check(path)


def test_a_fingerprint_changes_with_the_file_and_not_with_looking_at_it(path: Path) -> None:
    path.write_bytes(model())
    before = gguf.fingerprint(path)
    gguf.check(path)
    unchanged = gguf.fingerprint(path)
    path.write_bytes(model() + b"\0")

    assert (before, before != gguf.fingerprint(path)) == (unchanged, True)
