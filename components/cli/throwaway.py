"""A copy of the project in which a stack file can be checked by anybody: no secret of it, no state, a sandbox."""

import contextlib
import os
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from components.cli import engine
from components.stack import shared, yaml_file

_SHARED = ("components", ".venv", ".cache", "stacks/agents")
_NAMESPACE = "trugen-llm:"
# As hexadecimal digits long enough for the policy on tokens, and short enough for every vendor's.
_STAND_IN_BYTES = 48
# Section of the key that an engine cannot do without (components/stack/rules.py).
_KEYS = {"hosted": "llmTokens", "anthropic": "providerKeys"}
# Of a tunnel's token (components/llm/gateway/tunnel.py).
_BEGINNINGS = {"cloudflared": "eyJ", "tailscale": "tskey-auth-"}


@contextlib.contextmanager
def project(stack: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """
    The folder of the copy and the environment to run the CLI in.

    Raises:
        EngineError: There is no such stack file, or it cannot be read.
    """
    file = engine.PROJECT / "stacks" / f"Pulumi.{stack}.yaml"
    config = _config(file)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("Pulumi.yaml", "__main__.py"):
            (folder / part).write_bytes((engine.PROJECT / part).read_bytes())
        (folder / "stacks").mkdir()
        (folder / "state").mkdir()
        for part in _SHARED:
            if (engine.PROJECT / part).exists():
                (folder / part).symlink_to(engine.PROJECT / part)
        entries = config.get(f"{_NAMESPACE}llms")
        llms = shared.read(engine.PROJECT).beneath("llms", entries) if isinstance(entries, dict) else {}
        plain, confidential = sandboxed(config, llms, _free_port())
        (folder / "stacks" / file.name).write_text(yaml.safe_dump({"config": plain}), encoding="utf-8")
        env = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe(),
            # Empty counts as absent: no preview of a stranger's change may see the real one.
            "TRUGEN_API_KEY": "",
            # Whose GPU, memory and ports are none of the stack's.
            "TRUGEN_LLM_ANOTHER_MACHINE": "1",
        }
        _quietly(folder, env, "stack", "init", stack)
        if confidential:
            _quietly(folder, env, "config", "set-all", "--path", *_words(confidential), "--stack", stack)
        yield folder, env


def sandboxed(config: Mapping[str, Any], llms: Mapping[str, Any], port: int) -> tuple[dict[str, Any], dict[str, str]]:
    """
    What the copy's stack file says, without secrets; and a stand-in for each secret by its path. Pure.

    Args:
        config: as the stack file has it.
        llms: with their shared defaults. What one needs gets a stand-in, stored or not: a stranger can store none.
        port: of the sandbox.
    """
    plain = {key: value for key, value in config.items() if not _is_confidential(value)}
    plain[f"{_NAMESPACE}trugen"] = {"sandbox": {"port": port}}
    stored = [path for key, value in config.items() if _is_confidential(value) for path in _paths(key, value)]
    paths = dict.fromkeys([*stored, *_needed(llms)])
    return plain, {path: _stand_in(path, llms) for path in paths if path != f"{_NAMESPACE}trugenApiKey"}


def _needed(llms: Mapping[str, Any]) -> Iterator[str]:
    for name, llm in llms.items():
        if isinstance(llm, Mapping) and llm.get("engine") in _KEYS:
            yield f'{_NAMESPACE}{_KEYS[llm["engine"]]}["{name}"]'
        if _tunnel(llm):
            yield f'{_NAMESPACE}tunnelTokens["{name}"]'


def _tunnel(llm: Any) -> Any:
    gateway = llm.get("gateway") if isinstance(llm, Mapping) else None
    tunnel = gateway.get("tunnel") if isinstance(gateway, Mapping) else None
    return tunnel.get("kind") if isinstance(tunnel, Mapping) else None


def _stand_in(path: str, llms: Mapping[str, Any]) -> str:
    """Letters and digits fit everywhere but in a tunnel, whose tokens have their vendor's beginning."""
    kinds = (_tunnel(llm) for name, llm in llms.items() if path == f'{_NAMESPACE}tunnelTokens["{name}"]')
    return f"{_BEGINNINGS.get(next(kinds, ''), '')}{secrets.token_hex(_STAND_IN_BYTES)}"


def _config(file: Path) -> dict[str, Any]:
    try:
        found = yaml_file.loaded(file.read_text(encoding="utf-8"))["config"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        text = f"{file.relative_to(engine.PROJECT)} cannot be read: {type(error).__name__}.\n  Next: ls stacks"
        raise engine.EngineError(text, 1) from None
    return dict(found)


def _is_confidential(value: Any) -> bool:
    """Whether it is, or holds, `secure: v1:…`, as Pulumi writes a secret."""
    return isinstance(value, Mapping) and ("secure" in value or any(map(_is_confidential, value.values())))


def _paths(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and "secure" not in value:
        for key, inner in value.items():
            yield from _paths(f'{path}["{key}"]', inner)
    else:
        yield path


def _words(confidential: Mapping[str, str]) -> Iterator[str]:
    for path, value in confidential.items():
        yield from ("--secret", f"{path}={value}")


def _quietly(folder: Path, env: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(
        ["pulumi", *words, "--non-interactive"],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise engine.EngineError(f"`pulumi {words[0]} {words[1]}` failed: {done.stderr.strip()}", 1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
