"""A grammar of searches: what R4's page allows and what it does not, made from a seed, one part now and then spoilt."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from benhan.fhir.search_filter import OPERATORS
from benhan.fhir.search_names import MODIFIERS
from benhan.fhir.search_parameters import SearchParameter, SearchRegistry

Pairs = list[tuple[str, str]]

TYPES = ("Patient", "Observation", "Encounter", "Condition", "MedicationRequest", "Location", "ValueSet", "Task")
VALUES = (
    "a", "true", "2026", "gt2026-02-31", "1|2|3", "|x", "x|", "5.4|http://unitsofmeasure.org|mg", "a$b", "\\,", ",,",
    "%", "Patient/1", "Nguyễn", "ap1e3", "", "10.8|106.7|5|km", "http://x/y|1", "x" * 300,
)  # fmt: skip
SHAPES = (
    ("_sort", "-_lastUpdated,name"), ("_include", "*"), ("_revinclude:iterate", "Observation:patient"),
    ("_total", "accurate"), ("_count", "0"), ("_page", "abc"), ("_summary", "count"), ("_elements", "id,name"),
    ("_type", "Patient,Nothing"), ("_query", "x"), ("_text", "đau"), ("_content", "đau đầu"), ("_count", "-1"),
)  # fmt: skip
SENSIBLE = {
    "date": ("2026", "ge2026-01-01", "lt2026-05-02T10:00:00+07:00", "1994-02", "gt1993"),
    "number": ("1", "gt0.5", "le100"),
    "quantity": ("5", "gt3|http://unitsofmeasure.org|mmol/L", "le6||mmol/L"),
    "reference": ("Patient/p1", "p1", "Encounter/e1"),
    "token": ("final", "amended", "male", "http://loinc.org|718-7", "finished", "planned", "EM", "p1", "o2"),
    "string": ("ng", "Nguyễn", "Thử", "Nguyễn Thử 3"),
    "uri": ("http://x.example/y", "urn:oid:1.2.3"),
}
FITTING = {
    "date": ("eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb"),
    "number": ("eq", "ne", "gt", "lt", "ge", "le"),
    "quantity": ("eq", "ne", "gt", "lt", "ge", "le"),
    "string": ("eq", "ne", "co", "sw", "ew"),
    "uri": ("eq", "ne", "co", "sw", "ew"),
    "token": ("eq", "ne"),
    "reference": ("eq", "ne"),
}
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
LISTS = ("l1", "List/l1", "l1,none", "List/none", "$current-problems", "", "Patient/p1", "http://x.example/List/1")


class Grammar:
    """Makes searches of a store's parameters, those of its own included; `spoilt` is how often a part is wrong.

    `among` narrows the parameters of a type, `values` those of a parameter.
    """

    def __init__(
        self,
        chance: random.Random,
        registry: SearchRegistry,
        spoilt: float = 0.2,
        among: Mapping[str, Sequence[str]] | None = None,
        values: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._among, self._values = among or {}, values or {}
        self._chance = chance
        self._registry = registry
        self._spoilt = spoilt

    def search(self, type_: str) -> Pairs:
        """A search of parts of every kind."""
        chance = self._chance
        parts: list[Callable[[str], Pairs]] = [
            self.plain, self.plain, self.chain, self.has, self.filter, self.contained, self.list,
        ]  # fmt: skip
        pairs = [pair for part in chance.choices(parts, k=chance.randint(1, 3)) for pair in part(type_)]
        return pairs + ([chance.choice(SHAPES)] if chance.random() < 0.3 else [])

    def plain(self, type_: str) -> Pairs:
        code, parameter = self._parameter(type_)
        known = MODIFIERS.get(parameter.type, ())
        modifier = self._chance.choice(["", "", "", *known, "missing", "wrong", "Patient.name", "Patient"])
        return [(f"{code}:{modifier}" if modifier else code, self.value(parameter))]

    def chain(self, type_: str) -> Pairs:
        """`subject:Patient.general-practitioner.name=…`, one to three references deep."""
        name, at = [], type_
        for _ in range(self._chance.randint(1, 3)):
            found = self._reference(at)
            if found is None:
                break
            code, target = found
            name.append(f"{code}:{target}" if self._chance.random() < 0.7 else code)
            at = target
        code, parameter = self._parameter(at)
        return [(".".join([*name, code]), self.value(parameter))]

    def has(self, type_: str) -> Pairs:
        """`_has:Observation:patient:code=…`, one to three deep, by references that do and do not point here."""
        name, at, value = "", type_, "x"
        for _ in range(self._chance.randint(1, 3)):
            other = self._chance.choice(TYPES)
            found = self._reference(other, to=None if self._is_spoilt() else at)
            if found is None:
                break
            name += f"_has:{other}:{found[0]}:"
            at = other
        code, parameter = self._parameter(at)
        value = self.value(parameter)
        return [(name + code if not self._is_spoilt() else name.rstrip(":"), value)]

    def contained(self, _type: str) -> Pairs:
        kind = self._chance.choice(("true", "false", "both", "both", "nothing"))
        where = self._chance.choice(("container", "contained", "", "x"))
        return [("_contained", kind), *([("_containedType", where)] if where else [])]

    def list(self, _type: str) -> Pairs:
        return [("_list", self._chance.choice(LISTS))]

    def filter(self, type_: str) -> Pairs:
        return [("_filter", self._broken(self.condition(type_)))]

    def condition(self, type_: str, depth: int = 0) -> str:
        """An expression of `_filter`: conditions, and, or, not, brackets."""
        chance = self._chance
        if depth > 3 or chance.random() < 0.5:
            return self._single(type_)
        inner = self.condition(type_, depth + 1)
        match chance.randrange(4):
            case 0:
                return f"not ({inner})"
            case 1:
                return f"({inner})"
        return f"{inner} {chance.choice(('and', 'or', 'AND'))} {self.condition(type_, depth + 1)}"

    def _single(self, type_: str) -> str:
        code, parameter = self._parameter(type_)
        found = self._reference(type_) if self._chance.random() < 0.2 else None
        if found is not None:
            inner, parameter = self._parameter(found[1])
            code = f"{found[0]}.{inner}" if self._chance.random() < 0.5 else f"{found[0]}:{found[1]}.{inner}"
        if self._chance.random() < 0.15:
            return f"{code} pr {'maybe' if self._is_spoilt() else self._chance.choice(('true', 'false'))}"
        fitting = FITTING.get(parameter.type, ("eq",))
        operator = self._chance.choice(OPERATORS if self._is_spoilt() else fitting)
        value = self.value(parameter)
        if parameter.type in ("date", "number", "quantity") and value[:2] in PREFIXES:
            value = value[2:]
        is_bare = value and not set(value) & set(' ()[]"\\') and self._chance.random() < 0.5
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f"{code} {operator} {value}" if is_bare else f'{code} {operator} "{quoted}"'

    def value(self, parameter: SearchParameter) -> str:
        if self._is_spoilt():
            return self._chance.choice(VALUES)
        values = self._values.get(parameter.code) or SENSIBLE.get(parameter.type, VALUES)
        return ",".join(self._chance.choices(values, k=1 + (self._chance.random() < 0.2)))

    def _parameter(self, type_: str) -> tuple[str, SearchParameter]:
        parameters = self._registry.parameters_of(type_)
        own = [str(each["code"]) for each in self._registry.custom if type_ in each["base"]]
        codes = own if own and self._chance.random() < 0.25 else self._among.get(type_) or sorted(parameters)
        code = self._chance.choice(codes)
        return code, parameters[code]

    def _reference(self, type_: str, to: str | None = None) -> tuple[str, str] | None:
        """A reference parameter of a type with a type that it points to (`to`, where that is given)."""
        found = [
            (code, target)
            for code, each in sorted(self._registry.parameters_of(type_).items())
            if each.type == "reference"
            for target in sorted(each.targets or each.target_types)
            if target in TYPES and to in (None, target)
        ]
        return self._chance.choice(found) if found else None

    def _broken(self, text: str) -> str:
        if not self._is_spoilt() or not text:
            return text
        place = self._chance.randrange(len(text))
        return text[:place] + self._chance.choice(("", "(", ")", '"', " ", "[", "\\", "and")) + text[place + 1 :]

    def _is_spoilt(self) -> bool:
        return self._chance.random() < self._spoilt
