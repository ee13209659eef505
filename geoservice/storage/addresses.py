"""Imported addresses for people who type: streets by the beginning of their normalised name, never a scan of the table."""

from __future__ import annotations

from sqlalchemy import Connection

from geoservice.storage.engine import bulk_select

_AFTER = "\uffff"  # sorts after every letter of a normalised name
_NEXT = "\x01"  # a text followed by it sorts right after the text alone
# past SQLAlchemy's statements: one search takes a hundred small steps in the index
_NEXT_STREET = """SELECT street_norm, postcode FROM address WHERE (street_norm, postcode) >= (?, ?) AND street_norm < ?
ORDER BY street_norm, postcode LIMIT 1"""
_NUMBERS = """SELECT number, suffix, street, citycode, city, lon, lat FROM address WHERE street_norm = ? AND postcode = ?
AND (CAST(? AS INTEGER) IS NULL OR number = ?) LIMIT ?"""


def streets(connection: Connection, beginning: str, limit: int, postcode: str | None = None) -> list[tuple[str, str]]:
    """(street_norm, postcode) of streets whose normalised name begins so, in order of name; `limit` steps at most.

    Each step is one look into the index, however many numbers a street has.
    """
    found: list[tuple[str, str]] = []
    after = (beginning, postcode or "")
    for _ in range(limit):
        row = next((row for rows in bulk_select(connection, _NEXT_STREET, (*after, beginning + _AFTER), 1) for row in rows), None)
        if row is None:
            break
        name, code = row
        if postcode is None or code == postcode:
            found.append((name, code))
        # the next postcode of this street, else the next street
        after = (name, code + _NEXT) if postcode is None else (name, postcode) if code < postcode else (name + _NEXT, postcode)
    return found


def of_street(connection: Connection, street: tuple[str, str], number: int | None, limit: int) -> list[tuple]:
    """(number, suffix, street, citycode, city, lon, lat) of a (street_norm, postcode), of one number where one is given."""
    return [row for rows in bulk_select(connection, _NUMBERS, (*street, number, number, limit), limit) for row in rows]
