from collections.abc import Iterator
from typing import Any

import pytest

from components.llm.gate.container_state import ContainerState, ContainerWatch
from components.llm.gate.failure import CannotServe, StillStarting
from components.llm.gate.readiness import Budget
from components.redaction import Redactor
from tests.fixtures.scripted_docker import CONTAINER, REMOVED_CONTAINER, ScriptedDocker, docker_host, running
from tests.fixtures.scripted_llm import ScriptedLlm, hang, refuse, stream
from tests.fixtures.waiting import TOKEN, Waiting, verdicts

RUNNING = ContainerState("running")
BRIEF = Budget(stall_timeout_s=30)


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedDocker]:
    scripted = ScriptedDocker()
    with scripted.serve() as server:
        monkeypatch.setenv("DOCKER_HOST", docker_host(server))
        yield scripted


def look(container_id: str = CONTAINER) -> ContainerState:
    with ContainerWatch(container_id, Redactor(TOKEN)) as watch:
        return watch()


def test_a_look_tells_state_and_last_log_lines_without_token_and_time_stamps(docker: ScriptedDocker) -> None:
    docker.state = running(Status="exited", ExitCode=2)
    docker.restarts = 3
    docker.logs = ["2026-11-23T12:00:00.1Z loading\x1b[0m", f"2026-11-23T12:00:01.2Z bad token {TOKEN}"]

    seen = look()

    assert ("exited", 2, 3, ("loading", "bad token [hidden]")) == (
        seen.status,
        seen.exit_code,
        seen.restarts,
        seen.log_tail,
    )


@pytest.mark.usefixtures("docker")
def test_a_container_that_is_not_there_is_gone() -> None:
    assert "gone" == look(REMOVED_CONTAINER).status


def test_a_docker_that_does_not_answer_is_unknown_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedLlm([stream()], closed=True) as nobody:
        monkeypatch.setenv("DOCKER_HOST", docker_host(nobody))
        seen = look()

    assert "unknown" == seen.status
    assert "refused" in seen.reason


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (ContainerState("exited", exit_code=1), "its container exited with code 1"),
        (ContainerState("exited", exit_code=137, oom_killed=True), "its container ran out of memory and was killed"),
        (ContainerState("running", oom_killed=True), "its container ran out of memory and was killed"),
        (ContainerState("restarting", exit_code=3), "its container keeps restarting, last exit code 3"),
        (ContainerState("running", exit_code=3, restarts=1), "its container keeps restarting, last exit code 3"),
        (ContainerState("gone"), "its container does not exist any more"),
        (ContainerState("created", reason="port is already allocated"), "could not start: port is already allocated"),
    ],
)
def test_a_container_that_will_not_serve_says_why(now: ContainerState, told: str) -> None:
    assert told in (now.failure_since(RUNNING) or "")


@pytest.mark.parametrize(
    ("first", "now"),
    [
        (RUNNING, RUNNING),
        (ContainerState("created"), RUNNING),
        (ContainerState("running", restarts=4), ContainerState("running", restarts=4)),
        (ContainerState("running", oom_killed=True), ContainerState("running", oom_killed=True)),
        (RUNNING, ContainerState("paused")),
    ],
)
def test_a_container_that_survived_its_past_may_still_serve(first: ContainerState, now: ContainerState) -> None:
    assert now.failure_since(first) is None


def test_a_container_that_exits_ends_the_wait_with_its_last_log_lines(docker: ScriptedDocker, waiting: Waiting) -> None:
    docker.logs = ["2026-11-23T12:00:00Z loading model", "2026-11-23T12:00:01Z segmentation fault"]
    waiting.clock.at(5, lambda: setattr(docker, "state", running(Status="exited", ExitCode=139)))

    with ScriptedLlm([stream()], closed=True) as llm, pytest.raises(CannotServe) as told:
        waiting.until_ready(llm, container_id=CONTAINER)

    assert (
        str(told.value).splitlines()[0].endswith("its container exited with code 139 (phase container, after 5.2 s).")
    )
    assert ["    loading model", "    segmentation fault"] == str(told.value).splitlines()[-3:-1]
    assert f"`docker logs --tail 50 {CONTAINER[:12]}`" in str(told.value).splitlines()[-1]


