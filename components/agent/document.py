"""What a user declares about one agent: the whole document of docs/contract, with every default of ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from components.agent.drift_policy import OnDrift
from components.agent.parts import (
    ExitMessage,
    HeadsUpMessage,
    IdleTimeout,
    Memory,
    Rendering,
    Stt,
    Toggles,
    Tts,
    Vision,
    WelcomeMessage,
    Widget,
)
from components.agent.text import AgentName, CallbackUrl, Name, ObjectId, Prompt, Prose

ObjectIds = tuple[ObjectId, ...]
OpaqueObjects = tuple[dict[str, JsonValue], ...]


class AgentDocument(BaseModel):
    """
    One agent. None means: not sent, so a new agent has TruGen's own default, an adopted one what it has there, and a
    change to it is nobody's drift.

    Attachments are lists of ids; an empty list detaches everything.
    """

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=to_camel),
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    # These two before the name, whose check asks for them.
    exact_name: bool = False
    adopt_agent_id: ObjectId | None = None
    """Take over this agent instead of making one."""
    agent_name: AgentName
    """Name people see. Unless `exactName`, TruGen gets it with the marker: `Helpdesk [k3x9...]`."""
    on_name_conflict: Literal["adoptIdentical", "adopt", "fail"] = "adoptIdentical"
    """With `exactName` only: what an agent of the same name that is already there means."""
    on_drift: OnDrift | None = None
    """What becomes of edits made elsewhere; left out, the next `up` overwrites them."""
    placement: Literal["nested", "flat", "both"] = "nested"
    """Where llm, stt, tts and turn settings stand; TruGen's sources disagree (docs/contract, createAgent)."""

    avatar_key_id: Name | None = "665a1170"
    is_custom: bool | None = None
    """True for a custom avatar."""
    persona_name: Name | None = None
    """The agent's name unless given; an explicit null is not sent."""
    persona_prompt: Prompt = Field(repr=False)
    agent_system_prompt: Prompt | None = Field(None, repr=False)
    """The persona's prompt unless given; an explicit null is not sent."""
    default_system_prompt: bool | None = True
    """Puts TruGen's own prompt on top."""
    conversational_context: Prose | None = Field(None, repr=False)

    timeout_s: Annotated[int, Field(gt=0, le=86_400)] | None = 240
    """Length of a call; sent in all four places that TruGen has for it."""
    record: bool | None = False
    is_active: bool | None = True
    is_public: bool | None = True
    """Reachable by its embed link."""
    email: str | None = None
    """For external meetings."""
    type: Name | None = "etev"

    llm_fallback_provider: Name | None = None
    llm_fallback_model: Name | None = None
    use_nltk: bool | None = None
    stt: Stt | None = Stt()
    tts: Tts | None = Tts()
    turn_detector: bool | None = None
    turn_handling: Literal["proactive", "balanced", "deliberate"] | None = None
    interruptability: Literal["low", "medium", "high"] | None = None
    """Spelt as the wire spells it."""
    webcam: bool | None = None
    screen: bool | None = None

    welcome_message: WelcomeMessage | None = None
    idle_timeout: IdleTimeout | None = None
    exit_heads_up_message: HeadsUpMessage | None = None
    warning_exit_message: HeadsUpMessage | None = None
    """The older twin of `exitHeadsUpMessage`."""
    exit_message: ExitMessage | None = None
    toggles: Toggles | None = None
    memory: Memory | None = Memory()
    memory_categories: tuple[Name, ...] | None = None
    """Overrides `memory.memoryCategories` for the avatar."""

    callback_url: CallbackUrl | None = Field("", repr=False)
    callback_events: tuple[Name, ...] | None = ()
    """Event names (docs/contract, CallbackEvent); not checked against that list, since TruGen's own lists differ."""
    knowledge_base: ObjectIds | None = ()
    tool: ObjectIds | None = ()
    mcp: ObjectIds | None = ()
    guardrail: ObjectIds | None = ()
    visual_presentations: ObjectIds | None = ()
    integration: OpaqueObjects | None = Field((), repr=False)
    add_on: OpaqueObjects | None = Field((), repr=False)
    widget: Widget | None = None
    rendering: Rendering | None = None
    vision: Vision | None = Field(None, repr=False)

    def to_props(self) -> dict[str, Any]:
        """Inputs of the resource: our snake_case names, the wire's spelling inside the parts, nothing that is None."""
        mine = set(AgentDocument.model_fields)
        given = self.model_dump(mode="json", by_alias=True, exclude_none=True, include=mine)
        twins = {"persona_name": self.agent_name, "agent_system_prompt": self.persona_prompt}
        return {**{key: text for key, text in twins.items() if key not in self.model_fields_set}, **given}
