"""Verdicts from what happened to the throwaway agent. Pure."""

from __future__ import annotations

from components.live import bodies
from components.live.answer import Answer, Json
from components.live.recording import Write, Written
from components.live.shapes import block, first_avatar, has_custom_llm, member
from components.live.verdict import Verdict, confirmed, refuted, unknown

_ATTACHMENTS = ("tool", "knowledge_base", "mcp", "guardrail")


def placement(written: Written) -> Verdict:
    created, replaced = _shown(written.create), _shown(written.replace)
    if created is None:
        return _not_seen(written.create)
    place, llm = block(created, "llm")
    if has_custom_llm(created, bodies.MODEL):
        return confirmed(f"it was taken; the read shows it at {place}")
    if replaced is not None and has_custom_llm(replaced, bodies.MODEL):
        return refuted("avatars[].config was ignored, avatars[] was taken", "set `placement: flat` on every agent")
    found = f"{llm.get('provider', 'no llm')} at {place}"
    return refuted(f"neither place was taken: the read shows {found}", "do not deploy: agents would ignore your LLM")


def full_replace(written: Written) -> Verdict:
    before, after = _shown(written.create), _shown(written.replace)
    if before is None or after is None:
        return _not_seen(written.replace)
    if before.get("callback_url") != bodies.CALLBACK_URL:
        return unknown("the callback_url that a PUT was to forget did not show after the create")
    if after.get("callback_url") == bodies.CALLBACK_URL:
        return refuted("a callback_url left out stayed", "nothing to set: the module always sends the whole document")
    return confirmed("a callback_url left out was forgotten")


def patch(written: Written) -> Verdict:
    answer = written.patch
    if answer is None or not answer.status:
        return unknown(_why(answer))
    if answer.ok:
        return refuted(f"PATCH answered {answer.status}", "nothing to set: the module replaces, which also detaches")
    if answer.status in {404, 405, 501}:
        return confirmed(f"PATCH answered {answer.status}")
    return unknown(f"PATCH answered {answer}")


def put_members(written: Written) -> Verdict:
    after = _shown(written.replace)
    if after is None:
        return _not_seen(written.replace)
    message = member(first_avatar(after), "welcome_message", "messages")
    if message is None:
        return unknown("reads show no welcome_message, so it cannot be seen")
    if message == [bodies.MESSAGE]:
        return confirmed("a welcome_message sent by PUT was taken")
    return refuted(
        "a welcome_message sent by PUT was dropped",
        "messages, widget and timeouts hold from create to the next update only; expect drift on them",
    )


def detaching(written: Written) -> Verdict:
    attached = _shown(written.replace)
    later = (written.extras, written.unknown_member, written.call_ended)
    after = next((write.shown for write in later if write and write.shown), None)
    if written.attached is None:
        return unknown("the workspace has no tool and no knowledge base to attach")
    if attached is None or after is None:
        return _not_seen(written.extras or written.replace)
    if not attached.get(written.attached):
        return unknown(f"what was attached as {written.attached} did not show")
    if any(after.get(name) for name in _ATTACHMENTS):
        return refuted(f"[] left {written.attached} attached", "detach in the console; the module cannot")
    return confirmed(f"[] detached {written.attached}")


def token(written: Written) -> Verdict:
    llm = _custom_llm(written)
    if llm is None:
        return unknown("no read of the throwaway showed its custom LLM")
    shown = llm.get("token")
    if not shown:
        return confirmed("a read of an agent with a token shows none")
    if shown == _sent_llm(written).get("token"):
        return refuted("reads show it in clear", "whoever has the API key can read the LLM's token")
    return refuted("reads show it changed, as a mask would", "nothing to set: it is never compared")


def url(written: Written) -> Verdict:
    llm = _custom_llm(written)
    if llm is None:
        return unknown("no read of the throwaway showed its custom LLM")
    shown = llm.get("url")
    if not shown:
        return confirmed("reads do not show it, so a change behind our back cannot be seen")
    if shown == _sent_llm(written).get("url"):
        return confirmed("reads show it as sent, so it is compared")
    return refuted("reads show it changed, as a mask would", "it cannot be compared and reads as drift: report this")


def unknown_members(written: Written) -> Verdict:
    done = _extra(written, written.unknown_member)
    if done is None or not done.answer.status:
        return unknown(_why(done.answer if done else None))
    if done.answer.is_refusal:
        return refuted(f"a PUT with one was refused: {done.answer}", "members that TruGen does not know fail loudly")
    if done.shown is None:
        return _not_seen(done)
    if bodies.UNKNOWN_MEMBER in done.shown:
        return refuted("a PUT with one keeps it and reads show it", "nothing to set: a typo still has no effect")
    return confirmed("a PUT with one succeeds, and no read shows it")


