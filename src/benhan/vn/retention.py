"""How long a record is kept, and what forbids to destroy it.

Each class has a term in years and the clause that orders it; a record that falls under several keeps the longest, and
an occurrence (a death, an accident) adds a class and never takes one away. The term runs from the end of the year in
which the work ended: a record closed in 2026 for ten years is kept until 31/12/2036. Nothing here destroys anything.
Source: TT 33/2025/TT-BYT, annex, lines 38–49; Luật Lưu trữ 33/2024/QH15 Đ15 (the longest term), Đ16 (destruction);
Luật 75/2006/QH11 Đ38 (donors and recipients of organs).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import NamedTuple

from benhan.kernel.faults import Conflict, FaultCode
from benhan.kernel.texts import Text

HELD = FaultCode(
    "BA-3290",
    Conflict,
    Text(
        "Hồ sơ đang được giữ theo yêu cầu, chưa được huỷ. Cần văn bản gỡ lệnh giữ trước.",
        "The record is under a legal hold. It must be lifted in writing before the record may be destroyed.",
    ),
)
TOO_EARLY = FaultCode(
    "BA-3291",
    Conflict,
    Text(
        "Hồ sơ chưa hết thời hạn lưu trữ: giữ đến hết ngày {until}.",
        "The record's term is not over: it is kept until {until}.",
    ),
)
FOR_EVER = FaultCode(
    "BA-3292",
    Conflict,
    Text(
        "Hồ sơ phải lưu trữ vĩnh viễn hoặc chưa đến lúc tính thời hạn, không được huỷ.",
        "The record is kept for ever, or its term has not begun; it may not be destroyed.",
    ),
)

ANNEX = "TT 33/2025/TT-BYT, phụ lục"


class ClassRule(NamedTuple):
    """A class of records: what it is called, how many years (None: for ever), by which clause."""

    name: Text
    years: int | None
    clause: str


class RetentionClass(Enum):
    """The classes of the annex that records of patients fall under, the longest first."""

    INCIDENT = ClassRule(Text("Hồ sơ sự cố y khoa", "Medical incident"), None, ANNEX)
    DEATH = ClassRule(Text("Người bệnh tử vong", "The patient died"), 30, ANNEX)
    ORGAN_DONOR_OR_RECIPIENT = ClassRule(
        Text("Hiến, nhận mô hoặc bộ phận cơ thể", "Donor or recipient of tissue or organs"), 30, "Luật 75/2006/QH11 Đ38"
    )
    MENTAL_ILLNESS = ClassRule(Text("Bệnh tâm thần", "Mental illness"), 20, ANNEX)
    WORK_ACCIDENT = ClassRule(Text("Tai nạn lao động", "Accident at work"), 20, ANNEX)
    TRAFFIC_ACCIDENT = ClassRule(Text("Tai nạn giao thông", "Traffic accident"), 20, ANNEX)
    TRANSPLANT = ClassRule(Text("Ghép mô, bộ phận cơ thể", "Transplantation"), 20, ANNEX)
    COSMETIC_SURGERY = ClassRule(Text("Phẫu thuật thẩm mỹ", "Cosmetic surgery"), 20, ANNEX)
    INPATIENT = ClassRule(Text("Hồ sơ bệnh án nội trú", "Inpatient record"), 10, ANNEX)
    OUTPATIENT = ClassRule(Text("Hồ sơ bệnh án ngoại trú", "Outpatient record"), 10, ANNEX)
    HEALTH_BOOK = ClassRule(
        Text("Sổ sức khoẻ điện tử, từ khi người dân mất", "Health book, from the death on"), 10, ANNEX
    )
    REGISTER = ClassRule(Text("Sổ sách chuyên môn", "Registers"), 5, ANNEX)
    HEALTH_CHECK = ClassRule(Text("Hồ sơ khám sức khoẻ", "Health check"), 2, ANNEX)

    @property
    def rank(self) -> float:
        """The years, infinite for ever."""
        return float("inf") if self.value.years is None else self.value.years


class Occurrence(Enum):
    """What happens to a record or turns out of it and raises its class."""

    DEATH = RetentionClass.DEATH
    WORK_ACCIDENT = RetentionClass.WORK_ACCIDENT
    TRAFFIC_ACCIDENT = RetentionClass.TRAFFIC_ACCIDENT
    MENTAL_ILLNESS = RetentionClass.MENTAL_ILLNESS
    TRANSPLANTATION = RetentionClass.TRANSPLANT
    ORGAN_DONATED_OR_RECEIVED = RetentionClass.ORGAN_DONOR_OR_RECIPIENT
    COSMETIC_OPERATION = RetentionClass.COSMETIC_SURGERY
    INCIDENT = RetentionClass.INCIDENT


ACCIDENTS = {"1": Occurrence.TRAFFIC_ACCIDENT, "2": Occurrence.WORK_ACCIDENT}
"""MA_TAI_NAN of QĐ 130/QĐ-BYT to the occurrence."""
DEATHS = frozenset(("5", "8"))
"""KET_QUA_DTRI of QĐ 130/QĐ-BYT that say death, at the facility or outside."""


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What decides: the class of the kind of record, what happened, the day on which the work on it ended.

    `ended_on` is None while it goes on (of a health book: while the citizen lives). `holds` are the numbers of the
    written orders that forbid to destroy it.
    """

    kind: RetentionClass
    ended_on: date | None
    occurrences: frozenset[Occurrence] = frozenset()
    holds: frozenset[str] = frozenset()

    def after(self, occurrence: Occurrence) -> RecordFacts:
        """The facts with one more occurrence; none is ever taken away."""
        return replace(self, occurrences=self.occurrences | {occurrence})

    def under_hold(self, order: str) -> RecordFacts:
        """The facts with a legal hold by the written order of this number."""
        return replace(self, holds=self.holds | {order})

    def released(self, order: str) -> RecordFacts:
        """The facts without that hold; others stay."""
        return replace(self, holds=self.holds - {order})


