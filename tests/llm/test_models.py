"""`OllamaModel`: what is installed when, and what counts as drift. The provider's verbs, on a stand-in for Ollama."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.llm import gguf
from components.llm.gateway.routes import only
from components.llm.model_provider import OllamaModelProvider, _install
from components.llm.model_work import ModelError
from tests.fixtures.dynamic_process import ProviderFailed, dynamic_process
from tests.fixtures.ollama_stand_in import OllamaStandIn
from tests.fixtures.scripted_docker import CONTAINER, REMOVED_CONTAINER, ScriptedDocker, docker_host
from tests.fixtures.volume_in_memory import PLACE, volume_in_memory

Props = dict[str, Any]


@pytest.fixture(autouse=True)
def running_container(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ScriptedDocker().serve() as docker:
        monkeypatch.setenv("DOCKER_HOST", docker_host(docker))
        yield


@pytest.fixture
def ollama() -> Iterator[OllamaStandIn]:
    with OllamaStandIn().serve() as ollama:
        yield ollama


@pytest.fixture
def pulled(ollama: OllamaStandIn) -> Props:
    return {
        "api_url": ollama.url,
        "server": CONTAINER,
        "model": "llama3.2:1b",
        "stall_timeout_s": 5.0,
        "progress_urn": "",
    }


@pytest.fixture
def imported(pulled: Props, tmp_path: Path) -> Props:
    weights = tmp_path / "weights.gguf"
    weights.write_bytes(b"GGUF one")
    # As Pulumi hands it over: every number is a float.
    return {**pulled, "gguf_path": str(weights), "parameters": {"num_ctx": 2048.0, "temperature": 0.2}}


def created(props: Props) -> Props:
    return OllamaModelProvider().create(props).outs or {}


def changes(olds: Props, news: Props) -> bool:
    result = OllamaModelProvider().diff("model", olds, news)
    assert result.replaces == []
    return bool(result.changes)


def updated(olds: Props, news: Props) -> Props:
    return OllamaModelProvider().update("model", olds, news).outs or {}


def refreshed(olds: Props) -> Props | None:
    result = OllamaModelProvider().read("model", olds)
    return result.outs if result.id else None


def test_a_model_is_pulled_and_its_digest_recorded(ollama: OllamaStandIn, pulled: Props) -> None:
    outs = created(pulled)

    assert ollama.models == {"llama3.2:1b": outs["digest"]}
    assert outs["size_bytes"] == 1000


def test_a_model_that_an_interrupted_run_left_is_not_pulled_again(ollama: OllamaStandIn, pulled: Props) -> None:
    ollama.models["llama3.2:1b"] = "left"

    outs = created(pulled)

    assert (outs["digest"], ollama.count("/api/pull")) == ("left", 0)


def test_an_unchanged_model_is_no_change(pulled: Props) -> None:
    assert not changes(created(pulled), pulled)


def test_ollama_gets_whole_numbers_where_a_person_wrote_them(ollama: OllamaStandIn, imported: Props) -> None:
    created(imported)

    assert repr(ollama.bodies[-1]["parameters"]) == "{'num_ctx': 2048, 'temperature': 0.2}"


def test_another_container_with_the_model_needs_no_work(ollama: OllamaStandIn, imported: Props) -> None:
    olds = created(imported)
    news = {**imported, "server": REMOVED_CONTAINER}

    assert changes(olds, news)
    updated(olds, news)

    assert ollama.count("/api/create") == 1


def test_another_tag_is_pulled_and_the_old_one_stays_for_the_agent(ollama: OllamaStandIn, pulled: Props) -> None:
    olds = created(pulled)
    news = {**pulled, "model": "llama3.2:3b"}

    assert changes(olds, news)
    updated(olds, news)

    assert set(ollama.models) == {"llama3.2:1b", "llama3.2:3b"}


def test_a_change_of_model_that_is_taken_back_does_not_touch_the_one_that_serves(
    ollama: OllamaStandIn, pulled: Props
) -> None:
    """Its tag may lead to other weights by now, and nobody proved them."""
    failed = updated(created(pulled), {**pulled, "model": "llama3.2:3b"})
    ollama.models["llama3.2:1b"], pulls = "serves", ollama.count("/api/pull")

    outs = updated(failed, pulled)

    assert ("serves", pulls) == (outs["digest"], ollama.count("/api/pull"))


def test_other_settings_are_imported_under_the_same_name(imported: Props) -> None:
    olds = created(imported)
    news = {**imported, "template": "{{ .Prompt }}"}

    assert changes(olds, news)
    outs = updated(olds, news)

    assert outs["digest"] != olds["digest"]


def test_an_unknown_container_in_a_preview_is_a_change(pulled: Props) -> None:
    assert changes(created(pulled), {**pulled, "server": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"})


def test_other_weights_at_the_same_path_are_noticed_and_imported(imported: Props) -> None:
    olds = created(imported)
    path = Path(imported["gguf_path"])
    path.write_bytes(b"GGUF two!")

    assert changes(olds, imported)
    outs = updated(olds, imported)

    assert outs["gguf_sha256"] == gguf.sha256(path)
    assert not changes(outs, imported)


def test_a_touched_file_is_no_change(imported: Props) -> None:
    olds = created(imported)
    os.utime(imported["gguf_path"], (1, 1))

    assert not changes(olds, imported)


def test_a_file_that_is_gone_is_no_change_of_the_model(imported: Props) -> None:
    olds = created(imported)
    Path(imported["gguf_path"]).unlink()

    assert not changes(olds, imported)


def test_a_model_removed_by_hand_is_gone_after_a_refresh(ollama: OllamaStandIn, pulled: Props) -> None:
    olds = created(pulled)
    ollama.models.clear()

    assert refreshed(olds) is None


def test_a_model_exchanged_by_hand_is_drift_that_heals(ollama: OllamaStandIn, imported: Props) -> None:
    olds = created(imported)
    ollama.models["llama3.2:1b"] = "somebody else's"
    seen = refreshed(olds)
    assert seen is not None

    assert changes(seen, imported)
    healed = updated(seen, imported)

    assert healed["digest"] == olds["digest"]


def test_a_stopped_server_says_nothing_about_its_models(pulled: Props) -> None:
    olds = {**pulled, "api_url": "http://127.0.0.1:9", "digest": "d", "installed_digest": "d"}

    assert refreshed(olds) == olds


def test_a_fault_reaches_the_user_without_a_traceback(ollama: OllamaStandIn, pulled: Props) -> None:
    ollama.pulls = [[{"error": "pull model manifest: file does not exist"}]]

    with (
        dynamic_process(OllamaModelProvider()) as process,
        pytest.raises(ProviderFailed, match=r"\Acomponents\.llm\.model_work\.ModelError: Ollama could not pull"),
    ):
        process.create(pulled)


def test_a_model_whose_tag_was_moved_is_not_the_pinned_one(pulled: Props) -> None:
    pinned = f"sha256:{'0' * 64}"

    with pytest.raises(ModelError, match=f"and not the pinned {pinned}: its tag was moved") as caught:
        _install({**pulled, "pinned_digest": pinned}, keep=lambda _: True)

    assert str(caught.value).splitlines()[-1].strip().startswith("Look at what changed, then correct `digest`")


def test_a_model_with_the_pinned_digest_is_installed(pulled: Props) -> None:
    digest = created(pulled)["digest"]

    assert created({**pulled, "pinned_digest": f"sha256:{digest}"})["digest"] == digest


def test_a_lora_adapter_is_imported_with_the_weights(ollama: OllamaStandIn, imported: Props, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes(b"GGUF adapter")

    outs = created({**imported, "adapter_path": str(adapter)})

    assert ollama.bodies[-1]["adapters"] == {"adapter.gguf": f"sha256:{outs['adapter_sha256']}"}
    assert len(ollama.blobs) == 2


def test_another_adapter_at_the_same_path_is_noticed(imported: Props, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes(b"GGUF adapter")
    news = {**imported, "adapter_path": str(adapter)}
    olds = created(news)

    adapter.write_bytes(b"GGUF another adapter")

    assert changes(olds, news)


PRIVATE = "canary-private"


@pytest.fixture
def behind_a_door(ollama: OllamaStandIn, pulled: Props) -> Props:
    ollama.token = PRIVATE
    return {**pulled, "token": PRIVATE}


def test_a_door_in_front_of_ollama_is_shown_its_token(ollama: OllamaStandIn, behind_a_door: Props) -> None:
    outs = created(behind_a_door)

    assert ollama.models == {"llama3.2:1b": outs["digest"]}
    assert refreshed(outs) == outs
    assert not changes(outs, behind_a_door)


def test_a_file_goes_through_the_door_too(ollama: OllamaStandIn, imported: Props) -> None:
    ollama.token = PRIVATE

    created({**imported, "token": PRIVATE})

    assert [b"GGUF one"] == list(ollama.blobs.values())


def test_another_token_needs_no_work_but_is_kept(ollama: OllamaStandIn, behind_a_door: Props) -> None:
    olds = created(behind_a_door)
    ollama.token = "another"
    news = {**behind_a_door, "token": "another"}

    assert changes(olds, news)
    assert ("another", 1) == (updated(olds, news)["token"], ollama.count("/api/pull"))


def test_a_door_that_refuses_is_told_without_the_token(ollama: OllamaStandIn, behind_a_door: Props) -> None:
    ollama.token = "another"

    with pytest.raises(ModelError, match="HTTP 401") as caught:
        created(behind_a_door)

    assert PRIVATE not in str(caught.value)


def test_a_model_that_does_not_come_into_a_candidate_takes_the_candidate_along(
    ollama: OllamaStandIn, pulled: Props, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[str] = []
    monkeypatch.setattr("components.llm.gateway.candidate._remove", removed.append)
    ollama.pulls = [[{"error": "pull model manifest: file does not exist"}]]

    files = {"routes.json": str(only("engine-b:11434", "old"))}
    with volume_in_memory(files) as volume, pytest.raises(ModelError, match="does not exist"):
        created({**pulled, "gateway": PLACE})

    assert ([CONTAINER], []) == (removed, volume.writes)


def test_a_model_that_does_not_come_into_the_live_engine_leaves_it_there(
    ollama: OllamaStandIn, pulled: Props, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[str] = []
    monkeypatch.setattr("components.llm.gateway.candidate._remove", removed.append)
    ollama.pulls = [[{"error": "pull model manifest: file does not exist"}]]

    files = {"routes.json": str(only(PLACE["address"], "old"))}
    with volume_in_memory(files), pytest.raises(ModelError, match="does not exist"):
        created({**pulled, "gateway": PLACE})

    assert [] == removed
