"""Search done slowly and plainly: each resource's JSON held against each criterion, without anything of the index.

Written from FHIR R4 search.html alone; knows only the types and parameters below. What the store finds must be this.
"""

from __future__ import annotations

import math
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
VIETNAM = timezone(timedelta(hours=7))
ENDS = (datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC))
FACTORS = {"mg": ("g", Decimal("0.001")), "g": ("g", Decimal(1)), "kg": ("g", Decimal(1000))}
UCUM = "http://unitsofmeasure.org"


def at(resource: Any, path: str) -> list[Any]:
    """The values at a path of members."""
    found = [resource]
    for name in path.split("."):
        inner = [each[name] for each in found if isinstance(each, dict) and name in each]
        found = [one for each in inner for one in (each if isinstance(each, list) else [each])]
    return found


@dataclass(frozen=True)
class Known:
    """A parameter: its kind and the paths it looks at; `targets` what a reference is narrowed to."""

    kind: str
    paths: tuple[str, ...]
    targets: tuple[str, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    """Of a composite: the kind and relative path of each part; `paths` are its contexts ("" the resource)."""


PARAMETERS: dict[str, dict[str, Known]] = {
    "Patient": {
        "name": Known("string", ("name",)),
        "family": Known("string", ("name.family",)),
        "gender": Known("token", ("gender",)),
        "active": Known("token", ("active",)),
        "birthdate": Known("date", ("birthDate",)),
        "identifier": Known("token", ("identifier",)),
        "address-city": Known("string", ("address.city",)),
        "deceased": Known("deceased", ()),
        "_tag": Known("token", ("meta.tag",)),
    },
    "Observation": {
        "code": Known("token", ("code",)),
        "combo-code": Known("token", ("code", "component.code")),
        "status": Known("token", ("status",)),
        "date": Known("date", ("effectiveDateTime", "effectivePeriod")),
        "subject": Known("reference", ("subject",)),
        "patient": Known("reference", ("subject",), ("Patient",)),
        "encounter": Known("reference", ("encounter",)),
        "value-quantity": Known("quantity", ("valueQuantity",)),
        "combo-value-quantity": Known("quantity", ("valueQuantity", "component.valueQuantity")),
        "value-string": Known("string", ("valueString",)),
        "derived-from": Known("reference", ("derivedFrom",)),
        "code-value-quantity": Known("composite", ("",), (), (("token", "code"), ("quantity", "valueQuantity"))),
        "component-code-value-quantity": Known(
            "composite", ("component",), (), (("token", "code"), ("quantity", "valueQuantity"))
        ),
        "combo-code-value-quantity": Known(
            "composite", ("", "component"), (), (("token", "code"), ("quantity", "valueQuantity"))
        ),
    },
    "Encounter": {
        "status": Known("token", ("status",)),
        "date": Known("date", ("period",)),
        "location-period": Known("date", ("location.period",)),
        "subject": Known("reference", ("subject",)),
        "length": Known("quantity", ("length",)),
        "reason-code": Known("token", ("reasonCode",)),
    },
    "RiskAssessment": {
        "probability": Known("number", ("prediction.probabilityDecimal", "prediction.probabilityRange")),
        "subject": Known("reference", ("subject",)),
    },
    "ValueSet": {
        "url": Known("uri", ("url",)),
        "name": Known("string", ("name",)),
    },
    "Location": {"near": Known("near", ("position",)), "status": Known("token", ("status",))},
}


# ── values ──


def folded(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(each for each in bare if not unicodedata.combining(each)).casefold()
    return " ".join(re.split(r"[\W_]+", plain)).strip()


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    names = ("text", "family", "given", "prefix", "suffix")
    return [one for name in names for one in at(value, name)]


def interval(text: str) -> tuple[datetime, datetime]:
    """The half-open time that a date of this precision stands for."""
    numbers = [int(each) for each in re.split(r"\D", text[:10])]
    if "T" in text:
        start = datetime.fromisoformat(text)
        start = start if start.tzinfo else start.replace(tzinfo=VIETNAM)
        return start, start + timedelta(seconds=1)
    start = datetime(*[*numbers, 1, 1][:3], tzinfo=VIETNAM)
    if len(numbers) == 3:
        return start, start + timedelta(days=1)
    if len(numbers) == 2:
        return start, (start + timedelta(days=32)).replace(day=1)
    return start, start.replace(year=start.year + 1)


def interval_of(value: Any) -> tuple[datetime, datetime]:
    if isinstance(value, str):
        return interval(value)
    start = interval(value["start"])[0] if "start" in value else ENDS[0]
    return start, (interval(value["end"])[1] if "end" in value else ENDS[1])


def prefixed(text: str) -> tuple[str, str]:
    return (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)


def date_meets(value: Any, wanted: str) -> bool:
    prefix, text = prefixed(wanted)
    low, high = interval_of(value)
    start, end = interval(text)
    inside = start <= low and high <= end
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > end,
        "lt": low < start,
        "ge": high > end or inside,
        "le": low < start or inside,
        "sa": low >= end,
        "eb": high <= start,
    }[prefix]


def number_meets(low: Decimal, high: Decimal, wanted: str) -> bool:
    prefix, text = prefixed(wanted)
    number = Decimal(text)
    half = Decimal(5).scaleb(int(number.as_tuple().exponent) - 1)
    inside = number - half <= low and high < number + half
    tenth = abs(number) / 10
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > number,
        "lt": low < number,
        "ge": high >= number,
        "le": low <= number,
        "sa": low > number,
        "eb": high < number,
        "ap": low <= number + tenth and high >= number - tenth,
    }[prefix]


