"""What the routes share: settings, layers, and the data folder while the service runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request

from geoservice.catalog.layers import Catalog
from geoservice.errors import NotReady
from geoservice.settings import Settings

if TYPE_CHECKING:
    from geoservice.operations.setup import Storage
    from geoservice.web.importer import Importer


@dataclass
class Service:
    """One running service; `storage` and what runs imports are there between start and stop."""

    settings: Settings
    catalog: Catalog
    demo: bool
    storage: Storage | None = None
    importer: Importer | None = None

    def opened(self) -> Storage:
        """The data folder; NotReady before the start and after the stop."""
        if self.storage is None:
            raise NotReady("Le service démarre ou s’arrête ; réessayez dans un instant.")
        return self.storage


def service_of(request: Request) -> Service:
    """The service that answers a request."""
    return request.app.state.service
