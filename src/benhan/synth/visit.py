"""A visit and what happens in it, before any format: what each writer reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from benhan.synth.catalogue import Analyte, Drug, Finding, Imaging, Panel
from benhan.synth.diseases import Act, Disease
from benhan.synth.facilities import Department, Facility, Staff
from benhan.synth.person import Person
from benhan.synth.registration import Registration

OUTCOMES = {
    "Khỏi": "1",
    "Đỡ": "2",
    "Không thay đổi": "3",
    "Nặng hơn": "4",
    "Tử vong tại cơ sở KBCB": "5",
    "Tiên lượng nặng xin về": "6",
}
"""KET_QUA_DTRI. Source: QĐ 130/QĐ-BYT."""
LEAVINGS = {
    "Ra viện": "1",
    "Chuyển tuyến/chuyển cơ sở KBCB theo yêu cầu chuyên môn": "2",
    "Xin ra viện": "4",
}
"""MA_LOAI_RV. Source: QĐ 130/QĐ-BYT."""
OUTPATIENT, EMERGENCY, INPATIENT = "AMB", "EMER", "IMP"
"""Classes of a visit as http://terminology.hl7.org/CodeSystem/v3-ActCode names them."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """An ICD-10 code with its name; `since` is when a chronic illness began."""

    icd: str
    name: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """Vital signs: °C, mmHg, a minute, %, kg, cm."""

    at: datetime
    by: Staff
    temperature: float
    pulse: int
    systolic: int
    diastolic: int
    breaths: int
    oxygen: int
    weight: float
    height: int


@dataclass(frozen=True, slots=True)
class Result:
    """A number or a finding as the laboratory gives it; `first` is what it gave before it corrected itself."""

    of: Analyte | Finding
    text: str
    flag: str
    low: float = 0.0
    high: float = 0.0
    first: str = ""


@dataclass(slots=True)
class LabOrder:
    """A panel that was ordered, and its results."""

    number: str
    panel: Panel
    ordered_at: datetime
    sampled_at: datetime
    issued_at: datetime
    by: Staff
    performer: Staff
    results: list[Result]
    is_late: bool = False
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """An imaging study that was ordered, done and read."""

    number: str
    kind: Imaging
    ordered_at: datetime
    done_at: datetime
    issued_at: datetime
    by: Staff
    reader: Staff
    described: str
    conclusion: str


@dataclass(frozen=True, slots=True)
class DrugOrder:
    """A drug for some days; `amount` of its unit each time."""

    number: str
    drug: Drug
    at: datetime
    by: Staff
    amount: float
    days: int
    text: str
    to_take_home: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """A procedure or an operation."""

    number: str
    act: Act
    name: str
    at: datetime
    until: datetime
    by: Staff
    told: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a doctor wrote on a day."""

    at: datetime
    by: Staff
    text: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A child born in a visit of its mother."""

    at: datetime
    child: Person
    grams: int


@dataclass(slots=True)
class Visit:
    """One visit of a person to a facility."""

    key: str
    number: str
    registration: Registration
    facility: Facility
    department: Department
    bed: tuple[str, str]
    """Room and bed, "" of who does not stay."""
    kind: str
    is_urgent: bool
    start: datetime
    end: datetime
    disease: Disease
    severity: float
    diagnoses: list[Diagnosis]
    doctor: Staff
    nurse: Staff
    reason: str
    history: str
    examined: list[tuple[str, str]]
    """Organ and what was found."""
    vitals: list[Vitals] = field(default_factory=list)
    laboratory: list[LabOrder] = field(default_factory=list)
    studies: list[Study] = field(default_factory=list)
    drug_orders: list[DrugOrder] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    outcome: str = ""
    """One of OUTCOMES."""
    leaving: str = ""
    """One of LEAVINGS."""
    died: bool = False
    is_open: bool = False
    """Whether the country's time ends before the visit does: what comes later is not there."""
    sent_to: Facility | None = None
    sent_from: Facility | None = None
    delivered: list[Delivery] = field(default_factory=list)
    born: list[tuple[int, int, int]] = field(default_factory=list)
    """Of a newborn's own visit: Apgar after one and five minutes, weight in grams."""

    @property
    def ward(self) -> str:
        return self.department.name

    @property
    def died_here(self) -> bool:
        """Whether the facility knows of the death: not of who was taken home to die."""
        return self.died and self.outcome.startswith("Tử vong")
