"""Where the program opens a transaction without a scope, or passes one: found in the sources, none imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ENGINE = "geoservice/storage/"


def unscoped(root: Path) -> set[str]:
    """`path:function` of every call of `read`, `write` of a storage that may have no scope, outside of storage itself."""
    return {f"{path}:{name}" for path, name, node in _calls(root) if not path.startswith(ENGINE) and _may_be_unscoped(node)}


def lifted(root: Path) -> set[str]:
    """`path:function` of every call of `lifted`, and of every use of an engine or a driver's connection outside of storage."""
    found = {f"{path}:{name}" for path, name, node in _calls(root) if _called(node) == "lifted"}
    return found | {f"{path}:{name}" for path, name, node in _walked(root) if not path.startswith(ENGINE)
                    and isinstance(node, ast.Attribute) and (node.attr in ("raw_connection", "dbapi_connection")
                                                         or (node.attr == "engine" and _is_storage(node.value)))}


def _may_be_unscoped(node: ast.Call) -> bool:
    if not (isinstance(node.func, ast.Attribute) and node.func.attr in ("read", "write") and _is_storage(node.func.value)):
        return False
    given = [*node.args, *(word.value for word in node.keywords)]
    return not given or any(isinstance(part, ast.Constant) and part.value is None for each in given for part in ast.walk(each)) \
        or any(isinstance(each, ast.Call) and _called(each).startswith("_") for each in given)


def _is_storage(node: ast.expr) -> bool:
    name = getattr(node, "attr", getattr(node, "id", ""))
    return "storage" in name


def _called(node: ast.Call) -> str:
    return str(getattr(node.func, "attr", getattr(node.func, "id", "")))


def _calls(root: Path) -> Iterator[tuple[str, str, ast.Call]]:
    yield from ((path, name, node) for path, name, node in _walked(root) if isinstance(node, ast.Call))


def _walked(root: Path) -> Iterator[tuple[str, str, ast.AST]]:
    for file in sorted((root / "geoservice").rglob("*.py")):
        path = file.relative_to(root).as_posix()
        yield from ((path, name, node) for name, node in _inside(ast.parse(file.read_text("utf-8")), ""))


def _inside(node: ast.AST, name: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node below, with the outermost function or class and method it stands in."""
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        deeper = (f"{name}.{child.name}" if name and isinstance(node, ast.ClassDef) else name or child.name) if named else name
        yield deeper, child
        yield from _inside(child, deeper)
