"""The configuration of a LiteLLM proxy for one model of Anthropic. Pure; it holds two secrets."""

import json
from typing import Any

from components.llm.proxied import AnthropicLlm


def litellm_config(llm: AnthropicLlm, own_key: str, provider_key: str) -> str:
    """
    `config.yaml`, written as JSON, which is YAML too.

    One model under the name that agents give, and nothing retried: TruGen has its own fallbacks, and a second attempt
    costs a caller seconds. *own_key* lets the gateway in, *provider_key* pays. Source: BerriAI/litellm at v1.105.3,
    `litellm/proxy/proxy_server.py` and `litellm/router.py`.
    """
    params: dict[str, Any] = {"model": f"anthropic/{llm.model}", "api_key": provider_key}
    if llm.max_tokens is not None:
        params["max_tokens"] = llm.max_tokens
    config = {
        "model_list": [{"model_name": llm.model, "litellm_params": params}],
        # `drop_params`: what Anthropic has no word for is left out instead of refused.
        "litellm_settings": {"drop_params": True, "num_retries": 0, "telemetry": False},
        # Else one refused call hides the reason of the next ones behind "no deployments available".
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": own_key},
    }
    return json.dumps(config, indent=2)
