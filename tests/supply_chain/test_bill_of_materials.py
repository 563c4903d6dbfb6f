import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.supply_chain.bill_of_materials import bill_of_materials
from tests.supply_chain.locks import pins
from tests.supply_chain.verdict import LOCKS


def test_it_names_every_locked_package_with_its_version_and_hashes_and_keeps_to_its_schema(tmp_path: Path) -> None:
    verdict = bill_of_materials(tmp_path / "sbom.json")

    text = (tmp_path / "sbom.json").read_text(encoding="utf-8")
    listed = {
        (one["name"], one["version"], frozenset(digest["content"] for digest in one["externalReferences"][0]["hashes"]))
        for one in json.loads(text)["components"]
    }
    assert verdict.status == "passed", str(verdict)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert listed == {(pin.name, pin.version, pin.sha256) for pin in pins(LOCKS[0])}


def test_the_same_lock_gives_the_same_bytes_under_another_path_and_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "elsewhere" / "requirements.txt"
    copy.parent.mkdir()
    copy.write_bytes(LOCKS[0].read_bytes())
    bill_of_materials(tmp_path / "one.json")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")

    bill_of_materials(tmp_path / "other.json", copy)

    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "other.json").read_bytes()


def test_a_lock_that_cannot_be_read_fails_in_words(tmp_path: Path) -> None:
    verdict = bill_of_materials(tmp_path / "sbom.json", tmp_path / "missing.txt")

    assert verdict.status == "failed"
    assert "missing.txt" in str(verdict)
