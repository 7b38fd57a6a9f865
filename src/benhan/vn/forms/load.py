"""A form's file read: its page with the shared parts in place, its fields with what they feed.

A file is TOML: what the form is, `body` the page, `[fields]` what fields feed, `[slots]` what replaces the slots of
shared parts, `[parts]` pieces of its own that are included more than once. `extends` names the form that a hospital
adds to, `[[add]]` what it adds. Source of the official ones: TT 32/2023/TT-BYT, annexes XXVIII and XXIX.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from benhan.kernel.issues import error
from benhan.kernel.texts import Text
from benhan.vn.forms.check import check_form
from benhan.vn.forms.faults import FORM_WRONG
from benhan.vn.forms.form import Form, Source
from benhan.vn.forms.inline import Measure
from benhan.vn.forms.page import Mistake, Page, Written, parse_page

DATA = Path(__file__).parent / "data"
SHARED = DATA / "shared"
_FIELD = re.compile(r"(?<!\{)\{(?=[a-z])|(?<=^\.table )|(?<=^\.picture )")
_MEASURE = re.compile(r"\{(\w+):measure(?=\s*(?:w=[0-9]+\s*)?\})")
_COUNTER = re.compile(r"\{#\}")
_TOLD = re.compile(r"\{=(\w+)\}")
_ID = re.compile(r"(?:\{|^\.table |^\.picture )([a-z][a-z0-9_]*)")


class Added(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lines that a hospital adds behind the line that holds the field `after`."""

    after: str
    lines: str


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form's file as written."""

    number: str = ""
    name: str = ""
    title: str = ""
    decision: str = ""
    effective_from: date | None = None
    effective_to: date | None = None
    variant: str = ""
    extends: str = ""
    body: str = ""
    required_at_close: tuple[str, ...] = ()
    fields: dict[str, Source] = {}
    slots: dict[str, str] = {}
    parts: dict[str, str] = {}
    lists: dict[str, str] = {}
    add: tuple[Added, ...] = ()


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part that several forms share, as written."""

    body: str
    fields: dict[str, dict[str, Any]] = {}


def read_head(path: Path) -> File:
    """What a file says before its page is looked at. Raises Incorrect BA-3350."""
    return _file(path, _toml(path))


def read_form(path: Path, bases: Mapping[str, Path] | None = None) -> Form:
    """The form in a file. `bases`: the files that `extends` may name. Raises Incorrect BA-3350 with all mistakes."""
    raw = _toml(path)
    file = _file(path, raw)
    if file.extends:
        base = (bases or {}).get(file.extends)
        if base is None:
            raise _wrong(path.name, [Mistake("extends", f"không có biểu mẫu {file.extends}")])
        base_raw = _toml(base)
        file, raw = _extended(_file(base, base_raw), file), _merged(base_raw, raw)
    return _form(path.name, file, raw.get("fields", {}))


def _form(place: str, file: File, told: dict[str, Any]) -> Form:
    if file.effective_from is None or not all((file.number, file.name, file.title, file.decision, file.body)):
        raise _wrong(place, [Mistake(place, "thiếu number, name, title, decision, effective_from hay body")])
    mistakes: list[Mistake] = []
    sources: dict[str, dict[str, Any]] = dict(_common())
    expander = _Expander(place, file, sources, mistakes)
    written = list(expander.lines())
    for field, more in told.items():
        sources[field] = {**sources.get(field, {}), **more}
    page = parse_page(written, measures(), msgspec.convert(sources, dict[str, Source]))
    mistakes += page.mistakes
    unknown = [f for f in (*told, *file.required_at_close) if f not in _ids(page)]
    mistakes += [Mistake(f"[fields] {field}", "trang không có trường này") for field in unknown]
    mistakes += [Mistake(f"[slots] {name}", "không phần chung nào có chỗ này") for name in expander.unused()]
    form = Form(
        file.number, file.name, file.title, file.decision, file.effective_from, file.effective_to, file.variant,
        _required(page, file.required_at_close), page.blocks,
    )  # fmt: skip
    mistakes += check_form(form, {**lists(), **file.lists})
    if mistakes:
        raise _wrong(place, mistakes)
    return form


def _ids(page: Page) -> set[str]:
    columns = {f"{field.id}.{column.id}" for field in page.fields.values() for column in field.columns}
    return set(page.fields) | columns


def _required(page: Page, names: Iterable[str]) -> dict[str, Any]:
    fields = dict(page.fields)
    for name in names:
        if name in fields:
            source = msgspec.structs.replace(fields[name].source, required_at_close=True)
            fields[name] = msgspec.structs.replace(fields[name], source=source)
    return fields


class _Expander:
    """The lines of a form with its shared parts, slots, numbers and additions in place."""

    def __init__(self, place: str, file: File, sources: dict[str, dict[str, Any]], mistakes: list[Mistake]) -> None:
        self.place = place
        self.file = file
        self.sources = sources
        self.mistakes = mistakes
        self.counter = 0
        self.slots: set[str] = set()
        self.added: set[str] = set()
        self.due: list[Added] = []
        """Additions that wait for the end of the table they stand behind."""

    def lines(self) -> Iterator[Written]:
        """The whole page."""
        for line in self._expand(self.place, self.file.body, "", 0):
            if line.text.startswith(".number"):
                self.counter = int(line.text.split()[1]) - 1
                continue
            yield Written(line.place, self._filled(line.text))
            yield from self._additions(line)
        for added in self.file.add:
            if added.after not in self.added:
                self.mistakes.append(Mistake("[[add]]", f"trang không có trường {added.after}"))

    def unused(self) -> list[str]:
        """The slots that the form fills and no part has."""
        return sorted(set(self.file.slots) - self.slots)

    def _filled(self, text: str) -> str:
        def count(_: re.Match[str]) -> str:
            self.counter += 1
            return str(self.counter)

        told = {"title": self.file.title, "number": self.file.number, "name": self.file.name}
        return _TOLD.sub(lambda match: told.get(match[1], match[0]), _COUNTER.sub(count, text))

    def _additions(self, line: Written) -> Iterator[Written]:
        ids = set(_ID.findall(line.text))
        for added in self.file.add:
            if added.after in ids and added.after not in self.added:
                self.added.add(added.after)
                self.due.append(added)
        if self.due and not line.text.startswith((".table", "|")):
            due, self.due = self.due, []
            for added in due:
                yield from self._expand("[[add]]", added.lines, "", 0)

    def _expand(self, place: str, body: str, prefix: str, depth: int) -> Iterator[Written]:
        if depth > 8:
            self.mistakes.append(Mistake(place, ".include gọi vòng"))
            return
        hidden = False
        for number, line in enumerate(body.splitlines(), start=1):
            text = line.strip()
            where = f"{place}, dòng {number}"
            if text.startswith(".slot "):
                name = text[6:].strip()
                self.slots.add(name)
                if name in self.file.slots:
                    hidden = True
                    yield from self._expand(f"[slots] {name}", self.file.slots[name], prefix, depth + 1)
            elif text == ".endslot":
                hidden = False
            elif hidden or text.startswith(".#"):
                continue
            elif text.startswith(".include "):
                yield from self._include(where, text[9:].split(), prefix, depth)
            else:
                yield Written(where, _prefixed(text, prefix))

    def _include(self, where: str, words: list[str], prefix: str, depth: int) -> Iterator[Written]:
        name, *options = words
        own = "".join(each[7:] for each in options if each.startswith("prefix="))
        inner = prefix + own
        if name in self.file.parts:
            yield from self._expand(f"[parts] {name}", self.file.parts[name], inner, depth + 1)
            return
        part = shared_parts().get(name)
        if part is None:
            self.mistakes.append(Mistake(where, f"không có phần chung “{name}”"))
            return
        for field, told in part.fields.items():
            kept = {key: value for key, value in told.items() if not inner or key not in ("cv365", "bhyt")}
            if inner and "code_of" in kept:
                kept["code_of"] = inner + kept["code_of"]
            self.sources[inner + field] = {**self.sources.get(inner + field, {}), **kept}
        yield from self._expand(f"shared/{name}", part.body, inner, depth + 1)


def _prefixed(text: str, prefix: str) -> str:
    """The line with `prefix` before its ids; what a measure is called stays."""
    if not prefix:
        return text
    return _FIELD.sub(lambda match: match[0] + prefix, _MEASURE.sub(r"{\1:measure \1", text))


def _extended(base: File, own: File) -> File:
    """The base with what a hospital adds: its own values stand before, its lists and lines behind."""
    return msgspec.structs.replace(
        base,
        variant=own.variant,
        name=own.name or base.name,
        title=own.title or base.title,
        decision=own.decision or base.decision,
        effective_from=own.effective_from or base.effective_from,
        effective_to=own.effective_to or base.effective_to,
        required_at_close=(*base.required_at_close, *own.required_at_close),
        slots={**base.slots, **own.slots},
        parts={**base.parts, **own.parts},
        lists={**base.lists, **own.lists},
        add=(*base.add, *own.add),
    )


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    fields = dict(base.get("fields", {}))
    for name, told in own.get("fields", {}).items():
        fields[name] = {**fields.get(name, {}), **told}
    return {"fields": fields}


@cache
def shared_parts() -> dict[str, Part]:
    """The parts that forms share, by name."""
    return {path.stem: msgspec.convert(_toml(path), Part) for path in sorted(SHARED.glob("*.toml"))}


@cache
def measures() -> dict[str, Measure]:
    """What is measured in many forms, by name: unit, bounds, code."""
    told = _toml(DATA / "measures.toml")
    return {name: Measure(**each) for name, each in told.items()}


@cache
def _common() -> dict[str, dict[str, Any]]:
    return _toml(DATA / "fields.toml")


@cache
def lists() -> dict[str, str]:
    """The code lists that fields may name, each with what it is."""
    return {str(name): str(what) for name, what in _toml(DATA / "lists.toml").items()}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise _wrong(path.name, [Mistake(path.name, str(cause))]) from cause


def _file(path: Path, raw: dict[str, Any]) -> File:
    try:
        return msgspec.convert(raw, File)
    except msgspec.ValidationError as cause:
        raise _wrong(path.name, [Mistake(path.name, str(cause))]) from cause


def _wrong(file: str, mistakes: list[Mistake]) -> Exception:
    issues = (error("invalid", each.place, Text(each.reason, each.reason)) for each in mistakes)
    first = mistakes[0]
    return FORM_WRONG(*issues, file=file, count=len(mistakes), place=first.place, reason=first.reason)
