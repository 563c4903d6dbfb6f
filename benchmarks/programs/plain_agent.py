"""
What people write by hand: a dynamic resource that sends its document with POST and asks for it with GET.

In a module of its own: declared in the program itself, the provider is pickled by value, and SDK 3.272 ends in a
`RecursionError` at the 308th such resource (each `serialize_provider` wraps the sorting of the one before).
"""

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
