"""The answers to a form as what stands in the inputs of a page, and what was typed as answers.

What cannot be read is told beside its field and stays as it was typed. Dates are typed as `221126`, `22/11/2026` or
`2026-11-22`, times as `1405` or `14:05`, numbers with a comma or a point. A picture comes as a data URL, as NO_PICTURE
where it shall be there no more, and is kept where nothing comes. Signatures are not typed: the answers there are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from benhan.kernel.texts import Text
from benhan.vn.forms.form import Field, Form, Kind
from benhan.vn.forms.typeset import Answers
from benhan.web.pictures import NOT_A_PICTURE, NotAPicture, picture_of
from benhan.web.words import UNITS

Inputs = Mapping[str, list[str]]
"""What was typed, by the name of the input: `field`, or `field.row.column` in a table."""

TYPED = frozenset(set(Kind) - {Kind.PICTURE, Kind.SIGNATURE})
NO_PICTURE = "none"
SOURCE = "source:"
"""Before the name of a field: the input that says from which resource its value was taken."""
ROWS_SHOWN_MAX = 200
BLANK_ROWS = 1

NOT_A_DATE = Text("Ngày không có thật hoặc chưa đủ. Gõ ngày/tháng/năm, ví dụ 22/11/2026 hoặc 221126.",
                  "Not a real or whole date. Type day/month/year, such as 22/11/2026 or 221126.")  # fmt: skip
NOT_A_TIME = Text("Giờ không đúng. Gõ giờ:phút, ví dụ 14:05 hoặc 1405.", "Not a time. Type 14:05 or 1405.")
NOT_A_NUMBER = Text("Không phải là số. Gõ số, ví dụ 36,5.", "Not a number. Type a number, such as 36.5.")

_DATE = re.compile(r"([0-9]{1,2})[/.\- ]([0-9]{1,2})[/.\- ]([0-9]{4}|[0-9]{2})")
_SHORT_DATE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4}|[0-9]{2})")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"([0-9]{1,2})[:hg.]([0-9]{2})")
_SHORT_TIME = re.compile(r"([0-9]{2})([0-9]{2})")
_CELL = re.compile(r"(\w+)\[([0-9]{1,4})\]\.(\w+)")
_CENTURY = 30
"""A year of two figures up to this one is of 2000, else of 1900."""


class Unreadable(Exception):  # noqa: N818  # it is told beside its field and goes no further
    """What was typed is none of what the field takes."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(slots=True)
class Read:
    """Answers that could be read, and by the name of the input what could not."""

    answers: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, Text] = field(default_factory=dict)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    """Of each table the numbers of the rows that are answers: blank ones between them are none."""

    def input_at(self, place: str) -> str:
        """The name of the input of an issue's place: `dien_bien[0].luc` of `36/BV-02 dien_bien[0].luc`."""
        found = _CELL.fullmatch(place.rpartition(" ")[2])
        if found is None:
            return place.rpartition(" ")[2]
        table, row, column = found.groups()
        rows = self.numbers.get(table, [])
        return f"{table}.{rows[int(row)] if int(row) < len(rows) else int(row)}.{column}"


def answers_of(form: Form, inputs: Inputs, kept: Answers) -> Read:
    """The answers that were typed; those of fields that are not typed are taken from `kept`."""
    read = Read()
    for each in form.fields.values():
        if each.kind not in TYPED:
            picture = (inputs.get(each.id) or [""])[-1] if each.kind is Kind.PICTURE else ""
            if picture not in ("", NO_PICTURE):
                _read_picture(each, picture, read)
            elif each.id in kept and picture != NO_PICTURE:
                read.answers[each.id] = kept[each.id]
        elif each.kind is Kind.TABLE:
            rows = list(_rows(each, inputs, kept.get(each.id), read))
            if rows:
                read.answers[each.id] = rows
        else:
            value = _read(each, each.id, inputs.get(each.id, []), read)
            if value is not None:
                read.answers[each.id] = value
    return read


def _read_picture(each: Field, text: str, read: Read) -> None:
    try:
        read.answers[each.id] = picture_of(text)
    except NotAPicture:
        read.problems[each.id] = NOT_A_PICTURE


def claimed_sources(form: Form, inputs: Inputs) -> dict[str, str]:
    """From which resource each field says that its value was taken."""
    told = {name.removeprefix(SOURCE): typed for name, typed in inputs.items() if name.startswith(SOURCE)}
    return {name: typed[-1][:200] for name, typed in told.items() if name in form.fields and typed and typed[-1]}


