"""What every kind of object answers alike: list, read, delete, and the acknowledgement of a write."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from starlette.responses import JSONResponse, Response

from components.sandbox.calls import Call, RefusedError, not_found
from components.sandbox.store import Json, Kind, Stored

Handler = Callable[[Call], Response]


def ack(id_: str, message: str, *, status: int = 200) -> JSONResponse:
    """`{"id", "message"}`: writes do not echo the object (docs/contract, Ack)."""
    return JSONResponse({"id": id_, "message": message}, status)


@dataclass(frozen=True)
class Collection:
    """
    Verbs over the objects of one kind.

    Attributes:
        noun: as the acknowledgements spell it, "<noun> deleted successfully".
        missing: text of a 404.
        missing_under: member that holds that text.
        name_key: member of a document that `search` looks at.
        show: read shape of one object.
    """

    kind: Kind
    noun: str
    missing: str
    name_key: str
    show: Callable[[Call, Stored], Json]
    missing_under: Literal["message", "error"] = "message"

    def list(self, call: Call) -> Response:
        return JSONResponse([self.show(call, stored) for stored in call.store.all(self.kind)])

    def find(self, call: Call) -> Stored:
        stored = call.store.find(self.kind, call.id)
        if stored is None:
            raise self.not_found()
        return stored

    def not_found(self) -> RefusedError:
        return not_found(self.missing, under=self.missing_under)

    def read(self, call: Call) -> Response:
        return JSONResponse(self.show(call, self.find(call)))

    def change(self, call: Call, change: Callable[[Json], Json], *, unique_name: bool = False) -> Stored:
        stored = call.store.change(self.kind, call.id, self.name_key, change, unique_name=unique_name)
        if stored is None:
            raise self.not_found()
        return stored

    def update(self, call: Call, change: Callable[[Json], Json], *, unique_name: bool = False) -> Response:
        return ack(self.change(call, change, unique_name=unique_name).id, f"{self.noun} updated successfully")

    def delete(self, call: Call) -> Response:
        if not call.store.remove(self.kind, call.id) and call.behaviour.second_delete == "404":
            raise self.not_found()
        return ack(call.id, f"{self.noun} deleted successfully")


def with_id(_: Call, stored: Stored) -> Json:
    """Read shape of the kinds that come back as they were sent."""
    return {"id": stored.id, **stored.document, **stored.timestamps()}
