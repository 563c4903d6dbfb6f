"""
Each guide of docs/guides is followed to the letter. What stands in a test's table of differences is all that differs
from the page.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import yaml

from air_gapped import pins
from tests.fixtures.deployment import free_port
from tests.fixtures.guide import Difference, follow
from tests.fixtures.guide_world import MODEL, PROVIDER, World
from tests.fixtures.hand_made import agent

pytestmark = pytest.mark.docker

CUSTOM = {"provider": "custom", "model": MODEL, "url": f"https://{PROVIDER}/openai/v1", "token": "made-by-hand"}
GGUF = f".cache/models/{pins.GGUF_NAME}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("guides")) as world:
        yield world


def named(page: str, here: str) -> list[Difference]:
    """Docker has one name space on this machine, and somebody may have followed the guide already."""
    why = "names of containers must be free"
    spellings = ("Pulumi.{}.yaml", "STACK={}", "--stack {}", "stack init {}", "stack '{}'", "trugen-llm-{}-")
    return [Difference(one.format(page), one.format(here), why) for one in spellings]


def test_first_agent(world: World, engine: docker.DockerClient) -> None:
    stack = f"e2e-{secrets.token_hex(3)}"
    ports = {21434: free_port(), 21435: free_port(), 21436: free_port()}
    stacks = world.checkout.folder / "stacks"
    local = (stacks / "Pulumi.local.yaml").read_text()
    for page, here in ports.items():
        local = local.replace(str(page), str(here))
    copied = yaml.safe_load(local)
    del copied["encryptionsalt"]
    (stacks / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(copied))
    why = "the local stack may be deployed on this machine"

    follow(
        "first-agent",
        world.checkout.folder,
        world.shell(),
        differences=[
            Difference("--stack local", f"--stack {stack}", why),
            Difference("make up", f"make up STACK={stack}", why),
            Difference("make down", f"python -m components down --stack {stack}", "it would stop everybody's Docker"),
            Difference(":21434", f":{ports[21434]}", why),
        ],
    )

    assert engine.containers.list(all=True, filters={"label": f"trugen-llm.stack={stack}"}) == []


@pytest.fixture(scope="module")
def hosted(world: World) -> World:
    """With the stack `hosted`, by its guide."""
    asks = "asks for it at a keyboard, which a test has not"
    command = "pulumi config set --secret --path llmTokens.main --stack hosted"
    follow(
        "hosted-llm",
        world.checkout.folder,
        world.shell(),
        differences=[
            *world.typed("hosted"),
            Difference(command, f"printf %s {world.provider_key} | {command}", asks),
        ],
    )
    return world


def test_hosted_llm(hosted: World) -> None:
    (agent,) = (one for one in hosted.trugen.agents() if one["agent_name"].startswith("Reception"))

    assert agent["avatars"][0]["config"]["llm"]["url"] == "https://api.groq.com/openai/v1"


def test_move_agents_in(world: World) -> None:
    for body in (agent("Empfang"), agent("Night desk"), agent("Own model", llm=CUSTOM)):
        world.trugen.call("POST", "/ext/agent", body).raise_for_status()
    before = world.trugen.agents()
    command = "pulumi config set --secret --path llmTokens.gpt-oss-20b --stack team"

    follow(
        "move-agents-in",
        world.checkout.folder,
        world.shell(),
        differences=[
            *world.typed("hosted")[1:],
            Difference("TRUGEN_API_KEY=<key>", f"TRUGEN_API_KEY={world.trugen_key}", "a key"),
            Difference(command, f"printf %s {world.provider_key} | {command}", "asks for it at a keyboard"),
        ],
    )

    assert [one["id"] for one in world.trugen.agents()] == [one["id"] for one in before]
