"""The open questions of the TruGen API: what this module assumes, in words that an answer can confirm or refute."""

from __future__ import annotations

from dataclasses import dataclass

_SESSION = "a live session, which is billed"
_WRITE = "--write"


@dataclass(frozen=True)
class Row:
    """
    Attributes:
        number: as docs/live-check.md counts them.
        settled_by: what it takes beyond the calls that this check makes; `--write` where that is all.
    """

    number: int
    subject: str
    assumption: str
    settled_by: str


ROWS = [
    Row(1, "placement", "an llm block sent in avatars[].config is taken", _WRITE),
    Row(2, "full replace", "what a PUT leaves out goes back to its default", _WRITE),
    Row(3, "PATCH", "there is no PATCH to rely on", _WRITE),
    Row(4, "PUT members", "a PUT also takes members that its schema omits, like messages", _WRITE),
    Row(5, "detaching", "[] in a PUT detaches", f"{_WRITE}, in a workspace with a tool or knowledge base"),
    Row(6, "llm.token", "no read shows it", f"{_WRITE}, or an agent with a custom LLM"),
    Row(7, "llm.url", "a read shows it as it was sent, or not at all", f"{_WRITE}, or an agent with a custom LLM"),
    Row(8, "unknown members", "they are dropped silently", _WRITE),
    Row(9, "minimal create", "name, prompt, config and avatars[0] with key, persona name and prompt do", _WRITE),
    Row(10, "defaults", "what is not sent gets the spec's default: record true, stt of elevenlabs", _WRITE),
    Row(11, "timeouts", "they are seconds", _SESSION),
    Row(12, "names", "two agents may have one name", "a second agent of one name"),
    Row(
        13,
        "create twice",
        "a search by name finds what a lost answer made",
        "a second POST, which makes a second agent",
    ),
    Row(14, "rate limits", "a limit shows as 429 with Retry-After", "enough calls to meet a limit"),
    Row(15, "delete twice", "the second DELETE answers 404", _WRITE),
    Row(16, "foreign ids", "another workspace's id answers 404", "the id of an agent of another workspace"),
    Row(17, "malformed ids", "they answer 400, so they are not taken for gone", "a read of such an id"),
    Row(18, "404 body", "it says why under `error` or `message`", "a read of an id that nobody has"),
    Row(19, "consistency", "a write is seen by the fourth read at the latest", _WRITE),
    Row(20, "tool create", "it answers with the id", "creating a tool"),
    Row(21, "KB media type", "creating a knowledge base takes multipart", "creating a knowledge base"),
    Row(22, "KB file field", "`input` is taken", "uploading a document"),
    Row(23, "KB limits", "10 MB of PDF, DOCX or text are taken", "uploading large documents"),
    Row(24, "KB readiness", "documents show no status", "a knowledge base with a document"),
    Row(25, "agentbytemplate", "it takes avatar_ids and avatar_key_id together", "creating an agent from a template"),
    Row(26, "template edits", "they may reach agents made before", "changing a template that has agents"),
    Row(27, "providers", "they come as an array", "GET /ext/providers"),
    Row(28, "call_ended", "it is taken as a callback event", _WRITE),
    Row(29, "token header", "the token is sent as Bearer, and nothing is probed", f"{_SESSION}, or the log of the LLM"),
    Row(30, "url joining", "`/chat/completions` is put behind the url", f"{_SESSION}, or the log of the LLM"),
    Row(31, "http urls", "an LLM without https is refused", _WRITE),
    Row(32, "several avatars", "one entry in avatars is the rule", "an agent with several"),
    Row(33, "delete in use", "a session outlives its agent", _SESSION),
    Row(34, "list items", "they have every member of the read", "an agent to list"),
]
