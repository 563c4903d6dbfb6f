"""What the guides show is what a stack file may say."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.settings.conftest import Load, Stack

DOCS = Path(__file__).resolve().parents[2] / "docs"
SECRETS = {"llmTokens": {"main": "sk-0123456789"}}


def llms_in(guide: str) -> dict[str, Any]:
    (block,) = re.findall(r"```yaml\n((?:trugen-llm:)?llms:.*?)```", (DOCS / guide).read_text(), re.DOTALL)
    (llms,) = yaml.safe_load(block).values()
    return dict(llms)


@pytest.mark.parametrize("name", llms_in("engines.md"))
def test_an_example_of_the_guide_to_engines_is_a_good_stack(load: Load, stack: Stack, name: str) -> None:
    stack["llms"]["main"] = llms_in("engines.md")[name]

    assert load(stack).llms["main"].engine == stack["llms"]["main"]["engine"]
