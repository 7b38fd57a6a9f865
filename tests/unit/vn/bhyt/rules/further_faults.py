"""More faults: the other ways in which a rule can be broken, in the form of `seeded_faults.py`."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from tests.unit.vn.bhyt.rules.cases import GOOD, Case, reprice, retotal
from tests.unit.vn.bhyt.rules.seeded_faults import (
    NOT_LISTED,
    A,
    B,
    C,
    D,
    E,
    Seeded,
    bed_days,
    cell,
    change_check_in,
    fault,
    file_fault,
    repeated,
    seeded,
    seeding,
    without,
    world_fault,
)

from benhan.vn.bhyt.rules.context import Contrast, DrugTerms, Hours, Icd10, Signature, Staff

FURTHER: list[Seeded] = seeding()

file_fault("F01", lambda file: file._replace(head=replace(file.head, count="3")))
file_fault("F01", lambda file: file._replace(head=replace(file.head, facility="9900")))
seeded("F02", A, lambda case: case.claim.tables["XML1"].append(dict(case.one)))
file_fault("F05", lambda file: file._replace(signature=Signature.FOREIGN))
file_fault("F07", lambda file: file._replace(repeated={"SYN-A-0001"}))
cell("F08", A, "XML1", 1, "LY_DO_VV", "Ho\x07 sốt")
cell("F08", B, "XML1", 1, "MA_PTTT_QT", "47 .01")
cell("F08", A, "XML2", 1, "MA_THUOC", "40.155 ")
cell("F10", A, "XML1", 1, "NGAY_TTOAN", "202611311020")
cell("F10", A, "XML1", 1, "T_THUOC", "273,014")
cell("F10", A, "XML3", 2, "NGAY_KQ", "2026-11-02 08:40")
cell("F10", A, "XML3", 2, "DON_GIA_BV", "50.000,00")

cell("A02", A, "XML1", 1, "SO_CCCD", "000000000000")
cell("A02", A, "XML1", 1, "SO_CCCD", "001 090 000 001")
cell("A04", A, "XML1", 1, "MAHUYEN_CU_TRU", "001")
cell("A04", A, "XML1", 1, "MATINH_CU_TRU", "")
cell("A05", A, "XML1", 1, "CAN_NANG", "200.5")
cell("A05", A, "XML1", 1, "CAN_NANG", "61.505")
cell("A05", A, "XML1", 1, "CAN_NANG", "")
cell("A07", A, "XML14", 1, "MA_TTDV", NOT_LISTED)
cell("A07", B, "XML7", 1, "MA_TTDV", "")
cell("A08", A, "XML1", 1, "NAM_QT", "26")
cell("A08", A, "XML1", 1, "THANG_QT", "13")
cell("A10", A, "XML1", 1, "MA_LOAI_RV", "")

cell("K01", A, "XML1", 1, "MA_DKBD", "99001;99001")
repeated("K02", A, "MA_THE_BHYT", "ZZ4990000000001", "XML14")
repeated("K02", A, "MA_THE_BHYT", "dn4990000000001", "XML14")


@fault("K03", A)
def ends_before_it_begins(case: Case) -> None:
    case.one["GT_THE_TU"] = "20270101"
    case.answer(valid_from="20270101")
    case.one["GT_THE_DEN"] = "20261231"


@fault("K03", B)
def an_order_between_two_cards(case: Case) -> None:
    case.set("GT_THE_DEN", "20261102;20271103", "XML13")
    case.world["cards"]["GD4990000000002"] = case.world["cards"]["GD4990000000002"]._replace(valid_to="20261102")


seeded("K04", A, lambda case: case.answer(result="010"))
seeded("K04", A, lambda case: case.answer(sex="2"))
seeded("K04", A, lambda case: case.answer(facility="99002"))
seeded("K04", A, lambda case: case.answer(born="1991"))
seeded("K04", B, lambda case: case.answer(valid_to="20301231"))


@fault("K05", B)
def sent_to_itself(case: Case) -> None:
    case.one["MA_NOI_DEN"] = case.row("XML13")["MA_CSKCB_DEN"] = "99001"


repeated("K06", D, "MA_THE_BHYT", "TE1990000000004", "XML6")
cell("K07", A, "XML1", 1, "NGAY_MIEN_CCT", "20261101")
cell("K07", A, "XML1", 1, "NGAY_MIEN_CCT", "2026")

repeated("E01", A, "MA_DOITUONG_KCB", "", "XML14")
repeated("E02", A, "MA_DOITUONG_KCB", "1.11", "XML14")
cell("E03", B, "XML1", 1, "MA_NOI_DI", "")
cell("E08", A, "XML3", 1, "PHAM_VI", "3")
cell("E10", A, "XML1", 1, "MA_KHUVUC", "K4")

repeated("D01", E, "MA_BENH_CHINH", "U62.392")
repeated("D01", A, "MA_BENH_CHINH", "J2", "XML14")
repeated("D02", A, "MA_BENH_KT", ";".join(["R50.9"] * 13), "XML14")
cell("D03", A, "XML1", 1, "MA_BENH_YHCT", "J20")


def _listed(case: Case, **codes: Icd10) -> None:
    case.world["icd10"] = case.world["icd10"] | {code.replace("_", "."): row for code, row in codes.items()}


@fault("D01", A)
def a_code_that_is_no_longer_valid(case: Case) -> None:
    _listed(case, J20=Icd10(valid_to="20251231"))
    for line in case.claim.rows("XML3"):
        line["MA_BENH"] = "R50.9"


@fault("D05", E)
def a_disease_of_men(case: Case) -> None:
    _listed(case, N40=Icd10())
    case.one["MA_BENH_KT"] = "N40"


@fault("D05", A)
def a_disease_of_the_newborn(case: Case) -> None:
    _listed(case, P07_1=Icd10())
    case.set("MA_BENH_KT", "P07.1", "XML14")


@fault("D05", A)
def an_age_of_the_list(case: Case) -> None:
    _listed(case, R50_9=Icd10(age_from=60))


@fault("T01", A)
def not_over_yet(case: Case) -> None:
    case.world["now"] = "202611021000"
    case.one["NGAY_TTOAN"] = ""


world_fault("T02", A, "now", lambda case: "202611021010")
cell("T03", A, "XML2", 1, "NGAY_YL", "202611021006")
cell("T04", B, "XML2", 1, "NGAY_TH_YL", "202611051001")
cell("T05", A, "XML3", 1, "NGAY_KQ", "202611021006")


@fault("T08", E)
def a_visit_of_ten_minutes(case: Case) -> None:
    case.one["NGAY_RA"] = case.row("XML3")["NGAY_KQ"] = "202611120810"
    case.row("XML3")["NGAY_TH_YL"] = "202611120806"


@fault("T10", A)
def one_doctor_at_two_places(case: Case) -> None:
    case.row("XML3", 3).update(
        NGAY_YL="202611020736",
        NGAY_TH_YL="202611020740",
        NGUOI_THUC_HIEN="000001/ZZZ-GPHN",
        MA_BAC_SI="000002/ZZZ-GPHN",
    )


def second_exam(case: Case, ordered: str, done: str, ratio: str) -> None:
    line = deepcopy(case.row("XML3"))
    line.update(NGAY_YL=ordered, NGAY_TH_YL=done, TYLE_TT_DV=ratio, STT="9")
    reprice(line)
    case.claim.tables["XML3"].append(line)
    retotal(case)


@fault("T15", A)
def the_main_exam_comes_second(case: Case) -> None:
    second_exam(case, "202611020733", "202611020739", "30")


@fault("Q01", B)
def two_exam_fees_in_a_stay(case: Case) -> None:
    second_exam(case, "202611020835", "202611020840", "30")


cell("Q02", B, "XML1", 1, "PP_DIEU_TRI", "")
cell("Q05", B, "XML1", 1, "MA_NOI_DEN", "")
cell("Q05", B, "XML13", 1, "GIAY_CHUYEN_TUYEN", "")
without("Q06", A, "XML14")
cell("Q06", A, "XML1", 1, "NGAY_TAI_KHAM", "20261110")
without("Q07", C, "XML5")


@fault("Q08", A)
def a_result_of_nothing_ordered(case: Case) -> None:
    case.claim.tables["XML4"].append(dict(case.row("XML4", 1)) | {"MA_DICH_VU": "99.0001"})


cell("Q09", C, "XML1", 1, "CAN_NANG_CON", "")
without("Q10", E, "XML10")


@fault("Q10", B)
def sick_leave_of_an_inpatient(case: Case) -> None:
    paper = dict(GOOD[A].rows("XML11")[0]) | {"MA_LK": case.claim.ma_lk, "TU_NGAY": "20261105", "DEN_NGAY": "20261107"}
    case.claim.tables["XML11"] = [paper]


world_fault("Q10", A, "papers", lambda case: {"SYN-A-0001": set(), "OTHER": set()})
without("Q11", D, "XML6")

cell("G01", A, "XML2", 1, "SO_DANG_KY", "VD-99999-26")


@fault("G01", A)
def below_the_approved_price(case: Case) -> None:
    case.row("XML2", 1)["DON_GIA"] = "8000"
    reprice(case.row("XML2", 1))
    retotal(case)


@fault("G02", B)
def another_price_of_a_supply(case: Case) -> None:
    (row,) = case.world["supplies"]["N03.03.070"]
    case.world["supplies"]["N03.03.070"] = [row._replace(price_dong="2000000")]


@fault("G03", A)
def an_unknown_service(case: Case) -> None:
    case.row("XML3", 1)["MA_DICH_VU"] = "99.9999"


@fault("G04", A)
def a_drug_above_the_price(case: Case) -> None:
    case.world["drugs"]["40.155"] = [each._replace(price_dong="8500") for each in case.world["drugs"]["40.155"]]


cell("G05", B, "XML5", 1, "NGUOI_THUC_HIEN", NOT_LISTED)
world_fault(
    "G05", A, "staff", lambda case: case.world["staff"] | {"000001/ZZZ-GPHN": Staff("20200101", scope=("05.",))}
)


@fault("G06", B)
def the_exam_department_orders_for_an_inpatient(case: Case) -> None:
    case.set("MA_DOITUONG_KCB", "3.3")
    case.row("XML2", 1)["MA_KHOA"] = "K01"


cell("G07", A, "XML3", 2, "MA_MAY", "")
cell("G07", A, "XML3", 2, "MA_MAY", "HH.1.SN9999")
cell("G09", B, "XML3", 3, "TT_THAU", "")


@fault("G11", B)
def a_package_without_number(case: Case) -> None:
    case.row("XML3", 2)["GOI_VTYT"] = case.row("XML3", 3)["GOI_VTYT"] = "X1"


cell("G11", B, "XML3", 3, "GOI_VTYT", "")
cell("G13", B, "XML3", 3, "TEN_VAT_TU", "")
cell("G13", B, "XML3", 3, "MA_DICH_VU", "")
cell("G13", A, "XML3", 1, "MA_DICH_VU", "")
cell("G14", A, "XML2", 1, "DUONG_DUNG", "2.10")


@fault("G15", A)
def a_registration_with_a_space(case: Case) -> None:
    case.row("XML2", 1)["SO_DANG_KY"] = "VD 00001-26"
    case.world["drugs"]["40.155"] = [each._replace(registration="") for each in case.world["drugs"]["40.155"]]


for dose in (
    "uống theo chỉ dẫn",
    "0 viên/lần * 2 lần/ngày * 7 ngày",
    "2 viên/lần * 2 lần/ngày * 7 ngày [5 viên/ngày]",
    "2 gói/lần * 2 lần/ngày * 7 ngày [4 gói/ngày]",
    "2 viên/lần * 2 lần/ngày * 7 ngày [4 gói/ngày]",
):
    cell("X01", A, "XML2", 1, "LIEU_DUNG", dose)
cell("X01", B, "XML2", 1, "LIEU_DUNG", "2 lọ/lần * 2 lần/ngày * 1 ngày [4 lọ/ngày]")
world_fault("X04", A, "drug_terms", lambda case: {"40.155": DrugTerms(100, ("K",))})
cell("X05", A, "XML2", 1, "MA_CSKCB_THUOC", "C.9900")

cell("S01", A, "XML3", 2, "NGAY_TH_YL", "")


@fault("S03", B)
def a_local_anaesthesia_told_as_general(case: Case) -> None:
    case.row("XML3", 2)["TEN_DICH_VU"] += " [gây tê]"


cell("S03", B, "XML3", 2, "PP_VO_CAM", "5")
cell("S04", A, "XML4", 3, "MO_TA", " ")
cell("S04", A, "XML4", 1, "GIA_TRI", "")
cell("S04", A, "XML4", 1, "NGAY_KQ", "")
cell("S04", A, "XML4", 1, "DON_VI_DO", "")


@fault("S06", A)
def two_whole_exams(case: Case) -> None:
    second_exam(case, "202611020940", "202611020945", "100")


@fault("S06", B)
def two_whole_surgeries(case: Case) -> None:
    line = deepcopy(case.row("XML3", 2))
    line.update(NGAY_YL="202611021101", NGAY_TH_YL="202611021301", GOI_VTYT="")
    case.claim.tables["XML3"].append(line)
    retotal(case)


cell("S08", B, "XML3", 3, "NGAY_KQ", "202611021410")
world_fault("S09", A, "contrast", lambda case: Contrast(frozenset({"40.641"}), frozenset({"18.0119.0028"})))
cell("S07", B, "XML3", 3, "TAI_SU_DUNG", "0")

cell("B01", B, "XML3", 4, "MA_GIUONG", "")
cell("B01", B, "XML3", 4, "MA_GIUONG", "H001;H002")
seeded("B02", C, lambda case: bed_days(case, "4"))
cell("B08", C, "XML1", 1, "SO_NGAY_DTRI", "5")
cell("B08", D, "XML1", 1, "SO_NGAY_DTRI", "1")


@fault("M07", B)
def sources_taken_off_the_fund_first(case: Case) -> None:
    case.row("XML2", 2).update(T_BNTT="750000", T_BNCCT="350000", T_BHTT="900000")


@fault("M13", A)
def more_than_all_is_insured(case: Case) -> None:
    line = case.row("XML3", 1)
    line["TYLE_TT_BH"] = "101"
    reprice(line)
    line["T_BNTT"] = "0"
    retotal(case)


cell("L01", B, "XML7", 1, "NGAY_RA", "202611051001")
cell("L01", B, "XML7", 1, "MA_YTE", "BN-OTHER")
cell("L02", A, "XML11", 1, "MA_DINH_CHI_THAI", "1")
cell("L03", C, "XML7", 1, "NGOAITRU_DENNGAY", "")
cell("L03", C, "XML7", 1, "NGOAITRU_DENNGAY", "20261114")


@fault("L03", C)
def leave_that_begins_late(case: Case) -> None:
    case.row("XML7").update(NGOAITRU_TUNGAY="20261110", NGOAITRU_DENNGAY="20261116")


@fault("L04", E)
def half_a_year_and_a_day(case: Case) -> None:
    case.row("XML10").update(SO_NGAY="181", DEN_NGAY="20270511")


cell("L04", E, "XML10", 1, "MA_BS", NOT_LISTED)
cell("L05", A, "XML11", 1, "MA_BHXH", "0000000000")
cell("L05", A, "XML11", 1, "TU_NGAY", "20261103")
cell("L06", C, "XML9", 1, "HO_TEN_NND", "")
cell("L06", C, "XML9", 1, "NGAYCAP_CCCD_NND", "20270101")
cell("L06", C, "XML9", 1, "MAXA_CU_TRU", "999")
cell("L07", B, "XML13", 1, "MA_LYDO_CT", "4")
cell("L07", B, "XML13", 1, "MA_CSKCB_DEN", "99002")


@fault("L07", A)
def an_appointment_in_the_past(case: Case) -> None:
    case.row("XML14")["NGAY_HEN_KL"] = case.one["NGAY_TAI_KHAM"] = "20261101"


cell("L08", B, "XML8", 1, "TOMTAT_KQ", "")
cell("L09", D, "XML6", 1, "MA_TINH_TRANG_DK", "1")
cell("L09", D, "XML6", 1, "PHACDO_DTRI_LAO", "")
cell("L09", D, "XML6", 1, "SO_NGAY_CAP_THUOC_ARV", "90")
cell("L09", D, "XML15", 1, "NGAYKT_DTRI_LAO", "20260901")
cell("L09", D, "XML15", 1, "NGAYKD_HIV", "")


@fault("H01", B)
def no_check_in_in_the_ward(case: Case) -> None:
    case.world["check_ins"] = {case.claim.ma_lk: case.world["check_ins"][case.claim.ma_lk][:1]}


seeded("H02", A, lambda case: change_check_in(case, MA_THUOC="40.155", TEN_THUOC="Thuốc mẫu A 500mg"))


@fault("A03", A)
def a_newborn_without_an_hour_of_birth(case: Case) -> None:
    case.set("NGAY_SINH", "202610200000", "XML14")
    case.answer(born="20261020")


@fault("T11", A)
def a_result_after_hours(case: Case) -> None:
    case.world["hours"] = Hours(frozenset(range(5)), "0600", "1000")
    case.row("XML4", 3)["NGAY_KQ"] = case.row("XML3", 3)["NGAY_KQ"] = "202611021001"


@fault("Q11", A)
def an_hiv_record_of_someone_else(case: Case) -> None:
    record = dict(GOOD[D].rows("XML6")[0])
    same = (
        "MA_LK",
        "MA_THE_BHYT",
        "SO_CCCD",
        "NGAY_SINH",
        "GIOI_TINH",
        "DIA_CHI",
        "MATINH_CU_TRU",
        "MAXA_CU_TRU",
        "MA_CSKCB",
    )
    case.claim.tables["XML6"] = [record | {name: case.one[name] for name in same}]


cell("X01", A, "XML2", 1, "LIEU_DUNG", "Sáng: 0 viên [0 viên/ngày]")
seeded("S06", C, lambda case: bed_days(case, "2", TYLE_TT_DV="60"))
cell("M06", A, "XML2", 2, "T_BNTT", "17600")
cell("L09", D, "XML6", 1, "NGAY_BAT_DAU_XU_TRI", "")
cell("L09", D, "XML6", 1, "NGAY_KET_THUC_XU_TRI", "20261101")
