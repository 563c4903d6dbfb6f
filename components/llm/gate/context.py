"""Check `context`: do the longest system prompt and some talk fit into the window? Pure."""

from dataclasses import dataclass

from components.llm.gate.capabilities import Capabilities
from components.llm.gate.checks import Check

# Our choice: a dozen spoken turns, and the answer.
TALK_TOKENS = 512
# English by the tokenizers of today's models: four bytes a token; none of them makes it more than eight.
_BYTES_PER_TOKEN = 4
_MOST_BYTES_PER_TOKEN = 8
_ROUND_TOKENS = 1024


@dataclass(frozen=True)
class PromptSize:
    """
    `counted_tokens` is the server's own count of a prompt of that length; None when nobody counted, which leaves an
    estimate. 0 gives the least that any tokenizer makes of it.
    """

    prompt_bytes: int
    counted_tokens: int | None

    @property
    def tokens(self) -> int:
        if self.counted_tokens is None:
            return self.prompt_bytes // _BYTES_PER_TOKEN
        # Ollama cuts a prompt that is too long and counts what is left of it.
        return max(self.counted_tokens, self._least_tokens)

    @property
    def _least_tokens(self) -> int:
        return self.prompt_bytes // _MOST_BYTES_PER_TOKEN

    @property
    def needed_tokens(self) -> int:
        return self.tokens + TALK_TOKENS

    def __str__(self) -> str:
        at_least = "at least " if (self.counted_tokens or 0) < self._least_tokens else ""
        about = "about " if self.counted_tokens is None else at_least
        return f"a system prompt of {about}{self.tokens:,} tokens and {TALK_TOKENS} for the talk"


def judge_context(size: PromptSize, capabilities: Capabilities) -> Check:
    window, most = capabilities.context_tokens, capabilities.max_context_tokens
    if window is not None and size.needed_tokens > window:
        return Check("context", "fail", f"{size} exceed the window of {window:,} tokens")
    if window is not None:
        return Check("context", "pass", f"{size} fit into the window of {window:,} tokens")
    if most is not None and size.needed_tokens > most:
        return Check("context", "fail", f"{size} exceed the {most:,} tokens the model was made for")
    return Check("context", "unknown", f"{size} are needed; the server does not tell its window")


def context_next_step(size: PromptSize, capabilities: Capabilities, *, own_engine: bool) -> str:
    rounded = -(-size.needed_tokens // _ROUND_TOKENS) * _ROUND_TOKENS
    most = capabilities.max_context_tokens
    if own_engine and (most is None or size.needed_tokens <= most):
        wanted = rounded if most is None else min(rounded, most)
        return f"Widen it: `pulumi config set --path llms.<llm>.contextLength {wanted}`; or shorten the system prompt."
    return (
        "Shorten the system prompt, or choose a model with a wider window: `pulumi config set --path llms.<llm>.model`."
    )
