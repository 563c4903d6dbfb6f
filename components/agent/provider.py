"""
The dynamic provider of the agent.

This module's path and the class name are state format (`__provider`): moving them needs an ADR and a shim. The class
holds nothing when it is pickled.
"""

from __future__ import annotations

from components.agent.kind import AGENT
from components.provider import ObjectProvider


class TrugenAgentProvider(ObjectProvider):
    serialize_as_secret_always = False
    kind = AGENT
