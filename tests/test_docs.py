"""The documents say what the code does: settings, keys of layers, dependencies, commands, links, and nothing of a machine."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from geoservice import cli
from geoservice.catalog import schema
from geoservice.catalog.intake import aggregates, feature_values
from geoservice.core.facts import BYTES_A_FACT, COLUMNS
from geoservice.operations.tiles import resolution_of_zoom
from geoservice.settings import Settings
from tests.markdown import ROOT, blocks, commands, first_column, links, section, write_files

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
MODELS = (schema.LayerSpec, schema.SourceSpec, schema.ReadHints, schema.ValueMap, schema.Rule)


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _committed() -> list[Path]:
    """Every text file that git knows, else (an unpacked release) those of its folders."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [path for folder in ("geoservice", "layers", "tests", "docs", "notebooks") for path in (ROOT / folder).rglob("*")]
    own = [path for path in paths if path.is_file() and "page/vendor" not in path.as_posix()]
    return [path for path in own if b"\0" not in path.read_bytes()[:8_000]]


# --- settings, layers, methods


def test_every_setting_is_documented_and_nothing_else() -> None:
    documented = first_column(ROOT / "docs" / "SETTINGS.md")
    assert documented == [f"GEOSERVICE_{name.upper()}" for name in Settings.model_fields]
    assert len(documented) >= 9


def test_documented_defaults_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in first_column(ROOT / "docs" / "SETTINGS.md"):
        monkeypatch.delenv(name, raising=False)
    rows = [line.split("|") for line in _text("docs/SETTINGS.md").splitlines() if line.startswith("| `GEOSERVICE_")]
    written = {row[1].strip(" `"): row[2].strip(" `") for row in rows}
    found = {f"GEOSERVICE_{name.upper()}": value for name, value in Settings().model_dump().items()}
    assert written == {name: "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
                       for name, value in found.items()}


def test_every_variable_that_the_code_reads_is_told() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "geoservice").rglob("*.py")]
    read = {name for text in sources for name in re.findall(r"\bGEOSERVICE_[A-Z_]+\b", text)}
    assert {"GEOSERVICE_DATA", "GEOSERVICE_LAYERS", "GEOSERVICE_DEMO", "GEOSERVICE_TOKEN"} <= read
    assert [name for name in sorted(read) if f"`{name}`" not in _text("docs/SETTINGS.md")] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_of_layers_and_sources_is_documented(model: type[schema.Model]) -> None:
    named = {name for cell in _key_cells() for name in re.findall(r"`(\w+)`", cell)}
    assert len(model.model_fields) >= 3
    assert [name for name in model.model_fields if name not in named] == []


