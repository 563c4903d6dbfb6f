"""
What TruGen gives a field that nobody sends (docs/contract, defaults of AgentCreate), by the names of the document.

Only for what to leave out when an agent is written down: fields of which our own default is not to send them. A wrong
value here makes a stack file longer or shorter, never an agent different.
"""

from __future__ import annotations

from typing import Any

TRUGEN_DEFAULTS: dict[str, Any] = {
    "is_custom": False,
    "llm_fallback_model": "gpt-4.1-nano",
    "use_nltk": False,
    "turn_detector": True,
    "turn_handling": "proactive",
    "interruptability": "medium",
    "stt": {
        "language": "en",
        "fallback_model": "nova-2-general",
        "allow_interim_results_interruption": True,
        "min_endpointing_delay_s": 0.4,
        "max_endpointing_delay_s": 0.3,
    },
    "tts": {
        "model_id": "eleven_turbo_v2_5",
        "language": "a",
        "pitch": 0,
        "speaking_rate": 1,
        "stability": 0.5,
        "similarity_boost": 0.75,
        "sample_rate_hz": 16000,
        "encoding": "pcm_s16le",
        "fallback_voice_id": "am_puck",
    },
    "welcome_message": {"wait_s": 1},
    "idle_timeout": {"idle_s": 30},
    "exit_heads_up_message": {"callout_before_s": 10},
    "warning_exit_message": {"callout_before_s": 10},
    "toggles": {"entry_message": True, "idle_callout": True, "exit_heads_up": True, "exit_message": True},
    "rendering": {
        "frame_rate": 25,
        "silence_padding": 0.05,
        "audio_features_type": "silent_smooth",
        "audio_features_window_length": 5,
    },
    "widget": {
        "default_theme": "dark",
        "color": "#11E59E",
        "color_mode": "solid",
        "gradient_color_start": "#11E59E",
        "gradient_color_end": "#5A7CFF",
        "button_text_color": "#0B0B0B",
        "widget_type": "dual",
        "position": "full",
        "view_mode": "iframe",
        "show_talk_button": True,
        "show_chat_button": True,
        "suggested_topics_enabled": False,
        "hide_suggested_topics": False,
        "allowed_domains_enabled": False,
    },
}
