"""The gateway's files: what the door accepts while its token changes. The volume is in memory."""

from collections.abc import Callable
from typing import Any

import pytest

from components.llm.gateway.caddyfile import caddyfile
from components.llm.gateway.document import GatewaySettings
from components.llm.gateway.files import GatewayFilesProvider, ReloadError
from components.llm.volume_files import Volume, VolumeFilesError, VolumeGoneError
from tests.fixtures.volume_in_memory import VolumeInMemory

pytestmark = pytest.mark.usefixtures("volume")

GATEWAY = GatewayFilesProvider()
OLD, NEW, NEWEST = "canary-old-token", "canary-new-token", "canary-newest-token"
HOST = {"hostname": "llm.example.com"}
INTERNAL, ACME = {**HOST, "internal": True}, {**HOST, "acmeEmail": "ops@example.com"}
FILES = {**HOST, "certificate": "c.pem", "key": "k.pem"}
PUBLIC = ("token", "previous-token", "older-token")


def props(token: str = OLD, **others: Any) -> dict[str, Any]:
    files = {"Caddyfile": "{\n}\n", "token": token, "private-token": "canary-private"}
    return {"volume": "v", "image": "i", "container": "c", "files": files, "__provider": "p", **others}


def with_tls(tls: dict[str, Any] | None) -> dict[str, str]:
    """Files with the configuration that the product writes for it."""
    settings = GatewaySettings.model_validate({"tls": tls} if tls else {})
    return {**props()["files"], "Caddyfile": caddyfile(settings, None)}


def created(**others: Any) -> dict[str, Any]:
    return {**(GATEWAY.create(props(**others)).outs or {}), "__provider": "p"}


def accepted(volume: VolumeInMemory) -> set[str]:
    """Tokens that the public door accepts; an empty or missing file lets nobody in."""
    return {content for name in PUBLIC if (content := volume.files.get(name))}


def test_there_are_former_tokens_from_the_start_and_they_let_nobody_in(volume: VolumeInMemory) -> None:
    """Caddy logs an error for each request while a file is missing."""
    created()

    assert (["", ""], {OLD}) == ([volume.files[name] for name in PUBLIC[1:]], accepted(volume))


@pytest.mark.parametrize("name", ["previous-token", "older-token"])
def test_a_former_token_that_is_there_is_not_closed_by_a_new_resource(volume: VolumeInMemory, name: str) -> None:
    volume.files[name] = "of a run before"

    created()

    assert "of a run before" == volume.files[name]


def test_a_rotation_lets_the_old_token_in_beside_the_new_one(volume: VolumeInMemory) -> None:
    GATEWAY.update("id", created(), props(NEW))

    assert {OLD, NEW} == accepted(volume)


def test_at_no_moment_of_a_rotation_is_the_old_token_refused(volume: VolumeInMemory) -> None:
    outs, seen = created(), list[set[str]]()
    volume.at_each_moment = lambda: seen.append(accepted(volume))

    GATEWAY.update("id", outs, props(NEW))

    assert seen
    assert [moment for moment in seen if OLD not in moment] == []


