"""Calendars as RFC 5545 wants them: read back by a small strict parser."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from geoservice.export.ics import Event, to_ics

MOMENT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
WORDS = "Article L252-5 ; « un mois » au plus, sauf enquête\\procédure\nà vérifier " + "é" * 90


def read(data: bytes) -> list[dict[str, str]]:
    """Events by property (name and parameters); every rule of lines is asserted on the way."""
    assert data.endswith(b"\r\n")
    rows = data.split(b"\r\n")[:-1]
    assert all(len(row) <= 75 for row in rows)
    assert not any(b"\n" in row or b"\r" in row for row in rows)
    text = data.decode("utf-8").replace("\r\n ", "")
    found: list[dict[str, str]] = []
    opened: list[str] = []
    for line in text.split("\r\n")[:-1]:
        name, value = re.fullmatch(r"([A-Z-]+(?:;[A-Z]+=[A-Z]+)*):(.*)", line).groups()
        if name == "BEGIN":
            opened.append(value)
            if value == "VEVENT":
                found.append({})
        elif name == "END":
            assert opened.pop() == value
        elif opened == ["VCALENDAR", "VEVENT"]:
            assert name not in found[-1]
            found[-1][name] = value
    assert not opened
    return found


def plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


def test_a_calendar_is_read_back():
    made = to_ics("Caméras, essai", [Event("a-1", date(2031, 8, 1), "Renouvellement, à déposer; vite", WORDS)], MOMENT)
    event, = read(made)
    assert (event["DTSTART;VALUE=DATE"], event["DTEND;VALUE=DATE"]) == ("20310801", "20310802")
    assert event["UID"] == "a-1@geoservice"
    assert event["DTSTAMP"] == "20261122T093000Z"
    assert plain(event["SUMMARY"]) == "Renouvellement, à déposer; vite"
    assert plain(event["DESCRIPTION"]) == WORDS
    assert made.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert b"TRIGGER:-P7D" in made


def test_what_comes_back_keeps_to_the_last_day_of_a_month():
    monthly = Event("a", date(2026, 1, 31), "x", "x", 1, date(2031, 1, 31))
    first, second = read(to_ics("x", [monthly, Event("b", date(2026, 1, 15), "x", "x", 36)], MOMENT))
    assert first["RRULE"] == "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=28,29,30,31;BYSETPOS=-1;UNTIL=20310131"
    assert second["RRULE"] == "FREQ=MONTHLY;INTERVAL=36"


def test_no_control_gets_in():
    event, = read(to_ics("x\r\nBEGIN:VEVENT", [Event("a", date(2026, 1, 1), "a\x00b\r\nEND:VEVENT\ud800", "x")], MOMENT))
    assert plain(event["SUMMARY"]) == "ab\nEND:VEVENT"