def quantity_meets(value: Json, wanted: str) -> bool:
    number, *unit = wanted.split("|")
    amount = Decimal(str(value["value"]))
    if not unit:
        return number_meets(amount, amount, number)
    system, code = unit
    if system and value.get("system") != system:
        return False
    here, there = FACTORS[value.get("code") or value["unit"]], FACTORS[code]
    return number_meets(amount * here[1] / there[1], amount * here[1] / there[1], number)


def token_meets(value: Any, wanted: str) -> bool:
    system, bar, code = wanted.rpartition("|")
    pairs: list[tuple[str, str]] = []
    if isinstance(value, dict):
        codings = value.get("coding", [value])
        pairs = [(each.get("system", ""), each.get("code", each.get("value", ""))) for each in codings]
    else:
        pairs = [(system, str(value).lower() if isinstance(value, bool) else value)]
    if bar and not code:  # a plain code or boolean names no system
        return isinstance(value, dict) and any(each == system for each, _ in pairs)
    return any(each == code and (not bar or of == system) for of, each in pairs)


def reference_meets(value: Json, wanted: str, targets: tuple[str, ...]) -> bool:
    reference = value.get("reference", "").split("/_history/")[0]
    if targets and reference.split("/")[0] not in targets:
        return False
    return reference == wanted or ("/" not in wanted and reference.split("/")[-1] == wanted)


def near_meets(value: Json, wanted: str) -> bool:
    latitude, longitude, distance, _ = wanted.split("|")
    one, other = math.radians(float(latitude)), math.radians(float(value["latitude"]))
    across = math.radians(float(longitude) - float(value["longitude"]))
    cosine = math.sin(one) * math.sin(other) + math.cos(one) * math.cos(other) * math.cos(across)
    return 6371.0088 * math.acos(min(1.0, max(-1.0, cosine))) <= float(distance)


# ── criteria ──


