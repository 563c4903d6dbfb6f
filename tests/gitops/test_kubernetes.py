"""
The manifests of docs/gitops/kubernetes against the fields that their kinds have, and against each other. No cluster
ever saw them: none was at hand.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from air_gapped import pins
from tests.fixtures.documented.kubernetes import Manifest, kinds, objections

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "docs" / "gitops" / "kubernetes"
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")


def manifests() -> list[Manifest]:
    return [
        manifest
        for path in sorted(FOLDER.glob("*.yaml"))
        for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


def manifest(kind: str) -> Manifest:
    (only,) = (one for one in manifests() if one["kind"] == kind)
    return only


def stack() -> dict[str, Any]:
    spec: dict[str, Any] = manifest("Stack")["spec"]
    return spec


@pytest.mark.parametrize("one", manifests(), ids=lambda one: str(one["kind"]))
def test_every_field_is_one_that_its_kind_has(one: Manifest) -> None:
    assert objections(one) == []


def test_the_documented_kinds_are_those_of_the_manifests() -> None:
    assert kinds() == sorted({(one["apiVersion"], one["kind"]) for one in manifests()})


def _misspelled(spec: dict[str, Any]) -> None:
    spec["runProgramme"] = True


def _ignored(spec: dict[str, Any]) -> None:
    spec["expectNoRefreshChanges"] = True


def _of_another_namespace(spec: dict[str, Any]) -> None:
    spec["envRefs"]["TRUGEN_API_KEY"]["secret"]["namespace"] = "vault"


def _in_words(spec: dict[str, Any]) -> None:
    spec["refresh"] = "yes"


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (_misspelled, "spec: Additional properties are not allowed ('runProgramme' was unexpected)"),
        (
            _ignored,
            "spec: Additional properties are not allowed ('expectNoRefreshChanges' was unexpected)",
        ),
        (
            _of_another_namespace,
            "spec.envRefs.TRUGEN_API_KEY.secret: Additional properties are not allowed ('namespace' was unexpected)",
        ),
        (_in_words, "spec.refresh: 'yes' is not of type 'boolean'"),
    ],
)
def test_a_field_that_the_kind_does_not_have_is_refused(
    change: Callable[[dict[str, Any]], None], objection: str
) -> None:
    changed = deepcopy(manifest("Stack"))
    change(changed["spec"])

    assert objections(changed) == [objection]


def test_the_stack_names_the_source_the_account_and_the_secret_beside_it() -> None:
    source, account, secret = manifest("GitRepository"), manifest("ServiceAccount"), manifest("Secret")
    reference = stack()["fluxSource"]["sourceRef"]
    named = {(ref["secret"]["name"], ref["secret"]["key"]) for ref in stack()["envRefs"].values()}
    home = {one["metadata"]["namespace"] for one in (manifest("Stack"), source, account, secret)}

    assert reference == {
        "apiVersion": source["apiVersion"],
        "kind": source["kind"],
        "name": source["metadata"]["name"],
    }
    assert stack()["serviceAccountName"] == account["metadata"]["name"]
    assert named == {(secret["metadata"]["name"], key) for key in secret["stringData"]}
    assert home == {manifest("Namespace")["metadata"]["name"]}


def test_the_account_may_ask_who_calls_and_nothing_else() -> None:
    account = manifest("ServiceAccount")["metadata"]
    binding = manifest("ClusterRoleBinding")

    assert binding["roleRef"]["name"] == "system:auth-delegator"
    assert binding["subjects"] == [{"kind": "ServiceAccount", **account}]
    assert [one["kind"] for one in manifests() if "Role" in one["kind"]] == ["ClusterRoleBinding"]


def test_the_example_of_the_secret_holds_no_value() -> None:
    assert set(manifest("Secret")["stringData"].values()) == {""}


def test_what_was_changed_by_hand_is_repaired_without_a_new_commit() -> None:
    assert stack()["refresh"] is True
    assert stack()["continueResyncOnCommitMatch"] is True
    assert stack()["resyncFrequencySeconds"] >= 60


def test_the_program_runs_for_a_destroy_which_nobody_asked_for_yet() -> None:
    assert stack()["runProgram"] is True
    assert stack()["destroyOnFinalize"] is False


def test_the_workspace_image_is_made_from_a_digest_our_lock_and_the_plugin_that_is_pinned() -> None:
    assert re.search(r"^FROM \S+:\S+@sha256:[0-9a-f]{64}$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.count("--require-hashes") == 2
    assert f"pulumi plugin install resource docker {pins.DOCKER_PLUGIN}\n" in DOCKERFILE
    assert "latest" not in DOCKERFILE


def test_what_the_workspace_image_copies_is_in_the_repository() -> None:
    lines = re.findall(r"^COPY --chown=\S+ (.+) \S+$", DOCKERFILE, re.MULTILINE)
    copied = [word for line in lines for word in line.split()]

    assert copied == ["requirements.txt", "docs/gitops/kubernetes/installer-requirements.txt", "components"]
    assert [name for name in copied if not (PROJECT / name).exists()] == []
