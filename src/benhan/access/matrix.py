"""The rights matrix: role × department × relation × state of the record × use, as data.

Pure: from who somebody is to the keys by which the store decides. Source: data/README.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from benhan.kernel.actors import Role
from benhan.kernel.care import (
    ARCHIVE_KEY,
    EVERY_USE,
    REVIEW_KEY,
    Care,
    Reach,
    account_key,
    department_key,
    licence_key,
)
from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

MODES = ("open", "department", "relation")
KINDS = ("staff", "student", "outside")
ROLES = ("doctor", "nurse", "records", "lab")
RELATIONS = ("hospital", "person", "department", "review", "archive", "grant", "emergency")
STATES = ("treatment", "archived")
SECRETS = "secrets"
USES = (*(each.name.lower() for each in EVERY_USE if each.name), SECRETS)

BAD_MATRIX = FaultCode(
    "BA-5301",
    Incorrect,
    Text(
        "Bảng quyền {source} sai ở dòng quyền thứ {number}: {word}. Các từ được dùng: {known}.",
        "The rights in {source} are wrong at right number {number}: {word}. The words there are: {known}.",
    ),
)
UNREADABLE_MATRIX = FaultCode(
    "BA-5302",
    Incorrect,
    Text("Không đọc được bảng quyền {source}: {reason}.", "The rights in {source} cannot be read: {reason}."),
)
UNKNOWN_MODE = FaultCode(
    "BA-5303",
    Incorrect,
    Text(
        "Thiết lập access_mode phải là open, department hoặc relation.",
        "The setting access_mode must be open, department or relation.",
    ),
)


@dataclass(frozen=True, slots=True)
class Right:
    """A row: all that it names, combined. `departments` empty: any."""

    modes: frozenset[str]
    kinds: frozenset[str]
    roles: frozenset[str]
    departments: frozenset[str]
    relations: frozenset[str]
    states: frozenset[str]
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is: the number of the account, its role and kind, where they work, what records call them."""

    account: int
    role: Role
    kind: str = "staff"
    departments: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Matrix:
    """The rights of a hospital in one mode."""

    def __init__(self, rights: Iterable[Right], mode: str) -> None:
        if mode not in MODES:
            raise UNKNOWN_MODE()
        self.mode = mode
        self.rights = tuple(each for each in rights if mode in each.modes)
        self._reaches = lru_cache(maxsize=2_000)(self._reaches_of)

    def allows(
        self, role: str, relation: str, state: str, use: str, *, kind: str = "staff", department: str = ""
    ) -> bool:
        """Whether somebody of this role and kind may, by this relation, use a record in this state so."""
        return any(
            role in each.roles
            and kind in each.kinds
            and relation in each.relations
            and state in each.states
            and use in each.uses
            and (not each.departments or department in each.departments)
            for each in self.rights
        )

    def care_of(self, person: Person, at: datetime) -> Care:
        """What a person may do with whose records at a moment."""
        reaches, treats = self._reaches(person)
        return Care(at, reaches, treats)

    def _reaches_of(self, person: Person) -> tuple[tuple[Reach, ...], tuple[str, ...]]:
        reaches = tuple(
            Reach(
                use,
                self._keys(person, "treatment", str(use.name).lower()),
                self._keys(person, "archived", str(use.name).lower()),
                any_treatment=self._has(person, "hospital", "treatment", str(use.name).lower()),
                any_archived=self._has(person, "hospital", "archived", str(use.name).lower()),
            )
            for use in EVERY_USE
        )
        return reaches, self._keys(person, "treatment", SECRETS)

    def _keys(self, person: Person, state: str, use: str) -> tuple[str, ...]:
        found: list[str] = []
        for relation in RELATIONS:
            if relation == "department":
                found += [
                    department_key(each)
                    for each in person.departments
                    if self.allows(person.role.value, relation, state, use, kind=person.kind, department=each)
                ]
            elif self._has(person, relation, state, use):
                found += _keys_of(relation, person)
        return tuple(dict.fromkeys(found))

    def _has(self, person: Person, relation: str, state: str, use: str) -> bool:
        return any(
            self.allows(person.role.value, relation, state, use, kind=person.kind, department=each)
            for each in (*person.departments, "")
        )

    def table(self) -> Iterator[tuple[str, str, str, str, dict[str, bool]]]:
        """Every combination that gives something: kind, role, relation, state, whether each use is given."""
        for kind in KINDS:
            for role in ROLES:
                for relation in RELATIONS:
                    for state in STATES:
                        given = {use: self._ever(role, relation, state, use, kind) for use in USES}
                        if any(given.values()):
                            yield kind, role, relation, state, given

    def gathered(self) -> list[tuple[list[str], list[str], list[str], list[str], dict[str, bool]]]:
        """The table with lines put together that differ in one column only: kinds, roles, relations, states, uses."""
        rows = [(([kind], [role], [relation], [state]), given) for kind, role, relation, state, given in self.table()]
        for column in (1, 0, 3, 2):
            kept: list[tuple[tuple[list[str], ...], dict[str, bool]]] = []
            for words, given in rows:
                same = next((w for w, g in kept if g == given and _differ_only(w, words, column)), None)
                if same is None:
                    kept.append((words, given))
                else:
                    same[column].extend(words[column])
            rows = kept  # type: ignore[assignment]  # four lists each
        return [(*words, given) for words, given in rows]

    def _ever(self, role: str, relation: str, state: str, use: str, kind: str) -> bool:
        return any(
            role in each.roles
            and kind in each.kinds
            and relation in each.relations
            and state in each.states
            and use in each.uses
            for each in self.rights
        )


