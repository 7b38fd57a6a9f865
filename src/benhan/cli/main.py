"""`benhan`: the one command of the system."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from benhan import __version__
from benhan.cli import (
    accounts,
    catalogues,
    check_dump,
    common,
    convert,
    db,
    demo,
    doctor,
    export,
    forms,
    hub,
    import_,
    keys,
    ledger,
    packages,
    records,
    send,
    serve,
    signers,
    synth,
    terminology,
    validate,
    verify,
    views,
)
from benhan.kernel.faults import Fault

app = typer.Typer(
    name="benhan",
    help="Bệnh án điện tử từ giường bệnh đến quốc gia. (Medical records, from the bedside to the nation.)",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("synth")(synth.synth)
app.command("import")(import_.import_)
app.add_typer(export.app, name="export")
app.command("convert")(convert.convert)
app.command("validate")(validate.validate)
app.command("verify")(verify.verify)
app.command("check-dump")(check_dump.check_dump)
app.command("doctor")(doctor.doctor)
app.add_typer(db.app, name="db")
app.add_typer(accounts.app, name="accounts")
app.add_typer(keys.app, name="keys")
app.add_typer(hub.app, name="hub")
app.add_typer(signers.app, name="signers")
app.add_typer(ledger.app, name="ledger")
app.add_typer(views.app, name="views")
app.add_typer(packages.app, name="packages")
app.add_typer(terminology.app, name="terminology")
app.add_typer(forms.app, name="forms")
app.add_typer(catalogues.app, name="catalogues")
app.add_typer(send.app, name="send")
app.add_typer(records.app, name="records")


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
