"""What all parts of a stack file have in common, and the spellings that several engines share."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, PlainValidator
from pydantic.alias_generators import to_camel

from components.urls import api_root

MIB = 2**20
_SMALLEST_MEMORY_BYTES = 64 * MIB
# Repository, tag that is not `latest`, optional digest. Source: distribution/reference, `reference.go`.
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]*:(?!latest\b)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?:@sha256:[0-9a-f]{64})?")
_MODEL_ID = re.compile(r"[A-Za-z0-9][\w.:/@+-]{0,199}")
_BYTES = re.compile(r"[0-9]*\.?[0-9]+ *[A-Za-z]*")
_GPU_ID = re.compile(r"\d{1,3}|GPU-[0-9a-f-]{4,40}|MIG-[\w/-]{4,80}")
_MOST_GPUS = 64
HTTPS_PORT = 443
_FIRST_FREE_PORT, _LAST_PORT = 1024, 65535


class Declared(BaseModel):
    """A part of a stack file: camelCase, immutable, and nothing in it that is not read."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", allow_inf_nan=False
    )


def spelled(pattern: re.Pattern[str], advice: str) -> AfterValidator:
    """Refuse text that is not all of *pattern*, with *advice* in words instead of the pattern."""

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{text[:60]!r} does not fit; {advice}")
        return text

    return AfterValidator(check)


def _gpu(value: Any) -> str | int | tuple[str, ...]:
    if value in ("off", "all", "amd"):
        return str(value)
    count = value["count"] if isinstance(value, dict) and value.keys() == {"count"} else None
    if type(count) is int and 1 <= count <= _MOST_GPUS:
        return count
    ids = tuple(str(one) for one in value if not isinstance(one, bool)) if isinstance(value, list) else ()
    if ids and all(_GPU_ID.fullmatch(one) for one in ids) and len(set(ids)) == len(value):
        return ids
    raise ValueError(
        "say 'off', 'all', 'amd', {count: 2}, or a list of different GPU ids as `nvidia-smi -L` shows them, like [0, 1]"
    )


def _whole(value: Any) -> Any:
    """Pydantic reads a size at the start of a text and ignores what follows."""
    if isinstance(value, str) and not _BYTES.fullmatch(value):
        raise ValueError(f"{value[:60]!r} is no size; write a number with its unit, like '8GiB'")
    return value


def _size(size: ByteSize) -> ByteSize:
    if size < _SMALLEST_MEMORY_BYTES:
        raise ValueError(f"is {size:,} bytes; write at least '64MiB', with the unit, like '8GiB'")
    return size


def _port(port: int) -> int:
    if port != HTTPS_PORT and not _FIRST_FREE_PORT <= port <= _LAST_PORT:
        raise ValueError(
            f"is {port}; write {_FIRST_FREE_PORT} to {_LAST_PORT}, or {HTTPS_PORT} for a gateway with `tls`"
        )
    return port


def _inside(path: str) -> str:
    if ".." in PurePosixPath(path).parts:
        raise ValueError("leaves the project folder; write an absolute path or one that starts with '~'")
    if path.rstrip("/") == "":
        raise ValueError("is empty, or the whole file system; name the file or folder itself")
    # Docker's `host:container:mode` has no escape for it.
    if ":" in path or not path.isprintable():
        raise ValueError("holds ':' or a control character, which a mount cannot express")
    return path


Url = Annotated[str, AfterValidator(api_root)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Bytes = Annotated[ByteSize, BeforeValidator(_whole)]
Size = Annotated[Bytes, AfterValidator(_size)]
Tokens = Annotated[int, Field(ge=256, le=2**24)]
Port = Annotated[int, AfterValidator(_port)]
Image = Annotated[str, spelled(_IMAGE, "pin a tag other than latest, like 'ollama/ollama:0.24.0'")]
ModelId = Annotated[str, spelled(_MODEL_ID, "write the model id as its server lists it")]
_WrittenGpu = Literal["off", "all", "amd"] | dict[Literal["count"], int] | list[int | str]
Gpu = Annotated[str | int | tuple[str, ...], PlainValidator(_gpu, json_schema_input_type=_WrittenGpu)]
"""`off`, `all` or ids of NVIDIA's, a number of them, or `amd`."""
HostPath = Annotated[str, AfterValidator(_inside)]
"""Relative to the project root, absolute, or starting with `~`."""
