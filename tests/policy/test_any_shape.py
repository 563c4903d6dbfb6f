"""A stack holds resources that nobody here has thought of. No shape of them may stop a run, or show a secret."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from policy.gateway import Placed, gateway_present
from policy.rules import RULES
from policy.seen import UNKNOWN, Seen
from policy.verdict import Violation
from tests.policy.conftest import IN_THE_GATEWAY, IN_THE_SERVER, agent, container, urn

CANARY = "canary-7hf93kd02mzq81nd"
KEYS = [
    "llm_url", "llm_token", "llm_provider", "name", "image", "memory", "memorySwap", "privileged", "capabilities",
    "adds", "pidMode", "securityOpts", "volumes", "mounts", "hostPath", "source", "type", "driverOpts", "device",
    "networkMode", "networksAdvanced", "ports", "ip", "internal", "publishAllPorts", "envs", "command",
]  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just(UNKNOWN),
    st.sampled_from(["host", "bind", "0.0.0.0", "https://[", "https://a:99999/", "//", "eyJ", "API_KEY=", "\x00"]),
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)),
    max_leaves=6,
)
PROPS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)
SETTINGS = st.dictionaries(st.sampled_from(["sandbox", "vendors", "except"]), VALUES, max_size=2)


@runs(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(props=PROPS, settings=SETTINGS)
def test_every_policy_has_an_answer_to_every_shape(props: dict[str, Any], settings: dict[str, Any]) -> None:
    for rule in RULES:
        for kind in rule.types:
            list(rule.findings(Seen(kind, "any", urn(kind), props, provider=props), settings))
    stack = [
        Placed(replace(container(), urn=urn(types), props=props), None) for types in (IN_THE_SERVER, IN_THE_GATEWAY)
    ]
    list(gateway_present(stack, settings))


def test_nothing_that_may_be_secret_is_ever_told() -> None:
    """Each property of a resource that can hold a secret holds one, in a shape that its policy refuses."""
    refused = [
        agent(llm_url=f"http://{CANARY}:{CANARY}@10.0.0.1/{CANARY}?{CANARY}", llm_token=CANARY, persona_prompt=CANARY),
        agent(llm_token=f"changeme-{CANARY}"),
        container(envs=[f"API_KEY={CANARY}", f"sk-{CANARY}"], command=[f"sk-{CANARY}", f"--key=sk-{CANARY}"]),
        container(volumes=[{"hostPath": "/run", "containerPath": CANARY}], labels=[{"label": "x", "value": CANARY}]),
    ]
    told = [finding for one in refused for rule in RULES for finding in rule.findings(one, {})]
    texts = [finding.text for finding in told if isinstance(finding, Violation)]

    assert len(texts) >= len(refused) + 3
    assert [text for text in texts if CANARY in text] == []


def test_an_ordinary_resource_of_a_user_is_nobodys_business() -> None:
    bucket = Seen(
        "aws:s3/bucket:Bucket", "theirs", urn("aws:s3/bucket:Bucket"), {"image": "x:latest", "envs": [CANARY]}
    )

    assert [list(rule.findings(bucket, {})) for rule in RULES] == [[]] * len(RULES)
