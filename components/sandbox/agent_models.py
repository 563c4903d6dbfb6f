"""
Bodies of POST, PUT and PATCH /ext/agent with their documented defaults (docs/contract, AgentCreate and AgentUpdate).

Where spec and guides give different defaults the create schema's is taken. A text without a documented default is "".
"""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, model_validator

from components.sandbox.calls import Integer, Wire

Seconds = Annotated[Integer, Field(ge=0)]
NotNegative = Annotated[float, Field(ge=0)]
NotEmpty = Annotated[str, Field(min_length=1)]
Texts = list[str]


def _uri(value: str) -> str:
    if not value.isascii() or any(c.isspace() for c in value) or not urlsplit(value).scheme:
        raise ValueError("not a URI with a scheme")
    return value


Uri = Annotated[str, AfterValidator(_uri)]


class Llm(Wire):
    """`provider: custom` means an OpenAI-compatible endpoint outside the platform; it then needs model, url, token."""

    provider: NotEmpty = "azure-openai"
    model: NotEmpty = "gpt-5.4-mini"
    url: Uri = ""
    token: NotEmpty = ""
    fallback_provider: str = ""
    fallback_model: str = "gpt-4.1-nano"
    use_nltk: bool = False

    @model_validator(mode="after")
    def _custom_is_complete(self) -> "Llm":
        missing = {"model", "url", "token"} - self.model_fields_set
        if self.provider == "custom" and missing:
            raise ValueError(f"provider 'custom' needs {', '.join(sorted(missing))}")
        return self


class Stt(Wire):
    provider: str = "elevenlabs"
    model: str = "scribe_v2_realtime"
    language: str = "en"
    fallback_model: str = "nova-2-general"
    allow_interm_results_interruption: bool = True
    min_endpointing_delay: NotNegative = 0.4
    max_endpointing_delay: NotNegative = 0.3


class Pronunciation(Wire):
    word: str = ""
    pronounciation: str = ""


class Tts(Wire):
    provider: str = "elevenlabs"
    model_id: str = "eleven_turbo_v2_5"
    voice_id: str = "FGY2WhTYpPnrIDTdsKH5"
    language: str = "a"
    custom_pronounciation: list[Pronunciation] = Field([], alias="customPronounciation")
    pitch: float = 0
    effects_profile_id: str = ""
    speaking_rate: float = 1
    stability: float = 0.5
    similarity_boost: float = 0.75
    sample_rate: Integer = 16000
    encoding: str = "pcm_s16le"
    gender: str = ""
    fallback_voice_id: str = "am_puck"


class Runtime(Wire):
    """The members whose place the sources disagree on: in `avatars[].config` or directly in `avatars[]`."""

    llm: Llm = Llm()
    stt: Stt = Stt()
    tts: Tts = Tts()
    turn_detector: bool = True
    turn_handling: Literal["proactive", "balanced", "deliberate"] = "proactive"
    interruptability: Literal["low", "medium", "high"] = "medium"


class Welcome(Wire):
    messages: Texts = Field([])
    wait_time: NotNegative = 1


class Idle(Wire):
    timeout: NotNegative = 30
    filler_phrases: Texts = Field([])


class HeadsUp(Wire):
    messages: Texts = Field([])
    callout_before: NotNegative = 10


class Exit(Wire):
    messages: Texts = Field([])
    max_call_duration: NotNegative = 300


class Avatar(Runtime):
    """`avatars[]`: the inherited members are the flat placement, `config` holds the nested one."""

    avatar_key_id: NotEmpty = "665a1170"
    persona_name: str = ""
    persona_prompt: str = ""
    conversational_context: str = ""
    config: Runtime = Runtime()
    timeout: Seconds = 300
    is_custom: bool = False
    welcome_message: Welcome = Welcome()
    idle_timeout: Idle = Idle()
    exit_heads_up_message: HeadsUp = HeadsUp()
    warning_exit_message: HeadsUp = HeadsUp()
    exit_message: Exit = Exit()
    memory_categories: Texts = Field([], alias="memoryCategories")
    # Rendering and vision: the contract lists names and defaults but leaves their types open.
    avatar_data_source: JsonValue = None
    frame_rate: JsonValue = 25
    silence_padding: JsonValue = 0.05
    is_face_enhancer_enabled: JsonValue = None
    interpolation_config: JsonValue = None
    eye_mask_replacement: JsonValue = None
    audio_features_type: JsonValue = "silent_smooth"
    audio_features_window_length: JsonValue = 5
    super_resolution: JsonValue = None
    protocol: JsonValue = None
    noise_cancellation: JsonValue = None
    scene_analyzer_prompt: JsonValue = None
    scene_context_engine: JsonValue = None


