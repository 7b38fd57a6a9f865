"""What facilities order, measure, picture and prescribe: the tables of the package's data, read once.

Codes of analytes are LOINC where they are plainly known; ranges are those that hospitals in Vietnam print.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from benhan.synth.places import rows

_SECTIONS = {"DX": "RAD", "CT": "CT", "US": "RUS", "XA": "CTH", "ECG": "EC", "EEG": "EN"}


@dataclass(frozen=True, slots=True)
class Analyte:
    """What is measured as a number; `sources` are what it is computed from, () where it is drawn.

    Logarithms: `centre` of women and men, `spread` between people, `within` between two samples of one person.
    """

    code: str
    loinc: str
    name: str
    unit: str
    low: dict[str, float]
    high: dict[str, float]
    decimals: int
    sources: tuple[str, ...] = ()
    centre: dict[str, float] | None = None
    spread: float = 0.0
    within: float = 0.0
    least: float = 0.0
    most: float = math.inf
    critical_low: float = -math.inf
    critical_high: float = math.inf
    factor: str = ""
    loading: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found as words: its normal and its abnormal answer."""

    code: str
    loinc: str
    name: str
    normal: str
    abnormal: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What is ordered at once of the laboratory: analytes or one finding, level of facility, usual minutes."""

    code: str
    name: str
    analyser: str
    specimen: str
    price: int
    level: int
    minutes: int
    analytes: tuple[str, ...]
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Imaging:
    """An imaging or functional study; `modality` as DICOM names it."""

    code: str
    name: str
    modality: str
    region: str
    price: int
    level: int
    department: str
    normal: str

    @property
    def section(self) -> str:
        """The diagnostic service of table 0074; OTH for what it does not have."""
        return _SECTIONS.get(self.modality, "OTH")


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug: `amount` of its unit `times` a day; `mg` in a unit and `mg_per_kg` of a child's dose, 0 where unknown;
    for `days_max` days at most."""

    code: str
    atc: str
    ingredient: str
    strength: str
    unit: str
    route: str
    amount: float
    times: int
    when: str
    mg: float
    mg_per_kg: float
    price: int
    days_max: int

    @property
    def name(self) -> str:
        return f"{self.ingredient} {self.strength}"


@cache
def analytes() -> dict[str, Analyte]:
    """All analytes by their codes, those that are drawn first."""
    drawn = {row["code"]: _drawn(row) for row in rows("analytes.csv")}
    return drawn | {row["code"]: _derived(row) for row in rows("derived.csv")}


def _drawn(row: dict[str, str]) -> Analyte:
    low, high = _range(row)
    spread = float(row["spread"]) if row["spread"] else math.log(high["F"] / low["F"]) / 4 * 0.8
    centre = {
        sex: math.log(float(row["centre"])) if row["centre"] else (math.log(low[sex]) + math.log(high[sex])) / 2
        for sex in "MF"
    }
    return Analyte(
        code=row["code"],
        loinc=row["loinc"],
        name=row["name"],
        unit=row["unit"],
        low=low,
        high=high,
        decimals=int(row["decimals"]),
        centre=centre,
        spread=spread,
        within=float(row["within"]),
        least=float(row["least"]),
        most=float(row["most"]),
        critical_low=_number(row["critical_low"], -math.inf),
        critical_high=_number(row["critical_high"], math.inf),
        factor=row["factor"],
        loading=_number(row["loading"], 0.0),
    )


def _derived(row: dict[str, str]) -> Analyte:
    low, high = _range(row)
    return Analyte(
        row["code"], row["loinc"], row["name"], row["unit"], low, high, int(row["decimals"]), tuple(row["from"].split())
    )


def _range(row: dict[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    return tuple({sex: float(row[f"{side}_{sex.lower()}"]) for sex in "MF"} for side in ("low", "high"))  # type: ignore[return-value]


def _number(text: str, otherwise: float) -> float:
    return float(text) if text else otherwise


@cache
def panels() -> dict[str, Panel]:
    """All panels by their codes; each finding is a panel of its own."""
    found = {}
    for row in rows("panels.csv"):
        measured = tuple(row["analytes"].split())
        found[row["code"]] = Panel(
            row["code"], row["name"], row["analyser"], row["specimen"], int(row["price"]), int(row["level"]),
            int(row["minutes"]), measured,
        )  # fmt: skip
    for row in rows("findings.csv"):
        finding = Finding(row["code"], row["loinc"], row["name"], row["normal"], row["abnormal"])
        found[row["code"]] = Panel(
            row["code"], row["panel_name"], "", row["specimen"], int(row["price"]), int(row["level"]),
            int(row["minutes"]), (), finding,
        )  # fmt: skip
    return found


@cache
def imagings() -> dict[str, Imaging]:
    """All imaging and functional studies by their codes."""
    return {
        row["code"]: Imaging(
            row["code"], row["name"], row["modality"], row["region"], int(row["price"]), int(row["level"]),
            row["department"], row["normal"],
        )
        for row in rows("imaging.csv")
    }  # fmt: skip


@cache
def drugs() -> dict[str, Drug]:
    """All drugs by their codes."""
    return {
        row["code"]: Drug(
            row["code"], row["atc"], row["ingredient"], row["strength"], row["unit"], row["route"],
            float(row["amount"]), int(row["times"]), row["when"], _number(row["mg"], 0.0),
            _number(row["mg_per_kg"], 0.0), int(row["price"]), int(row["days_max"] or 365),
        )
        for row in rows("drugs.csv")
    }  # fmt: skip