def minimal_create(written: Written) -> Verdict:
    if written.create is None or not written.create.answer.status:
        return unknown(_why(written.create.answer if written.create else None))
    answer = written.create.answer
    if answer.ok:
        return confirmed("an agent was made of them and an llm block")
    if answer.is_refusal:
        return refuted(f"POST was refused: {answer}", "this module's agents cannot be made: report the answer")
    return unknown(f"POST answered {answer}")


def defaults(written: Written) -> Verdict:
    created = _shown(written.create)
    if created is None:
        return _not_seen(written.create)
    stt = block(created, "stt")[1]
    found = (created.get("record"), stt.get("provider"), stt.get("model"))
    text = f"record {found[0]}, stt {found[1]} {found[2]}"
    if found[0] is None or found[1] is None:
        return unknown(f"reads show {text}")
    if found == (True, "elevenlabs", "scribe_v2_realtime"):
        return confirmed(text)
    return refuted(text, "set `record`, llm and stt explicitly")


def timeouts(written: Written) -> Verdict:
    created = _shown(written.create)
    if created is None:
        return _not_seen(written.create)
    shown = {key: member(created, "config", key) for key in ("timeout", "maxCallDuration")}
    return unknown(
        f"timeout {bodies.TIMEOUT_S} reads as " + ", ".join(f"{key} {value}" for key, value in shown.items())
    )


def create_twice(written: Written) -> Verdict:
    if written.create is None or not written.by_name:
        return unknown("there was nothing to search for")
    if written.by_part is None:
        return refuted(
            f"{len(written.by_name)} searches for its whole name did not find it",
            "after a lost answer an agent may be made twice: look for pairs in the console",
        )
    by_part = "also by a part of it" if written.by_part.objects else "not by a part of it"
    return unknown(f"search finds it by its name, {by_part}; a second POST was not tried")


def delete_twice(written: Written) -> Verdict:
    answer = written.second_delete
    if answer is None or not answer.status:
        return unknown(_why(answer or written.delete))
    if answer.is_gone:
        return confirmed(f"the second DELETE answered {answer.status}")
    if answer.ok:
        return refuted(f"the second DELETE answered {answer}", "nothing to set: both count as deleted")
    return unknown(f"the second DELETE answered {answer}")


def consistency(written: Written) -> Verdict:
    writes = (written.create, written.replace, written.extras, written.unknown_member, written.call_ended)
    done = [write for write in writes if write and write.reads]
    if not done:
        return unknown("nothing was written that could be read")
    if any(write.shown is None for write in done):
        return refuted("a write was not seen in 4 reads", "expect 'unverified' agents; run `pulumi up` again")
    return confirmed(f"{len(done)} writes were seen at read {max(len(write.reads) for write in done)} at the latest")


def call_ended(written: Written) -> Verdict:
    done = _extra(written, written.call_ended)
    if done is None or not done.answer.status:
        return unknown(_why(done.answer if done else None))
    if done.answer.is_refusal:
        return refuted(f"a PUT with it was refused: {done.answer}", "leave `call_ended` out of callbackEvents")
    if done.shown is None:
        return _not_seen(done)
    if done.shown.get("callback_events") == ["call_ended"]:
        return confirmed("a PUT with it succeeds, and reads show it")
    return refuted("a PUT with it succeeds, and no read shows it", "leave `call_ended` out of callbackEvents")


def token_header(written: Written) -> Verdict:
    if written.create and written.create.answer.ok:
        return unknown("nothing was probed at create: an LLM whose host does not exist was accepted")
    return unknown("no agent was made")


def http_urls(written: Written) -> Verdict:
    done = _extra(written, written.plain_http)
    if done is None or not done.answer.status:
        return unknown(_why(done.answer if done else None))
    if done.answer.is_refusal:
        return confirmed(f"a PUT with one was refused: {done.answer}")
    return refuted(
        "a PUT with one was accepted", "the module still asks for https: prompts and token would travel open"
    )


def _extra(written: Written, alone: Write | None) -> Write | None:
    """The write that tells of one extra: the one with all three, unless that was refused."""
    return written.extras if written.extras and not written.extras.answer.is_refusal else alone


def _shown(done: Write | None) -> Json | None:
    return done.shown if done else None


def _custom_llm(written: Written) -> Json | None:
    for agent in (_shown(written.create), _shown(written.replace)):
        if agent is not None and has_custom_llm(agent, bodies.MODEL):
            return block(agent, "llm")[1]
    return None


def _sent_llm(written: Written) -> Json:
    return block(written.create.sent, "llm")[1] if written.create else {}


def _not_seen(done: Write | None) -> Verdict:
    if done is None or not done.answer.ok:
        return unknown(_why(done.answer if done else None))
    return unknown(f"the write was accepted and not seen in {len(done.reads)} reads")


def _why(answer: Answer | None) -> str:
    return "the call was not made" if answer is None else f"the answer was {answer}"
