"""One visit from its beginning to its end: reception, examination, orders, treatment, notes, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from benhan.kernel.clock import VIETNAM
from benhan.synth.being import Being, Course
from benhan.synth.diseases import Disease
from benhan.synth.examining import examine, type_blood
from benhan.synth.facilities import NURSE, Facility
from benhan.synth.registration import Registration, visit_number
from benhan.synth.treating import treat
from benhan.synth.visit import EMERGENCY, INPATIENT, OUTPATIENT, Diagnosis, Note, Visit
from benhan.synth.writing import as_typed, filled, general, signs

GRAVE = 0.78
"""How ill one is of whom the graver words are used."""
CHILD_UNTIL = 16
_FOR_ADULTS = frozenset(("K01", "K03", "K04", "K05", "K07", "K08", "K10", "K11", "K14"))
TOLD_MAX = 5
"""How many results a note names."""
CULTURE_MINUTES = 1000
TAKEN_HOME = 0.35
"""How many of the dying their family takes home."""
CHRONIC_TOLD_MAX = 4
"""How many of a person's other illnesses a visit names."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why and how somebody comes: `number` is the count of the person's visits, `stays` whether they are admitted."""

    disease: Disease
    start: datetime
    number: int
    stays: bool
    severity: float
    dies: bool = False
    sent_to: Facility | None = None
    sent_from: Facility | None = None
    born: tuple[int, int, int] | None = None


def visit_of(being: Being, registration: Registration, occasion: Occasion, chance: Random) -> Visit:
    """The visit of a person at the facility of their registration."""
    disease, facility = occasion.disease, registration.facility
    is_urgent = chance.random() < (disease.row.emergency if occasion.stays else disease.row.emergency * 0.3)
    department = facility.department(_ward(disease, being.age(occasion.start)) if occasion.stays else "K01")
    kind = INPATIENT if occasion.stays else EMERGENCY if is_urgent else OUTPATIENT
    own = next((each for each in being.chronic if each.disease is disease), None)
    course = _course(occasion, own.level * 0.8 if own else 0.0, chance)
    end = _end(occasion, course, kind, chance)
    nurses = [each for each in department.staff if each.role == NURSE] or list(department.staff)
    n = chance.randrange(1, 6)
    side = chance.choice(("phải", "trái"))
    visit = Visit(
        key=f"{being.person.key}-v{occasion.number}",
        number=visit_number(being.person, facility, occasion.number, occasion.start.date()),
        registration=registration,
        facility=facility,
        department=department,
        bed=(f"P{chance.randrange(101, 420)}", f"H{chance.randrange(1, 60):03d}") if occasion.stays else ("", ""),
        kind=kind,
        is_urgent=is_urgent,
        start=occasion.start,
        end=end,
        disease=disease,
        severity=occasion.severity,
        diagnoses=_diagnoses(being, disease),
        doctor=chance.choice(department.doctors),
        nurse=chance.choice(nurses),
        reason=filled(chance.choice(disease.row.reasons), n, side),
        history=filled(chance.choice(disease.row.history), n, side),
        examined=_examined(disease, occasion.severity, n, side),
        died=occasion.dies,
        sent_to=occasion.sent_to,
        sent_from=occasion.sent_from,
        born=[occasion.born] if occasion.born else [],
    )
    examine(being, visit, course, chance)
    _wait_for_results(visit)
    treat(being, visit, course, chance)
    if any(each.act.kind == "P" or each.act.code == "TRUYENMAU" for each in visit.operations):
        type_blood(being, visit, chance)
    _leave(visit, course, chance)
    _write(being, visit, course, chance)
    return visit


def _ward(disease: Disease, age: float) -> str:
    """Where somebody lies: children among children, nobody in the out-patient rooms."""
    wanted = disease.row.department
    if age < CHILD_UNTIL and wanted in _FOR_ADULTS:
        return "K18"
    return "K03" if wanted == "K01" else wanted


def _course(occasion: Occasion, rests_at: float, chance: Random) -> Course:
    low, high = occasion.disease.row.days
    days = round(low + (high - low) * min(1.0, occasion.severity * (0.6 + 0.5 * chance.random())))
    if occasion.dies:
        days = chance.randrange(1, max(2, days))
    if occasion.sent_to is not None:
        days = chance.randrange(1, 3)
    return Course(occasion.disease, occasion.severity, max(days, 1), occasion.dies, rests_at)


def _end(occasion: Occasion, course: Course, kind: str, chance: Random) -> datetime:
    if kind != INPATIENT:
        return occasion.start + timedelta(minutes=chance.randrange(60, 260))
    if occasion.dies or occasion.sent_to is not None:
        return occasion.start + timedelta(
            days=course.days - 1, hours=chance.randrange(5, 23), minutes=chance.randrange(60)
        )
    day = occasion.start + timedelta(days=course.days)
    return day.replace(hour=chance.randrange(9, 16), minute=chance.randrange(60), second=0)


def _wait_for_results(visit: Visit) -> None:
    """Nobody leaves before the results of the day are there; cultures and what is late come afterwards."""
    known = [each.issued_at for each in visit.laboratory if not each.is_late and each.panel.minutes < CULTURE_MINUTES]
    known += [each.issued_at for each in visit.studies]
    visit.end = max([visit.end, *(at + timedelta(minutes=15) for at in known)])


def _diagnoses(being: Being, disease: Disease) -> list[Diagnosis]:
    """The main one first, its external cause, then what the person has for good."""
    own = next((each for each in being.chronic if each.disease is disease), None)
    found = [Diagnosis(disease.icd, disease.name, _since(own.since.toordinal()) if own else None)]
    if disease.row.cause:
        found.append(Diagnosis(*disease.row.cause))
    others = [each for each in being.chronic if each.disease is not disease]
    for each in others[:CHRONIC_TOLD_MAX]:
        found.append(Diagnosis(each.disease.icd, each.disease.name, _since(each.since.toordinal())))
    return found


def _since(ordinal: int) -> datetime:
    return datetime.fromordinal(ordinal).replace(tzinfo=UTC).astimezone(VIETNAM)


def _examined(disease: Disease, severity: float, n: int, side: str) -> list[tuple[str, str]]:
    return [(organ, filled(grave if severity > GRAVE else light, n, side)) for organ, light, grave in disease.exam]


def _leave(visit: Visit, course: Course, chance: Random) -> None:
    """How the visit ends. Source: KET_QUA_DTRI, MA_LOAI_RV of QĐ 130/QĐ-BYT."""
    if visit.died and chance.random() < TAKEN_HOME:
        visit.outcome, visit.leaving = "Tiên lượng nặng xin về", "Xin ra viện"
    elif visit.died:
        visit.outcome, visit.leaving = "Tử vong tại cơ sở KBCB", "Ra viện"
    elif visit.sent_to is not None:
        visit.outcome = chance.choice(("Nặng hơn", "Không thay đổi"))
        visit.leaving = "Chuyển tuyến/chuyển cơ sở KBCB theo yêu cầu chuyên môn"
    else:
        left = course.severity(course.days)
        visit.outcome = "Khỏi" if left < 0.12 and not visit.disease.is_chronic else "Đỡ"
        visit.leaving = "Xin ra viện" if visit.kind == INPATIENT and chance.random() < 0.03 else "Ra viện"


def _write(being: Being, visit: Visit, course: Course, chance: Random) -> None:
    """The notes: one at the beginning, one a day of a stay, one at the end."""
    begin = [
        f"Lý do: {visit.reason}.",
        visit.history,
        _past(being, visit, chance),
        general(_looks(visit, visit.severity), chance),
        signs(visit.vitals[0]),
    ]
    begin += [f"{organ}: {found}." for organ, found in visit.examined]
    begin.append(f"Chẩn đoán: {visit.disease.name} ({visit.disease.icd}).")
    notes = [
        Note(visit.start + timedelta(minutes=25), visit.doctor, as_typed(" ".join(filter(None, begin)), visit.doctor))
    ]
    row = visit.disease.row
    for day, vitals in enumerate(visit.vitals[1:], 1):
        severity = course.severity(day)
        is_worse = severity > course.severity(day - 1) or (severity > GRAVE and chance.random() < 0.3)
        sentences = row.worse[: None if severity > GRAVE else 1] if is_worse else row.better
        told = [general(_looks(visit, severity), chance), signs(vitals), chance.choice(sentences)]
        told += _told_results(visit, vitals.at - timedelta(hours=16), vitals.at + timedelta(hours=1))
        writer = visit.doctor if chance.random() < 0.8 else chance.choice(visit.department.doctors)
        notes.append(Note(vitals.at + timedelta(minutes=90), writer, as_typed(" ".join(told), writer)))
    is_stay = visit.kind == INPATIENT
    last = [_last(visit)] if is_stay else [*_told_results(visit, visit.start, visit.end), row.advice]
    notes.append(Note(visit.end - timedelta(minutes=7), visit.doctor, as_typed(" ".join(last), visit.doctor)))
    visit.notes = [each for each in notes if each.at <= visit.end]


def _looks(visit: Visit, severity: float) -> float:
    """How ill somebody seems: of what nobody dies of, never gravely."""
    return severity if visit.disease.row.death >= 0.002 else min(severity, 0.7)


def _past(being: Being, visit: Visit, chance: Random) -> str:
    """What somebody has had, and what they do not bear."""
    names = [f"{each.disease.name[0].lower()}{each.disease.name[1:]}" for each in being.chronic]
    past = ", ".join(name for name in names if name.lower() != visit.disease.name.lower())
    told = f"Tiền sử: {past}." if past else chance.choice(("Tiền sử khoẻ mạnh.", "Chưa phát hiện bệnh lý gì khác.", ""))
    return f"{told} Dị ứng {being.allergy}.".strip() if being.allergy else told


def _told_results(visit: Visit, since: datetime, until: datetime) -> list[str]:
    """A sentence of what is out of its range among the results of some hours; none where all is in order."""
    found = [
        f"{result.of.code} {result.text}"
        for order in visit.laboratory
        if since <= order.issued_at < until
        for result in order.results
        if result.flag != "N"
    ]
    return [f"XN: {'; '.join(found[:TOLD_MAX])}."] if found else []


def _last(visit: Visit) -> str:
    if visit.died and visit.leaving == "Xin ra viện":
        return "Tình trạng rất nặng, tiên lượng tử vong. Gia đình xin cho người bệnh về."
    if visit.died:
        return f"Bệnh nhân ngừng tuần hoàn, cấp cứu 30 phút không kết quả. Tử vong. Nguyên nhân: {visit.disease.name}."
    if visit.sent_to is not None:
        return f"Tình trạng vượt khả năng, hội chẩn chuyển {visit.sent_to.name}."
    return f"Tình trạng: {visit.outcome.lower()}. Cho ra viện. {visit.disease.row.advice}"
