"""docs/policy.md lists every policy with its level on every stack."""

import json
from pathlib import Path

from policy.rules import GATEWAY_PRESENT, RULES

PROJECT = Path(__file__).resolve().parents[2]
STACKS = ["local", "dev", "staging", "production"]


def test_the_table_says_what_the_files_say() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (PROJECT / "docs" / "policy.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    told = {row[0].strip("`"): row[2:] for row in rows if len(row) == 2 + len(STACKS)}

    levels = [json.loads((PROJECT / "policy" / "config" / f"{stack}.json").read_text()) for stack in STACKS]

    policies = [rule.id for rule in RULES] + [GATEWAY_PRESENT]
    assert list(told) == policies
    assert told == {policy: [one[policy]["enforcementLevel"] for one in levels] for policy in policies}


def test_the_digests_of_the_table_are_those_of_production() -> None:
    production = (PROJECT / "stacks" / "Pulumi.production.yaml").read_text()
    documented = (PROJECT / "docs" / "policy.md").read_text()
    pinned = [word.partition("@") for word in production.split() if "@sha256:" in word]

    assert pinned
    assert [name for name, _, digest in pinned if f"| `{name}` | `{digest}` |" not in documented] == []
