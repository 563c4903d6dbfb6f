"""A refresh that finds a volume gone: its own resource makes an empty one of the same name, which changes no input."""

from typing import Any

import pytest

from components.llm.gateway.authority import GatewayAuthorityProvider
from components.llm.secret_files import SecretFilesProvider
from components.llm.volume_files import Volume, VolumeFilesError, VolumeGoneError

SECRET: dict[str, Any] = {"volume": "v", "image": "i", "files": {"token": "canary-token"}, "__provider": "p"}
AUTHORITY: dict[str, Any] = {"volume": "v", "image": "i", "container": "c", "url": "https://x/v1", "__provider": "p"}
KEPT_THERE = [
    (SecretFilesProvider(), SECRET, {"mark": "of the files"}),
    (GatewayAuthorityProvider(), AUTHORITY, {"certificate": "PEM"}),
]


def refresh_is_a_change(provider: Any, inputs: dict[str, Any], outputs: dict[str, Any]) -> bool:
    seen = provider.read("id", {**inputs, **outputs}).outs
    return bool(provider.diff("id", seen, inputs).changes)


@pytest.mark.parametrize(("provider", "inputs", "outputs"), KEPT_THERE)
def test_what_was_kept_in_it_is_made_again(
    monkeypatch: pytest.MonkeyPatch, provider: Any, inputs: dict[str, Any], outputs: dict[str, Any]
) -> None:
    def gone(*_: object) -> Any:
        raise VolumeGoneError("no such volume")

    monkeypatch.setattr(Volume, "get", gone)

    assert refresh_is_a_change(provider, inputs, outputs)


@pytest.mark.parametrize(("provider", "inputs", "outputs"), KEPT_THERE)
def test_a_docker_that_does_not_tell_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, provider: Any, inputs: dict[str, Any], outputs: dict[str, Any]
) -> None:
    def silent(*_: object) -> Any:
        raise VolumeFilesError("Docker does not answer")

    monkeypatch.setattr(Volume, "get", silent)

    assert not refresh_is_a_change(provider, inputs, outputs)
