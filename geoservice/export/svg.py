"""A Drawing as SVG: no script, no style sheet, no reference to anything outside, and words for screen readers."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from geoservice.export.drawing import Drawing, Group, Label, Path
from geoservice.export.palette import PAPER

_FONT = "'Source Sans 3', 'Source Sans 3 Variable', sans-serif"


def to_svg(drawing: Drawing, pixel_mm: float | None = None) -> bytes:
    """UTF-8 SVG whose names, whatever they hold, are text and nothing else; `pixel_mm`: its true size on paper."""
    wide, tall = (f"{size * pixel_mm:g}mm" if pixel_mm else str(size) for size in (drawing.width, drawing.height))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width} {drawing.height}" width="{wide}" '
        f'height="{tall}" role="img" lang="fr" aria-labelledby="carte-titre carte-description" font-family="{_FONT}">',
        f'<title id="carte-titre">{_text(drawing.title)}</title>',
        f'<desc id="carte-description">{_text(drawing.description)}</desc>',
        f'<rect width="{drawing.width}" height="{drawing.height}" fill="{drawing.ground}"/>',
        *(_group(group) for group in drawing.groups if group.paths), *(_label(label) for label in drawing.labels), "</svg>"]
    return "".join(parts).encode("utf-8")


def _group(group: Group) -> str:
    paint = group.paint
    said = [f'class="{group.name}"', f'fill="{paint.fill or "none"}" fill-rule="evenodd"']
    if paint.fill and paint.opacity < 1:
        said.append(f'fill-opacity="{paint.opacity:g}"')
    if paint.stroke:
        said.append(f'stroke="{paint.stroke}" stroke-width="{paint.width:g}" stroke-linejoin="round"')
        if not paint.fill and paint.opacity < 1:
            said.append(f'stroke-opacity="{paint.opacity:g}"')
        if paint.dash:
            said.append(f'stroke-dasharray="{" ".join(f"{part:g}" for part in paint.dash)}"')
    return f"<g {' '.join(said)}>{''.join(_path(path) for path in group.paths)}</g>"


def _path(path: Path) -> str:
    end = "Z" if path.closed else ""
    lines = (f"M{'L'.join(f'{x:g},{y:g}' for x, y in part.round(1).tolist())}{end}" for part in path.parts)
    data = "".join(f" data-{name}={quoteattr(_clean(value))}" for name, value in path.data.items())
    return f'<path d="{"".join(lines)}"{data}/>'


def _label(label: Label) -> str:
    weight, anchor = ' font-weight="600"' if label.bold else "", "start" if label.anchor == "start" else "middle"
    return (f'<text x="{label.x:.1f}" y="{label.y:.1f}" font-size="{label.size:g}" fill="{label.colour}" text-anchor="{anchor}" '
            f'dominant-baseline="central" stroke="{PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"{weight}>'
            f"{_text(label.text)}</text>")


def _text(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold: controls, lone surrogates and the two non-characters."""
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff"))
