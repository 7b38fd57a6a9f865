"""Budgets of shape: none of our functions over 70 lines, none of our files over 800; ratchets, not goals."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.tidy import sources
from tests.tidy.sources import ROOT, nodes, text

FILES = [path for path in sources.FILES if not text(path).startswith("# generated")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_functions_keep_their_size(path: Path) -> None:
    assert text(path).count("\n") <= 800
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= 70, f"{node.name} has {lines} lines"


def test_the_zone_of_vietnam_is_written_down_once() -> None:
    """In the kernel's clock; there is no other interval of seven hours that a file may want."""
    zone = re.compile(r"hours=7\b|Asia/Ho_Chi_Minh")
    assert [path.name for path in FILES if zone.search(text(path))] == ["clock.py"]


FORBIDDEN = {
    "datetime.now": "take a kernel Clock",
    "datetime.utcnow": "take a kernel Clock",
    "time.time": "take a kernel Clock",
    "uuid.uuid4": "take a kernel RandomSource",
    "os.urandom": "take a kernel RandomSource",
    "secrets.token_bytes": "take a kernel RandomSource",
    "secrets.token_urlsafe": "take a kernel RandomSource",
    "random.random": "take a kernel RandomSource",
}
LAST_NAMES = {name.rpartition(".")[2] for name in FORBIDDEN}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_time_and_chance_come_from_the_kernel(path: Path) -> None:
    if path.is_relative_to(ROOT / "src/benhan/kernel"):
        return
    for node in nodes(path):
        if isinstance(node, ast.Attribute) and node.attr in LAST_NAMES:
            name = ast.unparse(node)
            assert name not in FORBIDDEN, f"line {node.lineno}: {name}: {FORBIDDEN[name]}"


LETTERS = r"[^\\W\\d"
"""The one way to write `a letter of any script`."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_digit_of_a_pattern_is_one_of_ascii(path: Path) -> None:
    """`\\d` takes the digits of all scripts, which no standard of ours means: write [0-9], or compile with re.ASCII."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).startswith("re."):
            pattern = ast.unparse(node.args[0]).replace(LETTERS, "")
            assert r"\\d" not in pattern or "re.ASCII" in ast.unparse(node), f"line {node.lineno}: {pattern}"
