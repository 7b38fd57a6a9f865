"""Whether a code stands in a catalogue on a day; if not, why, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches

from benhan.fhir.folding import fold
from benhan.kernel.issues import Issue, error, warning
from benhan.kernel.texts import Text
from benhan.vn.catalogues.catalogue import Catalogue, Content, Entry, readings

NEAREST_AMONG_MAX = 2_000

EMPTY = Text(
    "Danh mục {name} đang rỗng nên không kiểm được mã. Nạp danh mục: benhan catalogues load TỆP --list {name}.",
    "The catalogue {name} is empty, so the code cannot be checked. Load it: benhan catalogues load FILE --list {name}.",
)
NOT_IN_PART = Text(
    "Mã không có trong phần danh mục {name} đang có; nạp danh mục đầy đủ để kiểm được.",
    "The code is not in the part of {name} that is here; load the whole list so that it can be checked.",
)
UNKNOWN = Text("Danh mục {name} không có mã này.", "The catalogue {name} has no such code.")
SUGGESTED = Text(
    "Danh mục {name} không có mã này. Có thể là {code} ({display}).",
    "The catalogue {name} has no such code. {code} ({display}) may be meant.",
)
PERHAPS = Text(
    "Mã không có trong phần danh mục {name} đang có. Có thể là {code} ({display}).",
    "The code is not in the part of {name} that is here. {code} ({display}) may be meant.",
)
NOT_YET = Text("Mã của danh mục {name} chỉ dùng từ {day}.", "The code of {name} is in use from {day} on only.")
ENDED = Text("Mã của danh mục {name} đã hết hiệu lực từ {day}.", "The code of {name} ended on {day}.")


def check_code(catalogue: Catalogue, code: str, on: date, place: str = "") -> Issue | None:
    """None for a code that holds on the day, else what is wrong; a list that is not whole gives a warning at most.

    `place` locates the code in its document. Source: the catalogue's own (`head.source`).
    """
    head, name = catalogue.head, catalogue.head.name
    if catalogue.is_empty:
        return warning("incomplete", place, EMPTY.filled(name=name), head.source)
    if catalogue.find(code, on) is not None:
        return None
    rows = catalogue.rows_of(code)
    if rows:
        return error("code-invalid", place, _other_days(rows, on).filled(name=name), head.source)
    meant = likely_meant(catalogue, code, on)
    is_whole = head.content is Content.WHOLE
    text = UNKNOWN if is_whole else NOT_IN_PART
    if meant is not None:
        text = SUGGESTED if is_whole else PERHAPS
        text = text.filled(code=meant.code, display=meant.display)
    told = error if is_whole else warning
    return told("code-invalid" if is_whole else "incomplete", place, text.filled(name=name), head.source)


def likely_meant(catalogue: Catalogue, written: str, on: date) -> Entry | None:
    """What was probably meant: the code but for spaces, case, dots and zeros, that of a name, the nearest code.

    The nearest is looked for in lists of up to NEAREST_AMONG_MAX codes only.
    """
    today = catalogue.on(on)
    for reading in (*readings(written), fold(written)):
        found = [code for code in catalogue.by_reading.get(reading, ()) if code in today]
        if len(found) == 1 and reading:
            return today[found[0]]
    if len(today) > NEAREST_AMONG_MAX:
        return None
    bare = readings(written)[0]
    near = get_close_matches(bare, [each for each in today if len(each) > 2], n=1, cutoff=0.75)
    return today[near[0]] if near else None


def check_catalogues(catalogues: Iterator[Catalogue] | list[Catalogue], on: date) -> list[Issue]:
    """A warning for each list that has no row on the day: its codes go out unchecked."""
    return [
        warning("incomplete", each.head.name, EMPTY.filled(name=each.head.name), each.head.source)
        for each in catalogues
        if not each.on(on)
    ]


def _other_days(rows: list[Entry], on: date) -> Text:
    later = [each.since for each in rows if each.since is not None and each.since > on]
    if later:
        return NOT_YET.filled(day=f"{min(later):%d/%m/%Y}")
    ended = [each.until for each in rows if each.until is not None and each.until <= on]
    return ENDED.filled(day=f"{max(ended):%d/%m/%Y}")
