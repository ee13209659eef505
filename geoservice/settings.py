"""Settings, built by entry points and handed down; `GEOSERVICE_*` variables set them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where data lives and how the service behaves. Every field is documented in docs/SETTINGS.md (a test checks)."""

    model_config = SettingsConfigDict(env_prefix="GEOSERVICE_", extra="forbid", frozen=True)

    data: Path = Path("var")
    database_url: str | None = None
    layers: Path | None = None
    retention_days: int = 30
    batch_rows: int = 20_000
    geocoding: bool = False
    geocoding_url: str = "https://data.geopf.fr/geocodage"
    geocoding_score_min: float = 0.6
    basemap: bool = False
    max_upload_mb: int = 1_024
    log_format: Literal["quiet", "text", "json"] = "quiet"
    metrics: bool = False
    sign_in_idle_minutes: int = Field(default=60, ge=30, le=480)
    sign_in_hours: int = Field(default=12, ge=1, le=168)
    sign_in_tries: int = Field(default=10, ge=1, le=100)
    sign_in_network_tries: int = Field(default=100, ge=1, le=10_000)
    trusted_proxies: int = Field(default=0, ge=0, le=5)

    @property
    def database(self) -> Path:
        return self.data / "geoservice.db"

    @property
    def index_folder(self) -> Path:
        return self.data / "index"

    @property
    def uploads(self) -> Path:
        return self.data / "uploads"
