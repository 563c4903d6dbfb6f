"""An engine without a gateway, told from the whole stack."""

from typing import Any

from policy.gateway import Placed, gateway_present
from policy.seen import CONTAINER, ENGINE_PARENT, UNKNOWN, Seen
from policy.verdict import NotYet
from tests.policy.conftest import IN_THE_GATEWAY, IN_THE_SERVER, urn

NETWORK = [{"name": "main-private"}]
PORTS = [{"ip": "127.0.0.1", "internal": 8080.0}]


def placed(types: str, llm: str | None, **props: Any) -> Placed:
    return Placed(Seen(CONTAINER, types.rsplit(":", 3)[1], urn(types), props), llm)


def told(*stack: Placed) -> list[str]:
    return [
        f"unknown: {finding.what}" if isinstance(finding, NotYet) else finding.text
        for _, finding in gateway_present(stack, {})
    ]


def engine(llm: str = "main", **props: Any) -> Placed:
    return placed(IN_THE_SERVER, llm, **{"networksAdvanced": NETWORK, **props})


def gateway(llm: str = "main", **props: Any) -> Placed:
    return placed(IN_THE_GATEWAY, llm, **{"networksAdvanced": NETWORK, "ports": PORTS, **props})


def test_an_engine_behind_its_gateway_is_fine() -> None:
    assert told(engine(), gateway(), gateway("other", networksAdvanced=[])) == []


def test_an_engine_without_one_is_refused() -> None:
    (text,) = told(engine())

    assert "no gateway stands before it" in text


def test_the_gateway_of_another_llm_does_not_count() -> None:
    (text,) = told(engine("a"), gateway("b"))

    assert "no gateway stands before it" in text


def test_a_relay_is_no_gateway() -> None:
    (text,) = told(engine(), gateway(ports=None))

    assert "no gateway stands before it" in text


def test_a_gateway_on_another_network_is_refused() -> None:
    (text,) = told(engine(), gateway(networksAdvanced=[{"name": "elsewhere"}]))

    assert "shares no network" in text


def test_an_engine_with_a_port_of_its_own_is_refused() -> None:
    (text,) = told(engine(ports=PORTS), gateway())

    assert "publishes a port itself" in text


def test_networks_that_only_the_run_names_are_unknown() -> None:
    assert told(engine(networksAdvanced=UNKNOWN), gateway()) == ["unknown: networks shared with its gateway"]
    assert told(engine(), gateway(networksAdvanced=[{"name": UNKNOWN}])) == [
        "unknown: networks shared with its gateway"
    ]


def test_a_users_own_containers_need_no_gateway() -> None:
    assert told(placed(CONTAINER, None, ports=PORTS)) == []


def test_a_resource_is_not_within_itself() -> None:
    server = Seen(ENGINE_PARENT, "main", urn(f"trugen-llm:index:LlmEndpoint${ENGINE_PARENT}"), {})

    assert not server.within(ENGINE_PARENT)
    assert server.within("trugen-llm:index:LlmEndpoint")
