"""What the routes share: settings, layers, and the data folder while the service runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request

from geoservice.catalog.layers import Catalog
from geoservice.errors import NotReady
from geoservice.operations.reuse import Shelf
from geoservice.settings import Settings
from geoservice.types import Viewer
from geoservice.web.warm import Warm

if TYPE_CHECKING:
    from geoservice.operations.oidc import Provider
    from geoservice.operations.setup import Storage
    from geoservice.web.aside import Aside
    from geoservice.web.computing import Desk
    from geoservice.web.importer import Importer

_TILES, _TILE_BYTES = 4_096, 48 << 20
_BETWEEN = "Le service démarre ou s’arrête ; réessayez dans un instant."


@dataclass
class Service:
    """One running service; `storage` and what runs imports and computations are there between start and stop.

    `drawn` keeps tiles of facts by whose facts they show, their version, their address and their filters. `warm`: what was asked
    lately.
    """

    settings: Settings
    catalog: Catalog
    demo: bool
    storage: Storage | None = None
    importer: Importer | None = None
    aside: Aside | None = None
    computing: Desk | None = None
    provider: Provider | None = None
    warm: Warm = field(default_factory=Warm)
    drawn: Shelf[bytes] = field(default_factory=lambda: Shelf(_TILES, _TILE_BYTES, len))

    def opened(self) -> Storage:
        """The data folder; NotReady before the start and after the stop."""
        if self.storage is None:
            raise NotReady(_BETWEEN)
        return self.storage

    @property
    def desk(self) -> Desk:
        """Where long computations are asked for; NotReady before the start and after the stop."""
        if self.computing is None:
            raise NotReady(_BETWEEN)
        return self.computing

    def touch(self, number: int) -> None:
        """Note, after the answer, that a browser was seen."""
        if self.aside is not None:
            self.aside.touch(number)

    def note(self, viewer: Viewer, action: str, thing: str, outcome: str) -> None:
        """Add a row to the audit, after the answer."""
        if self.aside is not None:
            self.aside.note(viewer, action, thing, outcome)


def service_of(request: Request) -> Service:
    """The service that answers a request."""
    return request.app.state.service
