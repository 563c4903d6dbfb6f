"""Verdicts from reads alone. Pure; what is printed of other people's agents is counts and names of members."""

from __future__ import annotations

from collections import Counter

from components.live.answer import Answer, Json
from components.live.recording import Recording
from components.live.shapes import avatar_count, block, members
from components.live.verdict import Verdict, confirmed, refuted, unknown

_SHOWN_MEMBERS = 5


def names(seen: Recording) -> Verdict:
    agents = _agents(seen)
    namesakes = sum(count for count in Counter(agent.get("agent_name") for agent in agents).values() if count > 1)
    if namesakes:
        return confirmed(f"{namesakes} of {len(agents)} agents share their name with another")
    return unknown(f"no two of {len(agents)} agents have one name")


def rate_limits(seen: Recording) -> Verdict:
    if not seen.limited:
        return unknown(f"no 429 to {seen.calls} calls, one at a time; {_page_length(seen)}")
    count = f"{len(seen.limited)} of {seen.calls} calls answered 429"
    if all("Retry-After" in answer.headers for answer in seen.limited):
        return confirmed(f"{count}, with Retry-After {seen.limited[0].headers['Retry-After']}")
    return refuted(f"{count}, without Retry-After", "the client backs off on its own, at most 8 s a try")


def malformed_ids(seen: Recording) -> Verdict:
    answer = seen.malformed
    if answer is None or not answer.status:
        return unknown(_why(answer))
    if answer.status in {400, 422}:
        return confirmed(f"a read of one answered {answer.status}")
    if answer.is_gone:
        return refuted(f"a read of one answered {answer.status}", "a mistyped id reads as 'no such agent'")
    return refuted(f"a read of one answered {answer.status}", "a mistyped id is reported with that status")


def missing_body(seen: Recording) -> Verdict:
    answer = seen.missing
    if answer is None or not answer.is_gone:
        return unknown(_why(answer))
    told = [key for key in ("error", "message") if answer.document.get(key)]
    if told:
        return confirmed(f"{answer.status} with `{told[0]}`")
    found = ", ".join(f"`{key}`" for key in answer.document) or "no JSON object"
    return refuted(f"{answer.status} with {found}", "errors are shown as raw text; nothing to set")


def foreign_ids(seen: Recording) -> Verdict:
    answer = seen.missing
    return unknown(f"an id that nobody has was answered with {answer.status}" if answer else _why(answer))


def readiness(seen: Recording) -> Verdict:
    bases = seen.knowledge_bases
    if bases is None or not bases.ok:
        return unknown(_why(bases))
    documents = [doc for base in bases.objects for doc in base.get("documents") or [] if isinstance(doc, dict)]
    count = f"{len(documents)} documents in {len(bases.objects)} knowledge bases"
    if not documents:
        return unknown(count)
    shown = sorted({key for document in documents for key in document})
    if "status" in shown:
        return refuted(f"{count} have: {', '.join(shown)}", "`status` tells when a document is ready to be asked")
    return confirmed(f"{count} have: {', '.join(shown)}")


def providers(seen: Recording) -> Verdict:
    answer = seen.providers
    if answer is None or not answer.ok:
        return unknown(_why(answer))
    if isinstance(answer.body, list):
        return confirmed(f"an array of {len(answer.body)}")
    if answer.document:
        return refuted(f"an object of {len(answer.document)} members", "nothing to set: the call is advice only")
    return refuted("neither an array nor an object", "nothing to set: the call is advice only")


def several_avatars(seen: Recording) -> Verdict:
    agents = _agents(seen)
    several = sum(avatar_count(agent) > 1 for agent in agents)
    if several:
        return refuted(
            f"{several} of {len(agents)} agents have several avatars", "this module manages the first and drops others"
        )
    return unknown(f"none of {len(agents)} agents has several avatars")


def list_items(seen: Recording) -> Verdict:
    pair = _listed_and_read(seen)
    if pair is None:
        return unknown("no agent could be seen both in a list and by its id")
    item, read = pair
    lacking = sorted(set(members(read)) - set(members(item)))
    if not lacking:
        return confirmed(f"an item has all {len(set(members(read)))} members of the read")
    more = f" and {len(lacking) - _SHOWN_MEMBERS} more" if len(lacking) > _SHOWN_MEMBERS else ""
    listed = ", ".join(lacking[:_SHOWN_MEMBERS])
    return refuted(f"an item lacks {listed}{more}", "agents have to be read one by one; the module does")


def placement(seen: Recording) -> Verdict:
    places = Counter(block(agent, "llm")[0] for agent in _agents(seen))
    shown = ", ".join(f"{count} at {place}" for place, count in places.items()) or "there are no agents"
    return unknown(f"reads show llm: {shown}")


def token(seen: Recording) -> Verdict:
    llms = _custom_llms(seen)
    showing = sum("token" in llm for llm in llms)
    if showing:
        return refuted(
            f"{showing} of {len(llms)} agents with a custom LLM show a token", "--write tells if it is masked"
        )
    if llms:
        return confirmed(f"none of {len(llms)} agents with a custom LLM shows one")
    return unknown("no agent has a custom LLM")


def url(seen: Recording) -> Verdict:
    llms = _custom_llms(seen)
    shown = [llm["url"] for llm in llms if llm.get("url")]
    changed = sum(not str(text).startswith(("https://", "http://")) for text in shown)
    if changed:
        return refuted(f"{changed} of {len(shown)} urls shown are no URLs", _MASKED_URL)
    if shown:
        return unknown(f"{len(shown)} of {len(llms)} agents with a custom LLM show one; whether as sent is not known")
    return confirmed(f"none of {len(llms)} agents with a custom LLM shows one") if llms else unknown("no custom LLM")


_MASKED_URL = "leave it to `pulumi up` alone: a masked url cannot be compared, and reads as drift"


def _agents(seen: Recording) -> list[Json]:
    return seen.page.objects if seen.page else []


def _custom_llms(seen: Recording) -> list[Json]:
    llms = [block(agent, "llm")[1] for agent in _agents(seen)]
    return [llm for llm in llms if llm.get("provider") == "custom"]


def _listed_and_read(seen: Recording) -> tuple[Json, Json] | None:
    if seen.item and seen.item.ok:
        same = [agent for agent in _agents(seen) if agent.get("id") == seen.item.document.get("id")]
        if same:
            return same[0], seen.item.document
    written = seen.written
    if written and written.create and written.create.shown and written.by_name:
        id_ = written.create.shown.get("id")
        for item in written.by_name[-1].objects:
            if item.get("id") == id_:
                return item, written.create.shown
    return None


def _page_length(seen: Recording) -> str:
    total = seen.page.headers.get("X-Total-Count", "an unknown number of") if seen.page else "no"
    return f"a page of 50 brought {len(_agents(seen))} of {total} agents"


def _why(answer: Answer | None) -> str:
    return "the call was not made" if answer is None else f"the answer was {answer}"
