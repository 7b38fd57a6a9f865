"""A ValueSet's compose as one selection for each code system it takes from.

Imports are followed through the ValueSets given; a cycle, and what is too much, is refused. Source: FHIR R4
valueset.html#compositions (an include's concepts, filters and value sets must all hold; several value sets of one
include are an intersection; includes are a union; excludes are taken from it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from benhan.fhir.terminology.concepts import Designation
from benhan.fhir.terminology.faults import BAD_COMPOSE, OTHER_VERSION, VALUE_SET_CYCLE
from benhan.fhir.terminology.selection import Both, Codes, Either, Every, Having, Selection, Without, check_filter

Json = dict[str, Any]

INCLUDES_MAX = 1_000
IMPORT_DEPTH_MAX = 20
PARTS_MAX = 10_000
LEAVES_MAX = 20_000
"""Lists and filters of one system's selection; imports that are met by many ways count each time."""


class SystemKey(NamedTuple):
    """A code system, and the version asked for ("" for whichever is current)."""

    url: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Versions:
    """Which versions of code systems are to be used, by url: where the value set names none, in any case, or no other.

    Source: FHIR R4 valueset-operation-expand.html (system-version, force-system-version, check-system-version).
    """

    defaults: Mapping[str, str] = field(default_factory=dict)
    forced: Mapping[str, str] = field(default_factory=dict)
    checked: Mapping[str, str] = field(default_factory=dict)

    def of(self, key: SystemKey) -> SystemKey:
        """The system and version to use for `key`. Raises Incorrect BA-3952 where another is demanded."""
        version = self.forced.get(key.url) or key.version or self.defaults.get(key.url, "")
        demanded = self.checked.get(key.url, "")
        if demanded and version not in ("", demanded):
            raise OTHER_VERSION(url=key.url, demanded=demanded, used=version)
        return SystemKey(key.url, version or demanded)

    def applied(self, selections: Mapping[SystemKey, Selection]) -> dict[SystemKey, Selection]:
        """`selections` of the systems and versions to use."""
        found: dict[SystemKey, Selection] = {}
        for key, selection in selections.items():
            used = self.of(key)
            found[used] = either([found[used], selection]) if used in found else selection
        return found


class Told(NamedTuple):
    """What a ValueSet itself says of a code it lists."""

    display: str
    designations: tuple[Designation, ...]


@dataclass(slots=True)
class Composition:
    """Selections by system in the order of their first mention; `told` by (system, code)."""

    selections: dict[SystemKey, Selection] = field(default_factory=dict)
    told: dict[tuple[str, str], Told] = field(default_factory=dict)
    is_active_only: bool = False
    """Whether the ValueSet itself leaves inactive codes out."""


Find = Callable[[str], Json]
"""The ValueSet of a canonical; raises a Fault where there is none."""


def imports_of(value_set: Json) -> list[str]:
    """The canonicals a ValueSet imports."""
    compose = value_set.get("compose") or {}
    groups = [*(compose.get("include") or ()), *(compose.get("exclude") or ())]
    return [url for group in groups for url in group.get("valueSet") or () if isinstance(url, str)]


def compose(value_set: Json, find: Find) -> Composition:
    """What `value_set` takes. Raises Incorrect BA-2254, BA-2255, BA-2258, BA-2259, and what `find` raises."""
    return _Composer(find).of_value_set(value_set, (str(value_set.get("url", "")),))


