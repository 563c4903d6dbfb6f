"""Every secret of a deployed stack is looked for wherever somebody without it may look."""

import json
from collections.abc import Iterator, Mapping

import docker
import pytest
from docker.models.images import Image

from components.llm.gateway.places import PRIVATE_TOKEN, TOKEN
from tests.fixtures.door_rows import right
from tests.fixtures.guarded import CANARY, Guarded, failed_run
from tests.fixtures.pulumi_project import PASSPHRASE

pytestmark = pytest.mark.docker
PROMPT = "canary-prompt-of-a-caller-1d7f"


@pytest.fixture(scope="module")
def canaries(guarded: Guarded, private_token: str) -> Mapping[str, bytes]:
    """Each secret by what it is, and a caller's words."""
    private_key = (guarded.folder / "localhost.key").read_text().splitlines()
    found = {
        "public token": CANARY,
        "private token": private_token,
        "passphrase": PASSPHRASE,
        "workspace's key": guarded.outputs()["sandbox"]["api_key"],
        "private key of TLS": private_key[len(private_key) // 2],
        "prompt": PROMPT,
    }
    return {name: secret.encode() for name, secret in found.items()}


def found_in(text: str, canaries: Mapping[str, bytes]) -> list[str]:
    return [name for name, secret in canaries.items() if secret in text.encode()]


def test_the_tokens_are_where_they_have_to_be(guarded: Guarded, engine: docker.DockerClient) -> None:
    state = json.loads(guarded.pulumi("stack", "export", "--show-secrets").printed)["deployment"]["resources"]
    generated = {_plain(one["outputs"]["value"]) for one in state if one["type"].endswith("BearerToken")}

    assert guarded.gateway_file(engine, TOKEN) == CANARY
    assert json.dumps(guarded.gateway_file(engine, PRIVATE_TOKEN)) in generated


def test_what_the_first_run_prints_with_all_differences_holds_no_secret(
    guarded: Guarded, canaries: Mapping[str, bytes]
) -> None:
    assert found_in(guarded.first.printed, canaries) == []
    assert "BearerToken" in guarded.first.printed


@pytest.mark.parametrize(
    "command",
    [
        "preview --diff",
        "refresh --preview-only --diff",
        "stack export",
        "stack output --json",
        "config --json",
    ],
)
def test_no_command_prints_a_secret_unasked(guarded: Guarded, canaries: Mapping[str, bytes], command: str) -> None:
    printed = guarded.pulumi(*command.split()).printed

    assert found_in(printed, canaries) == []
    assert len(printed) > 100


def test_a_run_that_fails_prints_no_secret(guarded: Guarded, canaries: Mapping[str, bytes]) -> None:
    failed = failed_run(guarded)

    assert failed.status != 0
    assert "smollm2:broken" in failed.printed
    assert found_in(failed.printed, canaries) == []
    assert found_in(guarded.exported_state(), canaries) == []


def test_no_inspection_of_docker_shows_a_secret(
    guarded: Guarded, engine: docker.DockerClient, canaries: Mapping[str, bytes]
) -> None:
    shown = {role: json.dumps(one.attrs) for role, one in guarded.roles(engine).items()}
    label = f"trugen-llm.stack={guarded.stack}"
    shown["volumes"] = json.dumps([one.attrs for one in engine.volumes.list(filters={"label": label})])
    shown["networks"] = json.dumps([one.attrs for one in engine.networks.list(filters={"label": label})])
    shown["changed files"] = json.dumps([one.diff() for one in guarded.roles(engine).values()])

    assert {place: found_in(text, canaries) for place, text in shown.items()} == {place: [] for place in shown}


def test_no_image_holds_a_secret_in_its_history_or_a_layer(
    guarded: Guarded, engine: docker.DockerClient, canaries: Mapping[str, bytes]
) -> None:
    images = {role: one.image for role, one in guarded.roles(engine).items()}
    history = json.dumps([image.history() for image in images.values() if image])

    assert found_in(history, canaries) == []
    assert {role: _in_layers(image, canaries) for role, image in images.items() if image} == {r: [] for r in images}


def test_no_log_of_a_container_holds_a_secret_or_a_callers_words(
    guarded: Guarded, engine: docker.DockerClient, canaries: Mapping[str, bytes], private_token: str
) -> None:
    asked = {"model": "smollm2:135m", "max_tokens": 1, "messages": [{"role": "user", "content": PROMPT}]}
    guarded.ask("POST /v1/chat/completions", right(CANARY), body=json.dumps(asked).encode())
    guarded.ask(f"GET /v1/models?token={CANARY}", b"Authorization: Basic " + CANARY.encode(), right(private_token))
    guarded.ask_privately(f"GET /?key={private_token}", right(private_token))

    logs = {role: one.logs().decode(errors="replace") for role, one in guarded.roles(engine).items()}

    assert {role: found_in(log, canaries) for role, log in logs.items()} == {role: [] for role in logs}
    assert "/v1/chat/completions" in logs["gateway"]


def test_the_engine_has_no_secret_in_its_environment_or_its_volume(
    guarded: Guarded, engine: docker.DockerClient, canaries: Mapping[str, bytes]
) -> None:
    container = guarded.engine_container(engine)
    volume, _ = container.get_archive("/root/.ollama")

    assert found_in(json.dumps(container.attrs["Config"]["Env"]), canaries) == []
    assert _in_pieces(volume, canaries) == []


def _in_layers(image: Image, canaries: Mapping[str, bytes]) -> list[str]:
    return _in_pieces(image.save(), canaries)


def _in_pieces(pieces: Iterator[bytes], canaries: Mapping[str, bytes]) -> list[str]:
    """Also where one of them is cut in two."""
    longest = max(map(len, canaries.values()))
    found, tail = set(), b""
    for piece in pieces:
        window = tail + piece
        found |= {name for name, secret in canaries.items() if secret in window}
        tail = window[-longest:]
    return sorted(found)


def _plain(value: object) -> str:
    """What the state holds decrypted of a secret value: it as JSON."""
    return str(value["plaintext"]) if isinstance(value, dict) else json.dumps(value)
