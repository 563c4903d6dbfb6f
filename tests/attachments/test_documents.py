"""The documents of a knowledge base, against the sandbox."""

from collections.abc import Callable
from typing import Any

import pytest

from components.attachments.knowledge_base import KNOWLEDGE_BASE
from components.lifecycle import drift
from components.lifecycle.verbs import diff
from tests.attachments.conftest import LifecycleOf, Runs
from tests.fixtures.attachment_inputs import knowledge_base_inputs
from tests.fixtures.sandbox_server import SandboxServer

ProjectFile = Callable[[str, bytes], str]
# sha256 of b"one" and b"two" begin so.
ONE, TWO = "7692c3ad3540", "3fc4ccfe7458"


@pytest.fixture
def runs(lifecycle_of: LifecycleOf) -> Runs:
    return Runs(lambda: lifecycle_of(KNOWLEDGE_BASE))


def inputs(**documents: Any) -> dict[str, Any]:
    return knowledge_base_inputs(documents=documents)


def names(sandbox: SandboxServer) -> list[str]:
    (base,) = sandbox.call("GET", "/ext/kbs").json()
    return sorted(document["name"] for document in base["documents"])


def by_hand(sandbox: SandboxServer, id_: str, name: str, content: bytes = b"by hand") -> None:
    sandbox.call("POST", f"/ext/kb/{id_}/doc", files={"input": (name, content)}).raise_for_status()


def test_files_and_texts_are_uploaded_under_names_that_carry_their_hashes(
    runs: Runs, sandbox: SandboxServer, project_file: ProjectFile
) -> None:
    declared = inputs(handbook={"file": project_file("docs/Handbook.MD", b"one")}, hours={"text": "two"})

    _, outs = runs.create(declared)

    assert (outs["status_reason"], names(sandbox)) == ("", [f"handbook.{ONE}.md", f"hours.{TWO}.txt"])


def test_a_changed_file_is_a_change_and_replaces_the_old_document(
    runs: Runs, sandbox: SandboxServer, project_file: ProjectFile
) -> None:
    id_, outs = runs.create(inputs(handbook={"file": project_file("h.md", b"one")}))
    news = inputs(handbook={"file": project_file("h.md", b"two")})

    assert diff(KNOWLEDGE_BASE, id_, outs, news).changed == ["documents"]
    outs = runs.update(id_, outs, news)

    assert (outs["status"], names(sandbox)) == ("verified", [f"handbook.{TWO}.md"])


def test_what_did_not_change_is_not_uploaded_again(runs: Runs, sandbox: SandboxServer) -> None:
    id_, outs = runs.create(inputs(a={"text": "one"}))
    before = sandbox.call("GET", f"/ext/kb/{id_}").json()["documents"]

    runs.update(id_, outs, {**inputs(a={"text": "one"}), "description": "Another."})

    assert sandbox.call("GET", f"/ext/kb/{id_}").json()["documents"] == before


def test_a_document_that_is_no_longer_declared_goes(runs: Runs, sandbox: SandboxServer) -> None:
    id_, outs = runs.create(inputs(a={"text": "one"}, b={"text": "two"}))

    runs.update(id_, outs, inputs(b={"text": "two"}))

    assert names(sandbox) == [f"b.{TWO}.txt"]


def test_a_document_deleted_elsewhere_is_drift_and_comes_back(runs: Runs, sandbox: SandboxServer) -> None:
    declared = inputs(a={"text": "one"}, b={"text": "two"})
    id_, outs = runs.create(declared)
    gone = sandbox.call("GET", f"/ext/kb/{id_}").json()["documents"][0]["id"]
    sandbox.call("DELETE", f"/ext/kb/doc/{gone}")

    read = runs.read(id_, outs)
    assert read is not None
    assert diff(KNOWLEDGE_BASE, id_, read, declared).changed == ["documents"]
    runs.update(id_, read, declared)

    assert names(sandbox) == [f"a.{ONE}.txt", f"b.{TWO}.txt"]


def test_a_copy_of_a_document_is_drift_and_goes(runs: Runs, sandbox: SandboxServer) -> None:
    declared = inputs(a={"text": "one"})
    id_, outs = runs.create(declared)
    by_hand(sandbox, id_, f"a.{ONE}.txt", b"one")

    read = runs.read(id_, outs)
    assert read is not None
    runs.update(id_, read, declared)

    assert (read["documents"] != declared["documents"], names(sandbox)) == (True, [f"a.{ONE}.txt"])


