"""Answers of the geocoding service, by normalised address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select

from geoservice.storage.engine import chunks
from geoservice.storage.tables import GeocodedAddress, now


def get(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Kept answers, as JSON text."""
    return {address: answer for block in chunks(keys) for address, answer in connection.execute(
        select(GeocodedAddress.address, GeocodedAddress.answer).where(GeocodedAddress.address.in_(block)))}


def put(connection: Connection, answers: Mapping[str, str]) -> None:
    """Keep answers; a newer one replaces."""
    for block in chunks(answers):
        connection.execute(delete(GeocodedAddress).where(GeocodedAddress.address.in_(block)))
        rows = [{"address": key, "answer": answers[key], "received": now()} for key in block]
        connection.execute(insert(GeocodedAddress), rows)
