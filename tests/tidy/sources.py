"""The modules of src, each read and parsed once for all tests of this folder."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "benhan"
FILES = sorted(SOURCE.rglob("*.py"))


@cache
def text(path: Path) -> str:
    """What the file says."""
    return path.read_text(encoding="utf-8")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of the module's tree, as `ast.walk` gives them."""
    return tuple(ast.walk(ast.parse(text(path))))
