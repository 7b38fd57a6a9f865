"""The way to publication: every step from every state, and what must be filled in."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from tests.clocks import MORNING

from benhan.kernel.faults import Fault
from benhan.portal.facilities import Facility
from benhan.portal.letters import NEEDS, Letter, letter_to_pdf
from benhan.portal.workflow import WAYS, Act, Deployment, Document, Point, State, Told, filled, step

TODAY = date(2026, 11, 27)
FACILITY = Facility("79001", "Bệnh viện Thử", "79", "hospital", "public")
MEMBERS = "Nguyễn Văn An – Giám đốc – Chủ tịch\nTrần Thị Bình – KHTH – Thư ký\nLê Văn Cường – CNTT – Thành viên"
GOOD = {
    Act.SET_UP: {"number": "12/QĐ", "on": "2026-11-01", "members": MEMBERS},
    Act.ASSESS: {"held_on": "2026-11-20", "conclusion": "Đạt"},
    Act.DECIDE: {"number": "13/QĐ", "on": "2026-11-21", "director": "Nguyễn Văn An", "effective_on": "2026-12-01"},
    Act.PUBLISH: {"number": "14/CV", "on": "2026-11-22"},
    Act.GO_BACK: {"reason": "Làm lại"},
    Act.WITHDRAW: {"reason": "Hệ thống ngừng"},
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("act", list(Act))
def test_an_act_is_done_from_its_states_alone(state: State, act: Act) -> None:
    before, after = WAYS[act]
    if state in before:
        assert step(state, act) is after
        return
    with pytest.raises(Fault) as caught:
        step(state, act)
    assert caught.value.code == "BA-6217"


@pytest.mark.parametrize("act", list(Act))
def test_a_step_takes_all_its_fields_and_none_may_lack(act: Act) -> None:
    filled(Told(), act, GOOD[act], TODAY)
    for name in GOOD[act]:
        with pytest.raises(Fault) as caught:
            filled(Told(), act, {**GOOD[act], name: " "}, TODAY)
        assert caught.value.code == "BA-6219"


@pytest.mark.parametrize(("act", "name"), [(Act.SET_UP, "on"), (Act.ASSESS, "held_on"), (Act.PUBLISH, "on")])
def test_a_document_is_not_of_tomorrow(act: Act, name: str) -> None:
    with pytest.raises(Fault):
        filled(Told(), act, {**GOOD[act], name: (TODAY + timedelta(days=1)).isoformat()}, TODAY)


def test_every_paper_of_the_way_is_a_pdf_once_its_step_has_come() -> None:
    told = Told(
        council=Document("12/QĐ", TODAY),
        members=MEMBERS.splitlines(),
        held_on=TODAY,
        conclusion="Đạt",
        points=[Point("tt13-1.1", "met", ["100 %"]), Point("cv365-b", "unmet", ["#let x = 1", "*"])],
        decision=Document("13/QĐ", TODAY),
        director="Nguyễn Văn An",
        effective_on=TODAY,
    )
    at: datetime = MORNING
    for letter in Letter:
        decided = Deployment("79001", 3, State.DECIDED, at, None, told)
        content = letter_to_pdf(letter, FACILITY, decided, at)
        assert content.startswith(b"%PDF-")
        assert content == letter_to_pdf(letter, FACILITY, decided, at)
        assert State.PREPARING not in NEEDS[letter]
        with pytest.raises(Fault) as caught:
            letter_to_pdf(letter, FACILITY, Deployment("79001", 0, State.PREPARING, None, None, Told()), at)
        assert caught.value.code == "BA-6217"
