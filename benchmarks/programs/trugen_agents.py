"""Our side of `benchmarks.many_agents`: agents declared with our own classes, as the program of a stack does it."""

import json
from pathlib import Path

import pulumi

from components.agent.document import AgentDocument
from components.agent.fleet import Fleet
from components.agent.resource import TrugenAgent, TrugenAgentArgs

job = json.loads(Path("job.json").read_text())
workspace = {"trugen:apiUrl": job["api_url"], "trugen:apiKey": pulumi.Output.secret(job["api_key"])}
local = pulumi.ProviderResource("pulumi-python", "local", {})
trugen = pulumi.ProviderResource("pulumi-python", "trugen", {**workspace, "trugen:sandbox": "true"})


def agent(name: str) -> TrugenAgent:
    document = AgentDocument(**job["declared"], agent_name=name)
    args = TrugenAgentArgs(document, job["llm"]["url"], job["llm"]["model"], job["llm"]["token"])
    return TrugenAgent(name, args, pulumi.ResourceOptions(provider=trugen))


pulumi.run(Fleet(job["names"], agent, local).under_way)
