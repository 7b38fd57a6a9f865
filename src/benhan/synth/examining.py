"""What a visit finds out: vital signs, the laboratory's results, pictures; late and corrected ones among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from benhan.synth.being import Being, Course, illness_on
from benhan.synth.catalogue import Analyte, Finding, Panel, analytes, panels
from benhan.synth.diseases import Chances
from benhan.synth.facilities import Staff
from benhan.synth.laboratory import flag_of, measure, reference_range, written
from benhan.synth.signs import vitals_of
from benhan.synth.visit import INPATIENT, LabOrder, Result, Study, Visit
from benhan.synth.writing import filled

ABO = Finding("ABO", "883-9", "Nhóm máu hệ ABO", "", "")
RHESUS = Finding("RHESUS", "10331-7", "Nhóm máu hệ Rh(D)", "Dương tính", "Âm tính")
LATE = 0.02
"""How likely it is that a result comes days later."""
CORRECTED = 0.012
"""How likely it is that a report is corrected."""


def examine(being: Being, visit: Visit, course: Course, chance: Random) -> None:
    """Add vital signs, laboratory and pictures to a visit."""
    age = being.age(visit.start)
    for day in range(course.days if visit.kind == INPATIENT else 1):
        at = visit.start + timedelta(minutes=12) if day == 0 else _morning(visit.start, day, chance)
        if at > visit.end:
            break
        moves = course.disease.row.vitals
        vitals = vitals_of(being.frame, age, at, visit.nurse, moves, course.severity(day), chance)
        for *_, grams in visit.born:
            vitals = replace(vitals, weight=round(grams / 1000, 1))
        visit.vitals.append(vitals)
        for panel in _ordered(visit, day, chance):
            _order(being, visit, course, day, panel, at, age, chance)
    _picture(visit, chance)


def type_blood(being: Being, visit: Visit, chance: Random) -> None:
    """Add the blood group of who may be transfused: it is that of their genes."""
    person = being.person
    groups = ((ABO, person.blood_group), (RHESUS, "Dương tính" if person.rhesus == "+" else "Âm tính"))
    at = visit.start + timedelta(minutes=20)
    visit.laboratory.append(
        LabOrder(
            number=f"{visit.number}{len(visit.laboratory) + 1:03d}",
            panel=panels()["NHOMMAU"],
            ordered_at=at,
            sampled_at=at + timedelta(minutes=10),
            issued_at=at + timedelta(minutes=45),
            by=visit.doctor,
            performer=chance.choice(visit.facility.department("K47").staff),
            results=[Result(of, text, "N") for of, text in groups],
        )
    )


def _other(staff: Sequence[Staff], than: Staff, chance: Random) -> Staff:
    """Somebody else than who ordered, where there is anybody."""
    return chance.choice([each for each in staff if each is not than] or list(staff))


def _morning(start: datetime, day: int, chance: Random) -> datetime:
    return (start + timedelta(days=day)).replace(hour=6, minute=chance.randrange(10, 59))


def _ordered(visit: Visit, day: int, chance: Random) -> list[Panel]:
    disease = visit.disease
    wanted: list[Chances] = []
    if visit.kind == INPATIENT:
        wanted.append(disease.first if day == 0 else disease.daily)
        if day and day % 3 == 0:
            wanted.append(disease.every3)
    else:
        wanted.append(disease.visit or (disease.first if visit.is_urgent else ()))
    if day == 0:
        wanted.append(tuple((panel, 0.75 if visit.kind == INPATIENT else 0.5) for panel, _ in disease.findings))
    found: dict[str, Panel] = {}
    for chances in wanted:
        for panel, likely in chances:
            if panel.level <= visit.facility.level and chance.random() < likely:
                found[panel.code] = panel
    return list(found.values())


def _order(
    being: Being, visit: Visit, course: Course, day: int, panel: Panel, at: datetime, age: float, chance: Random
) -> None:
    ordered = at + timedelta(minutes=chance.randrange(3, 15))
    sampled = ordered + timedelta(minutes=chance.randrange(8, 40))
    issued = sampled + timedelta(minutes=int(panel.minutes * (0.7 + chance.random() * 0.9)))
    is_late = chance.random() < LATE
    if is_late:
        issued += timedelta(hours=chance.randrange(20, 90))
    order = LabOrder(
        number=f"{visit.number}{len(visit.laboratory) + 1:03d}",
        panel=panel,
        ordered_at=ordered,
        sampled_at=sampled,
        issued_at=issued,
        by=visit.doctor,
        performer=_other(visit.facility.department("K47").staff, visit.doctor, chance),
        results=_found(visit, panel, chance) if panel.finding else _measured(being, course, day, panel, age, chance),
        is_late=is_late,
    )
    if not panel.finding and chance.random() < CORRECTED:
        _correct(order, chance)
    visit.laboratory.append(order)


def _measured(being: Being, course: Course, day: int, panel: Panel, age: float, chance: Random) -> list[Result]:
    known = analytes()
    values = measure(being.body, age, panel.analytes, illness_on(being, course, day), chance)
    results = []
    for code, value in values.items():
        analyte = known[code]
        low, high = reference_range(analyte, being.body.sex, age)
        results.append(Result(analyte, written(analyte, value), flag_of(analyte, value, low, high), low, high))
    return results


def _found(visit: Visit, panel: Panel, chance: Random) -> list[Result]:
    finding = panel.finding
    assert finding is not None
    likely = visit.disease.row.findings.get(panel.code, 0.02)
    is_abnormal = chance.random() < likely
    return [Result(finding, finding.abnormal if is_abnormal else finding.normal, "A" if is_abnormal else "N")]


def _correct(order: LabOrder, chance: Random) -> None:
    """One value was first given wrongly."""
    at = chance.randrange(len(order.results))
    right = order.results[at]
    assert isinstance(right.of, Analyte)
    first = written(right.of, float(right.text) * chance.choice((0.6, 0.8, 1.25, 1.6)))
    if first != right.text:
        order.results[at] = Result(right.of, right.text, right.flag, right.low, right.high, first)
        order.corrected_at = order.issued_at + timedelta(minutes=chance.randrange(40, 400))


def _picture(visit: Visit, chance: Random) -> None:
    side = chance.choice(("phải", "trái"))
    for kind, likely, abnormal in visit.disease.imaging:
        if kind.level > visit.facility.level or chance.random() >= likely:
            continue
        ordered = visit.start + timedelta(minutes=chance.randrange(10, 60))
        done = ordered + timedelta(minutes=chance.randrange(15, 120))
        department = visit.facility.department(kind.department)
        reader = _other(department.doctors, visit.doctor, chance)
        is_abnormal = chance.random() < 0.45 + 0.5 * visit.severity
        described = filled(abnormal, 2, side) if is_abnormal else kind.normal
        visit.studies.append(
            Study(
                number=f"{visit.number}{500 + len(visit.studies)}",
                kind=kind,
                ordered_at=ordered,
                done_at=done,
                issued_at=done + timedelta(minutes=chance.randrange(10, 90)),
                by=visit.doctor,
                reader=reader,
                described=described,
                conclusion=f"Phù hợp {_lowered(visit.disease.name)}." if is_abnormal else "Chưa thấy bất thường.",
            )
        )


def _lowered(name: str) -> str:
    return name[0].lower() + name[1:]
