"""The authority that a gateway makes for itself: waited for, kept in a file, and gone with the gateway."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from components.llm.document import OllamaLlm
from components.llm.gate.authorities import FOLDER, file_for
from components.llm.gateway import authority
from components.llm.gateway.authority import (
    ROOT_CERTIFICATE,
    AuthorityError,
    GatewayAuthorityProvider,
    folder_for,
)
from components.llm.volume_files import Volume, VolumeFilesError
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.volume_in_memory import VolumeInMemory

AUTHORITY = GatewayAuthorityProvider()
URL, OTHER_URL = "https://localhost:20000/v1", "https://localhost:20001/v1"
PEM = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n"
OTHER_PEM = PEM.replace("Y2FuYXJ5", "b3RoZXI=")
INPUTS = {"volume": "v", "image": "i", "container": "p-s-main-gateway", "url": URL, "progress_urn": "urn"}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory, which a file of an authority is relative to."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def made(volume: VolumeInMemory) -> VolumeInMemory:
    """The gateway has its authority."""
    volume.files[ROOT_CERTIFICATE] = PEM
    return volume


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def created() -> dict[str, Any]:
    return {**(AUTHORITY.create(INPUTS).outs or {}), "__provider": "p"}


def kept(clock: FakeClock) -> dict[str, Any]:
    return authority._kept(INPUTS, clock, clock.sleep)  # noqa: SLF001 - a minute on a clock of the test's own


@pytest.mark.usefixtures("made")
def test_the_certificate_is_an_output_and_a_file_for_callers_of_this_machine() -> None:
    assert created()["certificate"] == PEM
    assert file_for(URL).read_text() == PEM


@pytest.mark.parametrize("early", ["", PEM[:30]], ids=["nothing", "half"])
def test_a_gateway_that_still_starts_is_waited_for(volume: VolumeInMemory, clock: FakeClock, early: str) -> None:
    volume.files[ROOT_CERTIFICATE] = early
    clock.at(5.0, lambda: volume.files.update({ROOT_CERTIFICATE: PEM}))

    assert kept(clock)["certificate"] == PEM


@pytest.mark.usefixtures("volume")
def test_a_gateway_that_makes_none_ends_the_wait_with_where_to_look(clock: FakeClock) -> None:
    with pytest.raises(AuthorityError, match=r"within 60 s.\n  See what it says: `docker logs --tail 50 p-s-main-ga"):
        kept(clock)

    assert not FOLDER.exists()


@pytest.mark.usefixtures("made")
def test_nothing_new_is_no_change() -> None:
    before = created()

    assert AUTHORITY.diff("id", before, {**INPUTS, "__provider": "p"}).changes is False
    assert AUTHORITY.read("id", before).outs == before


@pytest.mark.usefixtures("made")
def test_a_lost_file_is_back_after_a_refresh() -> None:
    before = created()
    file_for(URL).unlink()

    assert AUTHORITY.read("id", before).outs == before
    assert file_for(URL).read_text() == PEM


def test_another_authority_is_kept_by_a_refresh(made: VolumeInMemory) -> None:
    before = created()
    made.files[ROOT_CERTIFICATE] = OTHER_PEM

    assert (AUTHORITY.read("id", before).outs or {})["certificate"] == OTHER_PEM
    assert file_for(URL).read_text() == OTHER_PEM


def test_one_that_is_gone_is_waited_for_by_the_next_up(made: VolumeInMemory) -> None:
    before = created()
    del made.files[ROOT_CERTIFICATE]

    refreshed = AUTHORITY.read("id", before).outs or {}

    assert AUTHORITY.diff("id", refreshed, {**INPUTS, "__provider": "p"}).changes


@pytest.mark.usefixtures("made")
def test_a_docker_that_does_not_tell_is_no_drift() -> None:
    before = created()

    def silent(*_: object) -> dict[str, str | None]:
        raise VolumeFilesError("Docker is down.")

    with patch.object(Volume, "get", silent):
        assert AUTHORITY.read("id", before).outs == before


@pytest.mark.usefixtures("made")
def test_another_port_moves_the_file() -> None:
    before = created()

    AUTHORITY.update("id", before, {**INPUTS, "url": OTHER_URL, "__provider": "p"})

    assert [one.name for one in FOLDER.iterdir()] == ["localhost:20001.pem"]


@pytest.mark.usefixtures("made")
def test_two_gateways_of_one_host_keep_apart() -> None:
    first = created()
    AUTHORITY.create({**INPUTS, "url": OTHER_URL})

    AUTHORITY.delete("id", first)

    assert [one.name for one in FOLDER.iterdir()] == ["localhost:20001.pem"]


@pytest.mark.parametrize("lose", [lambda: None, lambda: file_for(URL).unlink()], ids=["there", "lost"])
@pytest.mark.usefixtures("made")
def test_destroy_leaves_no_file_or_folder(lose: Callable[[], None]) -> None:
    before = created()
    lose()

    AUTHORITY.delete("id", before)

    assert not FOLDER.exists()


def test_only_a_stack_with_such_a_gateway_has_authorities() -> None:
    plain = OllamaLlm(engine="ollama", model="llama3.2:1b")
    own = plain.model_copy(
        update={"gateway": plain.gateway.model_validate({"tls": {"hostname": "localhost", "internal": True}})}
    )

    assert folder_for({"a": plain}) is None
    assert folder_for({"a": plain, "b": own}) == ".cache/authorities"
