"""`benhan` itself: what a command brings in with it."""

from __future__ import annotations

import subprocess
import sys

LISTED = "import sys; from benhan.cli.main import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"


def modules_of(*command: str) -> set[str]:
    """The modules that a process has loaded when `benhan command` ends."""
    told = subprocess.run([sys.executable, "-c", LISTED, *command], check=True, capture_output=True, text=True)
    return set(told.stderr.split())


def test_a_command_of_the_store_brings_in_neither_other_commands_nor_what_signs_and_serves() -> None:
    loaded = modules_of("import", "--help")
    assert "benhan.cli.import_" in loaded
    assert loaded.isdisjoint({"benhan.cli.records", "benhan.wiring", "benhan.signing.trust", "pyhanko", "starlette"})
