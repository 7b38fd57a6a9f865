"""What a file changes in a catalogue: rows added, changed, ended, unchanged. A change ends one row and adds another.

Source: TT 12/2026/TT-BTC (a change is two rows: the old one with its end, the new one with its beginning).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from benhan.vn.catalogues.catalogue import Catalogue, Entry

SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A row and the one that takes its place."""

    before: Entry
    after: Entry


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes, each part in the order of the file; `entries` are all rows after it."""

    added: tuple[Entry, ...]
    changed: tuple[Change, ...]
    ended: tuple[Entry, ...]
    unchanged: int
    entries: tuple[Entry, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether the catalogue stays as it is."""
        return not (self.added or self.changed or self.ended)


def difference(
    before: Catalogue, rows: Iterable[Entry], day: date, *, is_partial: bool = False, kept: Collection[str] = ()
) -> Difference:
    """What `rows` change from `day` on.

    A code that holds on `day` and is in no row ends then, unless the file `is_partial` or the code is among `kept`
    (codes of rows that could not be read). No row that is there is lost or changed but for its end.
    """
    state = {code: list(entries) for code, entries in before.by_code.items()}
    added: list[Entry] = []
    changed: list[Change] = []
    ended: list[Entry] = []
    unchanged = 0
    named: set[str] = set(kept)
    for row in sorted(rows, key=lambda each: each.since or date.min):
        named.add(row.code)
        entries = state.setdefault(row.code, [])
        place = _holding(entries, row.since or date.min)
        if place is None:
            state[row.code] = [*entries, _before_the_next(row, entries)]
            added.append(row)
            continue
        old = entries[place]
        if not old.says_the_same(row):
            entries[place] = old._replace(until=row.since)
            new = _before_the_next(row, entries)
            state[row.code] = [*entries, new]
            changed.append(Change(entries[place], new))
        elif row.until is not None and row.until != old.until:
            entries[place] = old._replace(until=row.until)
            ended.append(entries[place])
        else:
            unchanged += 1
    if not is_partial:
        ended += _end_the_rest(state, named, day)
    return Difference(tuple(added), tuple(changed), tuple(ended), unchanged, tuple(_in_order(state)))


def _holding(entries: list[Entry], day: date) -> int | None:
    return next((place for place, each in enumerate(entries) if each.is_on(day)), None)


def _before_the_next(row: Entry, entries: Iterable[Entry]) -> Entry:
    """`row`, ending where a later row of its code begins."""
    later = [each.since for each in entries if each.since is not None and each.since > (row.since or date.min)]
    first = min((each for each in (row.until, *later) if each is not None), default=None)
    return row._replace(until=first)


def _end_the_rest(state: dict[str, list[Entry]], named: Collection[str], day: date) -> Iterator[Entry]:
    for code, entries in state.items():
        if code in named:
            continue
        for place, each in enumerate(entries):
            if each.is_on(day):
                entries[place] = each._replace(until=day)
                yield entries[place]


def _in_order(state: dict[str, list[Entry]]) -> Iterator[Entry]:
    for entries in state.values():
        yield from sorted(entries, key=lambda each: each.since or date.min)


def difference_to_json(found: Difference) -> dict[str, Any]:
    """The report as data: counts, and every row that is added, changed or ended."""
    return {
        "counts": {
            "added": len(found.added),
            "changed": len(found.changed),
            "ended": len(found.ended),
            "unchanged": found.unchanged,
        },
        "added": [entry_to_json(each) for each in found.added],
        "changed": [
            {"before": entry_to_json(each.before), "after": entry_to_json(each.after)} for each in found.changed
        ],
        "ended": [entry_to_json(each) for each in found.ended],
    }


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """A row as data; days as yyyy-mm-dd, the last one included, None where there is none."""
    last = date.fromordinal(entry.until.toordinal() - 1) if entry.until is not None else None
    return {
        "code": entry.code,
        "display": entry.display,
        "since": entry.since.isoformat() if entry.since is not None else None,
        "last_day": last.isoformat() if last is not None else None,
        **({"properties": dict(entry.properties)} if entry.properties else {}),
    }


def difference_to_lines(found: Difference) -> Iterator[str]:
    """The report for a person, Vietnamese and English: counts, then up to SHOWN_MAX rows of each kind."""
    yield (
        f"Thêm (added): {len(found.added):,}   Đổi (changed): {len(found.changed):,}   "
        f"Hết hiệu lực (ended): {len(found.ended):,}   Giữ nguyên (unchanged): {found.unchanged:,}"
    )
    for mark, lines in (
        ("+", [f"{each.code}  {each.display}" for each in found.added]),
        ("~", [f"{each.after.code}  {_changed(each)}" for each in found.changed]),
        ("-", [f"{each.code}  {each.display}" for each in found.ended]),
    ):
        yield from (f"  {mark} {line}" for line in lines[:SHOWN_MAX])
        if len(lines) > SHOWN_MAX:
            yield f"  {mark} … {len(lines) - SHOWN_MAX:,} dòng nữa (more); --json để xem hết (shows all)"


def _changed(change: Change) -> str:
    before, after = change.before, change.after
    if before.display != after.display:
        return f"{before.display} → {after.display}"
    names = sorted({*before.properties, *after.properties})
    told = [
        f"{name}: {before.properties.get(name, '')} → {after.properties.get(name, '')}"
        for name in names
        if before.properties.get(name) != after.properties.get(name)
    ]
    return f"{after.display} ({'; '.join(told)})"
