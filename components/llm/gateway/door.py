"""The gateway's volume, for those that change where its door leads: the gate, and the drain after the agents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from components.llm.gateway.places import NEXT_ROUTES, ROUTES
from components.llm.gateway.routes import Routes
from components.llm.volume_files import Volume

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
        found = self.volume.get(ROUTES, NEXT_ROUTES)
        return Routes.parse(found[ROUTES]) or Routes.parse(found[NEXT_ROUTES])

    def lead(self, routes: Routes | None) -> None:
        """
        Send traffic by *routes*, or nowhere; no request on its way is touched.

        Whoever dies meanwhile leaves at least one of two files whole, for the next run.

        Raises:
            VolumeFilesError: Docker did not take it.
        """
        content = "" if routes is None else str(routes)
        found = self.volume.get(ROUTES, NEXT_ROUTES)
        if found[ROUTES] == content:
            return
        # Where somebody died at one file, the other is the whole one and is left alone.
        died = found[ROUTES] is None and found[NEXT_ROUTES] is not None
        self.volume.put({ROUTES: content} if died else {NEXT_ROUTES: content, ROUTES: content})
