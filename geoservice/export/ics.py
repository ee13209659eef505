"""Days for people's own calendars (iCalendar, RFC 5545): whole days, some that come back, a reminder before each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_OCTETS = 75  # of a line, without its end


@dataclass(frozen=True)
class Event:
    """A day: identity that stays, title, words; every so many months until a day (None: without end); days of the reminder."""

    uid: str
    day: date
    title: str
    words: str
    every_months: int | None = None
    until: date | None = None
    remind_days: int = 7


def to_ics(name: str, events: Sequence[Event], moment: datetime) -> bytes:
    """The calendar as UTF-8 with CRLF, lines folded."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//geoservice//echeances//FR", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
             f"X-WR-CALNAME:{_text(name)}"]
    for event in events:
        lines += _event(event, moment)
    return "".join(folded + "\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _folded(line)).encode("utf-8")


def _event(event: Event, moment: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}@geoservice"
    yield f"DTSTAMP:{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.day + timedelta(1):%Y%m%d}"
    if event.every_months:
        yield _rule(event, event.every_months)
    yield f"SUMMARY:{_text(event.title)}"
    yield f"DESCRIPTION:{_text(event.words)}"
    yield "TRANSP:TRANSPARENT"
    yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(event.title)}", f"TRIGGER:-P{event.remind_days}D",
                "END:VALARM", "END:VEVENT")


def _rule(event: Event, months: int) -> str:
    """A month that is too short has its last day: a plain monthly rule would leave it out."""
    last = f";BYMONTHDAY={','.join(str(day) for day in range(28, event.day.day + 1))};BYSETPOS=-1" if event.day.day > 28 else ""
    until = "" if event.until is None else f";UNTIL={event.until:%Y%m%d}"
    return f"RRULE:FREQ=MONTHLY;INTERVAL={months}{last}{until}"


def _text(text: str) -> str:
    """A text value: no control, and what means something is escaped."""
    plain = "".join(c for c in text.replace("\r\n", "\n") if c == "\n" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets, cut between letters; the following begin with a space."""
    part, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _OCTETS:
            yield part
            part, size = " ", 1
        part, size = part + letter, size + octets
    yield part
