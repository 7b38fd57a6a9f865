"""What a visit does about it: drugs with doses, procedures and operations."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from benhan.synth.being import Being, Course
from benhan.synth.catalogue import Drug
from benhan.synth.diseases import Act, Chances
from benhan.synth.facilities import CENTRAL, PROVINCIAL
from benhan.synth.signs import size_of
from benhan.synth.visit import INPATIENT, DrugOrder, Operation, Visit
from benhan.synth.writing import amount_of, filled

CHILD_UNTIL = 12
"""Years below which the paediatric lists hold, and doses go by weight."""
AMOUNT_MAX = 4.0


def treat(being: Being, visit: Visit, course: Course, chance: Random) -> None:
    """Add prescriptions, procedures and operations to a visit."""
    _order_drugs(being, visit, course, chance)
    if visit.kind == INPATIENT or visit.is_urgent:
        _operate(visit, course, chance)


def _order_drugs(being: Being, visit: Visit, course: Course, chance: Random) -> None:
    age = being.age(visit.start)
    is_child = age < CHILD_UNTIL
    disease = visit.disease
    if visit.kind == INPATIENT:
        _add(being, visit, (is_child and disease.young) or disease.drugs, course.days, chance, at_home=False)
        _add_chronic(being, visit, course.days, at_home=False)
        if visit.died or visit.sent_to is not None:
            return
    days = 30 if disease.is_chronic else chance.choice((5, 5, 7, 7, 10))
    _add(being, visit, (is_child and disease.young_home) or disease.home, days, chance, at_home=True)
    if disease.is_chronic and visit.kind != INPATIENT:
        _add_chronic(being, visit, days, at_home=True)


def _add(being: Being, visit: Visit, wanted: Chances, days: int, chance: Random, *, at_home: bool) -> None:
    for drug, likely in wanted:
        if chance.random() < likely and not (being.allergy and drug.ingredient.startswith(being.allergy)):
            visit.drug_orders.append(_drug_order(being, visit, drug, days, at_home=at_home))


def _add_chronic(being: Being, visit: Visit, days: int, *, at_home: bool) -> None:
    """What the person takes anyway for what they have for good: the likeliest drug of each illness."""
    taken = {each.drug.code for each in visit.drug_orders if each.to_take_home == at_home}
    for each in being.chronic:
        if each.disease is not visit.disease and each.disease.home:
            drug = max(each.disease.home, key=lambda pair: pair[1])[0]
            if drug.code not in taken:
                taken.add(drug.code)
                visit.drug_orders.append(_drug_order(being, visit, drug, days, at_home=at_home))


def _drug_order(being: Being, visit: Visit, drug: Drug, days: int, *, at_home: bool) -> DrugOrder:
    amount = _amount(being, drug, visit.start)
    times = drug.times
    when = f", {drug.when}" if drug.when else ""
    return DrugOrder(
        number=f"{visit.number}{700 + len(visit.drug_orders)}",
        drug=drug,
        at=visit.end - timedelta(minutes=8) if at_home else visit.start + timedelta(minutes=40),
        by=visit.doctor,
        amount=amount,
        days=min(days, drug.days_max),
        text=f"{drug.route} {amount_of(amount)} {drug.unit} × {times} lần/ngày{when}",
        to_take_home=at_home,
    )


def _amount(being: Being, drug: Drug, at: datetime) -> float:
    age = being.age(at)
    if age >= CHILD_UNTIL + 3:
        return drug.amount
    _, weight = size_of(being.frame, age)
    by_weight = drug.mg_per_kg and drug.mg
    amount = weight * drug.mg_per_kg / drug.mg if by_weight else drug.amount * min(1.0, weight / 45)
    return min(AMOUNT_MAX, max(0.25, round(amount * 4) / 4))


def _operate(visit: Visit, course: Course, chance: Random) -> None:
    side = chance.choice(("phải", "trái"))
    for acts, can in ((visit.disease.row.surgery, visit.facility.level > 1), (visit.disease.row.procedures, True)):
        for act in acts:
            fits = can and visit.facility.level >= {"D": CENTRAL, "1": PROVINCIAL}.get(act.grade, 1)
            if fits and chance.random() < act.likely:
                visit.operations.append(_operation(visit, act, side, chance))
    if course.days > 1:
        visit.operations.sort(key=lambda each: each.at)


def _operation(visit: Visit, act: Act, side: str, chance: Random) -> Operation:
    urgent = visit.is_urgent
    wait = chance.randrange(60, 400) if urgent or act.kind == "T" else chance.randrange(900, 1900)
    minutes = chance.randrange(40, 150) if act.kind == "P" else chance.randrange(10, 45)
    at = visit.start + timedelta(minutes=wait)
    at = min(at, visit.end - timedelta(minutes=minutes + 20))
    return Operation(
        number=f"{visit.number}{900 + len(visit.operations)}",
        act=act,
        name=filled(act.name, 1, side),
        at=max(at, visit.start + timedelta(minutes=5)),
        until=max(at, visit.start + timedelta(minutes=5)) + timedelta(minutes=minutes),
        by=chance.choice(visit.department.doctors),
        told=filled(act.told, 1, side),
    )
