"""
What is stored in every state, and may therefore not change without an ADR, a shim and an upgrade test.

Pulumi stores each dynamic provider as a pickle, which for a class in an importable module is that module's path and the
name of the class. Delete and refresh import it from there, years later.
"""

import base64
import importlib
import pickletools
import subprocess
import sys
from pathlib import Path

import pytest
from pulumi.dynamic.dynamic import serialize_provider

PROJECT = Path(__file__).resolve().parents[1]
PROVIDERS = [
    "components.agent.provider.TrugenAgentProvider",
    "components.agent.verified.AgentVerifiedProvider",
    "components.agent.verified.AllVerifiedProvider",
    "components.attachments.provider.GuardrailProvider",
    "components.attachments.provider.KnowledgeBaseProvider",
    "components.attachments.provider.McpServerProvider",
    "components.attachments.provider.TemplateProvider",
    "components.attachments.provider.ToolProvider",
    "components.llm.gateway.authority.GatewayAuthorityProvider",
    "components.llm.gateway.drain.DrainProvider",
    "components.llm.gateway.files.GatewayFilesProvider",
    "components.llm.model_provider.OllamaModelProvider",
    "components.llm.ready_gate_provider.ReadyGateProvider",
    "components.llm.secret_files.SecretFilesProvider",
    "components.llm.token.BearerTokenProvider",
    "components.llm.unused_models.UnusedModelsProvider",
    "components.sandbox.process.SandboxProcess",
]
TYPES = {
    "components.agent.resource.AgentVerified": "pulumi-python:dynamic/trugen:AgentVerified",
    "components.agent.resource.AllVerified": "pulumi-python:dynamic/trugen:AllVerified",
    "components.agent.resource.TrugenAgent": "pulumi-python:dynamic/trugen:Agent",
    "components.attachments.resource.TrugenGuardrail": "pulumi-python:dynamic/trugen:Guardrail",
    "components.attachments.resource.TrugenKnowledgeBase": "pulumi-python:dynamic/trugen:KnowledgeBase",
    "components.attachments.resource.TrugenMcpServer": "pulumi-python:dynamic/trugen:McpServer",
    "components.attachments.resource.TrugenTemplate": "pulumi-python:dynamic/trugen:Template",
    "components.attachments.resource.TrugenTool": "pulumi-python:dynamic/trugen:Tool",
    "components.llm.gateway.authority.GatewayAuthority": "pulumi-python:dynamic/trugen:GatewayAuthority",
    "components.llm.gateway.drain.Drain": "pulumi-python:dynamic/trugen:Drain",
    "components.llm.gateway.files.GatewayFiles": "pulumi-python:dynamic/trugen:GatewayFiles",
    "components.llm.models.OllamaModel": "pulumi-python:dynamic/trugen:OllamaModel",
    "components.llm.ready_gate.ChatCompletionsReady": "pulumi-python:dynamic/trugen:ChatCompletionsReady",
    "components.llm.secret_files.SecretFiles": "pulumi-python:dynamic/trugen:SecretFiles",
    "components.llm.token.BearerToken": "pulumi-python:dynamic/trugen:BearerToken",
    "components.llm.unused_models.UnusedModels": "pulumi-python:dynamic/trugen:UnusedModels",
    "components.sandbox.resource.TrugenSandbox": "pulumi-python:dynamic/trugen:Sandbox",
}
_PRINT_ALL = """
import importlib
from pulumi.dynamic.dynamic import serialize_provider
for path in {providers}:
    module, _, name = path.rpartition(".")
    print(serialize_provider(getattr(importlib.import_module(module), name)()))
"""


def stored(path: str) -> str:
    module, _, name = path.rpartition(".")
    text: str = serialize_provider(getattr(importlib.import_module(module), name)())
    return text


@pytest.mark.parametrize("path", PROVIDERS)
def test_a_provider_is_stored_as_its_path_and_nothing_else(path: str) -> None:
    module, _, name = path.rpartition(".")

    strings = [
        argument
        for opcode, argument, _ in pickletools.genops(base64.b64decode(stored(path)))
        if isinstance(argument, str)
    ]

    assert strings == [module, name]


@pytest.mark.parametrize("path", PROVIDERS)
def test_a_stored_provider_is_short(path: str) -> None:
    assert len(stored(path)) < 200


@pytest.mark.parametrize("path", PROVIDERS)
def test_a_provider_has_nothing_secret_to_hide(path: str) -> None:
    """Only then may it stay readable in the state."""
    module, _, name = path.rpartition(".")
    provider = getattr(importlib.import_module(module), name)

    assert provider.serialize_as_secret_always is False
    assert vars(provider()) == {}


def test_two_interpreters_store_the_same() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", _PRINT_ALL.format(providers=PROVIDERS)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert printed.stdout.split() == [stored(path) for path in PROVIDERS]


def test_every_provider_class_stands_in_this_list() -> None:
    found = {
        f"{'.'.join(path.relative_to(PROJECT).with_suffix('').parts)}.{line.split()[1].split('(')[0]}"
        for path in (PROJECT / "components").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("class ") and "Provider)" in line
    } - {"components.provider.ObjectProvider"}  # what the kinds have in common; no state names it

    assert found == set(PROVIDERS)


@pytest.mark.parametrize(("path", "token"), TYPES.items())
def test_a_resource_keeps_its_type(path: str, token: str) -> None:
    module, _, name = path.rpartition(".")
    resource = getattr(importlib.import_module(module), name)

    assert f"pulumi-python:{resource._resource_type_name}" == token  # noqa: SLF001 - the SDK shows it nowhere else
