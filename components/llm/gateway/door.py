"""The gateway's volume, for those that change where its door leads: the gate, and the drain after the agents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from components.llm.gateway.routes import ROUTES_FILE, Routes
from components.llm.volume_files import Volume

_NEXT = "next-routes.json"  # put before the other, as files are put in the order of their names
GATEWAY_USER = 65532
"""User id of the gateway's process, as distroless images call `nonroot`."""


@dataclass(frozen=True)
class Door:
    """*address* is that of the engine that the stack wants behind the door."""

    volume: Volume
    address: str

    @classmethod
    def of(cls, place: Mapping[str, Any], purpose: str) -> Self:
        """From the input `gateway` of a resource: `volume`, `image`, `address`."""
        return cls(Volume(place["volume"], place["image"], purpose, owner=GATEWAY_USER), place["address"])

    def routes(self) -> Routes | None:
        """
        Raises:
            VolumeFilesError: Docker does not tell.
        """
        found = self.volume.get(ROUTES_FILE, _NEXT)
        return Routes.parse(found[ROUTES_FILE]) or Routes.parse(found[_NEXT])

    def lead(self, routes: Routes | None) -> None:
        """
        Send traffic by *routes*, or nowhere; no request on its way is touched. Whoever dies here leaves one of two files.

        Raises:
            VolumeFilesError: Docker did not take it.
        """
        content = "" if routes is None else str(routes)
        self.volume.put({_NEXT: content, ROUTES_FILE: content})
