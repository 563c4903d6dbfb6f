"""Our side of `benchmarks.many_agents`: agents declared with our own classes, as the program of a stack does it."""

import json
from pathlib import Path

import pulumi

from components.agent import fleet
from components.agent.document import AgentDocument
from components.agent.resource import TrugenAgent, TrugenAgentArgs

job = json.loads(Path("job.json").read_text())
workspace = {"trugen:apiUrl": job["api_url"], "trugen:apiKey": pulumi.Output.secret(job["api_key"])}
trugen = pulumi.ProviderResource("pulumi-python", "trugen", {**workspace, "trugen:sandbox": "true"})
fleet.hush_sdk(len(job["names"]))
agents = {}
for name in job["names"]:
    document = AgentDocument(**job["declared"], agent_name=name)
    llm = {f"llm_{key}": job["llm"][key] for key in ("url", "model", "token")}
    agents[name] = TrugenAgent(name, TrugenAgentArgs(document, **llm), pulumi.ResourceOptions(provider=trugen))
fleet.verify(agents, few=trugen, many=trugen)

pulumi.run(fleet.under_way)
