"""The key of the real TruGen is asked for before anything is made. The sandbox plays TruGen over real HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from components.account import AccountError, check_key
from components.stack.document import SandboxSettings, Settings, TrugenSettings
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
    check_key(stack(TrugenSettings(api_url=trugen.api_url), API_KEY))


def test_the_key_of_the_environment_goes_before_the_stored_one(
    trugen: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUGEN_API_KEY", API_KEY)

    check_key(stack(TrugenSettings(api_url=trugen.api_url), "outdated"))


def test_a_sandbox_is_not_asked_since_it_does_not_run_yet() -> None:
    check_key(stack(TrugenSettings(sandbox=SandboxSettings(port=20999))))


def test_a_wrong_key_stops_the_run_without_being_shown(trugen: SandboxServer) -> None:
    with pytest.raises(AccountError, match=r"(?s)401.*`export TRUGEN_API_KEY=.*Nothing was created") as caught:
        check_key(stack(TrugenSettings(api_url=trugen.api_url), "canary-wrong-key"))

    assert "canary-wrong-key" not in str(caught.value)
