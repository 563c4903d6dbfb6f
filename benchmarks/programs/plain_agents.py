"""The agents of `benchmarks.many_agents` as plain dynamic resources."""

import json
from pathlib import Path

import pulumi

from benchmarks.programs.plain_agent import PlainAgent

job = json.loads(Path("job.json").read_text())
key = pulumi.Output.secret(job["api_key"])
for agent_name in job["names"]:
    PlainAgent(agent_name, {**job["document"], "agent_name": agent_name}, key, f"{job['api_url']}/ext/agent")
