"""What the guides show is what a stack file may say."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.llm.engines import ENGINES
from tests.settings.conftest import Load, Stack

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = ("engines.md", "gateway.md", "hosted-llms.md")
TOKENS = {"llmTokens": {"main": "sk-0123456789"}}
SECRETS = {"hosted": TOKENS, "anthropic": {"providerKeys": {"main": "sk-ant-0123456789"}}}


def llms_in(guide: str) -> list[Any]:
    blocks = re.findall(r"```yaml\n(llms:.*?)```", (DOCS / guide).read_text(encoding="utf-8"), re.DOTALL)
    return [llm for block in blocks for llm in yaml.safe_load(block)["llms"].values()]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_guide_has_examples(guide: str) -> None:
    assert llms_in(guide)


@pytest.mark.parametrize("llm", [llm for guide in GUIDES for llm in llms_in(guide)], ids=lambda llm: str(llm["engine"]))
def test_an_example_of_a_guide_is_a_good_stack(load: Load, stack: Stack, llm: dict[str, Any]) -> None:
    stack["llms"]["main"] = llm

    assert load(stack, SECRETS.get(llm["engine"])).llms["main"].engine == llm["engine"]


@pytest.mark.parametrize("engine", sorted(set(ENGINES) - {"litellm"}))
def test_the_guide_names_image_port_and_volume_as_they_are(engine: str) -> None:
    lines = (DOCS / "engines.md").read_text(encoding="utf-8").splitlines()
    ((image, port, volume),) = (line.split(" | ")[1:4] for line in lines if line.startswith(f"| {engine} | "))
    facts = ENGINES[engine]

    assert facts.images["nvidia"].partition("@")[0].rpartition(":")[2] in image
    assert (port, volume) == (str(facts.port), "none needed" if engine == "llama.cpp" else f"`{facts.cache_path}`")
