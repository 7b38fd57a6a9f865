"""Lists what is wrong in forms' files, or their fields as the program understands them: `check_forms.py FILE…`."""

from __future__ import annotations

import sys
from pathlib import Path

from benhan.kernel.faults import Fault
from benhan.vn.forms.form import Field, Form
from benhan.vn.forms.load import DATA, read_form


def main(names: list[str]) -> int:
    """The number of files with mistakes."""
    bases = {_number(path): path for path in (*DATA.glob("[0-9]*.toml"), *DATA.glob("phieu/*.toml"))}
    wrong = 0
    for name in names:
        try:
            form = read_form(Path(name), bases)
        except Fault as fault:
            wrong += 1
            print(f"{name}: {len(fault.issues)} mistakes")
            print(*(f"  {issue.place}: {issue.text.vi}" for issue in fault.issues), sep="\n")
        else:
            tell(form)
    return wrong


def tell(form: Form) -> None:
    """Each section with its fields."""
    print(f"{form.key}  {form.name}: {len(form.fields)} fields")
    section: tuple[str, ...] = ()
    for field in form.fields.values():
        if field.section != section:
            section = field.section
            print("  §", " / ".join(section))
        print("     ", _told(field))
        for column in field.columns:
            print("         |", _told(column))


def _told(field: Field) -> str:
    source = field.source
    more = [
        f"{field.low:g}..{field.high:g} {field.unit}" if field.low is not None and field.high is not None else "",
        f"{field.digits} boxes" if field.digits else "",
        "; ".join(f"{option.code}={option.label}" for option in field.options),
        source.cv365, source.bhyt, source.fhir, source.loinc and f"LOINC {source.loinc}",
        source.list and f"list {source.list}", source.code_of and f"code of {source.code_of}", source.diagnosis,
        "required at close" if source.required_at_close else "",
    ]  # fmt: skip
    return f"{field.id}: {field.kind.value} “{field.label}”" + "".join(f" · {each}" for each in more if each)


def _number(path: Path) -> str:
    import tomllib

    return str(tomllib.loads(path.read_text(encoding="utf-8")).get("number", ""))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
