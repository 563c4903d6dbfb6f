"""A stack with `engine: anthropic`, by the real CLI: real container, real LiteLLM, a stand-in for Anthropic."""

import json

import docker
import openai
import pytest

from tests.fixtures.deployment import Deployment
from tests.fixtures.litellm_image import ANTHROPIC_KEY
from tests.fixtures.stand_ins.anthropic_messages import MODEL, WORDS

pytestmark = pytest.mark.docker

WRONG_KEY = "sk-ant-canary-of-somebody-else"


def test_a_wrong_key_is_told_and_the_right_one_makes_another_container_that_is_proven(
    deployment: Deployment, engine: docker.DockerClient, proxy_image: str
) -> None:
    ports = {"port": deployment.port, "privatePort": deployment.private_port}
    deployment.change("llms.main", {"engine": "anthropic", "model": MODEL, "image": proxy_image, **ports})
    deployment.pulumi("config", "set", "--secret", "--path", "providerKeys.main", WRONG_KEY)

    refused = deployment.up("--skip-preview")
    first = deployment.engine_container(engine)

    deployment.pulumi("config", "set", "--secret", "--path", "providerKeys.main", ANTHROPIC_KEY)
    outputs = deployment.deployed()
    second = deployment.engine_container(engine)
    again = deployment.up("--skip-preview", "--expect-no-changes")

    form = outputs["developer_studio"]["concierge"]
    with openai.OpenAI(base_url=form["api_url"], api_key=form["token"], max_retries=0) as client:
        stream = client.chat.completions.create(
            model=form["model_name"], messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        answer = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

    assert refused.status != 0
    assert "`pulumi config set --secret --path providerKeys.main`" in refused.printed
    assert first.id != second.id
    assert again.status == 0, again.printed
    assert answer == "".join(WORDS)
    assert outputs["llms"]["main"]["engine"] == "anthropic"
    shown = [
        refused.printed,
        again.printed,
        json.dumps(engine.api.inspect_container(str(second.id))),
        deployment.exported_state(),
    ]
    assert [text[:80] for text in shown for canary in (WRONG_KEY, ANTHROPIC_KEY, form["token"]) if canary in text] == []