def test_a_document_that_somebody_added_is_left_alone(runs: Runs, sandbox: SandboxServer) -> None:
    """Nobody could bring it back: its content is in no stack."""
    declared = inputs(a={"text": "one"})
    id_, outs = runs.create(declared)
    by_hand(sandbox, id_, "minutes.pdf")

    assert runs.read(id_, outs) == outs
    runs.update(id_, outs, {**declared, "description": "Another."})

    assert names(sandbox) == [f"a.{ONE}.txt", "minutes.pdf"]


def test_a_document_that_somebody_added_goes_when_the_stack_says_so(runs: Runs, sandbox: SandboxServer) -> None:
    declared = {**inputs(a={"text": "one"}), "on_drift": "overwrite"}
    id_, outs = runs.create(declared)
    by_hand(sandbox, id_, "minutes.pdf")

    read = runs.read(id_, outs)
    assert read is not None
    assert diff(KNOWLEDGE_BASE, id_, read, declared).changed == ["documents"]
    runs.update(id_, read, declared)

    assert names(sandbox) == [f"a.{ONE}.txt"]


def test_a_document_that_somebody_added_stops_the_plan_when_no_edit_is_allowed(
    runs: Runs, sandbox: SandboxServer
) -> None:
    declared = {**inputs(a={"text": "one"}), "on_drift": "fail"}
    id_, outs = runs.create(declared)
    by_hand(sandbox, id_, "minutes.pdf")

    read = runs.read(id_, outs)

    assert read is not None
    assert drift.refused(KNOWLEDGE_BASE, read, declared) == ["documents"]


def test_what_somebody_took_away_stays_away_when_the_stack_keeps_edits(runs: Runs, sandbox: SandboxServer) -> None:
    declared = {**inputs(a={"text": "one"}, b={"text": "two"}), "on_drift": "keep"}
    id_, outs = runs.create(declared)
    sandbox.call("DELETE", f"/ext/kb/doc/{sandbox.call('GET', f'/ext/kb/{id_}').json()['documents'][0]['id']}")

    read = runs.read(id_, outs)
    assert read is not None
    assert diff(KNOWLEDGE_BASE, id_, read, declared).changed == []
    outs = runs.update(id_, read, {**declared, "description": "Another."})

    assert (outs["status_reason"], names(sandbox)) == ("", [f"b.{TWO}.txt"])


def test_what_an_interrupted_run_left_without_documents_is_taken_over_and_filled(
    lifecycle_of: LifecycleOf, sandbox: SandboxServer
) -> None:
    declared = inputs(a={"text": "one"})
    left, _ = lifecycle_of(KNOWLEDGE_BASE).create({**declared, "documents": {}})

    id_, outs = lifecycle_of(KNOWLEDGE_BASE).create(declared)

    assert (id_, outs["status"], names(sandbox)) == (left, "verified", [f"a.{ONE}.txt"])


def test_the_same_holds_under_an_exact_name(lifecycle_of: LifecycleOf, sandbox: SandboxServer) -> None:
    declared = {**inputs(a={"text": "one"}), "exact_name": True}
    left, _ = lifecycle_of(KNOWLEDGE_BASE).create({**declared, "documents": {}})

    id_, _ = lifecycle_of(KNOWLEDGE_BASE).create(declared)

    assert (id_, names(sandbox)) == (left, [f"a.{ONE}.txt"])


def test_a_file_that_changes_while_the_run_goes_on_is_not_sent(
    runs: Runs, sandbox: SandboxServer, project_file: ProjectFile
) -> None:
    declared = inputs(a={"file": project_file("a.md", b"one")})
    project_file("a.md", b"two")

    _, outs = runs.create(declared)

    assert "a: 'a.md' has changed since the plan was made" in outs["status_reason"]
    assert names(sandbox) == []


@pytest.mark.parametrize("shown", [f"kb/1f/a.{ONE}.txt", f"a.{ONE}", f"a.{ONE}.txt (1)"])
def test_a_name_that_the_service_wraps_is_still_ours(shown: str) -> None:
    """Whether the file's name comes back as it was sent is not documented."""
    declared = inputs(a={"text": "one"})
    contents = KNOWLEDGE_BASE.contents
    assert contents is not None

    assert contents.shown({"documents": [{"id": "d", "name": shown}]}, declared) == declared["documents"]


def test_a_list_that_says_nothing_about_documents_says_nothing() -> None:
    declared = inputs(a={"text": "one"})

    assert KNOWLEDGE_BASE.differences({"id": "k"}, declared) == []
