"""All forms by number: what the law names, what is transcribed, which is in force on a day.

Source: TT 32/2023/TT-BYT, annexes XXVIII and XXIX; TT 25/2025/TT-BYT, annex II; TT 01/2025; TT 22/2025.
A record keeps the key of its form, so that an old record keeps its old form.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from benhan.vn.forms.faults import NO_FORM
from benhan.vn.forms.form import Form, form_key
from benhan.vn.forms.load import DATA, read_form


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


@cache
def shipped_forms() -> dict[str, Path]:
    """The files of the transcribed forms by number: what a hospital's own may extend."""
    files = sorted((*DATA.glob("[0-9]*.toml"), *DATA.glob("phieu/*.toml"), *DATA.glob("giay/*.toml")))
    return {str(_raw(path)["number"]): path for path in files}


class _Kept(NamedTuple):
    path: Path
    number: str
    effective_from: date
    effective_to: date | None
    variant: str

    @property
    def key(self) -> str:
        return form_key(self.number, self.effective_from, self.variant)


class Catalogue:
    """The transcribed forms and those of a hospital's own folders; a page is read when it is first asked for."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self._bases = shipped_forms()
        own = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
        self._kept = [_kept(path, self._bases) for path in (*self._bases.values(), *own)]
        self._forms: dict[Path, Form] = {}

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
            self._forms[kept.path] = read_form(kept.path, self._bases)
        return self._forms[kept.path]


def _raw(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _kept(path: Path, bases: dict[str, Path]) -> _Kept:
    raw = _raw(path)
    base = _raw(bases[raw["extends"]]) if raw.get("extends") in bases else {}
    whole = {**base, **raw}
    return _Kept(
        path,
        str(whole.get("number", "")),
        whole.get("effective_from", date.min),
        whole.get("effective_to"),
        str(whole.get("variant", "")),
    )
