"""docs/state.md is followed to the letter: a stack moves to a bucket, changes its keys, is lost, and is locked by the dead."""

from pathlib import Path

from tests.fixtures import backends
from tests.fixtures.backends import AWS_KEYS
from tests.fixtures.broken_off import start
from tests.fixtures.guide import Difference, follow
from tests.fixtures.guide_world import World, exported, new_key, provider_key_typed, trugen_key_typed

ALIAS = "trugen-stacks"
S3_URL, KMS_URL = f"s3://{ALIAS}?region=eu-central-1", f"awskms://alias/{ALIAS}?region=eu-central-1"


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

        with world.shell() as shell:
            keys = [
                trugen_key_typed(world.trugen_key, "hosted"),
                provider_key_typed(world.provider_key, "main", "hosted"),
            ]
            follow("hosted-llm", world.folder, shell, differences=[world.passphrase_exported(), *keys])
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