def test_nobody_is_told_to_look_at_a_container_that_is_removed_when_it_fails(
    docker: ScriptedDocker, waiting: Waiting
) -> None:
    waiting.clock.at(5, lambda: setattr(docker, "state", running(Status="exited", ExitCode=139)))

    with ScriptedLlm([stream()], closed=True) as llm, pytest.raises(CannotServe) as told:
        waiting.until_ready(llm, container_id=CONTAINER, is_candidate=True)

    assert str(told.value).splitlines()[-1] == "  Correct `llms.smol` in the stack file, then run `pulumi up` again."


def test_a_known_cause_among_the_last_log_lines_names_what_to_do(docker: ScriptedDocker, waiting: Waiting) -> None:
    docker.state = running(Status="exited", ExitCode=1)
    docker.logs = ["2026-11-23T12:00:00Z Error: listen tcp 0.0.0.0:11434: bind: address already in use"]

    with ScriptedLlm([stream()]) as llm, pytest.raises(CannotServe, match="address already in use") as told:
        waiting.until_ready(llm, container_id=CONTAINER)

    assert "`pulumi config set --path llms.smol.port <port>`" in str(told.value).splitlines()[-1]


def test_a_taken_port_is_told_with_the_setting_to_change(docker: ScriptedDocker, waiting: Waiting) -> None:
    docker.state = running(Status="created", Error="Bind for 127.0.0.1:11434 failed: port is already allocated")

    with ScriptedLlm([stream()]) as llm, pytest.raises(CannotServe, match="port is already allocated") as told:
        waiting.until_ready(llm, container_id=CONTAINER)

    assert "`pulumi config set --path llms.smol.port <port>`" in str(told.value).splitlines()[-1]


def test_a_container_that_dies_while_a_request_hangs_ends_the_wait(docker: ScriptedDocker, waiting: Waiting) -> None:
    waiting.clock.at(30, lambda: setattr(docker, "state", running(Status="exited", OOMKilled=True)))
    llm = ScriptedLlm([hang(lambda: waiting.clock.advance(0.5))])

    with llm, pytest.raises(CannotServe, match="ran out of memory and was killed"):
        waiting.until_ready(llm, container_id=CONTAINER)


def say(docker: ScriptedDocker, waiting: Waiting, line: str) -> None:
    """From now on the container logs *line* every 20 s."""

    def speak() -> None:
        docker.logs = [f"{waiting.clock():.0f} {line}"]
        waiting.clock.at(waiting.clock() + 20, speak)

    speak()


def test_log_lines_are_progress(docker: ScriptedDocker, waiting: Waiting) -> None:
    say(docker, waiting, "loading shard")
    with ScriptedLlm([stream()], closed=True) as llm:
        waiting.clock.at(90, llm.open)

        assert "pass" == verdicts(waiting.until_ready(llm, container_id=CONTAINER, budget=BRIEF))["container"]


@pytest.mark.parametrize(
    "line", ['[GIN] 2026/11/23 | 200 | 1ms | GET "/v1/models"', 'INFO: "GET /health HTTP/1.1" 503', "HEAD / 200"]
)
def test_access_log_lines_of_our_own_polls_are_no_progress(docker: ScriptedDocker, waiting: Waiting, line: str) -> None:
    say(docker, waiting, line)

    with ScriptedLlm([refuse(503, "Loading")]) as llm, pytest.raises(StillStarting, match="for 30 s"):
        waiting.until_ready(llm, container_id=CONTAINER, budget=BRIEF)


def test_without_docker_the_gate_still_judges_and_says_what_it_could_not_see(
    monkeypatch: pytest.MonkeyPatch, waiting: Waiting
) -> None:
    with ScriptedLlm([stream()], closed=True) as nobody, ScriptedLlm([stream()]) as llm:
        monkeypatch.setenv("DOCKER_HOST", docker_host(nobody))

        checks: dict[str, Any] = verdicts(waiting.until_ready(llm, container_id=CONTAINER))

    assert "unknown" == checks["container"]
