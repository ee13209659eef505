"""Previews and imports as JSON, with the words that people read."""

from __future__ import annotations

from typing import Any

from geoservice.catalog.layers import Catalog
from geoservice.catalog.rows import Note, Reject
from geoservice.operations import mapping, patrimoine
from geoservice.operations.entry import SOURCE
from geoservice.operations.jobs import Job, moment
from geoservice.operations.preview import Preview, Trial
from geoservice.types import GRAVITIES, LABELS, SUBCATEGORIES, Category, Kind, Nature, Place

COUNTERS = ("lines", "accepted", "updated", "unchanged", "duplicates", "rejected")
_LABELS = mapping.LABELS


def preview_json(found: Preview, catalog: Catalog) -> dict[str, Any]:
    """What the page shows before an import, and the mapping that asking for it sends back."""
    layer, spec = catalog.layer(found.layer), found.reading.spec
    return {
        "layer": layer.name, "layers": _layers(catalog), "stores": layer.stores,
        "source": {"name": spec.name if found.reading.known else None, "title": spec.title, "known": found.reading.known},
        "kind": spec.kind, "kinds": [{"code": kind, "label": LABELS[kind]} for kind in Kind], "crs": spec.crs,
        "tables": list(found.tables), "members": list(found.members), "read": spec.read.model_dump(include={"sheet", "member"}),
        "dates": _date_order(found),
        "columns": [vars(column) for column in found.columns],
        "fields": _fields(found, catalog),
        "values": [{"field": name, "label": _LABELS[name], "column": found.reading.bound[name], "more": found.more_values[name],
                    "values": [vars(each) for each in values]} for name, values in found.values.items()],
        "codes": {name: codes_of(name) for name in found.values},
        "missing": [{"fields": need.split("|"), "label": mapping.label_of(need)} for need in found.missing],
        "trial": None if found.trial is None else _trial(found.trial),
    }


def _date_order(found: Preview) -> str | None:
    """`jour` or `mois`, whichever comes first in dates that could be read both ways; None where they are told apart."""
    chosen = found.reading.spec.formats.get("date", ())
    if chosen and tuple(chosen) == mapping.DATES["mois"]:
        return "mois"
    return "jour" if found.dates else None


def _layers(catalog: Catalog) -> list[dict[str, Any]]:
    return [{"name": layer.name, "title": layer.title} for layer in catalog.layers.values() if layer.stores != "addresses"]


def _fields(found: Preview, catalog: Catalog) -> list[dict[str, Any]]:
    required = {need for need in found.reading.spec.required if "|" not in need}  # of alternatives none is
    return [{"name": field, "label": _LABELS.get(field, field), "required": field in required,
             "column": found.reading.bound.get(field)} for field in mapping.fields_of(catalog, found.layer)]


def codes_of(field: str) -> list[dict[str, str]]:
    """The closed list of a field, with its labels."""
    if field == "category":
        return [word for category in Category for word in _with_subcategories(category)]
    if field == "gravity":
        return [{"code": str(code), "label": f"{code} – {label}"} for code, label in GRAVITIES.items()]
    if field == "complaint":
        return [{"code": word, "label": word.capitalize()} for word in ("oui", "non", "inconnu")]
    return [{"code": str(word), "label": LABELS[word]} for word in (Nature if field == "nature" else Place)]


def _with_subcategories(category: Category) -> list[dict[str, str]]:
    label = LABELS[category]
    return [{"code": str(category), "label": label},
            *({"code": f"{category}.{sub}", "label": f"{label} – {word}"} for sub, word in SUBCATEGORIES[category].items())]


def _trial(trial: Trial) -> dict[str, Any]:
    return {"lines": trial.lines, "accepted": trial.accepted, "duplicates": trial.duplicates, "rejected": trial.rejected,
            "whole": trial.whole, "rejects": [reject_json(each) for each in trial.rejects],
            "notes": [_note(note) for note in trial.notes]}


def reject_json(reject: Reject) -> dict[str, Any]:
    """One refused line."""
    return {"file": reject.file, "line": reject.line, "column": reject.column, "value": reject.value, "code": reject.code,
            "sentence": reject.sentence}


def _note(note: Note) -> dict[str, Any]:
    return {"sentence": note.sentence, "count": note.count, "line": note.example_line}


def job_json(job: Job, catalog: Catalog) -> dict[str, Any]:
    """One import. `locked`: why it cannot be undone here (an import alone says so, a list only what its status says)."""
    run = job.run
    layer = catalog.layers.get(run["layer"])
    return {"id": run["id"], "layer": run["layer"], "layer_title": layer.title if layer else run["layer"],
            "source": _source_title(run, catalog), "status": run["status"], "files": job.files,
            **{name: run[name] for name in COUNTERS}, "notes": [_note(note) for note in job.notes], "problem": job.problem,
            "locked": job.locked or None, "extent": job.extent, "started": moment(run["started"]),
            "finished": moment(run["finished"])}


def _source_title(run: dict[str, Any], catalog: Catalog) -> str:
    if run["source"] == SOURCE:
        return "Saisie directe"
    if run["source"] == patrimoine.SOURCE:
        return "Fiche modifiée dans la page"
    known = catalog.sources.get(run["layer"], {}).get(run["source"])
    return known.title if known else "Correspondance de colonnes à vous"
