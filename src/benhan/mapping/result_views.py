"""Laboratory results as people read them: grouped by panel, newest first, flagged, with their reference bands.

Pure: FHIR resources in, plain values out; the node's pages and the citizen's book share it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benhan.fhir.dates import range_of
from benhan.mapping.fhir_to_hoso_benh_an import value_text

Json = dict[str, Any]

FLAGS = {"L": "▼", "H": "▲", "LL": "‼▼", "HH": "‼▲", "<": "▼", ">": "▲", "A": "!", "AA": "‼", "POS": "!"}
"""The mark of an abnormal flag; colour only repeats it."""
CRITICAL = frozenset({"LL", "HH", "AA"})


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value: its text and number, when it was sampled, how it is flagged, where it comes from."""

    id: str
    at: datetime | None
    text: str
    number: float | None
    unit: str
    flag: str
    mark: str
    low: float | None
    high: float | None
    band: str
    status: str
    performer: str
    version: str
    received_at: str

    @property
    def is_abnormal(self) -> bool:
        return bool(self.mark)

    @property
    def is_critical(self) -> bool:
        return self.flag in CRITICAL


@dataclass(slots=True)
class Analyte:
    """All values of one analyte in one unit, newest first."""

    key: str
    name: str
    unit: str
    values: list[Value] = field(default_factory=list)

    @property
    def latest(self) -> Value:
        return self.values[0]

    @property
    def numbers(self) -> list[Value]:
        """The values that are numbers and have a time, oldest first: what a trend is drawn of."""
        return [value for value in reversed(self.values) if value.number is not None and value.at is not None]


@dataclass(slots=True)
class Panel:
    """The analytes of one panel."""

    name: str
    analytes: list[Analyte] = field(default_factory=list)


def panels_of(resources: list[Json]) -> list[Panel]:
    """The laboratory results among `resources`, grouped by the report they came in, panels and analytes by name."""
    panel_of: dict[str, str] = {}
    for report in resources:
        if report["resourceType"] == "DiagnosticReport":
            name = _text(report.get("code", {}))
            for result in report.get("result", []):
                panel_of[result.get("reference", "")] = name
    analytes: dict[tuple[str, str], Analyte] = {}
    grouped: dict[str, dict[tuple[str, str], Analyte]] = defaultdict(dict)
    observations = [each for each in resources if each["resourceType"] == "Observation"]
    for observation in sorted(observations, key=_time_key, reverse=True):
        value = value_of(observation)
        key = (_code(observation.get("code", {})), value.unit)
        analyte = analytes.get(key)
        if analyte is None:
            analyte = analytes[key] = Analyte(slug(*key), _text(observation["code"]), value.unit)
            grouped[panel_of.get(f"Observation/{observation['id']}", "")][key] = analyte
        analyte.values.append(value)
    return [Panel(name, sorted(found.values(), key=lambda each: each.name)) for name, found in sorted(grouped.items())]


def value_of(observation: Json) -> Value:
    """One Observation as a Value."""
    quantity = observation.get("valueQuantity", {})
    reference = (observation.get("referenceRange") or [{}])[0]
    flag = flag_of(observation)
    number = quantity.get("value")
    when = range_of(observation.get("effectiveDateTime", "") or observation.get("issued", ""))
    return Value(
        observation["id"],
        when[0] if when is not None else None,
        value_text(observation),
        float(number) if number is not None and not quantity.get("comparator") else None,
        quantity.get("unit", ""),
        flag,
        FLAGS.get(flag, ""),
        _bound(reference, "low"),
        _bound(reference, "high"),
        reference.get("text", ""),
        observation.get("status", ""),
        (observation.get("performer") or [{}])[0].get("display", ""),
        observation.get("meta", {}).get("versionId", ""),
        observation.get("meta", {}).get("lastUpdated", ""),
    )


def flag_of(observation: Json) -> str:
    """The flag that was sent; where none was, what value and reference range say."""
    told = (observation.get("interpretation") or [{}])[0]
    code = (told.get("coding") or [{}])[0].get("code", "")
    if code:
        return str(code)
    number = observation.get("valueQuantity", {}).get("value")
    reference = (observation.get("referenceRange") or [{}])[0]
    low, high = _bound(reference, "low"), _bound(reference, "high")
    if number is None:
        return ""
    if low is not None and float(number) < low:
        return "L"
    return "H" if high is not None and float(number) > high else ""


def _bound(reference: Json, side: str) -> float | None:
    value = reference.get(side, {}).get("value")
    return float(value) if value is not None else None


def _time_key(observation: Json) -> tuple[str, str]:
    when = range_of(observation.get("effectiveDateTime", "") or observation.get("issued", ""))
    return (when[0].isoformat() if when is not None else "", observation["id"])


def _code(concept: Json) -> str:
    coding = (concept.get("coding") or [{}])[0]
    return str(coding.get("code") or concept.get("text", ""))


def _text(concept: Json) -> str:
    coding = (concept.get("coding") or [{}])[0]
    return str(concept.get("text") or coding.get("display") or coding.get("code", ""))


def slug(code: str, unit: str) -> str:
    """A name for addresses: the code and unit in letters and digits."""
    return re.sub(r"[^A-Za-z0-9]+", "-", f"{code}-{unit}").strip("-").lower() or "x"
