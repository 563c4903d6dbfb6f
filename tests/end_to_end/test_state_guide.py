"""docs/state.md is followed to the letter: a stack moves to a bucket, gets other keys, is lost and locked."""

from pathlib import Path

import yaml

from tests.fixtures import backends
from tests.fixtures.backends import AWS_KEYS
from tests.fixtures.broken_off import start
from tests.fixtures.guide import Difference, follow
from tests.fixtures.guide_world import MODEL, World, exported, new_key

ALIAS = "trugen-stacks"
S3_URL, KMS_URL = f"s3://{ALIAS}?region=eu-central-1", f"awskms://alias/{ALIAS}?region=eu-central-1"

STACK = {
    "trugen-llm:llms": {"main": {"engine": "hosted", "provider": "groq", "model": MODEL}},
    "trugen-llm:agents": {"reception": {"llm": "main", "agentName": "Reception", "personaPrompt": "You are Ada."}},
    "trugen-llm:trugen": {"apiUrl": "https://api.trugen.ai/v1"},
}


def deploy(world: World) -> None:
    """The stack of docs/guides/hosted-llm.md."""
    (world.folder / "stacks" / "Pulumi.hosted.yaml").write_text(yaml.safe_dump({"config": STACK}))
    with world.shell() as shell:
        for command in (
            "pulumi stack init hosted",
            f"printf %s {world.trugen_key} | pulumi config set --secret trugenApiKey --stack hosted",
            f"printf %s {world.provider_key} | pulumi config set --secret --path llmTokens.main --stack hosted",
            "make up STACK=hosted",
        ):
            assert shell.run(command).status == 0


def test_state(tmp_path: Path) -> None:
    with World(tmp_path / "world") as world, backends.aws(tmp_path) as aws:
        backend = aws.backend()
        aws.alias(ALIAS)
        why = "a stand-in for AWS, on this machine"
        id_, secret = AWS_KEYS.values()

        def kill_a_run() -> None:
            world.checkout.variables.update(backend.environment())
            with start(world.checkout, "up", "--stack", "hosted") as run:
                run.wait_for("refreshing")
                run.kill_all()

        deploy(world)
        with world.shell() as shell:
            follow(
                "../state",
                world.folder,
                shell,
                differences=[
                    world.passphrase_exported(),
                    exported("TRUGEN_API_KEY=<key>", world.trugen_key),
                    exported("NEW_PASSPHRASE=<new passphrase>", new_key("passphrase")),
                    Difference(
                        "<id> AWS_SECRET_ACCESS_KEY=<secret>", f"{id_} AWS_SECRET_ACCESS_KEY={secret}", "a secret"
                    ),
                    Difference(f"'{S3_URL}'", f"'{backend.url}'", why),
                    Difference(f"'{KMS_URL}'", f"'{KMS_URL}&endpoint={aws.endpoint}'", why),
                ],
                happens={
                    "The state is lost": lambda: aws.forget("stacks/trugen-llm/hosted.json"),
                    "A job was killed": kill_a_run,
                },
            )
        stored = backend.stored()
        agents = [one["agent_name"] for one in world.trugen.agents()]

    assert [name.partition(" [")[0] for name in agents] == ["Reception"]
    secrets = [world.trugen_key, world.provider_key, world.checkout.variables["PULUMI_CONFIG_PASSPHRASE"], secret]
    assert [key for key, content in stored.items() for one in secrets if one.encode() in content] == []
