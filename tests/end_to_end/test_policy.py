"""The policy pack under the real CLI, which starts it as a process of its own."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from policy.rules import GATEWAY_PRESENT, RULES
from tests.fixtures.checkout import Checkout
from tests.fixtures.deployment import PROJECT, free_port
from tests.fixtures.pulumi_project import PulumiProject, Result

PACK = str(PROJECT / "policy" / "run")
PRODUCTION = str(PROJECT / "policy" / "config" / "production.json")
POLICIES = [rule.id for rule in RULES] + [GATEWAY_PRESENT]
PULUMI_YAML = """\
name: trugen-llm
runtime: {name: python, options: {virtualenv: .venv}}
"""
# The resource that each policy refuses, and how its message begins.
REFUSED = {
    ("agent-url", "plain-http"): "llm_url is http://llm.example.com: it is not https",
    ("agent-url", "private"): "llm_url is https://10.1.2.3:8443: 10.1.2.3 is no name or address of the internet",
    ("agent-url", "loopback"): "llm_url is https://127.1: 127.1 is no name or address of the internet",
    ("token-strength", "weak"): "llm_token has at most 144 bits; 256 are wanted for llm.example.com",
    ("token-strength", "placeholder"): "llm_token looks like a placeholder",
    ("protection", "unprotected"): "Agent unprotected is not protected",
    ("protection", "loose"): "Tool loose is not protected",
    ("image-digest", "moving"): "name is 'caddy:2.11.7', a tag that its owner can move",
    ("image-digest", "tag"): "image is 'caddy:2.11.7', a tag that its owner can move",
    ("memory-limit", "greedy"): "memory is not limited",
    ("container-privileges", "root"): "privileged is true",
    ("container-privileges", "unguarded"): "security option 'seccomp=unconfined' takes a guard away",
    ("docker-socket", "docker-in-docker"): "/var/run/docker.sock of this machine is mounted",
    ("docker-socket", "disguised"): "/var/run of this machine is mounted",
    ("host-network", "hosts-network"): "it is on this machine's own network",
    ("port-binding", "open"): "port 11434 is bound to 0.0.0.0",
    ("env-secrets", "talkative"): "OPENAI_API_KEY of its environment holds a secret",
    ("gateway-present", "bare-a"): "no gateway stands before it",
}
FINE = ["fine", "good", "theirs"]
CANARY = "sk-canary"  # how the secrets of that program begin


def project_of(program: str, folder: Path) -> PulumiProject:
    project = PulumiProject(folder, "test")
    (project.folder / "Pulumi.yaml").write_text(PULUMI_YAML)
    (project.folder / ".venv").symlink_to(PROJECT / ".venv")
    shutil.copy2(PROJECT / "tests" / "fixtures" / program, project.folder / "__main__.py")
    project.pulumi("stack", "init", "test")
    return project


@pytest.fixture(scope="module")
def bad_stack(tmp_path_factory: pytest.TempPathFactory) -> PulumiProject:
    return project_of("bad_stack_program.py", tmp_path_factory.mktemp("bad"))


def preview(project: PulumiProject, config: Path) -> Result:
    return project.pulumi("preview", "--policy-pack", PACK, "--policy-pack-config", str(config))


def config_of(stack: str) -> Path:
    return PROJECT / "policy" / "config" / f"{stack}.json"


def told(printed: str) -> dict[tuple[str, str], str]:
    """What is said first of each policy and resource: a line with both, the reason, the message."""
    lines = [line.strip() for line in printed.splitlines()]
    found: dict[tuple[str, str], str] = {}
    for number, line in enumerate(lines):
        if line.startswith("- ["):
            policy, resource = line.split()[2], line.rpartition(": ")[2].removesuffix(")")
            found.setdefault((policy, resource), "")
            found[policy, resource] += lines[number + 2] + "\n"
    return found


def test_each_policy_stops_a_stack_that_breaks_it_and_no_other_resource_is_named(bad_stack: PulumiProject) -> None:
    result = preview(bad_stack, config_of("production"))

    messages = told(result.printed)
    assert result.status != 0
    assert {policy for policy, _ in REFUSED} == set(POLICIES)
    assert [case for case, begins in REFUSED.items() if begins not in messages.get(case, "")] == []
    assert messages.keys() - REFUSED.keys() == {("known-in-the-run", "trugen-llm-test")}
    assert "token-strength (llm_token) of later" in messages["known-in-the-run", "trugen-llm-test"]
    assert not {resource for _, resource in messages} & set(FINE)
    assert CANARY not in result.printed


def test_an_advisory_policy_says_the_same_and_stops_nothing(bad_stack: PulumiProject, tmp_path: Path) -> None:
    advisory = tmp_path / "advisory.json"
    advisory.write_text(json.dumps({policy: {"enforcementLevel": "advisory"} for policy in POLICIES}))

    result = preview(bad_stack, advisory)

    assert result.status == 0, result.printed
    assert told(result.printed).keys() >= REFUSED.keys()
    assert CANARY not in result.printed


def test_a_resource_with_a_reason_is_let_through_and_one_without_is_refused(
    bad_stack: PulumiProject, tmp_path: Path
) -> None:
    """The rest is switched off. Pulumi itself refuses settings that the schema does not know."""
    off = {policy: {"enforcementLevel": "disabled"} for policy in POLICIES}
    relaxed, wordless = tmp_path / "relaxed.json", tmp_path / "wordless.json"
    reason = "a moving base image, tried each night"
    relaxed.write_text(json.dumps({**off, "image-digest": {"except": {"tag": reason, "moving": reason}}}))
    wordless.write_text(json.dumps({**off, "image-digest": {"except": {"tag": "", "moving": ""}}}))

    assert preview(bad_stack, relaxed).status == 0
    assert "image-digest: except.tag: String length" in preview(bad_stack, wordless).printed


def test_what_a_preview_cannot_know_is_refused_in_the_run_before_the_agent_is_made(tmp_path: Path) -> None:
    late = project_of("late_token_program.py", tmp_path)

    result = late.up("--policy-pack", PACK, "--policy-pack-config", str(config_of("dev")))

    previewed, ran = result.printed.split("Updating (test)")
    assert "token-strength (llm_token) of late" in previewed
    assert "llm_token has at most" not in previewed
    assert "llm_token has at most 66 bits; 256 are wanted for llm.example.com" in ran
    assert result.status != 0
    assert not (tmp_path / "agent-was-made").exists()
    assert "canary-weak" not in result.printed


@pytest.mark.parametrize("stack", ["local", "dev"])
def test_our_own_stacks_are_clean(stack: str, tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "checkout", stack, {})
    move_to_free_ports(checkout.folder / "stacks" / f"Pulumi.{stack}.yaml")
    checkout.pulumi("stack", "init", stack)

    result = preview(checkout, config_of(stack))

    assert result.status == 0, result.printed
    assert {policy for policy, _ in told(result.printed)} <= {"known-in-the-run", "image-digest"}
    assert "agent-url (llm_url) of concierge" in result.printed


def test_our_production_stack_is_clean_as_a_stranger_may_check_it(tmp_path: Path) -> None:
    """Against a sandbox with stand-ins for secrets, as previews of pull requests from forks: no real key is here."""
    checkout = Checkout(tmp_path / "checkout", "production", {})

    result = checkout.components("preview", "--as-sandbox", "--policy-pack", PACK, "--policy-pack-config", PRODUCTION)

    assert result.status == 0, result.printed
    assert {policy for policy, _ in told(result.printed)} == {"known-in-the-run"}


def move_to_free_ports(file: Path) -> None:
    """Another stack may run on this machine. A new salt is made for the passphrase of the tests."""
    config = yaml.safe_load(file.read_text())["config"]
    for llm in config["trugen-llm:llms"].values():
        llm |= {key: free_port() for key in ("port", "privatePort")}
    config["trugen-llm:trugen"]["sandbox"]["port"] = free_port()
    file.write_text(yaml.safe_dump({"config": config}))