def _differ_only(first: tuple[list[str], ...], second: tuple[list[str], ...], column: int) -> bool:
    return all(one == other for place, (one, other) in enumerate(zip(first, second, strict=True)) if place != column)


def _keys_of(relation: str, person: Person) -> list[str]:
    account = f"account:{person.account}"
    match relation:
        case "person":
            return [account_key("person", account), *(licence_key(each) for each in person.names if each)]
        case "review":
            return [REVIEW_KEY]
        case "archive":
            return [ARCHIVE_KEY]
        case "grant" | "emergency":
            return [account_key(relation, account)]
    return []


@cache
def usual_rights() -> tuple[Right, ...]:
    """The rights that are shipped."""
    text = resources.files(__package__).joinpath("data", "rights.toml").read_text(encoding="utf-8")
    return parse_rights(tomllib.loads(text), "rights.toml")


def read_rights(path: Path) -> tuple[Right, ...]:
    """A hospital's own rights. Raises Incorrect BA-5301, BA-5302."""
    try:
        return parse_rights(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    except OSError as cause:
        raise UNREADABLE_MATRIX(source=path.name, reason=cause.strerror) from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise UNREADABLE_MATRIX(source=path.name, reason=cause) from cause


_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "modes": MODES, "kinds": KINDS, "roles": ROLES, "relations": RELATIONS, "states": STATES, "uses": USES,
}  # fmt: skip
_USUAL: Mapping[str, tuple[str, ...]] = {"modes": MODES, "kinds": ("staff",)}


def parse_rights(data: Mapping[str, Any], source: str) -> tuple[Right, ...]:
    """The rows of a file. Raises Incorrect BA-5301 for a column or a word that there is not."""
    found = []
    rows = data.get("right")
    if not isinstance(rows, list) or set(data) != {"right"}:
        raise BAD_MATRIX(source=source, number=0, word="[[right]]", known="[[right]]")
    for number, row in enumerate(rows, 1):
        unknown = set(row) - {*_COLUMNS, "departments"}
        if unknown:
            known = ", ".join([*_COLUMNS, "departments"])
            raise BAD_MATRIX(source=source, number=number, word=min(unknown), known=known)
        columns = {name: _words(row, name, known, source, number) for name, known in _COLUMNS.items()}
        departments = row.get("departments", [])
        if not isinstance(departments, list) or not all(isinstance(each, str) for each in departments):
            raise BAD_MATRIX(source=source, number=number, word="departments", known='["K01"]')
        found.append(Right(**columns, departments=frozenset(departments)))
    return tuple(found)


def _words(row: Mapping[str, Any], name: str, known: tuple[str, ...], source: str, number: int) -> frozenset[str]:
    words = row.get(name, list(_USUAL.get(name, ())))
    if not isinstance(words, list) or not words:
        raise BAD_MATRIX(source=source, number=number, word=name, known=", ".join(known))
    for each in words:
        if each not in known:
            raise BAD_MATRIX(source=source, number=number, word=f"{name}: {each}", known=", ".join(known))
    return frozenset(words)