@dataclass(frozen=True, slots=True)
class Retention:
    """The class that rules and until when: `until` is None where it is for ever or cannot be told yet."""

    rules: RetentionClass
    until: date | None
    is_for_ever: bool
    because: tuple[RetentionClass, ...]
    """Every class that the record falls under, the longest first."""


def retention_of(facts: RecordFacts) -> Retention:
    """How long a record is kept by the longest of its classes."""
    classes = {facts.kind, *(each.value for each in facts.occurrences)}
    because = tuple(sorted(classes, key=lambda each: (-each.rank, each.name)))
    rules = because[0]
    return Retention(rules, _until(rules, facts.ended_on), rules.value.years is None, because)


def retention_until(facts: RecordFacts) -> date | None:
    """The last day on which a record must be there; None for ever, or while the work on it goes on."""
    return retention_of(facts).until


def check_destruction(facts: RecordFacts, today: date) -> None:
    """Return where a record may be destroyed today. Raises Conflict BA-3290, BA-3291, BA-3292.

    It must still be approved, in a batch, with its list and minutes (Luật Lưu trữ 33/2024/QH15 Đ16).
    """
    if facts.holds:
        raise HELD()
    until = retention_until(facts)
    if until is None:
        raise FOR_EVER()
    if today <= until:
        raise TOO_EARLY(until=f"{until:%d/%m/%Y}")


def occurrences_of(
    ket_qua_dtri: str = "", ma_tai_nan: str = "", diagnoses: Iterable[str] = ()
) -> frozenset[Occurrence]:
    """What the columns of a BHYT record tell: result, kind of accident, ICD-10 codes (F00–F99: mental illness)."""
    found = {ACCIDENTS[ma_tai_nan]} if ma_tai_nan in ACCIDENTS else set()
    if ket_qua_dtri in DEATHS:
        found.add(Occurrence.DEATH)
    if any(code[:1].upper() == "F" and code[1:3].isdigit() for code in diagnoses):
        found.add(Occurrence.MENTAL_ILLNESS)
    return frozenset(found)


def _until(rules: RetentionClass, ended_on: date | None) -> date | None:
    years = rules.value.years
    return None if years is None or ended_on is None else date(ended_on.year + years, 12, 31)