class _Composer:
    """Composes one ValueSet, counting what it has seen."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._known: dict[str, Composition] = {}
        self._parts = 0

    def of_value_set(self, value_set: Json, path: tuple[str, ...]) -> Composition:
        told = value_set.get("compose")
        if not isinstance(told, dict) or not told.get("include"):
            return _of_expansion(value_set)
        whole = Composition(is_active_only=told.get("inactive") is False)
        for group in _groups(told, "include"):
            part = self._group(group, path)
            whole.told = {**part.told, **whole.told}
            whole.selections = _bounded(_joined(whole.selections, part.selections))
            whole.is_active_only = whole.is_active_only or part.is_active_only
        excluded: dict[SystemKey, Selection] = {}
        for group in _groups(told, "exclude"):
            excluded = _bounded(_joined(excluded, self._group(group, path).selections))
        whole.selections = _bounded(_reduced(whole.selections, excluded))
        return whole

    def _group(self, group: Json, path: tuple[str, ...]) -> Composition:
        """One include or exclude."""
        self._count()
        imported = [self._imported(url, path) for url in group.get("valueSet") or ()]
        part = Composition()
        for each in imported:
            part.told |= each.told
            part.is_active_only = part.is_active_only or each.is_active_only
        system = group.get("system")
        if system:
            key = SystemKey(str(system), str(group.get("version") or ""))
            own, told = self._own(group, key.url)
            part.told |= told
            part.selections = {key: own}
        elif not imported:
            raise BAD_COMPOSE(reason="an include needs a system or a valueSet")
        sides = ([part.selections] if system else []) + [each.selections for each in imported]
        part.selections = sides[0]
        for side in sides[1:]:
            part.selections = _bounded(_intersected(part.selections, side))
        return part

    def _own(self, group: Json, system: str) -> tuple[Selection, dict[tuple[str, str], Told]]:
        """The codes or filters of an include, and what it says of its codes."""
        listed, filters = group.get("concept") or (), group.get("filter") or ()
        parts: list[Selection] = []
        told: dict[tuple[str, str], Told] = {}
        if listed:
            self._count(len(listed))
            codes = [each["code"] for each in listed if isinstance(each.get("code"), str)]
            parts.append(Codes(tuple(dict.fromkeys(codes))))
            told = {(system, each["code"]): _told(each) for each in listed if isinstance(each.get("code"), str)}
        for each in filters:
            self._count()
            parts.append(_filter(each))
        if not parts:
            return Every(), told
        return (parts[0] if len(parts) == 1 else Both(tuple(parts))), told

    def _imported(self, url: str, path: tuple[str, ...]) -> Composition:
        bare = url.split("|", maxsplit=1)[0]
        if bare in path:
            raise VALUE_SET_CYCLE(url=bare)
        if len(path) >= IMPORT_DEPTH_MAX:
            raise BAD_COMPOSE(reason=f"imports are nested deeper than {IMPORT_DEPTH_MAX}")
        if url not in self._known:
            self._known[url] = self.of_value_set(self._find(url), (*path, bare))
        return self._known[url]

    def _count(self, more: int = 1) -> None:
        self._parts += more if more == 1 else 0
        if self._parts > PARTS_MAX:
            raise BAD_COMPOSE(reason=f"more than {PARTS_MAX} parts")


def _groups(told: Json, name: str) -> Sequence[Json]:
    groups = told.get(name) or ()
    if len(groups) > INCLUDES_MAX:
        raise BAD_COMPOSE(reason=f"more than {INCLUDES_MAX} of {name}")
    return groups


def _filter(told: Json) -> Having:
    return check_filter(str(told.get("property", "")), str(told.get("op", "")), str(told.get("value", "")))


def _told(listed: Json) -> Told:
    designations = tuple(
        Designation(each.get("language", ""), each["value"], each.get("use"))
        for each in listed.get("designation", ())
        if isinstance(each.get("value"), str)
    )
    return Told(str(listed.get("display", "")), designations)


def _of_expansion(value_set: Json) -> Composition:
    """The codes of an expansion that came with the ValueSet, where it has no compose."""
    told = value_set.get("expansion")
    if not isinstance(told, dict):
        raise BAD_COMPOSE(reason="neither compose.include nor expansion")
    codes: dict[SystemKey, list[str]] = {}
    found = Composition()
    level: list[Json] = list(told.get("contains") or ())
    while level:
        each = level.pop(0)
        if isinstance(each.get("code"), str) and each.get("abstract") is not True:
            key = SystemKey(str(each.get("system") or ""))
            codes.setdefault(key, []).append(each["code"])
            found.told.setdefault((key.url, each["code"]), _told(each))
        level = [*(each.get("contains") or ()), *level]
    found.selections = {key: Codes(tuple(dict.fromkeys(each))) for key, each in codes.items()}
    return found


Selections = Mapping[SystemKey, Selection]


def _bounded(selections: dict[SystemKey, Selection]) -> dict[SystemKey, Selection]:
    """`selections`, none of them too large to walk over. Raises Incorrect BA-2254."""
    if any(each.size > LEAVES_MAX for each in selections.values()):
        raise BAD_COMPOSE(reason=f"more than {LEAVES_MAX} lists and filters")
    return selections


def _joined(one: Selections, other: Selections) -> dict[SystemKey, Selection]:
    found = dict(one)
    for key, selection in other.items():
        found[key] = either([found[key], selection]) if key in found else selection
    return found


def either(parts: Iterable[Selection]) -> Selection:
    """What any of `parts` takes; listed codes become one list."""
    flat: list[Selection] = []
    for part in parts:
        flat += part.parts if isinstance(part, Either) else (part,)
    if any(isinstance(part, Every) for part in flat):
        return Every()
    listed = [part for part in flat if isinstance(part, Codes)]
    if len(listed) > 1:
        codes = Codes(tuple(dict.fromkeys(code for part in listed for code in part.codes)))
        flat = [codes, *(part for part in flat if not isinstance(part, Codes))]
    return flat[0] if len(flat) == 1 else Either(tuple(flat))


def _intersected(one: Selections, other: Selections) -> dict[SystemKey, Selection]:
    found: dict[SystemKey, Selection] = {}
    for key, selection in one.items():
        for other_key, narrowing in other.items():
            agreed = _agreed(key, other_key)
            if agreed is not None:
                both = _both(selection, narrowing)
                found[agreed] = either([found[agreed], both]) if agreed in found else both
    return found


def _both(one: Selection, other: Selection) -> Selection:
    if isinstance(one, Every):
        return other
    if isinstance(other, Every):
        return one
    if isinstance(one, Codes) and isinstance(other, Codes):
        return Codes(tuple(code for code in one.codes if code in other.members))
    flat = (part for side in (one, other) for part in (side.parts if isinstance(side, Both) else (side,)))
    return Both(tuple(flat))


def _reduced(whole: Selections, excluded: Selections) -> dict[SystemKey, Selection]:
    found: dict[SystemKey, Selection] = {}
    for key, selection in whole.items():
        left = selection
        for other_key, without in excluded.items():
            if _agreed(key, other_key) is not None:
                left = _without(left, without)
        found[key] = left
    return found


def _without(whole: Selection, excluded: Selection) -> Selection:
    if isinstance(whole, Codes) and isinstance(excluded, Codes):
        return Codes(tuple(code for code in whole.codes if code not in excluded.members))
    return Without(whole, excluded)


def _agreed(one: SystemKey, other: SystemKey) -> SystemKey | None:
    """The key that means both: the same system, and versions of which one at most is named."""
    if one.url != other.url or (one.version and other.version and one.version != other.version):
        return None
    return one if one.version else other
