"""Finds, in the source, every SQL text that is handed to PostgreSQL."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import benhan

SOURCE = Path(benhan.__file__).parent
DOORS = frozenset({"fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor", "prepare"})


@dataclass(frozen=True, slots=True)
class Handed:
    """A text at one of the doors: where, the text ("" where it is not written there), and whether it is registered."""

    module: str
    expression: str
    text: str
    is_registered: bool


def handed_over() -> Iterator[Handed]:
    """What the whole package hands to PostgreSQL, by the expression at the door."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        names = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            if node.func.attr in DOORS:
                module = path.relative_to(SOURCE).with_suffix("").as_posix()
                for each in _either(node.args[0]):
                    yield _handed(module, each, names)


def _either(argument: ast.expr) -> list[ast.expr]:
    """Both texts of a choice between two."""
    return [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]


def _handed(module: str, argument: ast.expr, names: dict[str, ast.expr]) -> Handed:
    value = names.get(argument.id, argument) if isinstance(argument, ast.Name) else argument
    is_registered = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "query"
    return Handed(module, ast.unparse(argument), _text(value), is_registered)


def _text(value: ast.expr) -> str:
    """The written parts of a text; "" where it is made elsewhere."""
    written = [each.value for each in ast.walk(value) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return " ".join(" ".join(written).split()) if isinstance(value, ast.Constant | ast.JoinedStr | ast.BinOp) else ""
