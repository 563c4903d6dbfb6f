"""What the containers of a deployed stack are denied: as Docker tells it, and as they find out when they try."""

from collections.abc import Mapping
from typing import cast

import docker
import pytest
from docker.models.containers import Container

from tests.cis.inside import first_process
from tests.cis.rules import NET_BIND_SERVICE, ROLES, RULES, Rule, Seen
from tests.fixtures.door_rows import right
from tests.fixtures.guarded import CANARY, Guarded
from tests.fixtures.one_shot import told_in

pytestmark = pytest.mark.docker
PLACES = [
    "/",
    "/bin",
    "/etc",
    "/root",
    "/run",
    "/run/trugen-llm",
    "/usr",
    "/var",
    "/proc/sys/kernel",
    "/sys/fs/cgroup/memory",
]
KILLED = 137


@pytest.fixture(scope="module")
def seen(guarded: Guarded, engine: docker.DockerClient) -> Mapping[str, Seen]:
    has_apparmor = "name=apparmor" in engine.info()["SecurityOptions"]
    return {role: Seen(one.attrs, _inside(engine, one), has_apparmor) for role, one in guarded.roles(engine).items()}


def _inside(engine: docker.DockerClient, container: Container) -> Mapping[str, object]:
    beside = {
        "pid_mode": f"container:{container.id}",
        "cap_add": ["SYS_PTRACE"],
        "security_opt": ["apparmor=unconfined"],
    }
    told: Mapping[str, object] = told_in(engine, first_process, PLACES, network_mode="none", **beside)
    return told


def python_in(container: Container, program: str) -> tuple[int | None, str]:
    """Exit status and output of *program* inside *container*, as its own user."""
    done = container.exec_run(["python3", "-c", program])
    return done.exit_code, cast("bytes", done.output).decode()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("rule", RULES, ids=[f"{rule.number} {rule.says}" for rule in RULES])
def test_each_rule_holds_for_each_container_but_for_its_exceptions(
    seen: Mapping[str, Seen], rule: Rule, role: str
) -> None:
    assert rule.holds(seen[role]) is (role not in rule.but)


def test_the_gateway_could_get_the_capability_of_its_binary_and_no_other(seen: Mapping[str, Seen]) -> None:
    assert seen["gateway"].capabilities("CapBnd") == NET_BIND_SERVICE


def test_a_process_that_forks_5000_times_is_stopped_and_the_relay_goes_on(
    guarded: Guarded, engine: docker.DockerClient
) -> None:
    program = """
import os, signal
children = []
try:
    for _ in range(5000):
        child = os.fork()
        if not child:
            signal.pause()
        children.append(child)
except OSError as error:
    print(len(children), error.errno)
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""
    status, printed = python_in(guarded.relay_container(engine), program)

    made, reason = map(int, printed.split())
    assert (status, reason) == (0, 11)  # EAGAIN
    assert made < 64
    assert b'"object":"list"' in guarded.ask("GET /v1/models", right(CANARY))


def test_a_process_that_takes_all_memory_is_killed_and_the_relay_goes_on(
    guarded: Guarded, engine: docker.DockerClient
) -> None:
    relay = guarded.relay_container(engine)
    started, limit_bytes = relay.attrs["State"]["StartedAt"], relay.attrs["HostConfig"]["Memory"]

    status, _ = python_in(relay, f"held = bytearray(b'x') * {limit_bytes + 2**27}")

    relay.reload()
    assert (status, relay.attrs["State"]["StartedAt"], relay.status) == (KILLED, started, "running")
    assert b'"object":"list"' in guarded.ask("GET /v1/models", right(CANARY))


@pytest.mark.parametrize(
    "attempt",
    [
        "os.setuid(0)",
        "os.setgid(0)",
        "os.chroot('/tmp')",
        "os.mkfifo('/x')",
        "socket.sethostname('x')",
        "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "os.setpriority(os.PRIO_PROCESS, 0, -5)",
        "open('/proc/sysrq-trigger', 'w')",
        "open('/dev/mem')",
        "open('/run/docker.sock')",
    ],
)
def test_what_only_root_may_do_is_refused(guarded: Guarded, engine: docker.DockerClient, attempt: str) -> None:
    program = f"import os, socket\ntry:\n    {attempt}\nexcept OSError:\n    print('refused')"

    assert python_in(guarded.relay_container(engine), program) == (0, "refused\n")


def test_nothing_that_is_written_to_memory_can_be_executed(guarded: Guarded, engine: docker.DockerClient) -> None:
    program = """
import os, subprocess
with open("/tmp/run", "w") as file:
    file.write("#!/bin/sh\\n")
os.chmod("/tmp/run", 0o755)
try:
    subprocess.run(["/tmp/run"])
except PermissionError:
    print("refused")
finally:
    os.remove("/tmp/run")
"""
    assert python_in(guarded.relay_container(engine), program) == (0, "refused\n")
