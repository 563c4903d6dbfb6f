"""The configuration of a LiteLLM proxy for one model of Anthropic. Pure; it holds a secret."""

import json
from typing import Any

from components.llm.proxied import AnthropicLlm


def litellm_config(llm: AnthropicLlm, provider_key: str) -> str:
    """
    `config.yaml`, written as JSON, which is YAML too.

    One model under the name that agents give, and nothing retried: TruGen has its own fallbacks, and a second attempt
    costs a caller seconds. *provider_key* pays. It has no key of its own (`master_key`): the gateway in front of it
    demands the token. Source: BerriAI/litellm at v1.105.3, `litellm/proxy/proxy_server.py`, `litellm/router.py` and
    `litellm/proxy/auth/master_key_boot_check.py`.
    """
    params: dict[str, Any] = {"model": f"anthropic/{llm.model}", "api_key": provider_key}
    if llm.max_tokens is not None:
        params["max_tokens"] = llm.max_tokens
    config = {
        # Since v1.104.0 it does not start without a key of its own, unless it is told that this is meant.
        "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},
        "model_list": [{"model_name": llm.model, "litellm_params": params}],
        # `drop_params`: what Anthropic has no word for is left out instead of refused.
        "litellm_settings": {"drop_params": True, "num_retries": 0, "telemetry": False},
        # Else one refused call hides the reason of the next ones behind "no deployments available".
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }
    return json.dumps(config, indent=2)
