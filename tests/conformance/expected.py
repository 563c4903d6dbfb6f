"""
What each server of the table is known to do differently, and from where it is known. All other checks pass.

Written before the table is run, from the research and the sources of the servers: the table has to agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from components.llm.gate.conformance import ROWS
from tests.conformance.subjects import Subject
from tests.conformance.table import NOT_ASKED


@dataclass(frozen=True)
class Deviation:
    """*verdicts* are all that are right: what depends on the speed of the machine has two."""

    verdicts: frozenset[str]
    why: str


def _warns(why: str) -> Deviation:
    return Deviation(frozenset({"warn"}), why)


def _unknown(why: str) -> Deviation:
    return Deviation(frozenset({"unknown"}), why)


def _by_speed(why: str) -> Deviation:
    return Deviation(frozenset({"pass", "warn"}), why)


_REAL = {
    "ttft": _by_speed("0.5 s to the first token is more than a busy machine without a GPU may manage"),
    "C10": _by_speed("an answer that is over in a quarter of a second cannot be told from a burst"),
}
_METERED = {check: _unknown("every request costs") for check in ("S13", "S14", "S15", "S19")}
_NO_WINDOW = {"context": _unknown("its list of models does not tell the window")}
_LITELLM = {
    "C12": _warns("without a database a wrong key is a 400 and a missing one a 500 (run, LiteLLM 1.105.3)"),
    "S19": _unknown("every request costs, behind the proxy"),
    **_NO_WINDOW,
}
DEVIATIONS: Mapping[str, Mapping[str, Deviation]] = {
    "ollama": {**_REAL, "C12": _warns("it has no authentication (ollama/ollama#1053)")},
    "llama.cpp": {
        **_REAL,
        "C12": _warns("started without --api-key"),
        "S13": _warns("`error` has no `param` (run)"),
        "S14": _warns("it ignores `model` (run)"),
    },
    "litellm to llama.cpp": {**_REAL, **_LITELLM},
    "litellm to an OpenAI stand-in": {**_REAL, **_LITELLM},
    "tgi": {
        "S13": _warns("a body it cannot read is refused in plain text, by axum (docs.rs/axum, JsonRejection)"),
        "S14": _warns("any name is taken and echoed (text-generation-inference db931fc, router/src/server.rs)"),
        "O16": _warns("a turn with a call ends with `stop` (text-generation-inference, snapshots of test_tools_llama)"),
    },
    "vllm": {"S13": _warns("`error.code` is a number (vllm v0.33.0, entrypoints/openai)")},
    "sglang": {
        "S13": _warns("the error lies flat, without `error` (sglang v0.5.23, entrypoints/http_server.py)"),
        "S14": _warns("`model` is looked at for LoRA only (sglang 002897c, openai/serving_chat.py: _validate_request)"),
    },
    "openai": {**_METERED, **_NO_WINDOW},
    "together": _METERED,
    "fireworks": _METERED,
    "groq": _METERED,
    "openrouter": _METERED,
    "azure": {**_METERED, **_NO_WINDOW},
    "anthropic": {
        **_METERED,
        **_NO_WINDOW,
        "model": _unknown("its list wants `x-api-key`, so nobody tells the names to a bearer (1jehuang/jcode#993)"),
    },
}


def reasons() -> Mapping[str, Mapping[str, str]]:
    """By server and check."""
    return {name: {check: one.why for check, one in known.items()} for name, known in DEVIATIONS.items()}


def wanted(subject: Subject) -> Mapping[str, frozenset[str]]:
    """Right cells by the id of the check."""
    given = {"O16": subject.needs.tools, "O17": subject.needs.tools, "O18": subject.needs.vision, "gpu": False}
    deviations = DEVIATIONS[subject.name]
    cells = {}
    for row in ROWS:
        usual = "pass" if given.get(row.id, True) else NOT_ASKED
        cells[row.id] = deviations[row.id].verdicts if row.id in deviations else frozenset({usual})
    return cells
