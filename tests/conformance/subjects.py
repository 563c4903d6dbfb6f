"""The servers of the table: real ones, and stand-ins for those that need a GPU or an account."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from air_gapped import images, pins, python_env
from components.llm.gate.needs import Needs
from tests.fixtures import real_servers
from tests.fixtures.fake_clock import FakeClock
from tests.fixtures.stand_ins import HOSTED, STAND_INS

PREPARE = "python3 -m air_gapped prepare --with-tests"
_TOKEN = "token-of-the-conformance-table"
_STAND_INS_MODEL = "acme/support-8b"
_PIECE_S = 0.05
_ALL = Needs(tools=True, vision=True, system_prompt_bytes=1200)


@dataclass(frozen=True)
class Server:
    """*clock* is None where time is real."""

    base_url: str
    model: str
    token: str | None = None
    clock: FakeClock | None = None


@dataclass(frozen=True)
class Subject:
    """
    One row.

    Args:
        serve: Starts it.
        needs: What its model can do, so is asked for.
        missing: What this machine lacks to start it.
    """

    name: str
    kind: Literal["real", "stand-in"]
    engine: str
    serve: Callable[[], AbstractContextManager[Server]]
    needs: Needs = field(default_factory=Needs)
    missing: Callable[[], str] = lambda: ""

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


def _lacks_image(image: str) -> Callable[[], str]:
    def missing() -> str:
        if shutil.which("docker") is None or not images.is_local(image):
            return f"the image {image}"
        return "" if real_servers.GGUF.exists() else f"the model {pins.GGUF_NAME}"

    return missing


def _lacks_litellm() -> str:
    if not (python_env.litellm_venv() / "bin" / "litellm").exists():
        return "the LiteLLM proxy"
    return _lacks_image(pins.LLAMA_CPP_IMAGE)()


@contextmanager
def _ollama() -> Iterator[Server]:
    with real_servers.real_ollama() as server:
        yield Server(server.base_url, real_servers.MODEL)


@contextmanager
def _llama_cpp() -> Iterator[Server]:
    with real_servers.real_llama_cpp() as server:
        yield Server(server.base_url, real_servers.MODEL)


@contextmanager
def _litellm(upstream: Mapping[str, str]) -> Iterator[Server]:
    with (
        tempfile.TemporaryDirectory() as folder,
        real_servers.real_litellm({real_servers.MODEL: upstream}, Path(folder)) as server,
    ):
        yield Server(server.base_url, real_servers.MODEL, real_servers.LITELLM_KEY)


@contextmanager
def _litellm_to_llama_cpp() -> Iterator[Server]:
    with real_servers.real_llama_cpp() as upstream, _litellm(real_servers.openai_api(upstream.base_url)) as server:
        yield server


@contextmanager
def _litellm_to_openai() -> Iterator[Server]:
    serving: dict[str, Any] = {"token": real_servers.UPSTREAM_KEY, "model": real_servers.MODEL}
    with (
        STAND_INS["openai"](**serving, before_each=lambda: time.sleep(_PIECE_S)) as upstream,
        _litellm(real_servers.openai_api(upstream.base_url)) as server,
    ):
        yield server


def _stand_in(name: str, engine: str, **settings: Any) -> Subject:
    @contextmanager
    def serve() -> Iterator[Server]:
        clock = FakeClock()
        serving: dict[str, Any] = {"token": _TOKEN, "model": _STAND_INS_MODEL, "before_each": clock.pace(_PIECE_S)}
        with STAND_INS[name](**serving, **settings) as server:
            yield Server(server.base_url, _STAND_INS_MODEL, _TOKEN, clock)

    return Subject(name, "stand-in", engine, serve, _ALL)


# SmolLM2 has 135 million parameters: it neither calls tools nor sees, and reads a prompt on a busy core.
_PROMPT = Needs(system_prompt_bytes=400)
SUBJECTS = (
    Subject("ollama", "real", "ollama", _ollama, _PROMPT, _lacks_image(pins.OLLAMA_IMAGE)),
    Subject("llama.cpp", "real", "llama.cpp", _llama_cpp, _PROMPT, _lacks_image(pins.LLAMA_CPP_IMAGE)),
    Subject("litellm to llama.cpp", "real", "litellm", _litellm_to_llama_cpp, _PROMPT, _lacks_litellm),
    Subject("litellm to an OpenAI stand-in", "real", "litellm", _litellm_to_openai, _ALL, _lacks_litellm),
    _stand_in("tgi", "tgi"),
    _stand_in("vllm", "vllm", vision=True),
    _stand_in("sglang", "sglang", vision=True),
    *(_stand_in(name, "hosted") for name in HOSTED),
)
