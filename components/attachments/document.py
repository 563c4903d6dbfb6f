"""What all attachments have in common: how they are found, taken over, left alone, and turned into inputs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasGenerator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from components.agent.text import ObjectId
from components.lifecycle.kind import Inputs

NOT_COMPARED = frozenset({"progress_urn", "on_name_conflict", "adopt_id"})
_FOR_PULUMI = frozenset({"retain", "protect"})


class Attachment(BaseModel):
    """One attachment. None means: not sent, so TruGen's own default applies and changes to it are nobody's drift."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=to_camel),
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    exact_name: bool = False
    """Send the declared text without the marker that tells whose object it is."""
    on_name_conflict: Literal["adoptIdentical", "adopt", "fail"] = "adoptIdentical"
    """With `exactName` only: what an object of the same name that is already there means."""
    adopt_id: ObjectId | None = None
    """Take over this object instead of making one."""
    on_drift: Literal["overwrite", "keep", "fail"] | None = None
    """
    What becomes of an edit made elsewhere: undone (also when left out), kept, or a refusal.

    Documents that somebody added to a knowledge base are left alone unless it says `overwrite`: nobody could bring
    them back.
    """
    retain: bool = False
    """Leave the object in TruGen when it leaves the stack."""
    protect: bool | None = None
    """Overrides `protection.protect` of the stack for this object."""

    def to_props(self) -> dict[str, Any]:
        """Inputs of the resource: our snake_case names, the wire's spelling inside the parts, nothing that is None."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(_FOR_PULUMI))


class Owned(BaseModel):
    """The inputs beside what is declared: whose object it is, and where its progress is shown."""

    model_config = ConfigDict(loc_by_alias=False)

    marker: ObjectId
    progress_urn: str = ""


def inputs_of(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(model.model_fields) - _FOR_PULUMI


def policy(_: str, inputs: Inputs) -> str:
    return str(inputs.get("on_drift") or "overwrite")
