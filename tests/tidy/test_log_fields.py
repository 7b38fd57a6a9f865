"""Every field that the program logs is of the vocabulary: a wrong one would stop what was about to be logged."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from tests.tidy.sources import FILES, SOURCE, nodes

from benhan.kernel.logs import FIELDS

LEVELS = {"debug", "info", "warning", "error", "failure"}


def fields_logged(nodes: Iterable[ast.AST]) -> list[tuple[int, str]]:
    """The lines and names of the fields of every call of `log`."""
    calls = [each for each in nodes if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)]
    return [
        (each.lineno, one.arg)
        for each in calls
        if isinstance(each.func, ast.Attribute)
        and isinstance(each.func.value, ast.Name)
        and each.func.value.id == "log"
        and each.func.attr in LEVELS
        for one in each.keywords
        if one.arg
    ]


def test_every_field_that_is_logged_is_of_the_vocabulary() -> None:
    unknown, count = [], 0
    for path in FILES:
        for line, name in fields_logged(nodes(path)):
            count += 1
            if name not in FIELDS:
                unknown.append(f"{path.relative_to(SOURCE)}:{line} {name}")
    assert count > 50
    assert unknown == []
