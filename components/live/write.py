"""The calls that make, change and delete the throwaway, in the order in which each can be judged."""

from __future__ import annotations

from components.live import bodies
from components.live.answer import Json
from components.live.api import Api, BudgetSpentError
from components.live.recording import Recording, Write, Written
from components.live.shapes import first_avatar, has_custom_llm
from components.live.throwaway import READS, Throwaway

_READ_PAUSE_S = 1.0
_ANY_AVATAR = "665a1170"


def write(api: Api, recording: Recording, throwaway: Throwaway, token: str) -> None:
    """Ask what only writes can tell, as far as the budget goes. Tidying up is the caller's."""
    recording.written = Written(throwaway.name)
    try:
        _Probe(api, recording, recording.written, throwaway, token).run()
    except BudgetSpentError:
        recording.budget_spent = True


class _Probe:
    def __init__(self, api: Api, recording: Recording, written: Written, throwaway: Throwaway, token: str) -> None:
        self._api = api
        self._recording = recording
        self._written = written
        self._throwaway = throwaway
        self._token = token

    def run(self) -> None:
        body = bodies.create_body(self._throwaway.name, self._avatar_key_id(), self._token)
        created = self._written.create = Write(body, self._throwaway.create(body))
        if self._throwaway.id is None:
            return
        self._watch(created)
        self._search()
        self._replace()
        self._extras()
        self._written.patch = self._api.call("PATCH", self._throwaway.path, body={"record": False})
        self._written.delete = self._throwaway.delete()
        if self._written.delete.ok:
            self._written.second_delete = self._api.call("DELETE", self._throwaway.path)

    def _search(self) -> None:
        """The whole name for as long as a write may take to be seen; a piece of it once that was found."""
        name = self._throwaway.name
        for attempt in range(READS):
            if attempt:
                self._api.sleep(_READ_PAUSE_S)
            params = {"search": name, "offset": 0, "perpage": 10}
            answer = self._api.call("GET", "/ext/agent", params=params)
            self._written.by_name.append(answer)
            if any(agent.get("id") == self._throwaway.id for agent in answer.objects):
                params = {"search": name[len("trugen-llm ") : -1], "offset": 0, "perpage": 10}
                self._written.by_part = self._api.call("GET", "/ext/agent", params=params)
                return

    def _replace(self) -> None:
        created = self._written.create
        shown = created.shown if created else None
        was_ignored = shown is not None and not has_custom_llm(shown, bodies.MODEL)
        self._written.attached, attachments = self._attachments()
        body = bodies.replace_body(
            self._throwaway.name,
            self._avatar_key_id(),
            self._token,
            "flat" if was_ignored else "nested",
            attachments,
        )
        self._written.replace = self._put(body)

    def _extras(self) -> None:
        replaced = self._written.replace
        if replaced is None or not replaced.answer.ok:
            return
        plain = bodies.detached(replaced.sent, "probe 2")
        whole = bodies.with_plain_http(bodies.with_call_ended(bodies.with_unknown_member(plain)))
        self._written.extras = self._put(whole)
        if self._written.extras.answer.is_refusal:
            # One of the three is to blame; each alone says which.
            self._written.unknown_member = self._put(bodies.with_unknown_member(plain))
            self._written.call_ended = self._put(bodies.with_call_ended(bodies.detached(plain, "probe 3")))
            self._written.plain_http = self._put(bodies.with_plain_http(bodies.detached(plain, "probe 4")), watch=False)

    def _put(self, body: Json, *, watch: bool = True) -> Write:
        done = Write(body, self._api.call("PUT", self._throwaway.path, body=body))
        if done.answer.ok and watch:
            self._watch(done)
        return done

    def _watch(self, done: Write) -> None:
        """Read until the write is seen."""
        for attempt in range(READS):
            if attempt:
                self._api.sleep(_READ_PAUSE_S)
            answer = self._api.call("GET", self._throwaway.path)
            done.reads.append(answer)
            if answer.ok and _persona(answer.document) == _persona(done.sent):
                done.shown = answer.document
                return

    def _avatar_key_id(self) -> str:
        stock = self._recording.avatars.objects if self._recording.avatars else []
        key = stock[0].get("avatar_key_id") if stock else None
        return key if isinstance(key, str) else _ANY_AVATAR

    def _attachments(self) -> tuple[str | None, Json]:
        """The first tool or knowledge base of the workspace, to be attached and detached again."""
        for member, answer in (("tool", self._recording.tools), ("knowledge_base", self._recording.knowledge_bases)):
            for item in answer.objects if answer else []:
                if isinstance(item.get("id"), str):
                    # Its own name, should the API take a reference for a change of what it refers to.
                    name = item.get("name") or (item.get("schema") or {}).get("name")
                    return member, {member: [{"id": item["id"], **({"name": name} if name else {})}]}
        return None, {}


def _persona(agent: Json) -> object:
    return first_avatar(agent).get("persona_name")
