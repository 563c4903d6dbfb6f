"""
GGUF weight files: is this one, and is all of it here?

Layout: magic, version, counts, metadata, tensor table, padding, tensor data. Source: ggml-org/ggml, docs/gguf.md.
"""

import hashlib
import mmap
import os
import struct
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]
_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MAX_TENSORS = 2**20
_MAX_METADATA = 2**20
_MAX_DIMENSIONS = 8
_SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT32, _STRING, _ARRAY = 4, 8, 9
_DEFAULT_ALIGNMENT = 32
# ggml type: (values per block, bytes per block). Source: ggml-org/ggml, src/ggml.c `type_traits`. A type that is not
# listed counts as one byte in all: the file is then only known to reach the tensor's start.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 20: (32, 18), 23: (256, 136), 30: (1, 2),
}  # fmt: skip


class NotGgufError(Exception):
    """The file is not GGUF, or not all of it; the text says what is wrong with it."""


def locate(path: str) -> Path:
    """Where a path of a stack file points to; relative ones start at the project root."""
    # The method of `Path` raises when nobody has that home.
    return _PROJECT / os.path.expanduser(path)  # noqa: PTH111 - see above


def check(path: Path) -> None:
    """
    Read header and tensor table, no weights.

    Raises:
        NotGgufError: with the reason.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < len(_MAGIC) or file.read(len(_MAGIC)) != _MAGIC:
            raise NotGgufError("does not start with 'GGUF'; convert the weights with llama.cpp's convert_hf_to_gguf.py")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                needed = _Reader(data).end_of_data()
            except (struct.error, IndexError, OverflowError, RecursionError):
                raise NotGgufError(f"ends inside its own header after {size:,} bytes; fetch it again") from None
    if needed > size:
        raise NotGgufError(f"is cut off: its tensors need {needed:,} bytes and it has {size:,}; fetch it again")


def fingerprint(path: Path) -> str:
    """Size and time of change: equal as long as nobody wrote to the file, and a thousand times cheaper than a hash."""
    facts = path.stat()
    return f"{facts.st_size}:{facts.st_mtime_ns}"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = len(_MAGIC)
        self._alignment = _DEFAULT_ALIGNMENT

    def end_of_data(self) -> int:
        """Bytes the file must have for its last tensor to be complete."""
        version, tensors, metadata = self._take("<IQQ")
        if version not in _VERSIONS:
            raise NotGgufError(f"is GGUF version {version}; versions 2 and 3 are known")
        if not 0 < tensors <= _MAX_TENSORS or metadata > _MAX_METADATA:
            raise NotGgufError(f"claims {tensors:,} tensors and {metadata:,} metadata entries, which no model has")
        for _ in range(metadata):
            self._skip_entry()
        last = max(self._tensor_end() for _ in range(tensors))
        return -(-self._at // self._alignment) * self._alignment + last

    def _take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return values

    def _text(self) -> bytes:
        (length,) = self._take("<Q")
        start, self._at = self._at, self._at + length
        return self._data[start : self._at] if length < _MAX_METADATA else b""

    def _skip_entry(self) -> None:
        key = self._text()
        (kind,) = self._take("<I")
        if key == b"general.alignment" and kind == _UINT32:
            self._alignment = max(1, *self._take("<I"))
        else:
            self._skip_value(kind)

    def _skip_value(self, kind: int) -> None:
        if kind == _STRING:
            (length,) = self._take("<Q")
            self._at += length
        elif kind == _ARRAY:
            element, count = self._take("<IQ")
            if element in _SCALAR_BYTES:
                self._at += count * _SCALAR_BYTES[element]
            else:
                for _ in range(count):
                    self._skip_value(element)
        elif kind in _SCALAR_BYTES:
            self._at += _SCALAR_BYTES[kind]
        else:
            raise NotGgufError(f"holds metadata of unknown kind {kind}")

    def _tensor_end(self) -> int:
        self._text()
        (dimensions,) = self._take("<I")
        if dimensions > _MAX_DIMENSIONS:
            raise NotGgufError(f"holds a tensor of {dimensions} dimensions")
        values = 1
        for length in self._take(f"<{dimensions}Q"):
            values *= length
        kind, offset = self._take("<IQ")
        per_block, block_bytes = _BLOCKS.get(kind, (values or 1, 1))
        return offset + -(-values // per_block) * block_bytes
