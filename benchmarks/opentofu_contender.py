"""
The peer: OpenTofu with the Mastercard REST provider, both compiled from Go modules into the user's cache.

What is configured, and why: `write_returns_object`, since without it the provider wants the id in the document;
`create_path`, `read_path` and all else at their defaults. The provider never compares what an API shows with what was
sent (1.20 only records it), so no ignore options are needed for fields the sandbox hides: its no-op is empty, and a
create is one POST that nothing verifies. A refresh reads each object twice (`Exists`, then `Read`).
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from air_gapped.go_build import Program, build
from air_gapped.progress import Progress
from benchmarks.process_tree import Weighed, weighed

_RECIPES = Path(__file__).resolve().parent / "peer"
_OPENTOFU = "github.com/opentofu/opentofu"
TOFU = Program(
    binary="tofu",
    recipe=_RECIPES / "opentofu",
    package=f"{_OPENTOFU}/cmd/tofu",
    version="1.12.6",
    ldflags=f"-X {_OPENTOFU}/version.dev=no",
)
PROVIDER = Program(
    binary="terraform-provider-restapi_v1.20.0",
    recipe=_RECIPES / "restapi",
    package="github.com/Mastercard/terraform-provider-restapi",
    version="1.20.0",
)
_SOURCE = "registry.opentofu.org/mastercard/restapi"
PARALLELISM = 10


@dataclass(frozen=True)
class OpenTofu:
    name: str = "OpenTofu"

    def prepare(self, folder: Path, job: Mapping[str, Any] | None) -> "Prepared":
        """A configuration in *folder*, initialised from a mirror of our own; without a *job* it has no resources."""
        progress = Progress()
        tofu = build(TOFU, progress.reporter("OpenTofu"))
        plugin = build(PROVIDER, progress.reporter("REST provider"))
        folder.mkdir(parents=True)
        mirror = folder / "mirror" / _SOURCE / PROVIDER.version / _platform()
        mirror.mkdir(parents=True)
        shutil.copy2(plugin, mirror)
        (folder / "tofu.rc").write_text(
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder / "mirror"}"\n  }}\n}}\n'
        )
        (folder / "main.tf.json").write_text(json.dumps(_configuration(job)))
        prepared = Prepared(tofu, folder)
        prepared.run("init", "-input=false")
        return prepared


@dataclass(frozen=True)
class Prepared:
    tofu: Path
    folder: Path

    def create(self) -> Weighed:
        return self.run("apply", "-auto-approve", "-input=false", f"-parallelism={PARALLELISM}")

    def no_op(self) -> Weighed:
        applied = self.create()
        assert "0 added, 0 changed, 0 destroyed" in applied.printed, applied.printed
        return applied

    def state_bytes(self) -> int:
        return (self.folder / "terraform.tfstate").stat().st_size

    def run(self, *words: str) -> Weighed:
        environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(self.folder / "tofu.rc"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        return weighed([str(self.tofu), *words, "-no-color"], cwd=self.folder, env=environment)


def _configuration(job: Mapping[str, Any] | None) -> dict[str, Any]:
    required = {"terraform": {"required_providers": {"restapi": {"source": _SOURCE, "version": PROVIDER.version}}}}
    if job is None:
        return required
    provider = {"uri": job["api_url"], "headers": {"x-api-key": job["api_key"]}, "write_returns_object": True}
    # One resource over all names, as one would write it; a block for each agent would cost the parser.
    agents = {
        "for_each": "${toset(local.names)}",
        "path": "/ext/agent",
        "data": "${jsonencode(merge(local.document, {agent_name = each.key}))}",
    }
    return {
        **required,
        "provider": {"restapi": provider},
        "locals": {"names": job["names"], "document": job["document"]},
        "resource": {"restapi_object": {"agent": agents}},
    }


def _platform() -> str:
    machine = os.uname().machine
    return f"linux_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"
