"""What is right and unusual passes: emergencies, newborns, armed cards, shared beds, doses of every pattern."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from tests.unit.vn.bhyt.rules.cases import GOOD, Case, good, reprice, retotal
from tests.unit.vn.bhyt.rules.further_faults import second_exam
from tests.unit.vn.bhyt.rules.seeded_faults import A, B, C, D, E, bed_days

from benhan.vn.bhyt.claim import Row
from benhan.vn.bhyt.rules.context import BedUse, DrugTerms

VARIANTS: list[tuple[str, Callable[[Case], object]]] = []


def variant(sample: str) -> Callable[[Callable[[Case], object]], Callable[[Case], object]]:
    def taken(change: Callable[[Case], object]) -> Callable[[Case], object]:
        VARIANTS.append((sample, change))
        return change

    return taken


def _benefit(case: Case, percent: str) -> None:
    for line in case.lines:
        line["MUC_HUONG"] = percent
        if line["PHAM_VI"] != "2":
            reprice(line)
    retotal(case)


def _card(case: Case, number: str, *papers: str) -> None:
    case.set("MA_THE_BHYT", number, *papers)
    case.world["cards"] = {number: next(iter(case.world["cards"].values()))}


@variant(A)
def an_emergency_without_a_check_in(case: Case) -> None:
    case.set("MA_DOITUONG_KCB", "2", "XML14")
    case.world["check_ins"] = {"OTHER": []}


@variant(A)
def not_paid_yet(case: Case) -> None:
    case.one["NGAY_TTOAN"] = ""


@variant(A)
def a_second_exam_at_thirty_percent(case: Case) -> None:
    second_exam(case, "202611020940", "202611020945", "30")


@variant(C)
def a_bed_shared_by_two(case: Case) -> None:
    bed_days(case, "2", TYLE_TT_DV="50")
    case.world["beds"] = {("K27", "H002"): [BedUse("OTHER", "202611070000", "202611080000")]}


@variant(C)
def half_bed_days_on_a_transfer(case: Case) -> None:
    bed_days(case, "1.5", NGAY_KQ="202611071400")
    second = deepcopy(case.row("XML3", 2))
    second.update(SO_LUONG="0.5", NGAY_YL="202611071400", NGAY_TH_YL="202611071401", NGAY_KQ="202611080900")
    second["MA_GIUONG"] = "H003"
    reprice(second)
    case.claim.tables["XML3"].append(second)
    retotal(case)


@variant(A)
def a_card_of_the_army(case: Case) -> None:
    _card(case, "QN5990000000001", "XML14", "XML11")
    case.one["GT_THE_DEN"] = ""
    for line in case.lines:
        line["PHAM_VI"] = "3"
    _benefit(case, "100")


@variant(A)
def a_child_of_four(case: Case) -> None:
    _card(case, "TE1990000000001", "XML14", "XML11")
    case.set("NGAY_SINH", "202203150000", "XML14")
    case.answer(born="20220315")
    _benefit(case, "100")


@variant(A)
def a_newborn_without_a_card(case: Case) -> None:
    case.set("NGAY_SINH", "202611012215", "XML14")
    case.set("MA_DOITUONG_KCB", "1.7", "XML14")
    for column in ("MA_THE_BHYT", "MA_DKBD", "GT_THE_TU", "GT_THE_DEN"):
        case.one[column] = ""
    case.one["CAN_NANG"] = "3.1"


@variant(A)
def a_patient_who_pays(case: Case) -> None:
    case.set("MA_DOITUONG_KCB", "9", "XML14")
    for line in case.lines:
        line.update(PHAM_VI="2", TYLE_TT_BH="0")
        reprice(line)
    retotal(case)


@variant(C)
def a_patient_who_died(case: Case) -> None:
    case.set("KET_QUA_DTRI", "5", "XML8")
    del case.claim.tables["XML7"]


@variant(A)
def an_exemption_from_the_co_payment(case: Case) -> None:
    case.one["NGAY_MIEN_CCT"] = "20261001"
    _benefit(case, "100")


@variant(A)
def an_exemption_that_begins_within_the_visit(case: Case) -> None:
    case.one["NGAY_MIEN_CCT"] = "202611020945"
    for line in case.claim.rows("XML2"):
        line["MUC_HUONG"] = "100"
        reprice(line)
    retotal(case)


@variant(A)
def a_citizen_number_as_card(case: Case) -> None:
    _card(case, "001090000001", "XML14", "XML11")
    _benefit(case, "95")


@variant(A)
def a_commune_station_pays_all(case: Case) -> None:
    case.set("MA_DOITUONG_KCB", "1.2", "XML14")
    _benefit(case, "100")


@variant(C)
def a_stay_at_a_central_hospital_by_choice(case: Case) -> None:
    case.set("MA_DOITUONG_KCB", "3.1")
    case.one["MA_DKBD"] = "99002"
    case.answer(facility="99002")
    _benefit(case, "38")


@variant(C)
def half_of_ninety_five_percent(case: Case) -> None:
    case.one.update(MA_DKBD="99002", MA_LOAI_KCB="03")
    case.set("MA_DOITUONG_KCB", "1.18")
    case.answer(facility="99002")
    _benefit(case, "47.5")


@variant(A)
def a_second_winner_of_a_tender(case: Case) -> None:
    tender = "57/QĐ-TTMS;G1.02;N4;2026"
    case.row("XML2", 1)["TT_THAU"] = tender
    case.world["drugs"]["40.155"] = [each._replace(tender=tender) for each in case.world["drugs"]["40.155"]]


@variant(A)
def a_return_by_appointment(case: Case) -> None:
    case.set("MA_DOITUONG_KCB", "1.5", "XML14")
    case.one.update(MA_DKBD="99002", MA_NOI_DI="99002", GIAY_CHUYEN_TUYEN="GH-1")
    case.answer(facility="99002")


@variant(A)
def a_foreigner_with_a_passport(case: Case) -> None:
    case.one.update(MA_QUOCTICH="410", SO_CCCD="M12345678", MA_DANTOC="55", MATINH_CU_TRU="99")


@variant(A)
def a_temporary_card_is_of_its_province(case: Case) -> None:
    case.set("MA_DOITUONG_KCB", "1.4", "XML14")
    case.one["MA_DKBD"] = "99000"
    case.answer(facility="99000")


@variant(A)
def a_trainee_under_a_licence_and_a_nurse_without_one(case: Case) -> None:
    case.row("XML2", 1)["MA_BAC_SI"] = "000001/ZZZ-GPHN.000000000077"
    case.row("XML3", 2)["NGUOI_THUC_HIEN"] = "000000000099;000002/ZZZ-GPHN"


@variant(A)
def a_machine_code_of_the_older_form(case: Case) -> None:
    case.row("XML3", 2)["MA_MAY"] = "HH.1.99001.SN0001"
    case.world["machines"] = None


@variant(A)
def a_sample_sent_to_another_facility(case: Case) -> None:
    code = "22.0121.1369.K.99002"
    case.row("XML3", 2).update(MA_DICH_VU=code, NGUOI_THUC_HIEN="", MA_MAY="HH.1.SN0001")
    for number in (1, 2):
        case.row("XML4", number)["MA_DICH_VU"] = code


@variant(A)
def an_aborted_image_costs_nothing(case: Case) -> None:
    line = case.row("XML3", 3)
    line.update(MA_DICH_VU="18.0119.0028_TB", DON_GIA_BV="0", DON_GIA_BH="0")
    reprice(line)
    retotal(case)
    case.claim.tables["XML4"].pop()


def _dose(case: Case, text: str, unit: str = "Viên") -> None:
    case.row("XML2", 1).update(LIEU_DUNG=text, DON_VI_TINH=unit)
    case.world["drugs"]["40.155"] = [each._replace(unit=unit) for each in case.world["drugs"]["40.155"]]


for dose, unit in (
    ("Sáng: 2 viên, Chiều: 2 viên * 7 ngày [4 viên/ngày]", "Viên"),
    ("2 VIÊN/lần * 2 lần/ngày * 7 ngày", "viên"),
    ("0,5 lọ/lần * 8 lần/ngày * 7 ngày [4 lọ/ngày]", "Lọ"),
    ("3 lần/ngày * 7 ngày", "Tuýp"),
    ("12g * 1 thang * 7 ngày", "Gam"),
):
    VARIANTS.append((A, lambda case, dose=dose, unit=unit: _dose(case, dose, unit)))  # type: ignore[misc]


@variant(B)
def blood_without_tender_and_registration(case: Case) -> None:
    line = case.row("XML2", 1)
    line.update(MA_NHOM="7", TT_THAU="", SO_DANG_KY="")


@variant(A)
def a_compound_of_several_ingredients_is_in_no_list(case: Case) -> None:
    case.row("XML2", 2)["MA_THUOC"] = "40.155+40.998"
    case.world["drug_terms"] = {"40.155": DrugTerms()}


@variant(B)
def transport_with_its_fuel(case: Case) -> None:
    case.row("XML3", 5).update(MA_NHOM="12", MA_XANG_DAU="E10V1")


@variant(B)
def a_drug_that_a_programme_pays(case: Case) -> None:
    line = case.row("XML2", 1)
    line.update(NGUON_CTRA="3", T_NGUONKHAC_NSNN="246000", T_NGUONKHAC="246000", T_BNTT="0", T_BNCCT="0", T_BHTT="0")
    retotal(case)


@variant(B)
def a_second_surgery_by_the_same_team(case: Case) -> None:
    line = deepcopy(case.row("XML3", 2))
    line.update(NGAY_YL="202611021101", NGAY_TH_YL="202611021310", GOI_VTYT="", TYLE_TT_DV="50")
    reprice(line)
    case.claim.tables["XML3"].append(line)
    retotal(case)


@variant(C)
def a_birth_of_twins_sends_a_paper_for_each(case: Case) -> None:
    case.one["CAN_NANG_CON"] = "2400;2500"
    case.claim.tables["XML9"].append(dict(case.row("XML9")) | {"MA_THE_TAM": "TE1990000000004", "SO": "002"})


@variant(D)
def a_drug_collection_lasts_as_long_as_the_drugs(case: Case) -> None:
    case.one["SO_NGAY_DTRI"] = "28"
    line = case.row("XML2")
    line.update(LIEU_DUNG="1 viên/lần * 1 lần/ngày * 28 ngày [1 viên/ngày]", SO_LUONG="28")
    reprice(line)
    retotal(case)


@variant(E)
def an_exam_counts_no_day(case: Case) -> None:
    case.one["SO_NGAY_DTRI"] = "0"


@variant(E)
def maternity_rest_counted_without_its_last_day(case: Case) -> None:
    case.row("XML10")["SO_NGAY"] = "29"


@variant(C)
def a_stay_under_four_hours(case: Case) -> None:
    def of_day(row: Row, *columns: str) -> None:
        row.update(dict.fromkeys(columns, "202611060459"))

    case.claim.tables["XML3"].pop()
    of_day(case.one, "NGAY_RA")
    for table in ("XML7", "XML8"):
        case.row(table).update(NGAY_RA="202611060459", NGAY_CT="20261106")
    case.row("XML7").update(NGOAITRU_TUNGAY="20261107", NGOAITRU_DENNGAY="20261113")
    case.row("XML5")["THOI_DIEM_DBLS"] = "202611060445"
    case.one.update(MA_LOAI_KCB="09", SO_NGAY_DTRI="0")
    case.row("XML8")["MA_LOAI_KCB"] = "09"
    for line in case.lines:  # so small a total is paid whole or by the card
        assert line["MUC_HUONG"] == "95"
    retotal(case)


@pytest.mark.parametrize(("sample", "change"), VARIANTS, ids=lambda each: getattr(each, "__name__", each))
def test_what_is_right_and_unusual_passes(sample: str, change: Callable[[Case], object]) -> None:
    case = good(sample)
    change(case)
    told = [(each.rule, each.place, each.text.vi) for each in case.report().findings]
    assert told == []


def test_the_variants_start_from_claims_that_stay_as_they_were() -> None:
    assert all(good(sample).claim == GOOD[sample] for sample, _ in VARIANTS)
