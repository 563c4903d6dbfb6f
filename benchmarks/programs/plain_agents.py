"""What people write by hand: a dynamic resource that sends its document with POST and asks for it with GET."""

import json
from pathlib import Path
from typing import Any

import pulumi
import requests
from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider

TIMEOUT_S = 60


class PlainAgentProvider(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        headers = {"x-api-key": props["api_key"]}
        answer = requests.post(props["url"], json=props["document"], headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return CreateResult(answer.json()["id"], props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        headers = {"x-api-key": props["api_key"]}
        answer = requests.get(f"{props['url']}/{id_}", headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return ReadResult(id_, props)


class PlainAgent(Resource):
    def __init__(self, name: str, document: dict[str, Any], api_key: pulumi.Input[str], url: str) -> None:
        super().__init__(PlainAgentProvider(), name, {"document": document, "api_key": api_key, "url": url})


job = json.loads(Path("job.json").read_text())
key = pulumi.Output.secret(job["api_key"])
for agent_name in job["names"]:
    PlainAgent(agent_name, {**job["document"], "agent_name": agent_name}, key, f"{job['api_url']}/ext/agent")
