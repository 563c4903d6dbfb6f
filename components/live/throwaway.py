"""One agent that is made for the check and is gone after it, whatever happens in between."""

from __future__ import annotations

from urllib.parse import quote

from components.live.answer import Answer, Json
from components.live.api import Api

READS = 4
PAUSES_S = (0.0, 1.0, 2.0, 4.0)


class LeftBehindError(Exception):
    """The throwaway is or may be still there; the text says where and how to delete it."""


class Throwaway:
    """Life of the agent called *name*."""

    def __init__(self, api: Api, name: str) -> None:
        self.name = name
        self.id: str | None = None
        self._api = api
        self._may_exist = False

    @property
    def path(self) -> str:
        return f"/ext/agent/{quote(self.id or '', safe='')}"

    def create(self, body: Json) -> Answer:
        """POST once. Where the answer leaves open whether an agent was made, it is searched for."""
        self._may_exist = True
        answer = self._api.call("POST", "/ext/agent", body=body)
        id_ = answer.document.get("id")
        if answer.ok and isinstance(id_, str) and id_:
            self.id = id_
        elif answer.is_refusal:
            self._may_exist = False
        else:
            self.id = next(iter(self._found()), None)
        return answer

    def delete(self) -> Answer:
        answer = self._api.call("DELETE", self.path)
        if answer.ok or answer.is_gone:
            self._may_exist = False
        return answer

    def remove(self) -> None:
        """
        Delete it, under every id that its name has; nothing to do when that was done.

        Raises:
            LeftBehindError: it is still there, or may be.
        """
        if not self._may_exist:
            return
        with self._api.tidying():
            try:
                ids = [self.id] if self.id else self._found()
                left = [id_ for id_ in ids if not self._removed(id_)]
            except KeyboardInterrupt:
                raise LeftBehindError(self._where([self.id] if self.id else [])) from None
        if left or not ids:
            raise LeftBehindError(self._where(left))
        self._may_exist = False

    def _found(self) -> list[str]:
        """Ids of the agents called so; asked for a while, since the agent may be made after our question."""
        with self._api.tidying():
            for pause_s in PAUSES_S:
                self._api.sleep(pause_s)
                page = self._api.call("GET", "/ext/agent", params={"search": self.name, "offset": 0, "perpage": 50})
                named = [agent.get("id") for agent in page.objects if agent.get("agent_name") == self.name]
                ids = [id_ for id_ in named if isinstance(id_, str)]
                if ids:
                    return ids
        return []

    def _removed(self, id_: str) -> bool:
        for pause_s in PAUSES_S:
            self._api.sleep(pause_s)
            answer = self._api.call("DELETE", f"/ext/agent/{quote(id_, safe='')}")
            if answer.ok or answer.is_gone:
                return True
        return False

    def _where(self, ids: list[str]) -> str:
        console = f"  or in the TruGen console, under the name {self.name!r}."
        if not ids:
            return (
                f"It is unknown whether an agent {self.name!r} was made: its creation was not answered, and no search "
                f"finds it.\n  Look for that name at https://app.trugen.ai and delete it there."
            )
        urls = [f"{self._api.root}/ext/agent/{quote(id_, safe='')}" for id_ in ids]
        commands = "\n".join(f'  curl -X DELETE -H "x-api-key: $TRUGEN_API_KEY" {url}' for url in urls)
        return f"The throwaway agent {', '.join(ids)} could not be deleted. Delete it:\n{commands}\n{console}"