class Widget(Wire):
    website_url: str = ""
    agent_name: str = ""
    company_logo: str = ""
    company_name: str = ""
    sub_text: Texts = Field([])
    default_theme: Literal["dark", "light"] = "dark"
    color: str = "#11E59E"
    color_mode: Literal["solid", "gradient"] = "solid"
    gradient_color_start: str = "#11E59E"
    gradient_color_end: str = "#5A7CFF"
    button_text_color: str = "#0B0B0B"
    widget_type: Literal["dual", "talk", "chat"] = "dual"
    position: str = "full"
    view_mode: Literal["iframe", "inline", "widget"] = "iframe"
    start_call_button_text: str = ""
    show_talk_button: bool = True
    talk_button_text: str = ""
    show_chat_button: bool = True
    chat_button_text: str = ""
    suggested_topics_enabled: bool = False
    hide_suggested_topics: bool = False
    initial_suggested_topics: Texts = Field([])
    allowed_domains_enabled: bool = False
    allowed_domains: Texts = Field([])


class Memory(Wire):
    is_enabled: bool = Field(default=True, alias="isEnabled")
    instruction: str = ""
    memory_categories: Texts = Field([], alias="memoryCategories")


class SpokenMessages(Wire):
    entry: bool = Field(default=True, alias="entryMessageToggle2")
    idle: bool = Field(default=True, alias="idleCalloutToggle2")
    heads_up: bool = Field(default=True, alias="exitHeadsUpToggle2")
    exit: bool = Field(default=True, alias="exitMessageToggle2")


class AgentConfig(Wire):
    """`maxCallDuration` follows `timeout` when it is not sent: create documents the one, update and read the other."""

    timeout: Seconds = 300
    max_call_duration: Seconds = Field(
        default_factory=lambda sent: sent.get("timeout", 300), alias="maxCallDuration", validate_default=False
    )
    conversational_context: str = Field("", alias="conversationalContext")
    memory: Memory = Memory()
    system_config: SpokenMessages = Field(SpokenMessages(), alias="systemConfig")
    widget: Widget = Widget()


class Ref(Wire):
    """A link to an attachment; the name and description sent along stand in where the object is not known."""

    id: NotEmpty
    name: str = ""
    description: str = ""


CallbackEvent = Literal[
    "participant_left",
    "agent.started_speaking",
    "agent.stopped_speaking",
    "agent.interrupted",
    "user.started_speaking",
    "user.stopped_speaking",
    "utterance_committed",
    "max_call_duration_warning",
    "max_call_duration_timeout",
    "action_found",
    "tool_call",
    "call_ended",
]


class AgentUpdate(Wire):
    """PUT and PATCH. Name, prompt and avatars have no documented default, so a PUT without them empties them."""

    agent_name: NotEmpty = ""
    agent_system_prompt: str = ""
    default_system_prompt: bool = True
    config: AgentConfig = AgentConfig()
    avatars: list[Avatar] = Field([])
    record: bool = True
    callback_url: str | None = ""
    callback_events: list[CallbackEvent] | None = Field([])
    knowledge_base: list[Ref] | None = Field([])
    tool: list[Ref] | None = Field([])
    mcp: list[Ref] | None = Field([])
    guardrail: list[Ref] | None = Field([])
    visual_presentations: list[Ref] = Field([])
    integration: list[dict[str, Any]] = Field([])
    add_on: list[dict[str, Any]] = Field([])
    tools: dict[str, Any] = Field({})
    is_active: bool = True
    is_public: bool = True
    email: str = ""
    type: str = "etev"
    widget: Widget = Widget()


class AgentCreate(AgentUpdate):
    agent_name: NotEmpty
    agent_system_prompt: str
    config: AgentConfig
    avatars: Annotated[list[Avatar], Field(min_length=1)]
