"""A guardrail: what a conversation must not turn to, and what happens when it does."""

from __future__ import annotations

import functools

from pydantic import Field

from components.agent.text import CallbackUrl, Prose
from components.attachments.document import NOT_COMPARED, Attachment, Owned, inputs_of, policy
from components.attachments.text import Label, NotEmpty
from components.lifecycle import checks
from components.lifecycle.kind import Kind
from components.lifecycle.place import Place
from components.trugen.calls import GUARDRAIL_CALLS


class Guardrail(Attachment):
    name: Label
    """
    With the marker behind it. TruGen makes its `key`, the runtime tool name, of the first one and keeps it: the marker
    is in it, under `exactName` too, which is given after the guardrail was found to be alone.
    """
    prompt: NotEmpty = Field(repr=False)
    category: Prose | None = None
    response_message: Prose | None = None
    """Spoken word for word; left out, the model is told to moderate."""
    callback_url: CallbackUrl | None = Field(None, repr=False)


class GuardrailInputs(Guardrail, Owned):
    pass


GUARDRAIL = Kind(
    noun="guardrail",
    calls=GUARDRAIL_CALLS,
    places={key: Place((key,)) for key in ("name", "prompt", "category", "response_message", "callback_url")},
    inputs=inputs_of(GuardrailInputs),
    secrets=frozenset({"prompt", "callback_url"}),
    label="name",
    exact_label="name",
    check=functools.partial(checks.checked, GuardrailInputs, normalised=frozenset({"callback_url"})),
    not_compared=NOT_COMPARED,
    server_members=("id", "key", "created_at", "updated_at"),
    policy=policy,
)