def test_keys_that_do_not_exist_are_not_documented() -> None:
    known = {name for model in MODELS for name in model.model_fields} | {"extends"}
    keys = _text("docs/LAYERS.md").partition("## Fields by what a layer stores")[0]
    named = {name for line in keys.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert len(named) > 30
    assert named - known == set()


def test_every_field_and_format_is_documented() -> None:
    fields = {name for cell in _key_cells() for name in re.findall(r"`(\w+)`", cell)}
    assert [name for name in schema.FACT_FIELDS if name not in fields] == []
    text = _text("docs/LAYERS.md")
    assert [name for name in (*aggregates.FIELDS, *feature_values._READERS) if f"`{name}`" not in text] == []


def _key_cells() -> list[str]:
    return [line.split("|")[1] for line in _text("docs/LAYERS.md").splitlines() if line.startswith("| `")]


def test_the_resolution_of_each_zoom_is_as_documented() -> None:
    table = section(ROOT / "docs" / "METHODS.md", "8. Tiles")
    assert table == []  # a table, no block: read below
    found: dict[int, int] = {}
    for row in re.findall(r"^\| (\d+)(?: (to|and) (\d+|more))? \| (\d+) \|$", _text("docs/METHODS.md"), re.MULTILINE):
        last = int(row[0]) if not row[1] else 22 if row[2] == "more" else int(row[2])
        found.update(dict.fromkeys(range(int(row[0]), last + 1), int(row[3])))
    assert found == {zoom: resolution_of_zoom(zoom) for zoom in range(23)}


def test_the_columns_of_an_index_are_as_documented() -> None:
    text = _text("docs/METHODS.md").partition("## 7.")[2].partition("## 8.")[0]
    rows = re.findall(r"^\| (`.+?`) \| (\w\d) \|", text, re.MULTILINE)
    assert {name: kind for names, kind in rows for name in re.findall(r"`(\w+)`", names)} == {
        name: kind.removeprefix("<") for name, kind in COLUMNS.items()}
    assert f"{BYTES_A_FACT} bytes a fact" in text


# --- commands


def _every_command() -> list[tuple[str, list[str]]]:
    return [(path.name, words) for path in DOCUMENTS for words in commands(blocks(path))]


def test_every_command_in_the_documents_exists() -> None:
    found = _every_command()
    assert len(found) >= 12
    for name, words in found:
        try:
            cli._parser().parse_args(words)
        except SystemExit:
            pytest.fail(f"{name} : geoservice {' '.join(words)}")


def test_every_make_target_in_the_readme_exists() -> None:
    shell = "\n".join(block.text for block in blocks(ROOT / "README.md") if block.language == "sh")
    named = set(re.findall(r"^make ([a-z]+)\b", shell, re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):.*## ", _text("Makefile"), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets
    assert "make test" in _text(".ci/run")


def test_five_minutes_from_your_own_csv_to_the_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    shown = section(ROOT / "README.md", "From your own CSV")
    write_files(shown, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEOSERVICE_DATA", "donnees")
    ran = [words for words in commands(shown) if words[0] != "serve"]
    assert len(ran) == 9
    for words in ran:
        assert cli.main(words) == 0, words
    told = capsys.readouterr().out
    assert "5 lignes : 4 nouvelles" in told
    assert "faits.csv, ligne 6, date = « 31/02/2025 »" in told
    assert "2 lignes : 2 nouvelles, 0 mises à jour, 0 déjà connues, 0 en double, 0 refusées" in told
    assert re.search(r"^geo_[\w-]{20,}$", told, re.MULTILINE)


def test_the_worked_example_of_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    shown = section(ROOT / "docs" / "LAYERS.md", "A worked example")
    write_files(shown, tmp_path)
    (tmp_path / "registre.csv").write_text(next(b.text for b in shown if b.language == "csv"), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEOSERVICE_DATA", "donnees")
    assert cli.main(["init"]) == 0
    (words,) = commands(shown)
    assert cli.main([word for word in words if word != "--dry-run"]) == 0
    assert cli.main(["rejects", "1"]) == 0
    told = capsys.readouterr().out
    assert "3 lignes : 2 nouvelles" in told
    assert "x et y semblent inversés (Lambert-93)" in told


def test_the_guide_is_set_as_french_is() -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", _text("docs/GUIDE.md"), flags=re.DOTALL)
    assert prose.count("\u202f:") > 20
    assert re.findall(r".{9}[^\u202f|*][:;!?%»](?=\s)|«[^\u202f].{9}|.{9}\w'\w", prose) == []


# --- links, dependencies, packaging


def test_relative_links_lead_somewhere() -> None:
    found = [(path, link) for path in DOCUMENTS for link in links(path) if "://" not in link and not link.startswith("#")]
    assert len(found) >= 8
    assert [f"{path.name} → {link}" for path, link in found if not (path.parent / link.partition("#")[0]).exists()] == []


def test_the_dependencies_are_explained_and_no_others() -> None:
    project = tomllib.loads(_text("pyproject.toml"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"], *project["build-system"]["requires"]]
    names = {re.match(r"[A-Za-z0-9_.-]+", need)[0].lower() for need in wanted}
    names |= {"uv"}  # pinned in the Makefile
    names |= set(json.loads(_text("geoservice/web/vendor/package.json"))["dependencies"])
    rows = [line.split("|")[1].strip() for line in _text("docs/DEPENDENCIES.md").splitlines() if line.startswith("| ")]
    explained = [row for row in rows if row != "name"]
    assert len(explained) == len(set(explained))
    assert set(explained) == names


def test_locks_hold_no_address() -> None:
    locks = [*ROOT.glob("*.lock"), ROOT / "geoservice" / "web" / "vendor" / "package-lock.json"]
    assert len(locks) == 4
    assert [path.name for path in locks if "://" in path.read_text("utf-8") or "resolved" in path.read_text("utf-8")] == []
    assert all("--hash=sha256:" in path.read_text("utf-8") for path in locks if path.suffix == ".lock")


def test_the_readme_is_the_long_description() -> None:
    assert tomllib.loads(_text("pyproject.toml"))["project"]["readme"] == "README.md"


def test_no_file_tells_of_a_machine_or_a_registry() -> None:
    # written in pieces, so that this file does not find itself
    pieces = (("/", r"work/"), ("/", r"root/"), ("/", r"home/\w"), ("/Users", r"/\w"),
              ("py", r"pi\.(org|python)"), ("python", "hosted"),
              ("npm", r"js\."), ("yarn", r"pkg\."), ("index-", r"url\s*="), ("registry", r"\s*=\s*http"))
    trace = re.compile("|".join("".join(each) for each in pieces))
    paths = _committed()
    assert len(paths) > 100
    found = [(path, trace.search(path.read_text("utf-8"))) for path in paths]
    assert [f"{path.relative_to(ROOT)}: {match[0]}" for path, match in found if match] == []
