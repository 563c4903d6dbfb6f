"""
How long does it take from `git clone` until a pull request has changed an agent?

One run of the path that the README and docs/gitops.md describe, with `make` as a newcomer types it and nothing handed
over from checkout to checkout: the newcomer's clone and the runner's checkout each install their Python packages. What
`air_gapped` keeps for the whole machine (Pulumi, images, the model) is warm, if this machine was prepared before.
"""

import json
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from air_gapped import docker_engine, places, pulumi_tools
from tests.fixtures.deployment import free_port
from tests.fixtures.forge import Clone, Forge, git
from tests.fixtures.trugen_user import TrugenUser

_PROMPT_FILE = "stacks/agents/concierge.md"
_PROMPT = "You are Ada, the night desk. Answer in one short sentence.\n"
_LIMIT_S = 900
# Another name than the shipped stack's, whose containers may run here.
_STACK = f"newcomer-{secrets.token_hex(3)}"
_ON_STACK = ("--stack", _STACK)
_RUN = ("python3", "-m", "air_gapped", "run", *_ON_STACK, "--")
_DOWN = (*_RUN, "python", "-m", "components", "down", *_ON_STACK)
_SHOW_OUTPUTS = (*_RUN, "pulumi", "stack", "output", "--json", "--show-secrets", *_ON_STACK)


class Newcomer:
    """Somebody with this machine's tools, an empty state folder, and a stopwatch."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        ours = {str(places.VENV / "bin"), str(pulumi_tools.tools_folder())}
        path = [entry for entry in os.environ["PATH"].split(os.pathsep) if entry not in ours]
        left_out = {"VIRTUAL_ENV", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_HOME"}
        self._env = {
            **{name: value for name, value in os.environ.items() if name not in left_out},
            **docker_engine.environment(),
            "PATH": os.pathsep.join(path),
            "TRUGEN_LLM_CACHE": str(places.cache()),
            "TRUGEN_LLM_STATE": str(folder / "state"),
            "PULUMI_CONFIG_PASSPHRASE": "of-this-benchmark-only",
        }
        self.took_s: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        start_s = time.monotonic()
        yield
        self.took_s[name] = time.monotonic() - start_s
        print(f"  {self.took_s[name]:6.1f} s  {name}", flush=True)

    def types(self, checkout: Clone, *words: str) -> str:
        """A command in *checkout* that has to succeed; returns what it printed."""
        done = subprocess.run(
            words,
            cwd=checkout.folder,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}"
        return done.stdout

    def prompt(self, checkout: Clone) -> str:
        """What the agent in the workspace is told now."""
        shown = self.types(checkout, *_SHOW_OUTPUTS)
        loaded: dict[str, Any] = json.loads(shown)
        (agent,) = TrugenUser(**loaded["sandbox"]).agents()
        return str(agent["avatars"][0]["persona_prompt"])


def main() -> None:
    print("from `git clone` to an agent that a pull request changed; one run")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        forge = Forge(folder / "forge", _with_a_stack)
        newcomer = Newcomer(folder)
        deployed: list[Clone] = []
        try:
            _walk(newcomer, forge, deployed.append)
        finally:
            for checkout in deployed[-1:]:
                newcomer.types(checkout, *_DOWN)
    print(f"  {sum(newcomer.took_s.values()):6.1f} s  together")


def _walk(newcomer: Newcomer, forge: Forge, deployed: Callable[[Clone], None]) -> None:
    with newcomer.phase("git clone"):
        mine = forge.clone("newcomer")
    with newcomer.phase("packages and tools (the first half of `make up`)"):
        newcomer.types(mine, "python3", "-m", "air_gapped", "prepare")
    deployed(mine)
    with newcomer.phase("make up: engine, gate, agent, one spoken answer"):
        newcomer.types(mine, "make", "up", f"STACK={_STACK}")
    with newcomer.phase("branch, edit of the prompt, push"):
        mine.branch("night-desk")
        mine.edit(_PROMPT_FILE, lambda _: _PROMPT)
        mine.push("Answer as the night desk")
    with newcomer.phase("runner: checkout and packages"):
        runner = forge.clone("runner")
        proposed = forge.proposed("night-desk", 1)
        git(runner.folder, "fetch", "--quiet", "origin", proposed)
        git(runner.folder, "checkout", "--quiet", proposed)
        newcomer.types(runner, "python3", "-m", "air_gapped", "prepare")
    with newcomer.phase("runner: preview, comment of the pull request"):
        newcomer.types(runner, "make", "preview", f"STACK={_STACK}", "ARGS=--comment preview.md")
    comment = (runner.folder / "preview.md").read_text()
    assert "| update | `trugen:Agent` | `concierge` |" in comment, comment
    with newcomer.phase("merge, runner: make up"):
        merged = forge.merge("night-desk")
        git(runner.folder, "fetch", "--quiet", "origin")
        git(runner.folder, "checkout", "--quiet", merged)
        newcomer.types(runner, "make", "up", f"STACK={_STACK}")
    deployed(runner)
    with newcomer.phase("look at the agent"):
        assert _PROMPT.strip() in newcomer.prompt(runner)


def _with_a_stack(seed: Path) -> None:
    """The shipped local stack under another name and on ports that are free."""
    shipped = yaml.safe_load((seed / "stacks" / "Pulumi.local.yaml").read_text())["config"]
    shipped["trugen-llm:llms"]["main"] |= {"port": free_port(), "privatePort": free_port()}
    shipped["trugen-llm:trugen"]["sandbox"]["port"] = free_port()
    (seed / "stacks" / f"Pulumi.{_STACK}.yaml").write_text(yaml.safe_dump({"config": shipped}))


if __name__ == "__main__":
    main()