def text_of(each: Field, value: Any) -> str:
    """A single answer as it is typed."""
    return (_written(each, value) or [""])[0]


def _rows(table: Field, inputs: Inputs, kept: Any, read: Read) -> Iterator[dict[str, Any]]:
    """The rows that have something in them, in the order of the page."""
    before = kept if isinstance(kept, list) else []
    for number in _numbers(table, inputs):
        row: dict[str, Any] = {}
        for column in table.columns:
            if column.kind in TYPED:
                name = f"{table.id}.{number}.{column.id}"
                value = _read(column, name, inputs.get(name, []), read)
            else:
                value = before[number].get(column.id) if number < len(before) else None
            if value is not None:
                row[column.id] = value
        if row:
            read.numbers.setdefault(table.id, []).append(number)
            yield row


def _numbers(table: Field, inputs: Inputs) -> list[int]:
    """The numbers of the rows of a table that were sent."""
    prefix = f"{table.id}."
    found = set()
    for name in inputs:
        if name.startswith(prefix):
            number = name[len(prefix) :].partition(".")[0]
            if number.isascii() and number.isdecimal() and len(number) <= 4:
                found.add(int(number))
    return sorted(found)


def _read(each: Field, name: str, typed: list[str], read: Read) -> Any:
    """One answer, None where there is none; what cannot be read is noted and its words are no answer."""
    texts = [text.strip() for text in typed if text.strip()]
    if each.kind is Kind.MANY:
        return texts or None
    if each.kind is Kind.TICK:
        return True if texts else None
    if not texts:
        return None
    try:
        reader = _READERS.get(each.kind)
        return reader(texts[0]) if reader is not None else texts[0].replace("\r\n", "\n")
    except Unreadable as told:
        read.problems[name] = told.text
        return None


def read_date(text: str) -> str:
    """`22/11/2026`, `221126` and kin as `2026-11-22`. Raises Unreadable."""
    if found := _ISO_DATE.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DATE.fullmatch(text) or _SHORT_DATE.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
        if year < 100:
            year += 2000 if year <= _CENTURY else 1900
    else:
        raise Unreadable(NOT_A_DATE)
    try:
        return date(year, month, day).isoformat()
    except ValueError as cause:
        raise Unreadable(NOT_A_DATE) from cause


def read_time(text: str) -> str:
    """`14:05`, `14h05`, `1405` as `14:05`. Raises Unreadable."""
    found = _TIME.fullmatch(text) or _SHORT_TIME.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise Unreadable(NOT_A_TIME)
    return f"{int(found[1]):02d}:{found[2]}"


def read_moment(text: str) -> str:
    """Time and date in either order, as `2026-11-22T14:05`. Raises Unreadable."""
    text = text.replace("T", " ").replace(",", " ")
    parts = text.split()
    if len(parts) != 2:
        raise Unreadable(NOT_A_DATE)
    for day, clock in (parts, parts[::-1]):
        try:
            return f"{read_date(day)}T{read_time(clock)}"
        except Unreadable as told:
            last = told
    raise last


def read_number(text: str) -> Decimal:
    """`36,5` or `36.5` exactly as typed. Raises Unreadable."""
    plain = text.replace(" ", "").replace(",", ".")
    if not plain.isascii() or len(plain) > 30:
        raise Unreadable(NOT_A_NUMBER)
    try:
        number = Decimal(plain)
    except InvalidOperation as cause:
        raise Unreadable(NOT_A_NUMBER) from cause
    if not number.is_finite() or "e" in plain.lower():
        raise Unreadable(NOT_A_NUMBER)
    return number


_READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.DATE: read_date,
    Kind.TIME: read_time,
    Kind.DATETIME: read_moment,
    Kind.NUMBER: read_number,
}


def inputs_of(form: Form, answers: Answers) -> dict[str, list[str]]:
    """What stands in the inputs of a page with these answers."""
    found: dict[str, list[str]] = {}
    for each in form.fields.values():
        value: Any = answers.get(each.id)
        if value is None or each.kind not in TYPED:
            continue
        if each.kind is Kind.TABLE:
            for number, row in enumerate(value):
                for column in each.columns:
                    if column.id in row and column.kind in TYPED:
                        found[f"{each.id}.{number}.{column.id}"] = _written(column, row[column.id])
        else:
            found[each.id] = _written(each, value)
    return found