class World:
    """All resources there are."""

    def __init__(self, resources: list[Json]) -> None:
        self.resources = resources
        self.by_key = {f"{each['resourceType']}/{each['id']}": each for each in resources}

    def search(self, type_: str, pairs: list[tuple[str, str]]) -> set[str]:
        """The ids of what meets every pair."""
        found = [each for each in self.resources if each["resourceType"] == type_]
        return {each["id"] for each in found if all(self.meets(each, name, text) for name, text in pairs)}

    def meets(self, resource: Json, name: str, text: str) -> bool:
        if name.startswith("_has:"):
            _, source, code, rest = name.split(":", 3)
            own = f"{resource['resourceType']}/{resource['id']}"
            pointing = (each for each in self.resources if each["resourceType"] == source)
            return any(own in self._pointed(each, code) and self.meets(each, rest, text) for each in pointing)
        head, dot, rest = name.partition(".")
        code, _, modifier = head.partition(":")
        if dot:
            pointed = [self.by_key[key] for key in self._pointed(resource, code) if key in self.by_key]
            kinds = [each for each in pointed if not modifier or each["resourceType"] == modifier]
            known = [each for each in kinds if rest.split(".")[0].split(":")[0] in PARAMETERS[each["resourceType"]]]
            return any(self.meets(each, rest, text) for each in known)
        return self._own(resource, code, modifier, text)

    def _pointed(self, resource: Json, code: str) -> list[str]:
        known = PARAMETERS[resource["resourceType"]][code]
        found = [value.get("reference", "") for path in known.paths for value in at(resource, path)]
        return [each for each in found if not known.targets or each.split("/")[0] in known.targets]

    def _own(self, resource: Json, code: str, modifier: str, text: str) -> bool:
        if code == "_id":
            return resource["id"] in text.split(",")
        known = PARAMETERS[resource["resourceType"]][code]
        if known.kind == "deceased":
            is_dead = bool(resource.get("deceasedDateTime") or resource.get("deceasedBoolean"))
            return ("true" if is_dead else "false") in text.split(",")
        values = [value for path in known.paths if known.kind != "composite" for value in at(resource, path)]
        if known.kind == "reference" and known.targets:
            values = [each for each in values if each.get("reference", "").split("/")[0] in known.targets]
        if modifier == "missing":
            return (not values) == (text == "true")
        met = any(self._value(resource, known, modifier, value, values) for value in text.split(","))
        return not met if modifier == "not" else met

    def _value(self, resource: Json, known: Known, modifier: str, wanted: str, values: list[Any]) -> bool:
        if known.kind == "composite":
            elements = [one for path in known.paths for one in (at(resource, path) if path else [resource])]
            return any(_parts_meet(element, known, wanted) for element in elements)
        if known.kind == "string":
            return _string_meets(values, modifier, wanted)
        if known.kind == "reference":
            targets = (modifier,) if modifier else known.targets
            return any(reference_meets(value, wanted, targets) for value in values)
        if known.kind == "uri":
            below = modifier == "below"
            return any(value == wanted or (below and value.startswith(wanted.rstrip("/") + "/")) for value in values)
        return any(_MEETS[known.kind](value, wanted) for value in values)


def _string_meets(values: list[Any], modifier: str, wanted: str) -> bool:
    found = [text for value in values for text in texts(value)]
    if modifier == "exact":
        return wanted in found
    if modifier == "contains":
        return bool(folded(wanted)) and any(folded(wanted) in folded(text) for text in found)
    words = [word for text in found for word in folded(text).split()]
    asked = folded(wanted).split()
    return bool(asked) and all(any(word.startswith(each) for word in words) for each in asked)


def _parts_meet(element: Json, known: Known, wanted: str) -> bool:
    return all(
        any(_MEETS[kind](value, part) for value in at(element, path))
        for (kind, path), part in zip(known.parts, wanted.split("$"), strict=True)
    )


def _number(value: Any, wanted: str) -> bool:
    if isinstance(value, dict):
        low, high = (at(value, f"{name}.value") for name in ("low", "high"))
        ends = Decimal(str(low[0])) if low else Decimal("-1e300"), Decimal(str(high[0])) if high else Decimal("1e300")
        return number_meets(*ends, wanted)
    return number_meets(Decimal(str(value)), Decimal(str(value)), wanted)


_MEETS: dict[str, Callable[[Any, str], bool]] = {
    "token": token_meets,
    "date": date_meets,
    "quantity": quantity_meets,
    "number": _number,
    "near": near_meets,
}


# ── a world by chance ──

FAMILIES = ("Nguyễn", "Trần", "Đỗ", "Nguyen", "Hoàng", "Võ")
GIVEN = ("Hòa", "Hoà", "Văn An", "Đức", "Bích", "Alexandrovitchina")
CODES = (("http://loinc.org", "718-7"), ("http://loinc.org", "2345-7"), ("urn:local", "718-7"), ("", "GLU"))
DATES = ("2026", "2026-03", "2026-03-10", "2026-03-10T10:00:00+07:00", "2025-12-31T23:30:00Z", "1980-02-29")


