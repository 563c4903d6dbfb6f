"""Bringing one model to one server. The server is a stand-in, so that it can fail on cue."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from components.llm import gguf
from components.llm.model_work import Blob, Import, ModelError, ModelWork, Patience
from components.llm.ollama_api import OllamaApi
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.ollama_stand_in import CUT, LAYER, PULLED, OllamaStandIn


class Desk:
    """A server, a clock, and the lines a person saw."""

    def __init__(self, ollama: OllamaStandIn) -> None:
        self.ollama = ollama
        self.clock = FakeClock()
        self.told: list[str] = []
        self.dead_because: str | None = None
        patience = Patience(180, self.told.append, lambda: self.dead_because, self.clock, self.clock.sleep)
        self.api = OllamaApi(ollama.url)
        self.work = ModelWork(self.api, "llama3.2:1b", patience)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with OllamaStandIn().serve() as ollama:
        desk = Desk(ollama)
        with desk.api:
            yield desk


@pytest.fixture
def weights(tmp_path: Path) -> Import:
    path = tmp_path / "weights.gguf"
    path.write_bytes(b"GGUF" + bytes(100_000))
    return Import(Blob(path, gguf.sha256(path)), {"template": "{{ .Prompt }}", "parameters": {"num_ctx": 2048}})


def test_a_pulled_model_is_stored_and_its_bytes_were_shown(desk: Desk) -> None:
    desk.work.pull()

    assert desk.work.stored() is not None
    assert "pulling llama3.2:1b: 100 % of 2,000 MB" in desk.told


def test_a_pull_that_breaks_off_is_resumed(desk: Desk) -> None:
    desk.ollama.pulls = [[LAYER, CUT], [LAYER, {**LAYER, "completed": 500}], PULLED]

    desk.work.pull()

    assert desk.ollama.count("/api/pull") == 3
    assert desk.work.stored() is not None


def test_an_imported_file_is_sent_once_with_its_settings(desk: Desk, weights: Import) -> None:
    desk.work.import_file(weights)
    desk.work.import_file(weights)

    assert [desk.ollama.asked.count(("POST", f"/api/blobs/sha256:{weights.weights.sha256}"))] == [1]
    assert desk.ollama.bodies[-1] == {
        "model": "llama3.2:1b",
        "files": {"weights.gguf": f"sha256:{weights.weights.sha256}"},
        "template": "{{ .Prompt }}",
        "parameters": {"num_ctx": 2048},
    }


def test_the_share_sent_is_shown(desk: Desk, weights: Import) -> None:
    desk.work.import_file(weights)

    assert "sending weights.gguf: 100 % of 0 MB" in desk.told


def test_waiting_ends_when_the_server_answers(desk: Desk) -> None:
    desk.ollama.refusals["/api/version"] = (503, "starting")
    told = desk.told.append

    def answer_soon(line: str) -> None:
        told(line)
        desk.ollama.refusals.clear()

    desk.work = ModelWork(
        desk.api, "llama3.2:1b", Patience(180, answer_soon, lambda: None, desk.clock, desk.clock.sleep)
    )

    desk.work.wait_for_server()

    assert desk.told == ["waiting for Ollama to answer, 0 s"]
    assert desk.clock.pauses == [0.1]


def test_a_server_that_never_answers_ends_the_wait_at_the_stall_limit() -> None:
    ollama = OllamaStandIn()
    with closing(socket.socket()) as reserved:
        reserved.bind(("127.0.0.1", 0))
        ollama.url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
    desk = Desk(ollama)

    with pytest.raises(ModelError, match=r"(?s)without progress for 180 s.*`pulumi up` again"):
        desk.work.wait_for_server()

    assert desk.clock() == pytest.approx(181, abs=2)
    assert desk.told[-1].startswith("waiting for Ollama to answer, ")


def test_a_container_that_ended_ends_the_wait_at_once() -> None:
    desk = Desk(OllamaStandIn(url="http://127.0.0.1:9"))
    desk.dead_because = "its container exited with code 1. Last log lines:\n    no space"

    with pytest.raises(ModelError, match=r"(?s)Ollama will not answer: its container exited with code 1\..*no space"):
        desk.work.wait_for_server()

    assert desk.clock.pauses == []


def test_a_tag_that_does_not_exist_is_an_error_line_under_http_200(desk: Desk) -> None:
    desk.ollama.pulls = [[{"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}]]

    with pytest.raises(
        ModelError, match=r"(?s)could not pull 'llama3\.2:1b': .*file does not exist.*ollama\.com/library"
    ):
        desk.work.pull()


def test_a_container_without_a_way_out_is_told_apart_from_a_missing_tag(desk: Desk) -> None:
    desk.ollama.pulls = [[{"error": 'Get "https://registry.ollama.ai": dial tcp: lookup: no such host'}]]

    with pytest.raises(ModelError, match="cannot reach the registry: check network and proxy"):
        desk.work.pull()


def test_a_full_disk_says_so(desk: Desk) -> None:
    desk.ollama.pulls = [[LAYER, {"error": "write /root/.ollama: no space left on device"}]]

    with pytest.raises(ModelError, match="`docker system df`"):
        desk.work.pull()


def test_a_pull_that_stands_still_fails_although_lines_keep_coming(desk: Desk) -> None:
    """Ollama repeats its progress line several times a second, whether or not there is progress."""
    desk.ollama.pulls = [[{**LAYER, "completed": 10}] * 1000]
    desk.ollama.before_line = lambda: desk.clock.sleep(1)

    with pytest.raises(ModelError, match=r"stands still at .*, without progress for 180 s"):
        desk.work.pull()


def test_a_pull_that_only_ever_breaks_off_gives_up_at_the_stall_limit(desk: Desk) -> None:
    desk.ollama.pulls = [[{"status": "pulling manifest"}, CUT]]

    with pytest.raises(ModelError, match=r"broke off|without progress"):
        desk.work.pull()


def test_weights_that_ollama_refuses_are_named_with_its_reason(desk: Desk, weights: Import) -> None:
    desk.ollama.creates = [[{"status": "parsing GGUF"}, {"error": "template error: unclosed action"}]]

    with pytest.raises(ModelError, match=r"(?s)did not import .*weights\.gguf.*unclosed action.*under `gguf`"):
        desk.work.import_file(weights)


def test_an_answer_that_is_not_ollamas_is_no_server(desk: Desk) -> None:
    desk.ollama.refusals["/api/version"] = (200, "<html>router login</html>")

    with pytest.raises(ModelError, match="answered something that is not Ollama's"):
        desk.work.wait_for_server()