def _written(each: Field, value: Any) -> list[str]:
    match each.kind:
        case Kind.MANY:
            return [str(one) for one in value]
        case Kind.TICK:
            return ["1"] if value else []
        case Kind.DATE:
            return [_day(value)]
        case Kind.DATETIME:
            return [f"{value[11:]} {_day(value[:10])}"]
        case Kind.NUMBER:
            return [str(value).replace(".", ",")]
        case _:
            return [str(value)]


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-")))


@dataclass(frozen=True, slots=True)
class Input:
    """A field on a page: its name there, what stands in it, what is wrong with it."""

    field: Field
    name: str
    typed: list[str]
    problem: Text | None = None
    rows: tuple[tuple[Input, ...], ...] = ()
    """Of a table: the inputs of each row, blank ones last."""
    known: str = ""
    """What stands there though it is not typed: a signature, that there is a picture."""

    @property
    def text(self) -> str:
        return self.typed[0] if self.typed else ""

    @property
    def unit(self) -> Text:
        """The unit as people write it."""
        unit = self.field.unit
        return UNITS.get(unit, Text(unit, unit))


@dataclass(frozen=True, slots=True)
class Block:
    """Fields under one heading: the headings that are new here with their depth, the inputs."""

    headings: list[tuple[int, str]]
    inputs: list[Input]


@dataclass(frozen=True, slots=True)
class Change:
    """What a field said before and says after, as it is written on a page; "" where it said nothing."""

    label: str
    before: str
    after: str


def changes_between(form: Form, before: Answers, after: Answers) -> list[Change]:
    """The fields that two versions of a form answer differently, in the order of the form."""
    told = []
    for each in form.fields.values():
        if before.get(each.id) != after.get(each.id):
            old, new = shown(each, before.get(each.id)), shown(each, after.get(each.id))
            told.append(Change(each.label or each.id, old, new))
    return told


def shown(each: Field, value: Any) -> str:
    """An answer in the words that a person reads: options by their labels, rows line by line."""
    if value is None:
        return ""
    if each.kind in (Kind.PICTURE, Kind.SIGNATURE):
        return _known(each, value)
    if each.kind is Kind.TABLE:
        rows = (" · ".join(filter(None, (shown(one, row.get(one.id)) for one in each.columns))) for row in value)
        return "\n".join(rows)
    if each.kind in (Kind.ONE, Kind.MANY):
        labels = {option.code: option.label for option in each.options}
        return ", ".join(labels.get(one, one) for one in _written(each, value))
    if each.kind is Kind.TICK:
        return "✓" if value else ""
    return " ".join(_written(each, value))


def blocks_of(form: Form, inputs: Inputs, answers: Answers, problems: Mapping[str, Text]) -> list[Block]:
    """The form as blocks, in the order of its page."""
    blocks: list[Block] = []
    section: tuple[str, ...] = ()
    for each in form.fields.values():
        if not blocks or each.section != section:
            same = _in_common(section, each.section) if blocks else 0
            headings = [(same + depth, title) for depth, title in enumerate(each.section[same:])]
            section = each.section
            blocks.append(Block(headings, []))
        blocks[-1].inputs.append(_input(each, inputs, answers, problems))
    return blocks


def _input(each: Field, inputs: Inputs, answers: Answers, problems: Mapping[str, Text]) -> Input:
    if each.kind is Kind.TABLE:
        numbers = _numbers(each, inputs)
        fixed = len(each.row_labels)
        count = max(fixed, (max(numbers) + 1 if numbers else 0) + (0 if fixed else BLANK_ROWS))
        rows = tuple(
            tuple(_cell(each, column, number, inputs, problems) for column in each.columns)
            for number in range(min(count, ROWS_SHOWN_MAX))
        )
        return Input(each, each.id, [], problems.get(each.id), rows)
    return Input(each, each.id, inputs.get(each.id, []), problems.get(each.id), (), _known(each, answers.get(each.id)))


def _cell(table: Field, column: Field, number: int, inputs: Inputs, problems: Mapping[str, Text]) -> Input:
    name = f"{table.id}.{number}.{column.id}"
    return Input(column, name, inputs.get(name, []), problems.get(name))


def _known(each: Field, value: Any) -> str:
    if value is None:
        return ""
    if each.kind is Kind.SIGNATURE:
        return f"{value['name']} · {value['at'][11:]} {_day(value['at'][:10])}"
    return "✓" if each.kind is Kind.PICTURE else ""


def _in_common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many headings from the top two sections share."""
    count = 0
    for mine, yours in zip(one, other, strict=False):
        if mine != yours:
            break
        count += 1
    return count


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Pairs of a form by name, in their order."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
