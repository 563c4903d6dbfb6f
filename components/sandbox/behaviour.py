"""
The switches for what nobody outside TruGen knows: each open question of the API is a member, each answer a value.

The defaults are the answers that this project builds on. A switch changes what a client can observe and nothing else:
objects are stored alike under all of them, so one database can be served under other switches later.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]


class Behaviour(BaseModel):
    """How this sandbox answers where the contract leaves it open."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    # Agents: what is taken.
    placement: Literal["nested", "flat", "either"] = "nested"
    """Where llm, stt and tts of an avatar are taken from. `either` shows them nested."""
    replace: Literal["full", "partial"] = "full"
    """PUT: members left out go back to their defaults, or stay as they are."""
    put_members: Literal["all", "documented"] = "all"
    """PUT: `documented` takes only what the vendor's PUT schema lists; messages, widget, timeouts are dropped."""
    empty_list: Literal["clears", "keeps"] = "clears"
    """PUT: what `[]` does to attachments."""
    patch: Literal["present", "absent"] = "present"
    unknown_fields: Literal["drop", "keep", "reject"] = "drop"
    """In every JSON body; `id`, `created_at` and `updated_at` may always be echoed."""
    defaults: Literal["spec", "guide"] = "spec"
    """Of `record`, llm and stt: the spec and the guides name different ones."""
    unique_names: bool = False
    """409 to a second agent of a name."""
    call_ended: Literal["accepted", "refused"] = "accepted"
    """As a callback event: the guides have it, the spec's enum does not."""
    http_urls: Literal["accepted", "refused"] = "accepted"
    """As the URL of an LLM."""

    # Agents: what is shown.
    llm_secrets: Literal["hidden", "masked", "shown"] = "hidden"
    """`llm.url` and `llm.token` in reads."""
    list_items: Literal["full", "brief"] = "full"
    """`brief`: id, name, timestamps, and of each avatar its llm."""
    search: Literal["substring", "prefix", "exact"] = "substring"
    max_perpage: Count = 0
    """Longest page, whatever a call asks for; 0 has no limit."""

    # All objects.
    second_delete: Literal["404", "200"] = "404"
    malformed_id: Literal["404", "400"] = "404"
    """Answer to an id that is no UUID."""
    missing_under: Literal["message", "error", "detail"] = "message"
    """Member of a 404 that holds its text; `message` is the documented mixture, with `error` in some places."""
    lag_reads: Count = 0
    """How many reads of an agent, alone or in a list, still show what was there before a write."""

    # Attachments and catalogue.
    tool_answer: Literal["ack", "empty"] = "ack"
    kb_media: Literal["multipart", "json", "both"] = "multipart"
    """Bodies that creating a knowledge base takes."""
    kb_file_field: Literal["input", "file", "both"] = "both"
    kb_status: Literal["hidden", "shown"] = "hidden"
    """Whether documents of a knowledge base have a `status`."""
    providers: Literal["list", "object"] = "list"

    # Transport.
    rate_limit_rps: NotNegative = 0
    """Calls a second; beyond it 429 with `Retry-After: 1`. 0 has no limit."""
    latency_s: NotNegative = 0
    """Pause before every call is answered; no thread waits, so any number of calls may."""

    @classmethod
    def read(cls, pairs: Iterable[str], **flags: Any) -> Self:
        """
        Read `name=value` pairs of a command line, which win over *flags*.

        Raises:
            ValueError: names the switch and what it may be.
        """
        chosen = {**flags}
        for pair in pairs:
            name, _, value = pair.partition("=")
            if name not in cls.model_fields:
                raise ValueError(f"there is no behaviour {name!r}; these are: {', '.join(cls.model_fields)}")
            chosen[name] = value
        try:
            return cls.model_validate(chosen)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            name = str(fault["loc"][0])
            raise ValueError(f"{name}={fault['input']} cannot be; {name} is {cls.choices(name)}") from None

    @classmethod
    def choices(cls, name: str) -> str:
        kind = cls.model_fields[name].annotation
        if get_origin(kind) is Literal:
            return " or ".join(get_args(kind))
        if kind is bool:
            return "true or false"
        return "a whole number of at least 0" if kind is int else "a number of at least 0"

    def changed(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return self.model_dump(exclude_defaults=True)
