"""The stairs as a program reads them: what every module imports and mentions, and how long it is.

`violations(root)` reads a tree of sources without importing any, so that a planted tree can show each rule at work.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from pathlib import Path

# from the lowest step; a package imports from steps below its own and from itself
STEPS = (("types", "errors", "settings"), ("core",), ("catalog", "export"), ("storage",), ("operations",),
         ("web", "cli", "progress", "notebook", "testing", "demo", "arguments", "cli_accounts", "cli_releases", "cli_shared",
          "cli_snapshots", "cli_upkeep"))
STEP = {package: number for number, step in enumerate(STEPS) for package in step}
# on one step, yet one uses the other
NEIGHBOURS = {
    ("errors", "types"): "both are words",
    ("settings", "errors"): "a setting can be impossible",
    ("cli", "arguments"): "its parser",
    ("cli", "cli_accounts"): "some of its commands",
    ("cli", "cli_releases"): "some of its commands",
    ("cli", "cli_shared"): "some of its commands",
    ("cli", "cli_snapshots"): "some of its commands",
    ("cli", "cli_upkeep"): "some of its commands",
    ("cli_shared", "web"): "a command serves",
    ("cli_shared", "arguments"): "their parsers",
    ("cli_accounts", "arguments"): "their parsers",
    ("cli_snapshots", "arguments"): "their parsers",
    ("cli", "progress"): "the command line shows progress",
    ("cli", "testing"): "a command builds the synthetic town",
    ("cli", "demo"): "a command builds the demo",
    ("cli", "web"): "a command serves",
    ("demo", "testing"): "the demo is the synthetic town",
    ("demo", "progress"): "building it takes a while",
}
ONLY_IN = {"h3": ("core/grid.py",), "pyproj": ("core/crs.py",), "sqlite3": ("storage/sqlite.py",),
           "pysqlite3": ("storage/sqlite.py",), "psycopg": ("storage/postgres.py",),
           "sqlalchemy": ("storage/",), "sqlmodel": ("storage/",), "layers": ()}
HEAVY = {"geopandas", "pandas", "pyarrow", "pyogrio", "folium", "PIL", "branca"}
# modules that may import something heavy at their top, and why
HEAVY_AT_TOP = {
    "notebook/map.py": "defines a subclass of folium.Map; only Session.map imports this module",
}
DATABASES = tuple(f"storage/{name}.py" for name in (
    "engine", "sqlite", "sqlite_scope", "postgres", "postgres_scope", "carry"))
DATABASE_WORDS = ("sqlite", "sqlalchemy", "sqlmodel")
FORMAT_NAMES = ("application/geopackage+sqlite3", "OGR_SQLITE_")  # a file format and options of GDAL are called so
FILE_LINES, FUNCTION_LINES = 500, 60


@dataclass(frozen=True)
class Import:
    """One imported module by its full name, where, and whether it runs as soon as the module is imported."""

    name: str
    line: int
    at_top: bool


@dataclass(frozen=True)
class Module:
    """A source file by its path inside the package."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def package(self) -> str:
        return self.path.split("/")[0].removesuffix(".py")

    @cached_property
    def imports(self) -> list[Import]:
        return [found for node, at_top in _walk(self.tree, True) for found in self._named(node, at_top)]

    def _named(self, node: ast.AST, at_top: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, at_top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = self._absolute(node)
            # `from geoservice import storage` imports a module as much as `import geoservice.storage`
            for alias in node.names:
                yield Import(f"{base}.{alias.name}" if base == "geoservice" else base, node.lineno, at_top)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__") and node.args:
            name = node.args[0]
            known = isinstance(name, ast.Constant) and isinstance(name.value, str)
            yield Import(name.value if known else "?", node.lineno, at_top)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = ["geoservice", *self.path.removesuffix(".py").split("/")]
        return ".".join([*parts[:-node.level], *([node.module] if node.module else [])])


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def _walk(node: ast.AST, at_top: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below, and whether it runs on import: not in functions, not for type checkers only."""
    for child in ast.iter_child_nodes(node):
        later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        yield child, at_top
        yield from _walk(child, at_top and not later and not typing)


def modules(root: Path) -> list[Module]:
    """Every Python file under a package folder."""
    return [Module(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in sorted(root.rglob("*.py"))]


def violations(root: Path) -> list[str]:
    """What breaks a rule, one sentence each."""
    return [f"{module.path}: {sentence}" for module in modules(root) for rule in RULES for sentence in rule(module)]


def stairs(module: Module) -> Iterator[str]:
    """Imports go down, or stay in the package."""
    if module.path != "__init__.py" and module.package not in STEP:
        yield f"stands on no step: name the package {module.package} in STEPS"
        return
    for found in module.imports:
        parts = found.name.split(".")
        if parts[0] != "geoservice" or len(parts) == 1 or parts[1].startswith("__") or parts[1] == module.package:
            continue
        there = parts[1]
        if there not in STEP:
            yield f"line {found.line} imports {found.name}, which stands on no step"
        elif module.path == "__init__.py":
            yield f"line {found.line} imports {found.name}: the package itself imports nothing of its own"
        elif STEP[there] >= STEP[module.package] and (module.package, there) not in NEIGHBOURS:
            yield f"line {found.line} imports {found.name}, which is not below {module.package}"


def storage_only_from_operations(module: Module) -> Iterator[str]:
    for found in module.imports:
        if found.name.startswith("geoservice.storage") and module.package not in ("operations", "storage"):
            yield f"line {found.line} imports {found.name}; only operations may"


def one_door(module: Module) -> Iterator[str]:
    """Some libraries are spoken to in one place; the folder layers/ is data."""
    for found in module.imports:
        allowed = ONLY_IN.get(found.name.split(".")[0])
        if allowed is not None and not any(module.path == place or (place.endswith("/") and module.path.startswith(place))
                                           for place in allowed):
            yield f"line {found.line} imports {found.name}; allowed in {', '.join(allowed) or 'no module'}"


def names_are_known(module: Module) -> Iterator[str]:
    for found in module.imports:
        if found.name == "?":
            yield f"line {found.line} imports a module whose name is only known at run time"


def heavy_later(module: Module) -> Iterator[str]:
    for found in module.imports:
        if found.at_top and found.name.split(".")[0] in HEAVY and module.path not in HEAVY_AT_TOP:
            yield f"line {found.line} imports {found.name} at its top: do it in the function that needs it"


def database_words(module: Module) -> Iterator[str]:
    """Code outside storage/ never names the database; inside, engine.py alone chooses which one it is."""
    if module.path in DATABASES:
        return
    words = ("sqlite",) if module.package == "storage" else DATABASE_WORDS
    documents = set(_docstrings(module.tree))
    for node in ast.walk(module.tree):
        if id(node) not in documents:
            for text in _said(node):
                for word in words:
                    if word in text.lower():
                        yield f"line {getattr(node, 'lineno', 0)} mentions {word}"


def _said(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield reduce(lambda text, name: text.replace(name, ""), FORMAT_NAMES, node.value)
    for name in ("id", "attr", "arg", "name"):
        value = getattr(node, name, None)
        if isinstance(value, str):
            yield value


def _docstrings(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node):
            yield id(node.body[0].value)  # type: ignore[attr-defined]  # a docstring is an expression


def lengths(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > FILE_LINES:
        yield f"has {lines} lines; {FILE_LINES} at most"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"line {node.lineno}: {node.name} has {length} lines; {FUNCTION_LINES} at most"


RULES = (stairs, storage_only_from_operations, one_door, names_are_known, heavy_later, database_words, lengths)
