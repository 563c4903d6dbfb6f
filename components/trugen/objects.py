"""The calls that every kind of object of a workspace has: one class, told apart by `Calls`."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from components.trugen.attempt import Answer
from components.trugen.calls import Calls
from components.trugen.errors import AmbiguousError, NotFoundError, UnexpectedAnswerError
from components.trugen.http import Transport
from components.trugen.models import Identified

PER_PAGE = 50
MAX_PAGES = 400
# Fetched together, once a page has said how many there are.
PAGES_AT_ONCE = 8
# The documented default of `perpage`: no server cuts pages shorter, so one that is shorter is the last.
SHORTEST_FULL_PAGE = 10
# An upload may take this long per byte: a line of half a megabit, of which the largest document needs under 3 minutes.
SLOWEST_BYTES_PER_S = 60_000

Json = dict[str, Any]


class Objects:
    """The objects of one kind in one workspace. Raises: the classes of errors.py, from every method."""

    def __init__(self, transport: Transport, calls: Calls) -> None:
        self._transport = transport
        self.calls = calls

    def create(self, body: Mapping[str, Any]) -> str:
        """Make one; returns its id. An answer without a usable id is an `AmbiguousError` too."""
        path = self.calls.path
        as_form = {"form": _fields(body)} if self.calls.form else {"body": body}
        answer = self._transport.send("POST", path, **as_form)
        try:
            return Identified.model_validate(self._transport.json(f"POST {path}", answer)).id
        except (UnexpectedAnswerError, ValidationError):
            raise AmbiguousError(f"POST {path}", f"{answer.status} came without a usable id") from None

    def get(self, id_: str) -> Json:
        if not self.calls.readable:
            return self._listed(id_)
        call, path = self._one("GET", id_)
        document = self._transport.json(call, self._transport.send("GET", path))
        if self.calls.wrapped_in and isinstance(document, dict):
            inner = document.pop(self.calls.wrapped_in, None)
            document = {**document, **inner} if isinstance(inner, dict) else inner
        shown = self._document(call, document)
        if shown["id"] != id_:
            raise UnexpectedAnswerError(call, f"the {self.calls.noun} {shown['id']!r}")
        return shown

    def replace(self, id_: str, body: Mapping[str, Any]) -> None:
        """PUT, a full replace: what *body* leaves out goes back to its default (TruGen, api-reference/agentupdate)."""
        self._confirmed("PUT", id_, body)

    def delete(self, id_: str) -> None:
        self._confirmed("DELETE", id_, None)

    def add_part(self, id_: str, file_name: str, content: bytes) -> None:
        """Add a file to the contents of *id_*. What id it got is not documented: read the object again."""
        path = f"{self.calls.path}/{quote(id_, safe='')}/{self.calls.part}"
        extra_s = len(content) / SLOWEST_BYTES_PER_S
        answer = self._transport.send("POST", path, form={"input": (file_name, content)}, extra_s=extra_s)
        try:
            self._confirm(f"POST {path}", answer)
        except UnexpectedAnswerError:
            raise AmbiguousError(f"POST {path}", f"{answer.status} came without JSON") from None

    def delete_part(self, part_id: str) -> None:
        path = f"{self.calls.path}/{self.calls.part}/{quote(part_id, safe='')}"
        self._confirm(f"DELETE {path}", self._transport.send("DELETE", path))

    def search(self, text: str) -> list[Json]:
        """
        Every object that the API finds for *text* in name or id; how it matches is not documented, so filter again.

        A kind without a search is listed whole. `X-Total-Count` may be missing or wrong: pages are read until one
        brings nothing new, and when the header says that more exist, all are read once more, since an object deleted
        meanwhile moves the others up.
        """
        if not self.calls.paged:
            return self._page({})[0]
        found: dict[str, Json] = {}
        for _ in range(2):
            total = self._read_pages(text, found)
            if len(found) >= total:
                break
        return list(found.values())

    def count(self) -> int:
        """How many there are, as the list says; 0 when it does not say."""
        return self._page({"search": "", "offset": 0, "perpage": 1})[1] if self.calls.paged else 0

    def _listed(self, id_: str) -> Json:
        for document in self.search(id_):
            if document["id"] == id_:
                return document
        raise NotFoundError(
            f"GET {self.calls.list_path}", HTTPStatus.NOT_FOUND, f"the list shows no {self.calls.noun} {id_}"
        )

    def _read_pages(self, text: str, found: dict[str, Json]) -> int:
        """One pass over all pages into *found*; returns the largest total a header gave, 0 without one."""
        seen: set[str] = set()
        offset = total = step = 0
        for _ in range(MAX_PAGES):
            pages = self._side_by_side(text, list(range(offset, total, step or 1))[:PAGES_AT_ONCE] or [offset])
            total = max(total, *(page_total for _, page_total in pages))
            fresh = {one["id"]: one for page, _ in pages for one in page if one["id"] not in seen}
            if not fresh:
                return total
            seen |= fresh.keys()
            found |= fresh
            step = max(len(page) for page, _ in pages)
            offset += sum(len(page) for page, _ in pages)
            if len(pages[-1][0]) < SHORTEST_FULL_PAGE and offset >= total:
                return total
        raise UnexpectedAnswerError(f"GET {self.calls.list_path}", f"page after page, {MAX_PAGES} of them, without end")

    def _side_by_side(self, text: str, offsets: list[int]) -> list[tuple[list[Json], int]]:
        if len(offsets) == 1:
            return [self._text_page(text, offsets[0])]
        with ThreadPoolExecutor(len(offsets)) as pool:
            return list(pool.map(lambda offset: self._text_page(text, offset), offsets))

    def _text_page(self, text: str, offset: int) -> tuple[list[Json], int]:
        return self._page({"search": text, "offset": offset, "perpage": PER_PAGE})

    def _page(self, params: Mapping[str, str | int]) -> tuple[list[Json], int]:
        call = f"GET {self.calls.list_path}"
        answer = self._transport.send("GET", self.calls.list_path, params=params)
        page = self._transport.json(call, answer)
        if page is None and not self.calls.paged:
            page = []  # an empty list written as null, as TruGen does for attachments
        if not isinstance(page, list):
            raise UnexpectedAnswerError(call, f"JSON that is no list of {self.calls.noun}s")
        total = answer.headers.get("X-Total-Count", "")
        try:
            shown = [self._document(call, one) for one in page]
        except UnexpectedAnswerError:
            raise UnexpectedAnswerError(call, f"JSON that is no list of {self.calls.noun}s") from None
        return shown, int(total) if total.isdecimal() else 0

    def _document(self, call: str, document: Any) -> Json:
        try:
            Identified.model_validate(document)
        except ValidationError:
            document = {}
        if self.calls.named_by not in document:
            raise UnexpectedAnswerError(call, f"JSON that is no {self.calls.noun} with id and {self.calls.named_by}")
        return dict(document)

    def _confirmed(self, method: str, id_: str, body: Mapping[str, Any] | None) -> None:
        call, path = self._one(method, id_)
        self._confirm(call, self._transport.send(method, path, body=body))

    def _confirm(self, call: str, answer: Answer) -> None:
        """Any empty or JSON answer confirms; HTML with status 200 is a portal that never passed the call on."""
        if answer.body.strip():
            self._transport.json(call, answer)

    def _one(self, method: str, id_: str) -> tuple[str, str]:
        path = f"{self.calls.path}/{quote(id_, safe='')}"
        return f"{method} {path}", path


def _fields(body: Mapping[str, Any]) -> dict[str, tuple[None, str]]:
    """*body* as parts of a form; a truth value is spelled as the guides spell it."""
    return {key: (None, str(value).lower() if isinstance(value, bool) else str(value)) for key, value in body.items()}
