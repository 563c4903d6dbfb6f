"""
Each guide of docs/guides is followed to the letter. What stands in a test's table of differences is all that differs
from the page.
"""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
import yaml

from air_gapped import pins
from components.llm.names import SLOT_LABEL
from tests.fixtures.broken_off import start
from tests.fixtures.deployment import free_port
from tests.fixtures.guide import GUIDES, Difference, follow
from tests.fixtures.guide_world import (
    MODEL,
    PROVIDER,
    World,
    exported,
    new_key,
    provider_key_typed,
    trugen_key_typed,
    typed,
)
from tests.fixtures.hand_made import agent

pytestmark = pytest.mark.docker

CUSTOM = {"provider": "custom", "model": MODEL, "url": f"https://{PROVIDER}/openai/v1", "token": "made-by-hand"}
# In the head of a GGUF file: the key, its type, the length of the value, the value.
ARCHITECTURE = b"general.architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00llama"
HOST = "llm.example.com"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("guides")) as world:
        yield world


def named(page: str, here: str) -> list[Difference]:
    """Docker has one name space on this machine, and somebody may have followed the guide already."""
    why = "names of containers must be free"
    spellings = "Pulumi.{}.yaml", "STACK={}", "--stack {}", "stack init {}", "stack={}", "stack '{}'", "trugen-llm-{}-"
    return [Difference(one.format(page), one.format(here), why) for one in spellings]


@contextmanager
def removed(world: World, stack: str, engine: docker.DockerClient) -> Iterator[None]:
    """Whatever becomes of the guide, nothing of *stack* stays in Docker."""
    try:
        yield
    finally:
        with world.shell() as shell:
            shell.run(f"TRUGEN_API_KEY={world.trugen_key} pulumi destroy --yes --skip-preview --stack {stack}")
        left = engine.containers.list(all=True, filters={"label": f"trugen-llm.stack={stack}"})
        for container in left:
            container.remove(force=True)
    assert left == []


def test_first_agent(world: World, engine: docker.DockerClient) -> None:
    stack = f"e2e-{secrets.token_hex(3)}"
    ports = {21434: free_port(), 21435: free_port(), 21436: free_port()}
    stacks = world.folder / "stacks"
    local = (stacks / "Pulumi.local.yaml").read_text()
    for page, here in ports.items():
        local = local.replace(str(page), str(here))
    copied = yaml.safe_load(local)
    del copied["encryptionsalt"]
    (stacks / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(copied))
    why = "the local stack may be deployed on this machine"

    with removed(world, stack, engine), world.shell() as shell:
        follow(
            "first-agent",
            world.folder,
            shell,
            differences=[
                Difference("--stack local", f"--stack {stack}", why),
                Difference("make up", f"make up STACK={stack}", why),
                Difference("make down", f"python -m components down --stack {stack}", "others use the Docker engine"),
                Difference(":21434", f":{ports[21434]}", why),
            ],
        )
        assert engine.containers.list(all=True, filters={"label": f"trugen-llm.stack={stack}"}) == []


@pytest.fixture(scope="module")
def hosted(world: World) -> World:
    """With the stack `hosted`, by its guide."""
    differences = [
        world.passphrase_exported(),
        trugen_key_typed(world.trugen_key, "hosted"),
        provider_key_typed(world.provider_key, "main", "hosted"),
    ]
    with world.shell() as shell:
        follow("hosted-llm", world.folder, shell, differences=differences)
    return world


def test_hosted_llm(hosted: World) -> None:
    (agent,) = (one for one in hosted.trugen.agents() if one["agent_name"].startswith("Reception"))

    assert agent["avatars"][0]["config"]["llm"]["url"] == "https://api.groq.com/openai/v1"


def test_move_agents_in(world: World) -> None:
    for body in (agent("Empfang"), agent("Night desk"), agent("Own model", llm=CUSTOM)):
        world.trugen.call("POST", "/ext/agent", body).raise_for_status()
    before = world.trugen.agents()
    differences = [
        world.passphrase_exported(),
        exported("TRUGEN_API_KEY=<key>", world.trugen_key),
        provider_key_typed(world.provider_key, "gpt-oss-20b", "team"),
    ]

    with world.shell() as shell:
        follow("move-agents-in", world.folder, shell, differences=differences)

    assert [one["id"] for one in world.trugen.agents()] == [one["id"] for one in before]


@dataclass(frozen=True)
class Box:
    """The stack `box`, by its guide, under a name and on ports of its own."""

    stack: str
    differences: list[Difference]

    def differences_in(self, guide: str) -> list[Difference]:
        """Those of them that *guide* has a use for."""
        page = (GUIDES / f"{guide}.md").read_text(encoding="utf-8")
        return [one for one in self.differences if one.page in page]


