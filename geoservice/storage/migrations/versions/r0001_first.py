"""The tables as they were when versions began to be counted. Frozen: later changes are later files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TYPES = {"i": sa.Integer, "I": sa.BigInteger, "f": sa.Float, "t": sa.String, "b": sa.LargeBinary, "d": sa.DateTime}
_VALUES = (
    "content b, seen i, line i, day i, minute i?, duration i?, utc I?, category t, subcategory t?, kind t, nature t?, "
    "gravity i?, place t?, placement t, lon f?, lat f?, cell I, residence t?, building t?, hall t?, commune t?, complaint i, "
    "cost_cents i?"
)
_IMPORT = ("import_run", "import_id")
# name: columns as « name type », `?` may be empty; references; what is unique
_TABLES: dict[str, tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]] = {
    "organisation": ("id i, code t40, created d", (), ("code",)),
    "token": ("id i, organisation_id i, name t80, sha256 t64, created d", (("organisation", "organisation_id"),), ("sha256",)),
    "source": ("id i, layer t, name t", (), ("layer, name",)),
    "import_run": (
        "id i, layer t, organisation_id i, source t, signature t, status t, batches i, lines i, accepted i, updated i, "
        "unchanged i, duplicates i, rejected i, notes t, started d, finished d?",
        (),
        (),
    ),
    "upload": ("id i, import_id i, organisation_id i, name t, sha256 t, size i, received d, deleted d?", (_IMPORT,), ()),
    "rejected_line": ("id i, import_id i, file t, line i, column t, value t, code t, sentence t", (_IMPORT,), ()),
    "fact": (f"{_VALUES}, id i, organisation_id i, source_id i, import_id i, key t", (), ()),
    "fact_version": (f"{_VALUES}, id i, fact_id i, import_id i", (("fact", "fact_id"),), ()),
    "feature": (
        "id i, layer t, organisation_id i, source_id i, import_id i, key t, generation t, name t, content b, geometry b?, "
        "west f?, south f?, east f?, north f?, properties t",
        (),
        (),
    ),
    "aggregate": (
        "id i, organisation_id i, source_id i, import_id i, zone t, zone_name t, level t, period t, indicator t, unit t, "
        "count i?, withheld i, rate f?, denominator i?, denominator_unit t?, content b",
        (),
        (),
    ),
    "address": (
        "id i, key t, import_id i, number i?, suffix t, street t, street_norm t, postcode t, citycode t, city t, lon f, lat f",
        (),
        ("key",),
    ),
    "geocoded_address": ("address t, answer t, received d", (), ()),
    "layer_state": ("layer t, organisation_id i, changes i, built i", (), ()),
}
_KEYS = {"geocoded_address": ("address",), "layer_state": ("layer", "organisation_id")}
_INDEXES: tuple[tuple[str, str, str, bool], ...] = (
    ("ix_import_run_signature", "import_run", "signature", False),
    ("ix_upload_import_id", "upload", "import_id", False),
    ("ix_rejected_line_import_id", "rejected_line", "import_id", False),
    ("fact_key", "fact", "organisation_id, source_id, key", True),
    ("fact_version_fact", "fact_version", "fact_id, content", True),
    ("feature_key", "feature", "layer, organisation_id, generation, key", True),
    ("aggregate_key", "aggregate", "organisation_id, source_id, level, zone, period, indicator, unit", True),
    ("address_street", "address", "street_norm, postcode", False),
    ("address_city", "address", "citycode", False),
    ("address_postcode", "address", "postcode, citycode", False),
)


def upgrade() -> None:
    """Every table and index."""
    for name, (columns, references, unique) in _TABLES.items():
        op.create_table(
            name,
            *(_column(text, _KEYS.get(name, ("id",))) for text in columns.split(", ")),
            *(sa.ForeignKeyConstraint([column], [f"{there}.id"]) for there, column in references),
            *(sa.UniqueConstraint(*names.split(", ")) for names in unique),
        )
    for name, table, columns, unique in _INDEXES:
        op.create_index(name, table, columns.split(", "), unique=unique)


def downgrade() -> None:
    """No table, no data."""
    for name in reversed(_TABLES):
        op.drop_table(name)


def _column(text: str, keys: tuple[str, ...]) -> sa.Column:
    """« name type »: a letter, a length for texts, `?` where the value may be missing."""
    name, kind = text.split(" ")
    length = kind[1:].removesuffix("?")
    made = _TYPES[kind[0]](int(length)) if length else _TYPES[kind[0]]()
    return sa.Column(name, made, primary_key=name in keys, nullable=kind.endswith("?"))
