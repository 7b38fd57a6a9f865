"""All forms by number: what the law names, what is transcribed, which is in force on a day.

Source: TT 32/2023/TT-BYT, annexes XXVIII and XXIX; TT 25/2025/TT-BYT, annex II; TT 01/2025; TT 22/2025.
A record keeps the key of its form, so that an old record keeps its old form.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benhan.vn.forms.faults import NO_FORM, SAME_FORM
from benhan.vn.forms.form import Form, form_key
from benhan.vn.forms.load import DATA, read_form, read_head


class Named(NamedTuple):
    """A form that the law names: number, name, decision, the days from which and up to which (included) it is used."""

    number: str
    name: str
    decision: str
    effective_from: date
    effective_to: date | None


@cache
def named_forms() -> tuple[Named, ...]:
    """Every form that the law names, transcribed or not."""
    told = tomllib.loads((DATA / "catalogue.toml").read_text(encoding="utf-8"))
    return tuple(
        Named(number, name, group["decision"], group["effective_from"], group.get("effective_to"))
        for group in told.values()
        for number, name in group["forms"].items()
    )


class _Kept(NamedTuple):
    path: Path
    number: str
    effective_from: date
    effective_to: date | None
    variant: str

    @property
    def key(self) -> str:
        return form_key(self.number, self.effective_from, self.variant)


@cache
def _shipped() -> tuple[_Kept, ...]:
    files = sorted((*DATA.glob("[0-9]*.toml"), *DATA.glob("phieu/*.toml"), *DATA.glob("giay/*.toml")))
    return tuple(_kept(path, {}) for path in files)


@cache
def shipped_forms() -> dict[str, Path]:
    """The files of the transcribed forms: by number the newest, by key each. A hospital's own may extend them."""
    by_day = sorted(_shipped(), key=lambda kept: kept.effective_from)
    return {kept.number: kept.path for kept in by_day} | {kept.key: kept.path for kept in by_day}


class Catalogue:
    """The transcribed forms and those of a hospital's own folders; a page is read when it is first asked for.

    Raises Incorrect BA-3350 where the head of a file is wrong, BA-3352 where two files are the same form.
    """

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        own = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
        self._kept = [*_shipped(), *(_kept(path, shipped_forms()) for path in own)]
        self._forms: dict[Path, Form] = {}
        seen: dict[str, Path] = {}
        for kept in self._kept:
            if kept.key in seen:
                raise SAME_FORM(form=kept.key, one=seen[kept.key].name, other=kept.path.name)
            seen[kept.key] = kept.path

    def forms(self) -> list[Form]:
        """All of them, by number and day."""
        return [self._read(kept) for kept in sorted(self._kept, key=lambda kept: (kept.number, kept.effective_from))]

    def numbers(self) -> list[str]:
        """The numbers of the forms that are there."""
        return sorted({kept.number for kept in self._kept})

    def on(self, number: str, day: date, variant: str = "") -> Form:
        """The form of this number for an event of this day, the variant where asked. Raises NotFound BA-3351."""
        fit = [
            kept
            for kept in self._kept
            if kept.number == number
            and kept.variant in (variant, "")
            and kept.effective_from <= day
            and (kept.effective_to is None or day <= kept.effective_to)
        ]
        if not fit:
            raise NO_FORM(form=number, day=day.isoformat())
        return self._read(max(fit, key=lambda kept: (kept.variant == variant, kept.effective_from)))

    def by_key(self, key: str) -> Form:
        """The very form that a record was written on. Raises NotFound BA-3351."""
        for kept in self._kept:
            if kept.key == key:
                return self._read(kept)
        raise NO_FORM(form=key, day="–")

    def _read(self, kept: _Kept) -> Form:
        if kept.path not in self._forms:
            self._forms[kept.path] = read_form(kept.path, shipped_forms())
        return self._forms[kept.path]


def _kept(path: Path, bases: Mapping[str, Path]) -> _Kept:
    own = read_head(path)
    base = read_head(bases[own.extends]) if own.extends in bases else own
    return _Kept(
        path,
        own.number or base.number,
        own.effective_from or base.effective_from or date.min,
        own.effective_to or base.effective_to,
        own.variant,
    )
