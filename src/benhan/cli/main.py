"""`benhan`: the one command of the system."""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from benhan import __version__
from benhan.cli import common
from benhan.kernel.faults import Fault
from benhan.kernel.memory import start_of_a_program

COMMANDS = {
    "serve": "serve:serve",
    "demo": "demo:demo",
    "synth": "synth:synth",
    "import": "import_:import_",
    "convert": "convert:convert",
    "validate": "validate:validate",
    "verify": "verify:verify",
    "check-dump": "check_dump:check_dump",
    "doctor": "doctor:doctor",
    "export": "export:app",
    "db": "db:app",
    "accounts": "accounts:app",
    "keys": "keys:app",
    "signers": "signers:app",
    "ledger": "ledger:app",
    "views": "views:app",
    "packages": "packages:app",
    "terminology": "terminology:app",
    "forms": "forms:app",
    "catalogues": "catalogues:app",
    "send": "send:app",
    "records": "records:app",
    "evidence": "evidence:app",
    "hub": "hub:app",
}
"""Where each command is: its module here and its name in it, a function or the Typer of a group (`app`)."""


class _Commands(MutableMapping[str, Any]):
    """The commands, each brought in when it is asked for: what all of them import takes a second of the processor."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = _command(name, COMMANDS[name])
        return self._known[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._known[name] = command

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _command(name: str, place: str) -> Any:
    module, attribute = place.split(":")
    with start_of_a_program():
        found = getattr(import_module(f"benhan.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        single = typer.Typer(add_completion=False)
        single.command(name)(found)
        return typer.main.get_command(single)
    group = typer.main.get_group(found)
    group.name = name
    return group


class _Program(TyperGroup):
    """The group of all commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # the group's own signature
        """In the order that help shows them in."""
        return list(COMMANDS)


app = typer.Typer(
    name="benhan",
    cls=_Program,
    help="Bệnh án điện tử từ giường bệnh đến quốc gia. (Medical records, from the bedside to the nation.)",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        common.out.print(f"benhan {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Phiên bản (version)")
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command of this process's arguments; a Fault ends it with the exit code of its category."""
    try:
        app()
    except Fault as fault:
        sys.exit(common.tell_fault(fault))


if __name__ == "__main__":
    main()
