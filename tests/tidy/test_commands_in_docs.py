"""Every `benhan …` that the documents show is a command that exists and takes what it is shown with."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from benhan.cli.main import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^[ \t]*```\w*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
CALL = re.compile(r"(?<!-u )(?:(?<=[\s(]|/)|^)benhan ((?:--help|--version|[a-z][a-z-]*)\b[^\n;|)']*)", re.MULTILINE)
"""What follows the word `benhan` where that is the program: not a user's name (`-u benhan`), not a folder's."""
PROGRAM: Any = typer.main.get_command(app)


def calls(text: str) -> list[tuple[str, bool]]:
    """The command lines of a document, without `benhan`, and whether each stands in a block that is to be copied."""
    found = []
    for block in FENCE.findall(text):
        found += [(call, True) for call in CALL.findall(block.replace("\\\n", " "))]
    for piece in INLINE.findall(FENCE.sub("", text)):
        found += [(call, False) for call in CALL.findall(piece)]
    return [(call, whole) for call, whole in found if not call.startswith("benhan ")]


def check(call: str, *, whole: bool) -> None:
    """Raises where `benhan CALL` would not be understood; a `whole` one must have all that the command requires."""
    words = shlex.split(call.replace("…", " "), comments=True)
    command: Any = PROGRAM
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name = words.pop(0)
        assert name in command.commands, f"no command {name!r} in: benhan {call}"
        command = command.commands[name]
    if words in (["--help"], ["--version"]):
        return
    if hasattr(command, "commands"):
        assert not whole, f"benhan {call} names a group of commands"
        return
    given, left, _ = command.make_parser(command.context_class(command)).parse_args(words)
    assert left == [], f"too many arguments: benhan {call}"
    if whole:
        missing = [each.name for each in command.params if each.required and given.get(each.name) in (None, ())]
        assert missing == [], f"benhan {call}"


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=shown)
def test_every_command_shown_exists_as_it_is_shown(path: Path) -> None:
    for call, whole in calls(path.read_text(encoding="utf-8")):
        check(call, whole=whole)


def test_commands_are_found_in_guides() -> None:
    found = [call for path in DOCUMENTS for call, _ in calls(path.read_text(encoding="utf-8"))]
    assert len(found) > 60
    assert {"doctor", "serve", "keys", "accounts", "ledger", "db", "verify"} <= {call.split()[0] for call in found}


@pytest.mark.parametrize(
    "call",
    [
        "keys melt",
        "keys rotate --fast",
        "keys rotate now",
        "keys shred",
        "accounts create bs.an --as doctor",
        "keys",
        "serve",
    ],
)
def test_a_command_that_would_not_run_is_noticed(call: str) -> None:
    with pytest.raises(Exception, match=r"benhan|No such option"):
        check(call, whole=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`sudo -u benhan benhan doctor`", ["doctor"]),
        ("`TOKEN=$(benhan accounts token lis-01)`", ["accounts token lis-01"]),
        ("```\nExecStart=/opt/benhan/.venv/bin/benhan serve node --config /etc/x\n```", ["serve node --config /etc/x"]),
        ("`useradd --home /var/lib/benhan --create-home benhan`", []),
        ("`sudo -u benhan pg_dump`, and benhan is a word", []),
        ("`runuser -u benhan -- benhan keys init`", ["keys init"]),
    ],
)
def test_calls_are_told_from_users_and_folders(text: str, found: list[str]) -> None:
    assert [call.strip() for call, _ in calls(text)] == found