@pytest.fixture(scope="module")
def box(world: World, engine: docker.DockerClient) -> Iterator[Box]:
    stack, port, private = f"e2e-{secrets.token_hex(3)}", free_port(), free_port()
    ssl, models = world.folder / ".cache" / "ssl", world.folder / ".cache" / "models"
    put_certificate(world, ssl, "first")
    for name in ("support", "support-2"):
        (models / f"{name}-Q4_K_M.gguf").hardlink_to(models / pins.GGUF_NAME)
    world.internet.pass_through(HOST, port)
    ours = [
        *named("box", stack),
        Difference("gpu: all\n      contextLength: 8192", "threads: 1\n      contextLength: 2048", "no GPU is here"),
        Difference("engine: llama.cpp", f"engine: llama.cpp\n      image: {pins.LLAMA_CPP_IMAGE}", "built, not pulled"),
        Difference("port: 443", f"port: {port}", "is often taken"),
        Difference("privatePort: 11435", f"privatePort: {private}", "is often taken"),
        Difference("gateway:\n        tls", "gateway:\n        drainS: 2\n        tls", "nobody is on the line"),
        Difference(f"https://{HOST}/v1", f"https://{HOST}:{port}/v1", "see `port`"),
        Difference("/srv/models", str(models), "no such folder"),
        Difference("/etc/ssl/llm", str(ssl), "no such folder"),
    ]
    with removed(world, stack, engine):
        with world.shell() as shell:
            differences = [world.passphrase_exported(), trugen_key_typed(world.trugen_key, "box"), *ours]
            follow("your-own-gpu-box", world.folder, shell, differences=differences)
        yield Box(stack, ours)