def test_at_no_moment_is_the_token_refused_when_only_the_configuration_changes(
    volume: VolumeInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.llm.gateway.files._reload", lambda _name: None)
    outs, seen = created(), list[set[str]]()
    volume.at_each_moment = lambda: seen.append(accepted(volume))

    GATEWAY.update("id", outs, props(files={**props()["files"], "Caddyfile": "# other\n"}))

    assert seen
    assert [moment for moment in seen if OLD not in moment] == []


@pytest.mark.parametrize("moment", range(4))
@pytest.mark.parametrize("files", [{}, {"token": OLD, "previous-token": ""}], ids=["drained", "as created"])
def test_a_rotation_that_was_interrupted_ends_the_same_when_it_is_repeated(
    volume: VolumeInMemory, moment: int, files: dict[str, str]
) -> None:
    outs = created()
    volume.files |= files
    volume.fail_at = moment
    with pytest.raises(VolumeFilesError):
        GATEWAY.update("id", outs, props(NEW))

    GATEWAY.update("id", outs, props(NEW))

    assert (NEW, OLD) == (volume.files["token"], volume.files["previous-token"])


def test_at_no_moment_of_a_rotation_that_is_taken_back_is_either_token_refused(volume: VolumeInMemory) -> None:
    """Some agents may have moved already."""
    rotated, seen = GATEWAY.update("id", created(), props(NEW)).outs or {}, list[set[str]]()
    volume.at_each_moment = lambda: seen.append(accepted(volume))

    GATEWAY.update("id", rotated, props(OLD))

    assert ([], {OLD, NEW}) == ([moment for moment in seen if moment != {OLD, NEW}], accepted(volume))
    assert OLD == volume.files["token"]


@pytest.mark.parametrize("moment", range(6))
def test_a_second_rotation_before_all_agents_have_moved_refuses_none_of_them(
    volume: VolumeInMemory, moment: int
) -> None:
    rotated, seen = GATEWAY.update("id", created(), props(NEW)).outs or {}, list[set[str]]()
    volume.at_each_moment = lambda: seen.append(accepted(volume))
    volume.fail_at = moment
    with pytest.raises(VolumeFilesError):
        GATEWAY.update("id", rotated, props(NEWEST))

    GATEWAY.update("id", rotated, props(NEWEST))

    assert [moment for moment in seen if not {OLD, NEW} <= moment] == []
    assert (NEWEST, {OLD, NEW, NEWEST}) == (volume.files["token"], accepted(volume))


def test_contents_that_somebody_changed_are_written_again(volume: VolumeInMemory) -> None:
    outs = created()
    volume.files["token"] = "put there by somebody"

    seen = GATEWAY.read("id", outs).outs or {}
    assert GATEWAY.diff("id", seen, props()).changes
    GATEWAY.update("id", seen, props())

    assert {OLD} == accepted(volume)


def test_a_file_that_is_gone_is_written_again(volume: VolumeInMemory) -> None:
    outs = created()
    del volume.files["private-token"]

    assert GATEWAY.diff("id", GATEWAY.read("id", outs).outs or {}, props()).changes


def test_a_volume_that_is_gone_is_filled_again_by_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own resource makes an empty one of the same name, by which nobody else would see a change."""
    outs = created()
    monkeypatch.setattr(Volume, "get", raising(VolumeGoneError("no such volume")))

    assert GATEWAY.diff("id", GATEWAY.read("id", outs).outs or {}, props()).changes


def test_a_docker_that_does_not_tell_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    outs = created()
    monkeypatch.setattr(Volume, "get", raising(VolumeFilesError("Docker does not answer")))

    assert not GATEWAY.diff("id", GATEWAY.read("id", outs).outs or {}, props()).changes


def raising(error: Exception) -> Callable[..., Any]:
    def get(*_: object) -> Any:
        raise error

    return get


def test_a_refresh_of_untouched_files_is_no_change(volume: VolumeInMemory) -> None:
    outs = created()
    volume.files |= {"routes.json": "{}", "previous-token": OLD}

    assert outs == GATEWAY.read("id", outs).outs
    assert not GATEWAY.diff("id", outs, props()).changes


@pytest.mark.parametrize(
    "change", [{"files": {}}, {"volume": "w"}, {"container": "d"}, {"__provider": "moved"}], ids=str
)
def test_other_inputs_are_written_in_place(change: dict[str, Any]) -> None:
    diff = GATEWAY.diff("id", created(), props(**change))

    assert (True, []) == (diff.changes, diff.replaces)


def test_another_image_to_carry_the_files_is_no_change() -> None:
    assert not GATEWAY.diff("id", created(), props(image="sha256:other")).changes


def test_the_mark_changes_with_a_token_and_tells_nothing_about_it() -> None:
    one, two = created(token=OLD)["mark"], created(token=NEW)["mark"]

    assert one != two
    assert "canary" not in one + two


def reloads(monkeypatch: pytest.MonkeyPatch, outs: dict[str, Any], **news: Any) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr("components.llm.gateway.files._reload", told.append)
    GATEWAY.update("id", outs, props(**news))
    return told


def test_a_rotation_reloads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [] == reloads(monkeypatch, created(), token=NEW)


@pytest.mark.parametrize("name", ["Caddyfile", "certificate.pem", "key.pem"])
def test_what_is_read_only_once_is_loaded_again(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert ["c"] == reloads(monkeypatch, created(), files={**props()["files"], name: "other"})


def test_a_configuration_that_was_written_but_not_loaded_is_loaded_by_the_next_run(
    volume: VolumeInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = created()
    volume.files["Caddyfile"] = "# other\n"

    assert ["c"] == reloads(monkeypatch, outs, files={**props()["files"], "Caddyfile": "# other\n"})


def test_a_configuration_that_somebody_changed_is_loaded_again(
    volume: VolumeInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = created()
    volume.files["Caddyfile"] = "# put there by somebody\n"

    assert ["c"] == reloads(monkeypatch, outs)


@pytest.mark.parametrize(
    ("before", "after", "reloaded"),
    [
        (None, INTERNAL, []),
        (INTERNAL, None, []),
        (None, FILES, []),
        (FILES, INTERNAL, []),
        (INTERNAL, ACME, ["c"]),
    ],
    ids=["to https", "back", "to own files", "to an own authority", "to a public one"],
)
def test_a_container_that_will_be_replaced_is_not_reloaded(
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reloaded: list[str],
) -> None:
    """It lacks the volume or the port: the real Caddy refuses `mkdir /var: read-only file system`."""
    outs = created(files=with_tls(before))

    assert reloaded == reloads(monkeypatch, outs, files=with_tls(after))


def test_a_configuration_that_the_gateway_refuses_is_not_left_for_its_next_start(
    volume: VolumeInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = created()

    def refuses(name: str) -> None:
        raise ReloadError(f"'{name}' did not take it")

    monkeypatch.setattr("components.llm.gateway.files._reload", refuses)

    with pytest.raises(ReloadError):
        GATEWAY.update("id", outs, props(NEW, files={**props(NEW)["files"], "Caddyfile": "# refused\n"}))

    assert (props()["files"]["Caddyfile"], {OLD, NEW}) == (volume.files["Caddyfile"], accepted(volume))


def test_a_configuration_that_docker_does_not_let_us_load_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outs = created()
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")

    with pytest.raises(ReloadError, match=r"(?s)goes on with the former one.*run `pulumi up` again") as caught:
        GATEWAY.update("id", outs, props(files={**props()["files"], "Caddyfile": "# other\n"}))

    assert "canary" not in str(caught.value)
