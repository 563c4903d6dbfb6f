"""
The objects inside an agent document, spelt as a user writes them and dumped as the wire wants them (docs/contract,
schemas Stt to Widget).

A field left out is not sent, and TruGen's default applies; that default is named where the contract knows one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from components.agent.text import Name, Prose

# Our name to the wire's, where they differ: units, and the vendor's own misspellings.
WIRE_NAMES = {
    "allow_interim_results_interruption": "allow_interm_results_interruption",
    "min_endpointing_delay_s": "min_endpointing_delay",
    "max_endpointing_delay_s": "max_endpointing_delay",
    "custom_pronunciation": "customPronounciation",
    "pronunciation": "pronounciation",
    "sample_rate_hz": "sample_rate",
    "wait_s": "wait_time",
    "idle_s": "timeout",
    "callout_before_s": "callout_before",
    "is_enabled": "isEnabled",
    "memory_categories": "memoryCategories",
    "entry_message": "entryMessageToggle2",
    "idle_callout": "idleCalloutToggle2",
    "exit_heads_up": "exitHeadsUpToggle2",
    "exit_message": "exitMessageToggle2",
}

NotNegative = Annotated[float, Field(ge=0, le=86_400)]
Lines = tuple[Annotated[str, Field(max_length=2000)], ...]


class Part(BaseModel):
    """Accepts camelCase (settings), snake_case (Python) and the wire's spelling (stored state); dumps the wire's."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(
            validation_alias=lambda field: AliasChoices(to_camel(field), WIRE_NAMES.get(field, field)),
            serialization_alias=lambda field: WIRE_NAMES.get(field, field),
        ),
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


class Stt(Part):
    """Speech to text. Left out: language `en`, endpointing 0.4 and 0.3 s (TruGen's schema has min above max)."""

    provider: Name = "deepgram"
    model: Name = "nova-3"
    language: Name | None = None
    fallback_model: Name | None = None
    allow_interim_results_interruption: bool | None = None
    min_endpointing_delay_s: NotNegative | None = None
    max_endpointing_delay_s: NotNegative | None = None


class Pronunciation(Part):
    word: Name
    pronunciation: Name


class Tts(Part):
    """Text to speech. Left out: model `eleven_turbo_v2_5`, stability 0.5, 16 kHz `pcm_s16le`."""

    provider: Name = "elevenlabs"
    voice_id: Name = "ZUrEGyu8GFMwnHbvLhv2"
    model_id: Name | None = None
    language: Name | None = None
    custom_pronunciation: tuple[Pronunciation, ...] | None = None
    pitch: float | None = None
    effects_profile_id: Name | None = None
    speaking_rate: Annotated[float, Field(gt=0)] | None = None
    stability: Annotated[float, Field(ge=0, le=1)] | None = None
    similarity_boost: Annotated[float, Field(ge=0, le=1)] | None = None
    sample_rate_hz: Annotated[int, Field(gt=0)] | None = None
    encoding: Name | None = None
    gender: Name | None = None
    fallback_voice_id: Name | None = None


class WelcomeMessage(Part):
    """One line is picked per session. Left out: wait 1 s."""

    messages: Lines = ()
    wait_s: NotNegative | None = None


class IdleTimeout(Part):
    """What is said into a silence. Left out: after 30 s."""

    idle_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    filler_phrases: Lines = ()


class HeadsUpMessage(Part):
    """Said *callout_before_s* before the end. Left out: 10 s."""

    messages: Lines = ()
    callout_before_s: NotNegative | None = None


class ExitMessage(Part):
    """Said at the end; when that is, `timeoutS` of the agent decides."""

    messages: Lines = ()


class Toggles(Part):
    """False suppresses a configured message. Left out: true."""

    entry_message: bool | None = None
    idle_callout: bool | None = None
    exit_heads_up: bool | None = None
    exit_message: bool | None = None


class Memory(Part):
    """Off unless asked for, against TruGen's default: remembering callers is a decision, not a default."""

    is_enabled: bool = False
    instruction: Prose | None = Field(None, repr=False)
    memory_categories: tuple[Name, ...] | None = None


class Widget(Part):
    """The embed widget (docs/contract, Widget). Left out: TruGen's colours, `dual`, `full`, `iframe`."""

    website_url: str | None = None
    agent_name: str | None = None
    company_logo: str | None = None
    company_name: str | None = None
    sub_text: Lines | None = None
    default_theme: Literal["dark", "light"] | None = None
    color: str | None = None
    color_mode: Literal["solid", "gradient"] | None = None
    gradient_color_start: str | None = None
    gradient_color_end: str | None = None
    button_text_color: str | None = None
    widget_type: Literal["dual", "talk", "chat"] | None = None
    position: str | None = None
    view_mode: Literal["iframe", "inline", "widget"] | None = None
    start_call_button_text: str | None = None
    show_talk_button: bool | None = None
    talk_button_text: str | None = None
    show_chat_button: bool | None = None
    chat_button_text: str | None = None
    suggested_topics_enabled: bool | None = None
    hide_suggested_topics: bool | None = None
    initial_suggested_topics: Lines | None = None
    allowed_domains_enabled: bool | None = None
    allowed_domains: tuple[str, ...] | None = None


class Rendering(Part):
    """How the face is drawn. The contract advises to leave all of it out; the shapes of the objects are open there."""

    avatar_data_source: JsonValue = None
    frame_rate: Annotated[int, Field(gt=0)] | None = None
    silence_padding: NotNegative | None = None
    is_face_enhancer_enabled: bool | None = None
    interpolation_config: JsonValue = None
    eye_mask_replacement: JsonValue = None
    audio_features_type: str | None = None
    audio_features_window_length: Annotated[int, Field(gt=0)] | None = None
    super_resolution: JsonValue = None
    protocol: JsonValue = None
    noise_cancellation: JsonValue = None


class Vision(Part):
    """What the agent sees through the camera; the shapes of the objects are open in the contract."""

    scene_analyzer_prompt: JsonValue = None
    scene_context_engine: JsonValue = None
