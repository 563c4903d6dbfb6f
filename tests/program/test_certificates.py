"""Where the certificates of a gateway live, as asked of Docker."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.program.conftest import Program, stack_file

Run = Callable[..., Program]
GOT_ITSELF: dict[str, dict[str, Any]] = {
    "acme": {"hostname": "llm.example.com", "acmeEmail": "ops@example.com"},
    "own authority": {"hostname": "llm.example.com", "internal": True},
}


def with_tls(run: Run, tls: dict[str, Any]) -> Program:
    config = stack_file("local")["config"]
    config["trugen-llm:llms"]["main"] |= {"port": 443, "privatePort": 21440, "gateway": {"tls": tls}}
    return run(config)


@pytest.mark.parametrize("kind", GOT_ITSELF)
def test_what_the_gateway_gets_itself_outlives_its_container(run: Run, kind: str) -> None:
    """A certificate authority gives few to one name in a week (Let's Encrypt: 5)."""
    program = with_tls(run, GOT_ITSELF[kind])

    mounted = {one["containerPath"]: one for one in program.gateway.inputs["volumes"]}

    assert mounted["/var/lib/trugen-llm"] == {
        "volumeName": "trugen-llm-test-main-certificates",
        "containerPath": "/var/lib/trugen-llm",
    }
    assert mounted["/run/trugen-llm"]["readOnly"]


@pytest.mark.parametrize("kind", GOT_ITSELF)
def test_the_folder_for_them_belongs_to_the_user_of_the_gateway_before_it_starts(run: Run, kind: str) -> None:
    program = with_tls(run, GOT_ITSELF[kind])
    folder = program.only("SecretFiles")

    assert (folder.inputs["owner"], folder.inputs["folders"]) == (65532, ["caddy"])
    assert folder.urn in program.gateway.input_dependencies["volumes"]


def test_a_gateway_that_gets_none_writes_to_no_volume(local: Program) -> None:
    assert [one["readOnly"] for one in local.gateway.inputs["volumes"]] == [True]
    assert local.all("SecretFiles") == []


def test_the_agents_wait_for_the_authority_that_a_gateway_makes_for_itself(run: Run) -> None:
    program = with_tls(run, GOT_ITSELF["own authority"])
    authority, gate = program.only("GatewayAuthority"), program.only("ChatCompletionsReady")

    assert authority.inputs["volume"] == "trugen-llm-test-main-certificates"
    assert authority.inputs["url"] == gate.inputs["agent_url"] == "https://llm.example.com/v1"
    assert authority.urn in gate.input_dependencies["agent_url"]


def test_its_certificate_is_an_output_and_the_sandbox_trusts_it(run: Run) -> None:
    program = with_tls(run, GOT_ITSELF["own authority"])

    assert "ca_certificate" in program.exports["llms"]["main"]
    assert program.only("Sandbox").inputs["authorities"] == ".cache/authorities"


@pytest.mark.parametrize("tls", [None, GOT_ITSELF["acme"]], ids=["plain", "acme"])
def test_no_other_gateway_has_one(run: Run, tls: dict[str, Any] | None) -> None:
    program = run(stack_file("local")["config"]) if tls is None else with_tls(run, tls)

    assert program.all("GatewayAuthority") == []
    assert "ca_certificate" not in program.exports["llms"]["main"]
    assert "authorities" not in program.only("Sandbox").inputs
