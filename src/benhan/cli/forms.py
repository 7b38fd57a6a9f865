"""`benhan forms`: the record forms: which there are, whether a file of one is right, printed, as FHIR."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benhan.cli.common import err, language, out
from benhan.kernel.faults import Fault, FaultCode, Incorrect
from benhan.kernel.texts import Text

if TYPE_CHECKING:
    from benhan.vn.forms.catalogue import Catalogue
    from benhan.vn.forms.form import Field, Form

app = typer.Typer(help="Biểu mẫu bệnh án, phiếu: danh mục, kiểm tra, in, FHIR. (Record forms.)", no_args_is_help=True)

BAD_ANSWERS = FaultCode(
    "BA-3360",
    Incorrect,
    Text(
        "Tệp trả lời {file} không đọc được: {reason}. Tệp phải là JSON dạng {{mã trường: giá trị}}.",
        "The file of answers {file} cannot be read: {reason}. It must be JSON of the form {{field: value}}.",
    ),
)
WRONG_ANSWERS = FaultCode(
    "BA-3361",
    Incorrect,
    Text(
        "Tệp trả lời có {count} chỗ không hợp biểu mẫu; sửa các chỗ dưới đây.",
        "The answers do not fit the form in {count} places; mend those below.",
    ),
)
EXIT_WRONG = 2

FolderOption = Annotated[
    list[Path] | None,
    typer.Option("--folder", help="Thư mục mẫu của bệnh viện (own forms)", exists=True, file_okay=False),
]
DayOption = Annotated[
    datetime | None,
    typer.Option("--day", formats=["%Y-%m-%d"], help="Ngày của bệnh án (event's day); mặc định hôm nay"),
]
VariantOption = Annotated[str, typer.Option("--variant", help="Bản của bệnh viện (the hospital's variant)")]


@app.command("list")
def list_forms(folder: FolderOption = None) -> None:
    """Mọi biểu mẫu pháp luật nêu và của bệnh viện; mẫu nào đã có ở đây. (All forms.)"""
    from benhan.vn.forms.catalogue import Catalogue, named_forms

    here = Catalogue(folder or ())
    known = {form.number for form in here.forms()}
    for each in named_forms():
        until = f"–{each.effective_to.isoformat()}" if each.effective_to else ""
        mark = "✓" if each.number in known else " "
        _say(f"{mark} {each.number:<10} {each.effective_from.isoformat()}{until}  {each.name}  ({each.decision})")
    official = {each.number for each in named_forms()}
    for form in here.forms():
        if form.number not in official or form.variant:
            _say(f"✓ {form.key}  {form.name}")


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(help="Tệp biểu mẫu (form files)", exists=True, dir_okay=False)],
) -> None:
    """Kiểm tra tệp biểu mẫu; tệp đúng thì liệt kê các trường máy hiểu được. (Check form files.)

    Thoát với mã 2 nếu có lỗi.
    """
    from benhan.vn.forms.catalogue import shipped_forms
    from benhan.vn.forms.load import read_form

    wrong = 0
    for file in files:
        try:
            form = read_form(file, shipped_forms())
        except Fault as fault:
            wrong += 1
            err.print(f"✗ {file}: {fault.code}, {len(fault.issues)}", highlight=False, markup=False)
            for issue in fault.issues:
                text = issue.text.in_language(language())
                err.print(f"  • {issue.place}: {text}", highlight=False, markup=False, soft_wrap=True)
        else:
            _outline(form)
    if wrong:
        raise typer.Exit(EXIT_WRONG)


@app.command("print")
def print_form(
    number: Annotated[str, typer.Argument(help="Mã số mẫu (number), ví dụ 01/BV-01")],
    target: Annotated[Path, typer.Option("--out", help="Tệp PDF ghi ra", dir_okay=False)],
    answers: Annotated[
        Path | None,
        typer.Option("--answers", help="Tệp JSON {mã trường: giá trị}; không có: mẫu trống", dir_okay=False),
    ] = None,
    day: DayOption = None,
    variant: VariantOption = "",
    folder: FolderOption = None,
) -> None:
    """In một biểu mẫu, trống hay đã điền, thành PDF/A. (Print a form.)"""
    from benhan.kernel.clock import SystemClock
    from benhan.node.printing import papers_to_pdf

    form = _form(number, day, variant, folder)
    target.write_bytes(papers_to_pdf([(form, _answers(answers, form))], SystemClock().now()))
    _say(f"Đã ghi (written): {target}")


@app.command("questionnaire")
def questionnaire(
    target: Annotated[Path, typer.Option("--out", help="Tệp NDJSON ghi ra, nạp bằng benhan import", dir_okay=False)],
    folder: FolderOption = None,
) -> None:
    """Mọi biểu mẫu đã có thành Questionnaire FHIR, mỗi mẫu một dòng. (All forms as Questionnaires.)"""
    from benhan.fhir.resource import to_bytes
    from benhan.mapping.form_to_questionnaire import form_to_questionnaire
    from benhan.vn.forms.catalogue import Catalogue

    lines = [to_bytes(form_to_questionnaire(form)) for form in Catalogue(folder or ()).forms()]
    target.write_bytes(b"".join(line + b"\n" for line in lines))
    _say(f"Đã ghi (written): {len(lines)}")


def _form(number: str, day: datetime | None, variant: str, folder: list[Path] | None) -> Form:
    from benhan.kernel.clock import SystemClock
    from benhan.vn.forms.catalogue import Catalogue

    catalogue: Catalogue = Catalogue(folder or ())
    of: date = (day or SystemClock().now()).date()
    return catalogue.on(number, of, variant)


def _answers(file: Path | None, form: Form) -> dict[str, Any]:
    """The answers of a file, checked. Raises Incorrect BA-3360, BA-3361."""
    import orjson

    from benhan.vn.forms.answers import check_answers

    if file is None:
        return {}
    try:
        told = orjson.loads(file.read_bytes())
    except OSError as cause:
        raise BAD_ANSWERS(file=file, reason=cause.strerror) from cause
    except orjson.JSONDecodeError as cause:
        raise BAD_ANSWERS(file=file, reason=f"line {cause.lineno}") from cause
    if not isinstance(told, dict):
        raise BAD_ANSWERS(file=file, reason="not an object")
    issues = check_answers(form, told)
    if issues:
        raise WRONG_ANSWERS(*issues, count=len(issues))
    return told


def _outline(form: Form) -> None:
    """Each section with its fields."""
    _say(f"{form.key}  {form.name}: {len(form.fields)}")
    section: tuple[str, ...] = ()
    for field in form.fields.values():
        if field.section != section:
            section = field.section
            _say("  § " + " / ".join(section))
        _say("      " + _told(field))
        for column in field.columns:
            _say("        | " + _told(column))


def _told(field: Field) -> str:
    source = field.source
    more = [
        f"{field.low:g}..{field.high:g} {field.unit}" if field.low is not None and field.high is not None else "",
        f"{field.digits} □" if field.digits else "",
        "; ".join(f"{option.code}={option.label}" for option in field.options),
        source.cv365, source.bhyt, source.fhir, source.loinc and f"LOINC {source.loinc}",
        source.list and f"list {source.list}", source.code_of and f"code of {source.code_of}", source.diagnosis,
        "required at close" if source.required_at_close else "",
    ]  # fmt: skip
    return f"{field.id}: {field.kind.value} “{field.label}”" + "".join(f" · {each}" for each in more if each)


def _say(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)