def put_certificate(world: World, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    issued = world.internet.authority.issue(name, hostname=HOST)
    shutil.copy(issued.certificate, folder / "fullchain.pem")
    shutil.copy(issued.key, folder / "privkey.pem")


@pytest.mark.usefixtures("box")
def test_your_own_gpu_box(world: World) -> None:
    urls = {one["avatars"][0]["config"]["llm"]["url"] for one in world.trugen.agents()}

    assert any(url.startswith(f"https://{HOST}:") for url in urls), urls


def test_the_metrics_of_a_gateway_are_where_its_page_says(world: World, box: Box) -> None:
    """`docker exec <c>-gateway wget -qO- http://gateway-private:9180/metrics`, of docs/gateway.md."""
    with world.shell() as shell:
        done = shell.run(
            f"docker exec trugen-llm-{box.stack}-main-gateway wget -qO- http://gateway-private:9180/metrics"
        )

    assert done.status == 0, done.printed
    assert "caddy_http_requests_total" in done.printed


def test_upgrade_a_model(world: World, box: Box) -> None:
    models = world.folder / ".cache" / "models"
    whole = (models / pins.GGUF_NAME).read_bytes()
    assert whole.count(ARCHITECTURE) == 1
    (models / "support-3-Q4_K_M.gguf").write_bytes(whole.replace(ARCHITECTURE, ARCHITECTURE[:-5] + b"zlama"))

    with world.shell() as shell:
        differences = [world.passphrase_exported(), *box.differences_in("upgrade-a-model")]
        follow("upgrade-a-model", world.folder, shell, differences=differences)


def test_rotate(hosted: World, box: Box) -> None:
    world = hosted
    trugen_key, provider_key, passphrase = new_key("trugen"), new_key("gsk"), new_key("passphrase")
    put_certificate(world, world.folder / "renewed", "renewed")
    change = "pulumi stack change-secrets-provider passphrase --stack"
    differences = [
        world.passphrase_exported(),
        exported("PULUMI_CONFIG_PASSPHRASE=<new passphrase>", passphrase),
        exported("TRUGEN_API_KEY=<key>", trugen_key),
        *(trugen_key_typed(trugen_key, stack) for stack in ("hosted", "box")),
        provider_key_typed(provider_key, "main", "hosted"),
        *(typed(passphrase, f"{change} {stack}") for stack in ("hosted", "box")),
        *box.differences_in("rotate"),
    ]

    with world.shell() as shell:
        follow(
            "rotate",
            world.folder,
            shell,
            differences=differences,
            happens={
                "The key of TruGen": lambda: world.renew_trugen_key(trugen_key),
                "The key of a hosted LLM": lambda: world.renew_provider_key(provider_key),
            },
        )
    world.renew_passphrase(passphrase)


def test_recover(hosted: World, box: Box, engine: docker.DockerClient) -> None:
    world, key = hosted, hosted.trugen_key
    differences = [
        world.passphrase_exported(),
        exported("TRUGEN_API_KEY=<key>", key),
        *box.differences_in("recover"),
    ]

    with world.shell() as shell:
        follow(
            "recover",
            world.folder,
            shell,
            differences=differences,
            happens={
                "A run was killed": lambda: kill_a_run(world),
                "An agent was deleted in the dashboard": lambda: delete_the_agent_of("hosted", world),
                "The state is lost": lambda: lose_state("hosted", world),
                "An engine is dead": lambda: stop_the_engine_of(box.stack, engine),
                "A key is wrong": lambda: world.renew_trugen_key(new_key("trugen")),
            },
        )
    world.renew_trugen_key(key)


def kill_a_run(world: World) -> None:
    with start(world.checkout, "up", "--stack", "hosted") as run:
        run.wait_for("refreshing")
        run.kill_all()


def delete_the_agent_of(stack: str, world: World) -> None:
    with world.shell() as shell:
        outputs = json.loads(shell.run(f"pulumi stack output --json --stack {stack}").printed)
    world.trugen.call("DELETE", f"/ext/agent/{outputs['agents']['reception']['id']}").raise_for_status()


def lose_state(stack: str, world: World) -> None:
    for file in (world.folder / "state" / ".pulumi" / "stacks" / "trugen-llm").glob(f"{stack}.json*"):
        file.unlink()


def stop_the_engine_of(stack: str, engine: docker.DockerClient) -> None:
    (container,) = engine.containers.list(filters={"label": [f"trugen-llm.stack={stack}", SLOT_LABEL]})
    container.stop(timeout=1)


# As README or docs spell it, and as it is typed here: on a stack and a provider that are there.
URL = f"https://{PROVIDER}/openai/v1"
BY_HAND = {
    "pulumi stack select local": "pulumi stack select hosted",
    "pulumi up": "pulumi up --yes --stack hosted",
    "pulumi up --refresh=false": "pulumi up --yes --refresh=false --stack hosted",
    "pulumi refresh": "pulumi refresh --yes --run-program --stack hosted",
    "pulumi refresh --preview-only --expect-no-changes": (
        "pulumi refresh --preview-only --expect-no-changes --stack hosted"
    ),
    "pulumi refresh --yes --clear-pending-creates": (
        "pulumi refresh --yes --clear-pending-creates --run-program --stack hosted"
    ),
    "pulumi preview --json": "pulumi preview --json --stack hosted",
    "pulumi preview --expect-no-changes": "pulumi preview --expect-no-changes --stack hosted",
    "pulumi stack rm --force": "pulumi stack init spare && pulumi stack rm --force --yes spare",
    "make preview": "make preview STACK=hosted",
    "make drift": "make drift STACK=hosted",
    "make schema": "make schema",
    "make new-stack NAME=trial ARGS='--engine hosted --llm-url groq --model openai/gpt-oss-20b"
    " --agent Concierge --sandbox'": (
        "make new-stack NAME=trial"
        " ARGS='--engine hosted --llm-url groq --model openai/gpt-oss-20b --agent Concierge --sandbox'"
    ),
    "pulumi cancel --yes": "pulumi cancel --yes --stack hosted",
    "pulumi stack output developer_studio --json --show-secrets": (
        "pulumi stack output developer_studio --json --show-secrets --stack hosted"
    ),
    "pulumi config set --path llms.<llm>.model <name>": (
        f"pulumi config set --path llms.main.model {MODEL} --stack hosted"
    ),
    "python -m components wait http://127.0.0.1:21434/v1 smollm2:135m": f"python -m components wait {URL} {MODEL}",
    "python -m components doctor http://127.0.0.1:21434/v1": f"python -m components doctor {URL}",
    "python -m components doctor https://llm.example.com/v1 --model support": (
        f"python -m components doctor {URL} --model {MODEL}"
    ),
    "LLM_TOKEN=... python -m components doctor https://llm.example.com/v1 --model support-8b --tools": (
        f"python -m components doctor {URL} --model {MODEL} --tools"
    ),
    "LLM_TOKEN=... python -m components doctor https://api.groq.com/openai/v1 --model openai/gpt-oss-20b --json": (
        f"python -m components doctor {URL} --model {MODEL} --json"
    ),
    "make doctor URL=http://127.0.0.1:8080/v1 MODEL=support-8b ARGS=--tools": (
        f"make doctor URL={URL} MODEL={MODEL} ARGS=--tools"
    ),
    "python -m components adopt --all": "python -m components adopt --all",
    "python -m components doctor --live": "python -m components doctor --live",
    "python -m components doctor --live --write --yes": "python -m components doctor --live --write --yes",
}


@pytest.mark.parametrize("here", BY_HAND.values(), ids=BY_HAND.keys())
def test_what_the_pages_tell_to_type_by_hand_works(hosted: World, here: str) -> None:
    variables = {"LLM_TOKEN": hosted.provider_key, "TRUGEN_API_KEY": hosted.trugen_key}

    with hosted.shell() as shell:
        shell.run(" ".join(["export", *(f"{name}={value}" for name, value in variables.items())]))
        done = shell.run(here)

    assert done.status == 0, done.printed
