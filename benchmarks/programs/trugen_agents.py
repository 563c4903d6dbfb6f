"""Our side of `benchmarks.many_agents`: agents declared with our resource classes, as the program of a stack does it."""

import json
from pathlib import Path

import pulumi

from components.agent.document import AgentDocument
from components.agent.resource import AgentVerified, TrugenAgent, TrugenAgentArgs

job = json.loads(Path("job.json").read_text())
workspace = {"trugen:apiUrl": job["api_url"], "trugen:apiKey": pulumi.Output.secret(job["api_key"]), "trugen:sandbox": "true"}
local = pulumi.ProviderResource("pulumi-python", "local", {})
trugen = pulumi.ProviderResource("pulumi-python", "trugen", workspace)
for name in job["names"]:
    args = TrugenAgentArgs(
        document=AgentDocument(**job["declared"], agent_name=name),
        llm_url=job["llm"]["url"],
        llm_model=job["llm"]["model"],
        llm_token=job["llm"]["token"],
    )
    agent = TrugenAgent(name, args, pulumi.ResourceOptions(provider=trugen))
    AgentVerified(name, agent, pulumi.ResourceOptions(provider=local))
