"""
A template that people make agents of in TruGen's console.

Agents of a stack do not inherit from one: whether an edit reaches them is said both ways (docs/contract, Template).
"""

from __future__ import annotations

import functools
from typing import Annotated

from pydantic import Field

from components.agent.document import ObjectIds
from components.agent.text import CallbackUrl, Name, Prose
from components.attachments.document import NOT_COMPARED, Attachment, Owned, inputs_of, policy
from components.attachments.text import Label, NotEmpty
from components.lifecycle import checks
from components.lifecycle.kind import Kind
from components.lifecycle.place import Place
from components.trugen.calls import TEMPLATE_CALLS


class Template(Attachment):
    template_name: Label
    """With the marker behind it."""
    template_system_prompt: NotEmpty = Field(repr=False)
    conversational_context: Prose | None = Field(None, repr=False)
    timeout_s: Annotated[int, Field(gt=0, le=86_400)] = 240
    """Length of a call; sent in both places that TruGen has for it."""
    record: bool = False
    is_active: bool = True
    callback_url: CallbackUrl | None = Field(None, repr=False)
    callback_events: tuple[Name, ...] | None = None
    knowledge_base: ObjectIds = ()
    guardrail: ObjectIds = ()


class TemplateInputs(Template, Owned):
    pass


TEMPLATE = Kind(
    noun="template",
    calls=TEMPLATE_CALLS,
    places={
        "template_name": Place(("template_name",)),
        "template_system_prompt": Place(("template_system_prompt",)),
        "conversational_context": Place(("config.conversationalContext",)),
        "timeout_s": Place(("config.maxCallDuration", "config.timeout")),
        "record": Place(("record",)),
        "is_active": Place(("is_active",)),
        "callback_url": Place(("callback_url",)),
        "callback_events": Place(("callback_events",)),
        "knowledge_base": Place(("knowledge_base",), refs=True),
        "guardrail": Place(("guardrail",), refs=True),
    },
    inputs=inputs_of(TemplateInputs),
    secrets=frozenset({"template_system_prompt", "conversational_context", "callback_url"}),
    label="template_name",
    exact_label="template_name",
    check=functools.partial(checks.checked, TemplateInputs, normalised=frozenset({"callback_url"})),
    not_compared=NOT_COMPARED,
    unordered=frozenset({"callback_events", "knowledge_base", "guardrail"}),
    policy=policy,
)