def world(seed: int, size: int = 40) -> World:
    """Some resources of each known type."""
    chance = random.Random(seed)
    made: list[Json] = []
    for number in range(size):
        made += [
            _patient(chance, number),
            _encounter(chance, number, size),
            _observation(chance, number, size),
            _observation(chance, number + size, size),
        ]
    made += [_risk(chance, number, size) for number in range(size // 4)]
    made += [_value_set(chance, number) for number in range(size // 4)]
    made += [_location(chance, number) for number in range(size // 4)]
    return World(made)


def _maybe(chance: random.Random, **members: Any) -> Iterator[tuple[str, Any]]:
    yield from ((name, value) for name, value in members.items() if chance.random() < 0.75)


def _concept(chance: random.Random) -> Json:
    codings = [dict(zip(("system", "code"), chance.choice(CODES), strict=True)) for _ in range(chance.randint(1, 2))]
    return {"coding": [{name: value for name, value in each.items() if value} for each in codings]}


def _quantity(chance: random.Random) -> Json:
    unit = chance.choice(list(FACTORS))
    value = round(chance.uniform(0.5, 20), 1)
    system = {"system": UCUM, "code": unit} if chance.random() < 0.8 else {}
    return {"value": value, "unit": unit, **system}


def _time(chance: random.Random) -> Json:
    if chance.random() < 0.6:
        return {"effectiveDateTime": chance.choice(DATES)}
    return {"effectivePeriod": _period(chance)}


def _period(chance: random.Random) -> Json:
    start = datetime(2026, 3, 10, tzinfo=VIETNAM) + timedelta(hours=chance.randint(-60, 60))
    ends = {"start": start.isoformat(), "end": (start + timedelta(hours=chance.randint(1, 50))).isoformat()}
    return dict(_maybe(chance, **ends)) or ends


def _patient(chance: random.Random, number: int) -> Json:
    name = {"family": chance.choice(FAMILIES), "given": [chance.choice(GIVEN)]}
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        **dict(
            _maybe(
                chance,
                name=[name],
                gender=chance.choice(["male", "female"]),
                active=chance.random() < 0.5,
                birthDate=chance.choice(DATES[:3] + DATES[5:]),
                identifier=[{"system": "urn:id", "value": f"{number % 7}"}],
                address=[{"city": chance.choice(["Hà Nội", "Huế", "Đà Nẵng"])}],
                meta={"tag": [{"system": "urn:tag", "code": chance.choice("ab")}]},
            )
        ),
        **chance.choice([{}, {"deceasedBoolean": False}, {"deceasedBoolean": True}, {"deceasedDateTime": "2026"}]),
    }


def _observation(chance: random.Random, number: int, size: int) -> Json:
    part = [{"code": _concept(chance), "valueQuantity": _quantity(chance)} for _ in range(2)]
    value = chance.choice([{"valueQuantity": _quantity(chance)}, {"valueString": chance.choice(GIVEN)}, {}])
    whom = f"Patient/p{chance.randrange(size)}" if chance.random() < 0.8 else "Group/p1"
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": chance.choice(["final", "amended"]),
        "code": _concept(chance),
        **value,
        **dict(
            _maybe(
                chance,
                subject={"reference": whom},
                encounter={"reference": f"Encounter/e{chance.randrange(size)}"},
                derivedFrom=[{"reference": f"Observation/o{chance.randrange(2 * size)}"}],
                component=part,
            )
        ),
        **(_time(chance) if chance.random() < 0.8 else {}),
    }


def _encounter(chance: random.Random, number: int, size: int) -> Json:
    return {
        "resourceType": "Encounter",
        "id": f"e{number}",
        "status": chance.choice(["finished", "planned"]),
        "class": {"code": "IMP"},
        **dict(
            _maybe(
                chance,
                subject={"reference": f"Patient/p{chance.randrange(size)}"},
                period=_period(chance),
                length={**_quantity(chance)},
                location=[{"location": {"display": "x"}, "period": _period(chance)} for _ in range(2)],
                reasonCode=[_concept(chance)],
            )
        ),
    }


def _risk(chance: random.Random, number: int, size: int) -> Json:
    value = chance.choice(
        [
            {"probabilityDecimal": round(chance.random(), 2)},
            {"probabilityRange": {"low": {"value": 0.2}, "high": {"value": round(0.2 + chance.random(), 2)}}},
        ]
    )
    subject = {"reference": f"Patient/p{chance.randrange(size)}"}
    return {
        "resourceType": "RiskAssessment",
        "id": f"r{number}",
        "status": "final",
        "subject": subject,
        "prediction": [value],
    }


def _value_set(chance: random.Random, number: int) -> Json:
    url = f"http://benhan.vn/{chance.choice('ab')}/{chance.choice('cd')}"
    return {"resourceType": "ValueSet", "id": f"v{number}", "status": "draft", "url": url, "name": f"Bộ {number}"}


def _location(chance: random.Random, number: int) -> Json:
    position = {"latitude": round(chance.uniform(10, 11), 3), "longitude": round(chance.uniform(106, 107), 3)}
    return {"resourceType": "Location", "id": f"l{number}", "status": "active", "position": position}
