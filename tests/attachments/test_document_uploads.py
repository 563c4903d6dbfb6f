"""Uploads that fail on the way, through a proxy in front of the sandbox."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from components.attachments.knowledge_base import KNOWLEDGE_BASE
from components.lifecycle.verbs import diff
from tests.attachments.conftest import LifecycleOf, Runs
from tests.fixtures.attachment_inputs import CANARY_TEXT, knowledge_base_inputs
from tests.fixtures.fault_acts import answers, reset_after, reset_before, says, with_json
from tests.fixtures.fault_proxy import Act, FaultProxy, Rule, fault_proxy
from tests.fixtures.sandbox_server import SandboxServer

ProjectFile = Callable[[str, bytes], str]
# sha256 of b"one" and b"two" begin so.
ONE, TWO = "7692c3ad3540", "3fc4ccfe7458"


@pytest.fixture
def front(sandbox: SandboxServer) -> Iterator[FaultProxy]:
    """The way to the sandbox, with faults on it."""
    with fault_proxy(sandbox.root) as front:
        yield front


def upload_suffers(front: FaultProxy, act: Act, times: int = 1) -> None:
    front.rules = [Rule("POST", act, path=r"/doc$", times=times)]


def inputs(**documents: Any) -> dict[str, Any]:
    return knowledge_base_inputs(documents=documents)


def names(sandbox: SandboxServer) -> list[str]:
    (base,) = sandbox.call("GET", "/ext/kbs").json()
    return sorted(document["name"] for document in base["documents"])


@pytest.mark.parametrize("act", [reset_before, reset_after], ids=["lost on the way there", "lost on the way back"])
def test_an_upload_without_an_answer_leaves_one_document(
    lifecycle_of: LifecycleOf, sandbox: SandboxServer, front: FaultProxy, act: Act
) -> None:
    upload_suffers(front, act)

    _, outs = lifecycle_of(KNOWLEDGE_BASE, front.api_url).create(inputs(a={"text": "one"}))

    assert (outs["status_reason"], names(sandbox)) == ("", [f"a.{ONE}.txt"])


def test_an_upload_that_is_turned_away_for_a_while_is_repeated(
    lifecycle_of: LifecycleOf, sandbox: SandboxServer, front: FaultProxy
) -> None:
    upload_suffers(front, answers(429), times=3)

    _, outs = lifecycle_of(KNOWLEDGE_BASE, front.api_url).create(inputs(a={"text": "one"}))

    assert (outs["status_reason"], names(sandbox)) == ("", [f"a.{ONE}.txt"])


def test_a_refused_upload_makes_the_base_unverified_and_the_next_update_goes_on(
    lifecycle_of: LifecycleOf, sandbox: SandboxServer, front: FaultProxy
) -> None:
    declared = inputs(a={"text": "one"}, b={"text": "two"})
    upload_suffers(front, says(400, {"error": "file over limit"}))
    runs = Runs(lambda: lifecycle_of(KNOWLEDGE_BASE, front.api_url))

    id_, outs = runs.create(declared)
    first = (outs["status"], names(sandbox))
    assert diff(KNOWLEDGE_BASE, id_, outs, declared).changed == ["status"]
    outs = runs.update(id_, outs, declared)

    assert first == ("unverified", [])
    assert (outs["status"], names(sandbox)) == ("verified", [f"a.{ONE}.txt", f"b.{TWO}.txt"])


def test_the_reason_of_a_refused_upload_names_the_document_and_holds_none_of_its_text(
    lifecycle_of: LifecycleOf, front: FaultProxy
) -> None:
    upload_suffers(front, says(400, {"error": f"cannot read {CANARY_TEXT}"}))

    _, outs = lifecycle_of(KNOWLEDGE_BASE, front.api_url).create(inputs(handbook={"text": CANARY_TEXT}))

    assert outs["status_reason"].startswith("its documents are not complete (handbook: TruGen refused POST /ext/kb/")
    assert "cannot read [hidden]" in outs["status_reason"]


def test_the_old_document_stays_until_the_new_one_is_in(
    lifecycle_of: LifecycleOf, sandbox: SandboxServer, front: FaultProxy
) -> None:
    runs = Runs(lambda: lifecycle_of(KNOWLEDGE_BASE, front.api_url))
    id_, outs = runs.create(inputs(a={"text": "one"}))
    upload_suffers(front, answers(400))

    outs = runs.update(id_, outs, inputs(a={"text": "two"}))

    assert (outs["status"], names(sandbox)) == ("unverified", [f"a.{ONE}.txt"])


def test_nothing_is_uploaded_where_nobody_shows_what_is_there(
    lifecycle_of: LifecycleOf, sandbox: SandboxServer, front: FaultProxy
) -> None:
    """Whether a read always shows the documents is not documented; without them, every run would add a copy."""
    runs = Runs(lambda: lifecycle_of(KNOWLEDGE_BASE, front.api_url))
    id_, outs = runs.create(inputs(a={"text": "one"}))
    hidden = with_json(lambda one: {key: value for key, value in one.items() if key != "documents"})
    front.rules = [Rule("GET", hidden, times=99)]

    outs = runs.update(id_, outs, inputs(a={"text": "two"}))

    assert "TruGen says that it holds 1 and does not show which" in outs["status_reason"]
    assert names(sandbox) == [f"a.{ONE}.txt"]
