"""
One spelling for "known only after the update". Pulumi's SDK hands a dynamic provider `Unknown` objects (3.272; earlier
ones the string), and our own code, which runs without Pulumi, knows the string.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.output import Unknown
from pulumi.runtime.rpc import UNKNOWN


def spelled_out(props: Mapping[str, Any]) -> dict[str, Any]:
    """*props* with every `Unknown` object, however deep, replaced by the string that serialises to the same."""
    return {key: _spelled_out(value) for key, value in props.items()}


def _spelled_out(value: Any) -> Any:
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return spelled_out(value)
    if isinstance(value, list):
        return [_spelled_out(item) for item in value]
    return value
