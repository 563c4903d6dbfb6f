"""The workspace is asked for before anything is made. The sandbox plays the real TruGen, over real HTTP."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from components.account import AccountError, check
from components.sandbox.listener import listening
from components.stack.document import SandboxSettings, Settings, TrugenSettings
from tests.fixtures.deployment import free_port
from tests.fixtures.sandbox_server import API_KEY, SandboxServer


@pytest.fixture
def trugen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    monkeypatch.delenv("TRUGEN_API_KEY", raising=False)
    with SandboxServer(tmp_path) as server:
        yield server


def stack(trugen: TrugenSettings, key: str | None = None) -> Settings:
    secret = None if key is None else SecretStr(key)
    return Settings(project="trugen-llm", stack="test", llms={}, agents={}, trugen=trugen, trugen_api_key=secret)


def test_a_good_key_is_no_error(trugen: SandboxServer) -> None:
    check(stack(TrugenSettings(api_url=trugen.api_url), API_KEY))


def test_the_key_of_the_environment_goes_before_the_stored_one(
    trugen: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUGEN_API_KEY", API_KEY)

    check(stack(TrugenSettings(api_url=trugen.api_url), "outdated"))


def test_a_free_port_is_fine_for_a_sandbox() -> None:
    check(stack(TrugenSettings(sandbox=SandboxSettings(port=free_port()))))


def test_a_port_that_somebody_else_has_stops_the_run() -> None:
    with closing(listening(0)) as held:
        port = held.getsockname()[1]

        with pytest.raises(AccountError, match=rf"(?s)cannot listen on 127\.0\.0\.1:{port}.*Nothing was created"):
            check(stack(TrugenSettings(sandbox=SandboxSettings(port=port))))


def test_a_wrong_key_stops_the_run_without_being_shown(trugen: SandboxServer) -> None:
    with pytest.raises(AccountError, match=r"(?s)401.*`export TRUGEN_API_KEY=.*Nothing was created") as caught:
        check(stack(TrugenSettings(api_url=trugen.api_url), "canary-wrong-key"))

    assert "canary-wrong-key" not in str(caught.value)
