"""Settings, built by entry points and handed down; `GEOSERVICE_*` variables set them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where data lives and how the service behaves. Every field is documented in docs/SETTINGS.md (a test checks)."""

    model_config = SettingsConfigDict(env_prefix="GEOSERVICE_", extra="forbid", frozen=True)

    data: Path = Path("var")
    database_url: str | None = None
    database_service_url: str | None = None
    layers: Path | None = None
    shared: Path | None = None
    retention_days: int = 30
    retention: Path | None = None
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
    public_url: str | None = None
    oidc_name: str = Field(default="ProConnect", min_length=1, max_length=40)
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_scope: str = "openid email"
    oidc_trust_email: bool = False
    oidc_issuer: str | None = None

    @field_validator("public_url", "oidc_issuer")
    @classmethod
    def _encrypted(cls, address: str | None) -> str | None:
        """An address over HTTPS, or of this very machine; without what could make it another's."""
        if address is None:
            return None
        parts = urlsplit(address)
        local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
        if not (local or parts.scheme == "https") or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("https")
        return address

    @field_validator("oidc_issuer")
    @classmethod
    def _complete(cls, issuer: str | None, info: ValidationInfo) -> str | None:
        """A provider is of use only with the others beside it."""
        if issuer is not None and not all(info.data.get(name) for name in ("public_url", "oidc_client_id", "oidc_client_secret")):
            raise ValueError("oidc")
        return issuer

    @property
    def database(self) -> Path:
        return self.data / "geoservice.db"

    @property
    def index_folder(self) -> Path:
        return self.data / "index"

    @property
    def shared_folder(self) -> Path:
        """Where releases lie: all that the shared surface may open."""
        return self.shared or self.data / "partage"

    @property
    def uploads(self) -> Path:
        return self.data / "uploads"
