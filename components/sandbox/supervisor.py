"""Start and stop the sandbox as a process of its own, which outlives whoever started it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import requests

from components.sandbox.data_dir import DataDir, Serving, Switches
from components.sandbox.listener import listening

_PROJECT = Path(__file__).resolve().parents[2]
# The CLI's environment holds passphrases and keys that a long-lived process has no business with.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
_PAUSE_S = 0.1
_STOP_WITHIN_S = 10.0
_SILENT_S = 2.0


class SandboxError(Exception):
    """The sandbox could not be started or stopped; the message says why and what to do."""


def ensure(
    data_dir: DataDir, wanted: Switches, on_wait: Callable[[str], None], *, start_within_s: float = 30.0
) -> Serving:
    """
    Return a healthy process that serves *data_dir* with the wanted switches.

    One that is already there is adopted, an earlier run may have been interrupted; any other one is restarted.

    Raises:
        PortTakenError: the wanted port is not free; nothing was changed.
        SandboxError: it did not come up; the process is gone, and so is the data dir if it was new.
    """
    serving = data_dir.serving()
    if serving and _is_as_wanted(serving, wanted) and healthy(data_dir):
        return serving
    if serving is None or serving.port != wanted.port:
        # Tried before the running process is stopped, which a failed change of port must not take down.
        listening(wanted.port).close()
    stop(data_dir)
    is_new = not data_dir.path.exists()
    data_dir.prepare()
    process = _spawn(data_dir, wanted)
    try:
        _wait_until_healthy(data_dir, process, wanted, on_wait, start_within_s)
    except BaseException:
        process.kill()
        process.wait()
        if is_new:
            data_dir.remove()
        raise
    # Collects the exit status should the sandbox end while this process still runs.
    threading.Thread(target=process.wait, daemon=True).start()
    serving = data_dir.serving()
    if serving is None:
        raise SandboxError(f"The sandbox stopped right after its start. Read {data_dir.log}.")
    return serving


def _is_as_wanted(serving: Serving, wanted: Switches) -> bool:
    told = Switches(**serving.model_dump(include=set(Switches.model_fields)))
    return told == wanted and not serving.behaviour


def healthy(data_dir: DataDir) -> bool:
    """Whether the live process of *data_dir* answers with its own key."""
    serving = data_dir.serving()
    return serving is not None and _answers(serving.port, data_dir.api_key())


def stop(data_dir: DataDir) -> None:
    """
    Stop the process that serves *data_dir*, if there is one, and only that.

    Raises:
        SandboxError: it survived SIGKILL.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        serving = data_dir.serving()
        if serving is None:
            return
        os.kill(serving.pid, number)
        deadline = time.monotonic() + _STOP_WITHIN_S
        while data_dir.serving() and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)
    if serving := data_dir.serving():
        raise SandboxError(f"Process {serving.pid} of the sandbox does not end. Look at it: `ps -fp {serving.pid}`.")


def _spawn(data_dir: DataDir, wanted: Switches) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "components.sandbox", "--port", str(wanted.port), "--data-dir", str(data_dir.path)]
    command += ["--placement", wanted.placement, *(["--reveal-llm"] if wanted.reveal_llm else [])]
    command += ["--authorities", wanted.authorities] if wanted.authorities else []
    with data_dir.log.open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=_PROJECT,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_healthy(
    data_dir: DataDir,
    process: subprocess.Popen[bytes],
    wanted: Switches,
    on_wait: Callable[[str], None],
    start_within_s: float,
) -> None:
    started = time.monotonic()
    while not healthy(data_dir):
        waited_s = time.monotonic() - started
        ended = process.poll() is not None
        if ended or waited_s > start_within_s:
            why = f"exited with {process.returncode}" if ended else f"did not answer in {start_within_s:.0f} s"
            raise SandboxError(
                f"The TruGen sandbox on port {wanted.port} {why}. Its last log lines:\n{data_dir.last_log_lines()}\n"
                f"The whole log: {data_dir.log}"
            )
        if waited_s >= _SILENT_S:
            on_wait(f"sandbox is starting, {waited_s:.0f} s of at most {start_within_s:.0f} s")
        time.sleep(_PAUSE_S)


def _answers(port: int, api_key: str) -> bool:
    with requests.Session() as session:
        # A proxy set in the environment must not be asked for a loopback address.
        session.trust_env = False
        try:
            url = f"http://127.0.0.1:{port}/v1/ext/avatars"
            return session.get(url, headers={"x-api-key": api_key}, timeout=2).ok
        except requests.RequestException:
            return False
