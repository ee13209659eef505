"""A Drawing as PNG with its words below: title, what it shows, the classes of its legend. Drawn twice as large, then halved."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import numpy as np

from geoservice.export.drawing import Drawing, Group, Label, Path
from geoservice.export.palette import INK, PAPER, rgb

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

_FINER = 2
_MARGIN, _LINE = 16, 20  # pixels of the strip of words


@dataclass(frozen=True)
class Words:
    """What stands under a picture: lines of text, and squares of colour with their meaning."""

    lines: Sequence[str]
    classes: Sequence[tuple[str, str]]


def to_png(drawing: Drawing, words: Words, font: File) -> bytes:
    """PNG of the drawing's width; higher than it by the words. `font`: the page's own, any that FreeType reads."""
    lines = _wrapped([drawing.title, *words.lines], drawing.width, font)
    strip = 2 * _MARGIN + _LINE * (len(lines) + bool(words.classes))
    picture = _new(drawing.width, drawing.height + strip)
    picture.paste(_map(drawing, font), (0, 0))
    _write(picture, drawing.height * _FINER, lines, words, font)
    out = io.BytesIO()
    picture.reduce(_FINER).save(out, "PNG", compress_level=6)
    return out.getvalue()


def _new(width: int, height: int, colour: str = PAPER) -> Image:
    from PIL import Image

    return Image.new("RGB", (width * _FINER, height * _FINER), rgb(colour))


def _map(drawing: Drawing, font: File) -> Image:
    picture = _new(drawing.width, drawing.height, drawing.ground)
    for group in drawing.groups:
        _group(picture, group)
    for label in drawing.labels:
        _label(picture, label, font)
    return picture


def _label(picture: Image, label: Label, font: File) -> None:
    """A text centred on its point, on a halo of paper."""
    from PIL import ImageDraw

    face = _face(font, round(label.size), 600 if label.bold else 400)
    ImageDraw.Draw(picture).text((label.x * _FINER, label.y * _FINER), label.text, rgb(label.colour), face,
                                 "lm" if label.anchor == "start" else "mm",
                                 stroke_width=2 * _FINER, stroke_fill=rgb(PAPER))


def _group(picture: Image, group: Group) -> None:
    """Fill, then outline; one opacity for all, so overlaps are not darker."""
    from PIL import Image, ImageDraw

    paint = group.paint
    outline = 1.0 if paint.fill else paint.opacity
    for colour, opacity, filled in ((paint.fill, paint.opacity, True), (paint.stroke, outline, False)):
        if colour is None:
            continue
        mask = Image.new("L", picture.size, 0)
        pen = ImageDraw.Draw(mask)
        for path in group.paths:
            (_fill if filled else _stroke)(pen, path, group)
        picture.paste(rgb(colour), mask=mask if opacity >= 1 else mask.point(lambda level, most=opacity: round(level * most)))


def _fill(pen: Any, path: Path, _group: Group) -> None:
    if path.closed:
        for number, ring in enumerate(path.parts):
            if len(ring) >= 3:
                pen.polygon(_flat(ring), fill=0 if number else 255)


def _stroke(pen: Any, path: Path, group: Group) -> None:
    width = max(1, round(group.paint.width * _FINER))
    for part in path.parts:
        line = np.concatenate([part, part[:1]]) if path.closed else part
        for piece in _dashes(line, group.paint.dash) if group.paint.dash else [line]:
            if len(piece) >= 2:
                pen.line(_flat(piece), fill=255, width=width, joint="curve")


def _dashes(line: np.ndarray, dash: tuple[float, ...]) -> list[np.ndarray]:
    """The drawn parts of a dashed line; (k, 2) each."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    if not at[-1]:
        return []
    starts = np.arange(0, at[-1], sum(dash))
    found = []
    for start in starts.tolist():
        ends = np.array([start, min(start + dash[0], at[-1])])
        where = np.concatenate([ends[:1], at[(at > ends[0]) & (at < ends[1])], ends[1:]])
        found.append(np.column_stack([np.interp(where, at, line[:, axis]) for axis in (0, 1)]))
    return found


def _flat(points: np.ndarray) -> list[float]:
    return (points * _FINER).reshape(-1).tolist()


def _face(font: File, size: int, weight: int) -> FreeTypeFont:
    from PIL import ImageFont

    face = ImageFont.truetype(str(font), size * _FINER)
    face.set_variation_by_axes([weight])
    return face


def _wrapped(texts: Sequence[str], width: int, font: File) -> list[str]:
    """Lines that fit; words longer than a line are cut by the edge."""
    face, room = _face(font, 14, 400), (width - 2 * _MARGIN) * _FINER
    lines: list[str] = []
    for text in texts:
        line = ""
        for word in text.split(" "):
            longer = f"{line} {word}".strip()
            if line and face.getlength(longer) > room:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def _write(picture: Image, top: int, lines: Sequence[str], words: Words, font: File) -> None:
    from PIL import ImageDraw

    pen, plain, bold = ImageDraw.Draw(picture), _face(font, 14, 400), _face(font, 14, 600)
    x, y = _MARGIN * _FINER, top + _MARGIN * _FINER
    for colour, text in words.classes:
        pen.rectangle((x, y + 4, x + 32, y + 26), fill=rgb(colour), outline=rgb(INK))
        pen.text((x + 40, y), text, font=plain, fill=rgb(INK))
        x += 40 + round(plain.getlength(text)) + 32
    y += _LINE * _FINER if words.classes else 0
    for number, line in enumerate(lines):
        pen.text((_MARGIN * _FINER, y), line, font=plain if number else bold, fill=rgb(INK))
        y += _LINE * _FINER
