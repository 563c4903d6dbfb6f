"""
Where the engine of a stack goes, and whether it fits there, is known before anything is created.

Docker is a stand-in, with a machine of 16 GiB.
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from components.llm import preflight
from components.llm.document import Llm, OllamaLlm
from components.llm.engines import OLLAMA
from components.llm.gateway.slots import Choice
from components.llm.model_name import ModelName
from components.llm.names import Names, Slot, alias
from components.llm.ollama_api import StoredModel
from components.llm.preflight_one import Elsewhere
from components.llm.registry import NoSuchModelError
from tests.fixtures.deployment import free_port
from tests.fixtures.docker_stand_in import DockerStandIn
from tests.llm.test_gguf import model as gguf_bytes

GIB = 2**30
NAMES = Names("trugen-llm", "test", "main")
PRIVATE_TOKEN = "canary-private-token"
RECREATE = "`pulumi config set --path llms.main.strategy recreate`."


@pytest.fixture(autouse=True)
def docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerStandIn]:
    with DockerStandIn(runtimes={"runc", "nvidia"}).serve() as docker:
        monkeypatch.setenv("DOCKER_HOST", docker.host)
        yield docker


def llm(**fields: Any) -> Any:
    ollama = {"engine": "ollama", "model": "new:1b", "port": free_port(), "privatePort": free_port()}
    return TypeAdapter(Llm).validate_python({**ollama, **fields})


def vllm(folder: Path, **fields: Any) -> Any:
    (folder / "config.json").write_text("{}")
    here = {"image": OLLAMA.images["cpu"], "weights": {"directory": str(folder)}}
    return llm(**{"engine": "vllm", "model": "m", "gpu": "all", **here, **fields})


def machine(
    *, weights_gib: float | None = None, free_gib: float | None = None, stored_gib: Mapping[str, float] | None = None
) -> Elsewhere:
    stored = {ModelName.parse(name): StoredModel("", int(size * GIB)) for name, size in (stored_gib or {}).items()}
    return Elsewhere(
        registry_size=lambda _: None if weights_gib is None else int(weights_gib * GIB),
        stored_models=lambda *_: stored,
        available_bytes=lambda: None if free_gib is None else int(free_gib * GIB),
    )


NOTHING_KNOWN = machine()


def check(declared: Any, elsewhere: Elsewhere = NOTHING_KNOWN, secrets: Mapping[str, str] | None = None) -> Choice:
    return preflight.check("trugen-llm", "test", {"main": declared}, {"main": secrets or {}}, elsewhere)["main"]


def problem(declared: Any, elsewhere: Elsewhere = NOTHING_KNOWN) -> str:
    with pytest.raises(preflight.PreflightError) as caught:
        check(declared, elsewhere)
    (line,) = str(caught.value).splitlines()[1:]
    return line.strip()


def serve(docker: DockerStandIn, declared: Any, slot: Slot, mark: str) -> None:
    """An engine that was proven in an earlier run, and its gateway."""
    docker.add(NAMES.engine(slot), dict(NAMES.engine_labels(slot, mark)))
    docker.publish(declared.port, NAMES.gateway, dict(NAMES.owner))
    docker.files[NAMES.gateway, "/run/trugen-llm/private-token"] = PRIVATE_TOKEN
    docker.files[NAMES.gateway, "/run/trugen-llm/routes.json"] = f'{{"live": "{alias(slot)}:11434", "models": {{}}}}'


def test_the_first_engine_goes_into_slot_a() -> None:
    choice = check(llm())

    assert (choice.slot, choice.beside) == ("a", None)


def test_an_engine_that_serves_as_declared_stays(docker: DockerStandIn) -> None:
    declared = llm()
    serve(docker, declared, "b", check(declared).mark)

    assert check(declared).slot == "b"


def test_another_engine_goes_beside_the_one_that_serves(docker: DockerStandIn) -> None:
    declared = llm()
    serve(docker, declared, "b", "old")

    choice = check(declared)

    assert (choice.slot, choice.beside) == ("a", "b")


def test_with_recreate_another_engine_takes_the_place_of_the_one_that_serves(docker: DockerStandIn) -> None:
    declared = llm(strategy="recreate")
    serve(docker, declared, "b", "old")

    choice = check(declared)

    assert (choice.slot, choice.beside) == ("b", None)


def test_another_restart_policy_or_door_makes_no_other_engine() -> None:
    assert check(llm()).mark == check(llm(restart="no", gateway={"keepAliveS": 5}, publicUrl="https://a.example")).mark


@pytest.mark.parametrize(
    "other", [{"memory": "4GiB"}, {"cpus": 2}, {"keepAlive": "5m"}, {"contextLength": 2048}], ids=str
)
def test_another_setting_of_the_engine_makes_another_engine(other: dict[str, Any]) -> None:
    assert check(llm()).mark != check(llm(**other)).mark


def test_another_secret_makes_another_engine() -> None:
    assert check(llm(), secrets={"token": "hf_1"}).mark != check(llm(), secrets={"token": "hf_2"}).mark


def test_another_model_on_an_ollama_makes_no_other_engine() -> None:
    """One server holds many."""
    assert check(llm(model="old:1b")).mark == check(llm(model="new:1b")).mark


def test_weights_written_anew_make_another_engine(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf_bytes())
    declared = llm(engine="llama.cpp", gguf=str(path), image=OLLAMA.images["cpu"])
    before = check(declared).mark

    path.write_bytes(gguf_bytes() + b"\0")

    assert check(declared).mark != before


def test_a_new_engine_that_fits_beside_the_old_one_is_fine(docker: DockerStandIn) -> None:
    declared = llm(memory="8GiB")
    serve(docker, declared, "a", "old")

    assert check(declared, machine(weights_gib=4, free_gib=5)).slot == "b"


def test_a_new_engine_that_does_not_fit_beside_the_old_one_is_refused(docker: DockerStandIn) -> None:
    declared = llm(memory="8GiB")
    serve(docker, declared, "a", "old")

    said = problem(declared, machine(weights_gib=4, free_gib=3))

    assert said.startswith("llms.main.memory: the new engine takes about 4.5 GiB beside the one that serves, and")
    assert said.endswith(RECREATE)


def test_a_new_engine_with_weights_of_unknown_size_needs_all_it_may_use(docker: DockerStandIn) -> None:
    declared = llm(memory="8GiB")
    serve(docker, declared, "a", "old")

    assert "takes about 8.0 GiB" in problem(declared, machine(weights_gib=None, free_gib=7))


def test_on_a_machine_that_does_not_tell_its_memory_a_new_engine_is_tried(docker: DockerStandIn) -> None:
    declared = llm()
    serve(docker, declared, "a", "old")

    assert check(declared, machine(weights_gib=4, free_gib=None)).slot == "b"


def test_with_recreate_memory_for_one_engine_is_enough(docker: DockerStandIn) -> None:
    declared = llm(strategy="recreate")
    serve(docker, declared, "a", "old")

    assert check(declared, machine(weights_gib=4, free_gib=0)).slot == "a"


def test_a_candidate_that_runs_already_needs_no_more_memory(docker: DockerStandIn) -> None:
    """A killed run left it."""
    declared = llm()
    serve(docker, declared, "a", "old")
    docker.add(NAMES.engine("b"), dict(NAMES.engine_labels("b", "unwanted")))

    assert check(declared, machine(weights_gib=4, free_gib=0)).slot == "b"


def test_the_first_engine_is_not_measured_against_what_is_free() -> None:
    """Caches of the machine give way, and nothing is there to be harmed."""
    assert check(llm(), machine(weights_gib=4, free_gib=0)).slot == "a"


def test_two_models_that_fit_into_one_ollama_are_fine(docker: DockerStandIn) -> None:
    declared = llm(memory="8GiB")
    serve(docker, declared, "a", check(declared).mark)

    assert check(declared, machine(weights_gib=4, stored_gib={"old:1b": 4})).slot == "a"


def test_a_model_that_our_server_has_is_looked_up_nowhere(docker: DockerStandIn) -> None:
    declared = llm()
    serve(docker, declared, "b", check(declared).mark)
    asked: list[tuple[Slot, str]] = []

    def stored_models(_: OllamaLlm, live: Slot, private_token: str) -> Mapping[ModelName, StoredModel]:
        asked.append((live, private_token))
        return {ModelName.parse("new:1b"): StoredModel("", GIB)}

    def refuses(_: ModelName) -> int | None:
        raise NoSuchModelError("registry.ollama.ai has no 'new:1b'")

    assert check(declared, Elsewhere(registry_size=refuses, stored_models=stored_models)).slot == "b"
    assert asked == [("b", PRIVATE_TOKEN)]


def test_a_model_that_does_not_fit_beside_the_old_one_into_one_ollama_is_refused(docker: DockerStandIn) -> None:
    declared = llm(memory="8GiB")
    serve(docker, declared, "a", check(declared).mark)

    said = problem(declared, machine(weights_gib=5, stored_gib={"old:1b": 4, "older:1b": 1}))

    assert said.startswith("llms.main.memory: the weights of 'new:1b' take 5.0 GiB beside the 4.0 GiB of 'old:1b'")
    assert said.endswith(RECREATE)


def test_with_recreate_a_model_replaces_the_old_one_in_its_ollama(docker: DockerStandIn) -> None:
    declared = llm(memory="8GiB", strategy="recreate")
    serve(docker, declared, "a", check(declared).mark)

    assert check(declared, machine(weights_gib=5, stored_gib={"old:1b": 4})).slot == "a"


def test_a_model_that_the_ollama_has_already_is_not_measured(docker: DockerStandIn) -> None:
    """As after a step back to what serves."""
    declared = llm(memory="8GiB")
    serve(docker, declared, "a", check(declared).mark)

    assert check(declared, machine(weights_gib=5, stored_gib={"new:1b": 5, "old:1b": 4})).slot == "a"


@pytest.mark.parametrize("share", [None, 0.5])
def test_on_a_gpu_a_new_engine_that_may_fit_is_tried(
    docker: DockerStandIn, tmp_path: Path, share: float | None
) -> None:
    declared = vllm(tmp_path, gpuMemoryShare=share)
    serve(docker, declared, "a", "old")

    assert check(declared, machine(free_gib=0)).slot == "b"


def test_on_a_gpu_a_new_engine_that_cannot_fit_is_refused(docker: DockerStandIn, tmp_path: Path) -> None:
    declared = vllm(tmp_path, gpuMemoryShare=0.85)
    serve(docker, declared, "a", "old")

    said = problem(declared)

    assert said.startswith("llms.main.gpuMemoryShare: two engines that take 0.85 of a GPU each do not fit on one")
    assert said.endswith(RECREATE)


def test_on_a_gpu_a_first_engine_may_take_most_of_it(tmp_path: Path) -> None:
    assert check(vllm(tmp_path, gpuMemoryShare=0.85)).slot == "a"


def test_a_private_port_of_another_program_is_told() -> None:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]

        assert problem(llm(privatePort=port)).startswith(f"llms.main.privatePort: {port} is taken by another program")


def test_a_private_port_of_another_container_is_told(docker: DockerStandIn) -> None:
    docker.publish(20501, "other", {})

    assert problem(llm(privatePort=20501)).startswith("llms.main.privatePort: 20501 belongs to the container 'other'.")


def test_a_port_of_another_address_is_free() -> None:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        held.listen()

        assert check(llm(port=held.getsockname()[1], gateway={"bind": "127.0.0.2"})).slot == "a"


def test_an_address_that_this_machine_does_not_have_is_told() -> None:
    """192.0.2.0/24 is for documentation (RFC 5737)."""
    assert problem(llm(gateway={"bind": "192.0.2.1"})) == (
        "llms.main.gateway.bind: 192.0.2.1 is no address of this machine. `ip address` shows those it has."
    )


@pytest.mark.parametrize("key", ["image", "relayImage"])
def test_an_image_of_the_gateway_that_no_registry_has_is_refused(key: str) -> None:
    said = problem(llm(gateway={key: "acme/gone:1"}))

    assert said.startswith(f"llms.main.gateway.{key}: 'acme/gone:1' cannot be pulled: manifest unknown.")


def second_change(docker: DockerStandIn, declared: Any, first_mark: str) -> None:
    """The engine of slot b was proven and went live; the agents have not moved on from that of slot a."""
    serve(docker, declared, "b", "second")
    docker.add(NAMES.engine("a"), dict(NAMES.engine_labels("a", first_mark)))
    routes = '{"live": "engine-b:11434", "models": {"new": "engine-b:11434", "old": "engine-a:11434"}}'
    docker.files[NAMES.gateway, "/run/trugen-llm/routes.json"] = routes


def test_a_third_engine_waits_until_the_agents_have_left_the_first(docker: DockerStandIn) -> None:
    declared = llm()
    second_change(docker, declared, "first")

    told = problem(declared, machine(free_gib=64))

    assert told.startswith("llms.main.engine: a change before has not come to its end")
    assert "llms.main.strategy recreate" in told


def test_going_back_to_the_first_engine_needs_no_third_slot(docker: DockerStandIn) -> None:
    declared = llm()
    second_change(docker, declared, check(declared).mark)

    assert check(declared).slot == "a"


def test_with_recreate_a_third_engine_takes_the_place_of_the_second(docker: DockerStandIn) -> None:
    declared = llm(strategy="recreate")
    second_change(docker, declared, "first")

    assert check(declared).slot == "b"
