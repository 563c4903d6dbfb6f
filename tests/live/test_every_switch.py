"""The live check against the sandbox in each of its modes: the verdict of the row that a switch is about."""

from pathlib import Path
from typing import Any

import pytest

from components.live.verdict import Verdict
from components.sandbox.behaviour import Behaviour
from tests.fixtures.live_check import checked, verdicts
from tests.fixtures.sandbox_server import SandboxServer

# switch, value, row, verdict by default, verdict then, and words of its evidence or advice
SEEN: list[tuple[str, Any, int, str, str, str]] = [
    ("placement", "flat", 1, "confirmed", "refuted", "set `placement: flat`"),
    ("placement", "either", 1, "confirmed", "confirmed", "avatars[].config"),
    ("replace", "partial", 2, "confirmed", "refuted", "a callback_url left out stayed"),
    ("patch", "absent", 3, "refuted", "confirmed", "PATCH answered 405"),
    ("put_members", "documented", 4, "confirmed", "refuted", "a welcome_message sent by PUT was dropped"),
    ("empty_list", "keeps", 5, "confirmed", "refuted", "[] left tool attached"),
    ("llm_secrets", "masked", 6, "confirmed", "refuted", "as a mask would"),
    ("llm_secrets", "shown", 6, "confirmed", "refuted", "whoever has the API key can read the LLM's token"),
    ("llm_secrets", "masked", 7, "confirmed", "refuted", "as a mask would"),
    ("llm_secrets", "shown", 7, "confirmed", "confirmed", "as sent, so it is compared"),
    ("unknown_fields", "keep", 8, "confirmed", "refuted", "keeps it and reads show it"),
    ("unknown_fields", "reject", 8, "confirmed", "refuted", "Extra inputs are not permitted"),
    ("defaults", "guide", 10, "confirmed", "refuted", "record False, stt deepgram flux-general-en"),
    ("search", "prefix", 13, "unknown", "unknown", "not by a part of it"),
    ("search", "exact", 13, "unknown", "unknown", "not by a part of it"),
    ("max_perpage", 1, 14, "unknown", "unknown", "a page of 50 brought 1 of 2 agents"),
    ("second_delete", "200", 15, "confirmed", "refuted", "both count as deleted"),
    ("malformed_id", "400", 17, "refuted", "confirmed", "answered 400"),
    ("missing_under", "error", 18, "confirmed", "confirmed", "404 with `error`"),
    ("missing_under", "detail", 18, "confirmed", "refuted", "404 with `detail`"),
    ("lag_reads", 2, 19, "confirmed", "confirmed", "seen at read 3 at the latest"),
    ("lag_reads", 9, 19, "confirmed", "refuted", "not seen in 4 reads"),
    ("lag_reads", 9, 13, "unknown", "refuted", "look for pairs in the console"),
    ("kb_status", "shown", 24, "confirmed", "refuted", "`status` tells when a document is ready"),
    ("providers", "object", 27, "confirmed", "refuted", "an object of 3 members"),
    ("call_ended", "refused", 28, "confirmed", "refuted", "leave `call_ended` out"),
    ("http_urls", "refused", 31, "refuted", "confirmed", "llm.url does not start with https"),
    ("list_items", "brief", 34, "confirmed", "refuted", "an item lacks add_on, agent_system_prompt, "),
]
# What only other objects than an agent would show: the row stays open.
UNSEEN: list[tuple[str, Any, int]] = [
    ("unique_names", True, 12),
    ("tool_answer", "empty", 20),
    ("kb_media", "json", 21),
    ("kb_file_field", "file", 22),
]
WITHOUT_A_ROW = {"latency_s"}
TESTED_BELOW = {"rate_limit_rps"}


@pytest.fixture(scope="module")
def by_default(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Verdict]:
    return checked(tmp_path_factory.mktemp("default"), write=True)


def test_no_switch_of_the_sandbox_is_forgotten_here() -> None:
    tried = {switch for switch, *_ in [*SEEN, *UNSEEN]} | WITHOUT_A_ROW | TESTED_BELOW

    assert tried == set(Behaviour.model_fields)


@pytest.mark.parametrize(("switch", "value", "row", "before", "after", "words"), SEEN)
def test_a_switch_changes_the_verdict_of_its_row(
    tmp_path: Path,
    by_default: dict[int, Verdict],
    switch: str,
    value: Any,
    row: int,
    before: str,
    after: str,
    words: str,
) -> None:
    verdict = checked(tmp_path, write=True, **{switch: value})[row]

    assert (before, after) == (by_default[row].outcome, verdict.outcome)
    assert words in f"{verdict.evidence}; {verdict.advice}"


@pytest.mark.parametrize(("switch", "value", "row"), UNSEEN)
def test_what_no_call_of_the_check_can_show_stays_unknown(tmp_path: Path, switch: str, value: Any, row: int) -> None:
    with SandboxServer(tmp_path, **{switch: value}) as sandbox:
        assert verdicts(sandbox.api_url, sandbox.api_key, write=True)[row].outcome == "unknown"


def test_a_limit_that_is_met_is_seen(tmp_path: Path) -> None:
    verdict = checked(tmp_path, rate_limit_rps=0.001)[14]

    assert (verdict.outcome, "with Retry-After 1" in verdict.evidence) == ("confirmed", True)


def test_flat_placement_is_used_for_the_other_questions_once_it_is_known(tmp_path: Path) -> None:
    found = checked(tmp_path, write=True, placement="flat", llm_secrets="shown")

    assert ["refuted", "confirmed", "refuted", "confirmed"] == [found[row].outcome for row in (1, 2, 6, 28)]


def test_what_is_refused_together_is_tried_alone(tmp_path: Path) -> None:
    found = checked(tmp_path, write=True, unknown_fields="reject", http_urls="refused")

    assert [found[row].outcome for row in (5, 8, 28, 31)] == ["confirmed", "refuted", "confirmed", "confirmed"]


def test_rows_that_need_a_write_stay_unknown_in_a_check_that_only_reads(tmp_path: Path) -> None:
    found = checked(tmp_path)

    assert {row for row, verdict in found.items() if verdict.outcome != "unknown"} == {6, 7, 12, 17, 18, 24, 27, 34}


def test_agents_with_several_avatars_are_noticed(tmp_path: Path) -> None:
    body = {"agent_name": "two", "agent_system_prompt": "", "config": {}, "avatars": [{}, {}]}
    with SandboxServer(tmp_path) as sandbox:
        sandbox.call("POST", "/ext/agent", body)

        assert verdicts(sandbox.api_url, sandbox.api_key)[32].outcome == "refuted"


def test_a_workspace_with_nothing_to_attach_leaves_detaching_open(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as sandbox:
        assert verdicts(sandbox.api_url, sandbox.api_key, write=True)[5].outcome == "unknown"
