"""The process resource through its provider's verbs, with real processes."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from components.sandbox.data_dir import DataDir, Switches
from components.sandbox.listener import PortTakenError
from components.sandbox.process import SandboxProcess
from components.sandbox.supervisor import SandboxError, ensure, stop

PROVIDER = SandboxProcess()


@pytest.fixture
def props(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Inputs as Pulumi hands them over: numbers are floats."""
    inputs: dict[str, Any] = {
        "port": float(free_port()),
        "placement": "nested",
        "reveal_llm": False,
        "data_dir": str(tmp_path / "sandbox"),
        "api_url": "",
        "progress_urn": "urn",
        "__provider": "pickle",
    }
    yield inputs
    stop(DataDir(Path(inputs["data_dir"])))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def call(outs: dict[str, Any], method: str, path: str, body: object = None) -> Any:
    answer = requests.request(
        method, outs["api_url"] + path, json=body, headers={"x-api-key": outs["api_key"]}, timeout=5
    )
    answer.raise_for_status()
    return answer.json()


def agent_body(name: str) -> dict[str, Any]:
    return {"agent_name": name, "agent_system_prompt": "", "config": {}, "avatars": [{}]}


def is_served(props: dict[str, Any]) -> bool:
    return DataDir(Path(props["data_dir"])).serving() is not None


def test_create_starts_a_sandbox_that_answers_with_the_generated_key(props: dict[str, Any]) -> None:
    outs = PROVIDER.create(props).outs

    assert outs is not None
    assert f"http://127.0.0.1:{int(props['port'])}/v1" == outs["api_url"]
    assert call(outs, "GET", "/ext/agent") == []


def test_create_adopts_the_process_of_an_interrupted_run(props: dict[str, Any]) -> None:
    first = PROVIDER.create(props).outs

    second = PROVIDER.create(props).outs

    assert first == second


def test_create_adopts_no_process_that_was_told_another_behaviour(props: dict[str, Any]) -> None:
    first = PROVIDER.create(props).outs
    assert first is not None
    stop(DataDir(Path(props["data_dir"])))
    words = ["--port", str(int(props["port"])), "--data-dir", props["data_dir"], "--behaviour", "providers=object"]
    with subprocess.Popen([sys.executable, "-m", "components.sandbox", *words], stdout=subprocess.PIPE) as by_hand:
        assert by_hand.stdout is not None
        by_hand.stdout.readline()

        second = PROVIDER.create(props).outs

    assert second is not None
    assert isinstance(call(second, "GET", "/ext/providers"), list)
    assert first.keys() == second.keys()


def test_reading_a_dead_process_starts_it_again_with_the_same_agents_and_key(props: dict[str, Any]) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None
    call(created.outs, "POST", "/ext/agent", agent_body("survivor"))
    kill(props)

    again = PROVIDER.read(created.id, created.outs).outs

    assert again is not None
    assert created.outs["api_key"] == again["api_key"]
    assert [agent["agent_name"] for agent in call(again, "GET", "/ext/agent")] == ["survivor"]


def test_a_living_process_reads_as_it_was_created(props: dict[str, Any]) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None

    read = PROVIDER.read(created.id, created.outs)

    assert (created.id, created.outs) == (read.id, read.outs)


def test_a_sandbox_without_its_data_reads_as_gone(props: dict[str, Any]) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None
    PROVIDER.delete(created.id, created.outs)

    assert PROVIDER.read(created.id, created.outs).id == ""


def test_a_process_restarted_by_hand_with_other_switches_reads_as_drift(props: dict[str, Any]) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None
    PROVIDER.update(created.id, created.outs, {**props, "placement": "flat"})

    read = PROVIDER.read(created.id, created.outs)

    assert read.outs is not None
    assert PROVIDER.diff(created.id, read.outs, props).changes is True


def test_turning_a_switch_restarts_the_process_in_place(props: dict[str, Any]) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None
    turned = {**props, "placement": "flat"}
    call(created.outs, "POST", "/ext/agent", agent_body("kept"))

    updated = PROVIDER.update(created.id, created.outs, turned).outs

    assert updated is not None
    assert created.outs["pid"] != updated["pid"]
    assert "llm" in call(updated, "GET", "/ext/agent")[0]["avatars"][0]


@pytest.mark.parametrize(("key", "value"), [("port", 1.0), ("placement", "flat"), ("reveal_llm", True)])
def test_a_changed_switch_is_a_change_in_place(props: dict[str, Any], key: str, value: object) -> None:
    diff = PROVIDER.diff("id", props, {**props, key: value})

    assert (diff.changes, diff.replaces) == (True, None)


def test_another_row_for_progress_is_no_change(props: dict[str, Any]) -> None:
    assert PROVIDER.diff("id", props, {**props, "progress_urn": "other"}).changes is False


def test_a_place_that_another_checkout_would_choose_is_no_change(props: dict[str, Any]) -> None:
    assert PROVIDER.diff("id", props, {**props, "data_dir": "elsewhere"}).changes is False


