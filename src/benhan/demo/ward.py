"""A ward of the demonstration at work: records, orders, doses given, signs measured, a shift handed over.

Everything is written by the services that the pages use, in the name of the demonstration's doctor and nurse.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

from benhan.access.accounts import Account, Accounts
from benhan.kernel.clock import VIETNAM
from benhan.node.nursing.bedside import Bedside
from benhan.node.nursing.handover import Handovers
from benhan.node.orders.lines import OrderKind, OrderLine, care_level
from benhan.node.orders.orders import Orders, Written
from benhan.node.orders.picker import OrderPicker
from benhan.node.records.life import Facility, Records
from benhan.node.records.order import usual_order
from benhan.node.records.papers import Papers
from benhan.node.ward.board import BedLine
from benhan.node.ward.wards import Wards
from benhan.store.catalogues import Catalogues
from benhan.store.store import Store
from benhan.vn.forms.catalogue import Catalogue

INTERNAL = "01/BV-01"


def _drug(words: str, code: str, atc: str, dose: str, unit: str, *times: str, route: str = "uống") -> OrderLine:
    return OrderLine(OrderKind.DRUG, words, code, atc, Decimal(dose), unit, route, times)


SETS: tuple[tuple[str, tuple[OrderLine, ...]], ...] = (
    (
        "Người bệnh tỉnh, đỡ mệt, ăn được. Tim đều, phổi không ran. Tiếp tục điều trị.",
        (
            _drug("Paracetamol 500 mg", "T0001", "N02BE01", "1", "viên", "08:00", "20:00"),
            OrderLine(OrderKind.LAB, "Kali máu", "K"),
            OrderLine(OrderKind.NUTRITION, "Cơm mềm, giảm muối"),
            care_level("2"),
        ),
    ),
    (
        "Còn khó thở nhẹ khi gắng sức, SpO₂ dao động. Theo dõi sát nhịp thở.",
        (
            _drug("Ceftriaxon 1 g", "T0036", "J01DD04", "1", "lọ", "08:00", route="tiêm"),
            _drug("Natri clorid 0,9%, 500 ml", "T0205", "B05BB01", "1", "chai", "09:00", route="tiêm truyền"),
            OrderLine(OrderKind.IMAGING, "X-quang ngực thẳng", "XQNGUC"),
            OrderLine(OrderKind.NUTRITION, "Cháo"),
            care_level("1"),
        ),
    ),
    (
        "Hết sốt, huyết áp ổn. Dự kiến ra viện trong vài ngày tới.",
        (
            _drug("Amlodipin 5 mg", "T0072", "C08CA01", "1", "viên", "08:00"),
            OrderLine(OrderKind.NUTRITION, "Cơm"),
            care_level("3"),
        ),
    ),
)
SIGNS = (
    {"mach": "84", "nhiet_do": "36,8", "huyet_ap": "125/75", "nhip_tho": "18", "spo2": "97", "can_nang": "54"},
    {"mach": "104", "nhiet_do": "38,2", "huyet_ap": "105/65", "nhip_tho": "24", "spo2": "93", "can_nang": "61"},
    {"mach": "78", "nhiet_do": "36,6", "huyet_ap": "140/85", "nhip_tho": "17", "spo2": "98", "can_nang": "58,5"},
)


class DemoWard:
    """Fills the wards of one demonstration hospital."""

    def __init__(self, store: Store, facility: Facility) -> None:
        self._store = store
        self._accounts = Accounts(store.database, store.clock)
        self._records = Records(store, facility, Catalogue(), usual_order())
        papers = Papers(self._records)
        self._wards = Wards(store)
        self._bedside = Bedside(store, papers)
        self._handovers = Handovers(store, self._wards)
        self._orders = Orders(store, papers, OrderPicker(Catalogues(store.database, store.clock), store.clock))

    async def fill(self, citizens: Collection[str]) -> int:
        """Work for those who lie in a ward and have one of these citizen numbers; gives how many that are.

        Whose record is open already is left alone, so that a second start changes nothing.
        """
        doctor, nurse = [await self._accounts.find(each) for each in ("bacsi", "dieuduong")]
        if doctor is None or nurse is None:
            return 0
        filled: dict[str, int] = {}
        for department in await self._wards.departments(doctor.actor):
            for bed in await self._wards.board(department.name, doctor.actor):
                if bed.patient.cccd in citizens and bed.record is None:
                    await self._work(sum(filled.values()), bed, doctor, nurse)
                    filled[department.name] = filled.get(department.name, 0) + 1
        for name in filled:
            await self._handovers.give(name, {}, nurse.actor, nurse.name)
        return sum(filled.values())

    async def _work(self, place: int, bed: BedLine, doctor: Account, nurse: Account) -> None:
        """What was done at one bed since yesterday."""
        now = self._store.clock.now().astimezone(VIETNAM)
        course, lines = SETS[place % len(SETS)]
        await self._records.open(bed.encounter, INTERNAL, bed.place.department, doctor.actor)
        if place % 3 != 2:
            await self._wards.take(bed.encounter, doctor.actor, doctor.name)
        ordered_at = max(now.replace(hour=7, minute=30), now - timedelta(hours=12))
        written = Written(_typed(min(ordered_at, now)), course, lines)
        warned = await self._orders.warnings((await self._orders.open(bed.encounter, doctor.actor))[0], written)
        answers = {each.key: "Theo dõi sát" for each in warned}
        await self._orders.write(
            bed.encounter, Written(written.at, course, lines, answers=answers), doctor.actor, doctor.name
        )
        for back, change in ((timedelta(hours=18), 0), (timedelta(minutes=20), 1)):
            signs = SIGNS[(place + change * 3) % len(SIGNS)]
            cells = {(bed.encounter, sign): text for sign, text in signs.items()}
            await self._bedside.save_signs(_typed(now - back), cells, nurse.actor, nurse.name)
        _, doses = await self._bedside.open(bed.encounter, nurse.actor)
        for dose in [each for each in doses if each.is_late][:1]:
            await self._bedside.tell_dose(bed.encounter, dose.order, dose.at, nurse.actor, nurse.name, given=True)
        if place % 3 == 1:
            fluids = {"truyen": "500", "uong": "700", "nuoc_tieu": "900"}
            await self._bedside.save_fluids(bed.encounter, _typed(now), fluids, nurse.actor, nurse.name)
            await self._bedside.note(
                bed.encounter,
                _typed(now),
                "Tỉnh, thở 24 lần/phút, SpO₂ 93%.",
                "Cho nằm đầu cao, báo bác sĩ.",
                nurse.actor,
            )


def _typed(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")
