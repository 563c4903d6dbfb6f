"""
.github/renovate.json5 against the options that Renovate documents, and its patterns against our files. Renovate itself
was never run here.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from air_gapped import pins
from tests.supply_chain.locks import pins as locked
from tests.supply_chain.verdict import PROJECT

TEXT = (PROJECT / ".github" / "renovate.json5").read_text(encoding="utf-8")
# Of JSON5 it uses comments alone, on lines of their own.
CONFIG: dict[str, Any] = json.loads(re.sub(r"^\s*//.*$", "", TEXT, flags=re.MULTILINE))
DOCUMENTED = PROJECT / "tests" / "fixtures" / "documented" / "renovate.yaml"
CUSTOM = {manager["description"]: manager for manager in CONFIG["customManagers"]}


def files() -> list[str]:
    parts = [part for part in PROJECT.iterdir() if part.name not in {".git", ".venv", ".cache"}]
    inside = (path for part in parts if part.is_dir() for path in part.rglob("*"))
    return [str(path.relative_to(PROJECT)) for path in (*parts, *inside) if path.is_file()]


def matching(patterns: list[str]) -> list[str]:
    return [
        path for path in files() if any(re.search(one.removeprefix("/").removesuffix("/"), path) for one in patterns)
    ]


def found(manager: dict[str, Any]) -> list[dict[str, str]]:
    """What a custom manager takes from our files; named groups as RE2 spells them."""
    patterns = [re.compile(one.replace("(?<", "(?P<")) for one in manager["matchStrings"]]
    texts = [(PROJECT / path).read_text(encoding="utf-8") for path in matching(manager["managerFilePatterns"])]
    return [match.groupdict() for text in texts for pattern in patterns for match in pattern.finditer(text)]


def objections(config: dict[str, Any]) -> list[str]:
    schema = yaml.safe_load(DOCUMENTED.read_text(encoding="utf-8"))
    return [error.message for error in Draft202012Validator(schema).iter_errors(config)]


def test_every_option_is_documented() -> None:
    assert objections(CONFIG) == []


@pytest.mark.parametrize("option", [{"minimumReleaseAgeDays": 14}, {"prCreation": "later"}, {"prConcurrentLimit": "5"}])
def test_an_option_or_value_that_is_not_documented_is_refused(option: dict[str, Any]) -> None:
    assert len(objections({**CONFIG, **option})) == 1


def test_a_release_waits_two_weeks_and_nothing_merges_itself() -> None:
    assert (CONFIG["minimumReleaseAge"], CONFIG["internalChecksFilter"]) == ("14 days", "strict")
    assert "automerge" not in TEXT


def test_every_pattern_and_every_file_that_it_names_is_here() -> None:
    patterns = [
        pattern
        for place in (*CONFIG["customManagers"], CONFIG["gitlabci"], CONFIG["pip_requirements"])
        for pattern in place["managerFilePatterns"]
    ]
    named = [name for rule in CONFIG["packageRules"] for name in rule.get("matchFileNames", [])]

    assert [pattern for pattern in patterns if not matching([pattern])] == []
    assert [name for name in named if name not in files()] == []


@pytest.mark.parametrize(
    ("constant", "version"),
    [
        ("pulumi/pulumi", [pins.PULUMI]),
        ("pulumi/pulumi-docker", [pins.DOCKER_PLUGIN, pins.DOCKER_PLUGIN]),
        ("rhysd/actionlint", [pins.ACTIONLINT]),
    ],
)
def test_a_pinned_version_is_found_wherever_it_stands(constant: str, version: list[str]) -> None:
    (manager,) = (one for one in CUSTOM.values() if one.get("depNameTemplate") == constant)

    assert [one["currentValue"] for one in found(manager)] == version


def test_the_tag_of_the_proxy_is_found() -> None:
    (caddy,) = (manager for name, manager in CUSTOM.items() if "proxy" in name)

    assert [f"{one['depName']}:{one['currentValue']}" for one in found(caddy)] == [pins.CADDY_IMAGE]


def test_every_image_of_the_product_with_a_digest_is_found() -> None:
    (images,) = (manager for name, manager in CUSTOM.items() if "digest together" in name)
    text = "".join((PROJECT / path).read_text(encoding="utf-8") for path in matching(images["managerFilePatterns"]))
    digests = set(re.findall(r"sha256:[0-9a-f]{64}", text))

    assert digests
    assert {one["currentDigest"] for one in found(images)} == digests


def test_every_package_that_is_updated_by_hand_is_one_of_ours() -> None:
    (by_hand,) = (rule for rule in CONFIG["packageRules"] if "by hand" in rule.get("description", ""))
    taken_apart = {pin.name for path in (PROJECT / "air_gapped" / "pypi").glob("*.txt") for pin in locked(Path(path))}

    assert set(by_hand["matchPackageNames"]) <= taken_apart