def test_a_change_of_a_switch_from_another_checkout_keeps_agents_and_place(
    props: dict[str, Any], tmp_path: Path
) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None
    call(created.outs, "POST", "/ext/agent", agent_body("kept"))

    chosen_there = {**props, "placement": "flat", "data_dir": str(tmp_path / "elsewhere")}
    updated = PROVIDER.update(created.id, created.outs, chosen_there).outs

    assert updated is not None
    assert updated["data_dir"] == props["data_dir"]
    assert [agent["agent_name"] for agent in call(updated, "GET", "/ext/agent")] == ["kept"]


def test_delete_stops_the_process_and_removes_its_data(props: dict[str, Any]) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None

    PROVIDER.delete(created.id, created.outs)

    assert not is_served(props)
    assert not Path(props["data_dir"]).exists()


def test_delete_of_a_dead_process_removes_its_data(props: dict[str, Any]) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None
    kill(props)

    PROVIDER.delete(created.id, created.outs)

    assert not Path(props["data_dir"]).exists()


def test_delete_leaves_what_somebody_else_put_into_the_data_dir(props: dict[str, Any]) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None
    note = Path(props["data_dir"]) / "note.txt"
    note.write_text("mine")

    PROVIDER.delete(created.id, created.outs)

    assert [note] == list(Path(props["data_dir"]).iterdir())


def test_the_key_is_in_a_file_for_its_owner_only_and_in_no_argument_or_environment(props: dict[str, Any]) -> None:
    outs = PROVIDER.create(props).outs
    assert outs is not None
    of_process = Path("/proc") / str(outs["pid"])

    mode = DataDir(Path(props["data_dir"])).key_file.stat().st_mode & 0o777

    assert mode == 0o600
    assert outs["api_key"].encode() not in (of_process / "cmdline").read_bytes()
    assert outs["api_key"].encode() not in (of_process / "environ").read_bytes()


def test_the_process_does_not_inherit_the_secrets_of_whoever_starts_it(
    props: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "canary-passphrase")

    outs = PROVIDER.create(props).outs

    assert outs is not None
    assert b"canary-passphrase" not in (Path("/proc") / str(outs["pid"]) / "environ").read_bytes()


def test_a_taken_port_is_named_and_nothing_is_left_behind(props: dict[str, Any]) -> None:
    complaint = rf"cannot listen on 127\.0\.0\.1:{int(props['port'])}: Address already in use\.\nSee who has the port"

    with socket.create_server(("127.0.0.1", int(props["port"]))), pytest.raises(PortTakenError, match=complaint):
        PROVIDER.create(props)

    assert not is_served(props)
    assert not Path(props["data_dir"]).exists()


def test_a_change_to_a_taken_port_leaves_the_running_process_alone(props: dict[str, Any]) -> None:
    created = PROVIDER.create(props)
    assert created.outs is not None
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = {**props, "port": float(taken.getsockname()[1])}

        with pytest.raises(PortTakenError, match="set another sandbox port in the stack file"):
            PROVIDER.update(created.id, created.outs, other)

    assert call(created.outs, "GET", "/ext/agent") == []


def test_a_process_that_cannot_start_is_reported_with_its_last_log_lines(props: dict[str, Any]) -> None:
    data_dir = DataDir(Path(props["data_dir"]))
    data_dir.prepare()
    data_dir.database.write_text("not a database, but longer than its header would have to be")

    with pytest.raises(SandboxError, match=r"exited with 1\. Its last log lines:\n(.|\n)*file is not a database"):
        PROVIDER.create(props)

    assert data_dir.database.exists()


def test_a_process_that_does_not_answer_in_time_is_killed(props: dict[str, Any]) -> None:
    data_dir = DataDir(Path(props["data_dir"]))
    switches = Switches(port=int(props["port"]), placement="nested", reveal_llm=False)

    with pytest.raises(SandboxError, match="did not answer in 0 s"):
        ensure(data_dir, switches, lambda _: None, start_within_s=0)

    assert data_dir.serving() is None
    assert not data_dir.path.exists()


def kill(props: dict[str, Any]) -> None:
    serving = DataDir(Path(props["data_dir"])).serving()
    assert serving is not None
    os.kill(serving.pid, signal.SIGKILL)
    while is_served(props):
        pass


def test_a_sandbox_that_is_told_of_authorities_later_is_started_again_with_them(
    props: dict[str, Any], tmp_path: Path
) -> None:
    before = {**(PROVIDER.create(props).outs or {}), "__provider": "pickle"}
    told = {**props, "authorities": str(tmp_path / "authorities")}

    assert PROVIDER.diff("id", before, told).changes
    outs = PROVIDER.update("id", before, told).outs

    assert "authorities" not in before
    assert outs is not None
    assert outs["authorities"] == told["authorities"]
    assert outs["pid"] != before["pid"]
