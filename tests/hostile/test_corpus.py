"""A part of the hostile corpus on every run; `make hostile` imports all of it, each file by a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.hostile import corpus, run
from tests.hostile.case import ROWS, Case, table
from tests.hostile.run import Bench, Outcome, Warm

QUICK = [case for case in corpus.cases() if case.quick]
# what takes seconds: bombs that are read until a limit stops them
LONG = (
    "json-bomb:one-record",
    "json-bomb:numbers",
    "geojson-heavy:2-million-vertices",
    "geojson-heavy:300000-jagged",
    "gpkg-sql:view-endless",
    "gpkg-sql:blob-heavy",
    "parquet:one-value-50-million-times",
    "xlsx-bomb:60-MB-of-rows",
    "gzip-bomb:60-MB-one-field-after-good-lines",
    "csv-line:200000-ragged",
)


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    process = Warm()
    yield process
    process.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("hostile"))


def test_the_corpus_is_large_and_the_same_every_time() -> None:
    cases = corpus.cases()
    assert len(cases) >= 300
    assert len(QUICK) >= 60
    assert {case.family.split("-")[0] for case in cases} >= {
        "csv", "json", "geojson", "gpkg", "shapefile", "parquet", "kml", "xlsx", "ods", "xls", "zip", "gzip", "nested", "path",
    }  # fmt: skip
    assert corpus.random_of(cases[0], 1).random() == corpus.random_of(cases[0], 1).random()


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_is_survived_and_named(bench: Bench, warm: Warm, case: Case) -> None:
    outcome = bench.run(case, warm)
    assert outcome.faults == [], outcome


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_is_stopped_in_time(bench: Bench, name: str) -> None:
    case = next(case for case in corpus.cases() if case.name == name)
    outcome = bench.run(case)  # by the real command
    assert outcome.faults == [], outcome
    assert outcome.code in (0, 2)


def _judged(bench: Bench, case: Case, program: str) -> Outcome:
    """The verdict on an importer that is no importer."""
    return bench.run(case, lambda _, out, err: run.started([sys.executable, "-c", program], out, err))


# The judge must see each way of going wrong.
@pytest.mark.parametrize(("program", "fault"), [
    ("import os; os.abort()", "exit -6"), ("raise ValueError", "exit 1"), ("print('ok')", "counts do not add up"),
    ("import sys; sys.stderr.write('no'); sys.exit(2)", "no French sentence"), ("b = bytearray(600 << 20); b[::4096] = b[::4096]", "memory"),  # noqa: E501
    ("import tempfile; tempfile.mkdtemp()", "left behind"), ("print('\\x1b[31m')", "control characters"),
])  # fmt: skip
def test_the_judge_sees(bench: Bench, warm: Warm, program: str, fault: str) -> None:
    case = Case("good", "faits.csv", lambda path, _: path.write_text(table()), good=ROWS)  # type: ignore[arg-type,return-value]
    assert bench.run(case, warm).faults == []
    assert any(found.startswith(fault) for found in _judged(bench, case, program).faults)
