"""What long work shows: a bar where somebody looks, plain lines elsewhere."""

from __future__ import annotations

import io

from geoservice import progress


class Screen(io.StringIO):
    """A terminal, as far as a program asks."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_bar_that_moves(monkeypatch) -> None:
    monkeypatch.setenv("TQDM_MININTERVAL", "0")
    screen = Screen()
    with progress.Progress(screen) as told:
        for lines in (10_000, 20_000, 35_000):
            told("faits.csv", lines)
    drawn = screen.getvalue().split("\r")
    assert [part for part in drawn if "faits.csv" in part and "35.0k lignes" in part]
    assert "\n" not in screen.getvalue().rstrip("\n")  # one line, drawn again and again


def test_elsewhere_a_plain_line_now_and_then(monkeypatch) -> None:
    clock = iter((0.0, 1.0, 6.0, 6.0, 7.0))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    out = io.StringIO()
    with progress.Progress(out) as told:
        for lines in (10_000, 20_000, 30_000):
            told("faits.csv", lines)
    assert out.getvalue() == "faits.csv : 20000 lignes lues\n"
