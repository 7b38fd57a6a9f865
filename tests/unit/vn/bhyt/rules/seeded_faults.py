"""One fault for each rule: the good claim it is seeded into, and how it is broken as little as may be.

Where a fault must stand in two places to be one fault (a value that a paper repeats, an amount that is summed), both
are changed. Rules that overlap by nature, and which gives way:

* M08, M09, M10 sum what is written or what is right, so that a wrong line is told by M01 to M07 alone; M06 takes
  T_BHTT as written or as right. M11 speaks of a total of 0, not M08. M14 speaks of a missing price difference, not M06.
* E09 and X06 speak of lines that the fund does not pay; M05 to M07 pass these by.
* T05 compares the result with the execution, T04 the execution with the order. Three equal times are T06's, not T07's.
* H03 speaks where no check-in was sent, H01 where one came late or is missing in the ward.
* K01 speaks of unequal numbers of cards; K03, K04, E02, E06 then have no cards to look at.
* G14 compares strength, route, form; G04 a price above the approved one; G01 the rest, a price below included.
* A07 speaks of every MA_TTDV, L01, L04, L06 of the other signers. S05 speaks of readers, G05 of everyone else.
* D01, D02 speak of the form and list of codes, D04 to D06 of codes that are in it.
* F10 leaves A05, K07, B01, G11 the form of their columns; R01 and R02 are silent where a rule has spoken of the place.
* L07 and L09 compare two filled values; what is missing belongs to E03, Q05, L01, R01.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

from tests.unit.vn.bhyt.rules.cases import GOOD, Case, reprice, retotal

from benhan.kernel.issues import error
from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.context import Apart, BedUse, Contrast, Done, DrugTerms, Hours, InFile, SentClaims, Signature

A, B, C, D, E = "A_outpatient", "B_inpatient", "C_delivery", "D_chronic_hiv_tb", "E_pregnancy_rest"
NOT_LISTED = "999999/ZZZ-GPHN"
LONG = "Uống đúng giờ, nhiều nước, không bỏ liều, tái khám khi hết thuốc"


class Seeded(NamedTuple):
    """A rule, the claim, the fault."""

    rule: str
    sample: str
    seed: Callable[[Case], object]


FAULTS: list[Seeded] = []
_taking = [FAULTS]


def seeding() -> list[Seeded]:
    """A new list, which takes the faults that are declared from now on."""
    _taking.append([])
    return _taking[-1]


def seeded(rule: str, sample: str, seed: Callable[[Case], object]) -> None:
    """Declare a fault."""
    _taking[-1].append(Seeded(rule, sample, seed))


def fault(rule: str, sample: str) -> Callable[[Callable[[Case], object]], Callable[[Case], object]]:
    def taken(seed: Callable[[Case], object]) -> Callable[[Case], object]:
        seeded(rule, sample, seed)
        return seed

    return taken


def cell(rule: str, sample: str, table: str, number: int, column: str, value: str) -> None:
    """A fault of one value."""
    seeded(rule, sample, lambda case: case.row(table, number).update({column: value}))


def repeated(rule: str, sample: str, column: str, value: str, *papers: str) -> None:
    """A fault of one value that papers repeat."""
    seeded(rule, sample, lambda case: case.set(column, value, *papers))


def world_fault(rule: str, sample: str, name: str, value: Callable[[Case], object]) -> None:
    """A fault that what is known of the world brings to light."""
    seeded(rule, sample, lambda case: case.world.update({name: value(case)}))


def file_fault(rule: str, changed: Callable[[Any], InFile]) -> None:
    """A fault of the file that carries the claim."""
    seeded(rule, A, lambda case: setattr(case, "file", changed(case.file)))


def without(rule: str, sample: str, table: str) -> None:
    """A fault that is a missing table."""
    seeded(rule, sample, lambda case: case.claim.tables.pop(table))


# the file and its texts
file_fault("F01", lambda file: file._replace(head=replace(file.head, made_on="20261302")))
cell("F02", A, "XML2", 1, "MA_LK", "SYN-OTHER")
FAULTS.append(
    Seeded(
        "F03", A, lambda case: case.claim.faults.append(error("value", "XML5", Text("Base64 hỏng", "broken Base64")))
    )
)
seeded("F04", A, lambda case: case.one.pop("DU_PHONG"))
file_fault("F05", lambda file: file._replace(head=replace(file.head, signed=False)))
file_fault("F06", lambda file: file._replace(signature=Signature.CHANGED))
world_fault("F07", A, "sent", lambda case: SentClaims({case.claim.ma_lk: ("BN-OTHER", "202601010000")}, {}))
cell("F08", A, "XML1", 1, "LY_DO_VV", "Ho &amp; sốt")
world_fault("F09", A, "sent", lambda case: SentClaims({}, {(case.one["MA_BN"], case.one["NGAY_VAO"]): "SYN-OLD"}))
cell("F10", A, "XML1", 1, "DIEN_THOAI", "0" * 16)

# the person
cell("A01", A, "XML1", 1, "DIA_CHI", "")
cell("A02", A, "XML1", 1, "SO_CCCD", "123")


@fault("A03", A)
def born_tomorrow(case: Case) -> None:
    case.set("NGAY_SINH", "202612010000", "XML14")
    case.answer(born="20261201")


cell("A04", A, "XML1", 1, "MAXA_CU_TRU", "88888")
cell("A05", A, "XML1", 1, "CAN_NANG", "0")
cell("A06", A, "XML1", 1, "MA_HSBA", "")
cell("A07", A, "XML1", 1, "MA_TTDV", "000001/ZZZ-GPHN")
cell("A08", A, "XML1", 1, "THANG_QT", "10")
cell("A09", A, "XML1", 1, "LY_DO_VV", "")
cell("A10", A, "XML1", 1, "KET_QUA_DTRI", "9")

# the card
cell("K01", A, "XML1", 1, "GT_THE_TU", "20260101;20260101")
repeated("K02", A, "MA_THE_BHYT", "DN49900000000", "XML14")


@fault("K03", A)
def card_begins_after_the_visit(case: Case) -> None:
    case.one["GT_THE_TU"] = "20261103"
    case.answer(valid_from="20261103")


seeded("K04", A, lambda case: case.answer(name="Nguyễn Văn Khác"))


@fault("K05", B)
def comes_from_nowhere(case: Case) -> None:
    case.one["MA_NOI_DI"] = case.row("XML13")["MA_CSKCB_DI"] = "88888"


cell("K06", C, "XML9", 1, "MA_THE_TAM", "te1990000000003")
cell("K07", A, "XML1", 1, "NAM_NAM_LIEN_TUC", "2030")

# the entitlement
repeated("E01", A, "MA_DOITUONG_KCB", "6.6", "XML14")


@fault("E02", A)
def registered_elsewhere(case: Case) -> None:
    case.one["MA_DKBD"] = "99002"
    case.answer(facility="99002")


cell("E03", B, "XML1", 1, "GIAY_CHUYEN_TUYEN", "")


@fault("E04", A)
def inpatient_route_for_an_outpatient(case: Case) -> None:
    registered_elsewhere(case)
    case.set("MA_DOITUONG_KCB", "1.15", "XML14")


repeated("E05", A, "MA_DOITUONG_KCB", "1.7", "XML14")


@fault("E06", A)
def too_much_benefit(case: Case) -> None:
    case.row("XML2", 2)["MUC_HUONG"] = "95"
    reprice(case.row("XML2", 2))
    retotal(case)


repeated("E07", A, "MA_DOITUONG_KCB", "9", "XML14")
cell("E08", A, "XML2", 1, "PHAM_VI", "3")
cell("E09", A, "XML2", 2, "PHAM_VI", "2")
cell("E10", A, "XML1", 1, "MA_KHUVUC", "K1")

# diagnoses
repeated("D01", A, "MA_BENH_CHINH", "J20;J21", "XML14")
repeated("D02", A, "MA_BENH_KT", "R50.9;U62.392", "XML14")
cell("D03", A, "XML1", 1, "MA_BENH_YHCT", "U62.999")
world_fault(
    "D04", A, "icd10", lambda case: case.world["icd10"] | {"J20": case.world["icd10"]["J20"]._replace(not_main=True)}
)


@fault("D05", E)
def a_man_with_child(case: Case) -> None:
    case.one["GIOI_TINH"] = "1"
    case.answer(sex="1")


@fault("D06", A)
def a_check_up(case: Case) -> None:
    case.set("MA_BENH_CHINH", "Z00.0", "XML14")
    case.world["drug_terms"] = {"40.998": DrugTerms(50)}


cell("D07", A, "XML3", 1, "MA_BENH", "U62.392")

# times
repeated("T01", B, "NGAY_VAO_NOI_TRU", "202611020800", "XML13")
cell("T02", A, "XML1", 1, "NGAY_TTOAN", "202611021000")
cell("T03", A, "XML2", 1, "NGAY_YL", "202611020720")
cell("T04", B, "XML2", 1, "NGAY_TH_YL", "202611021125")


@fault("T05", A)
def result_before_the_test(case: Case) -> None:
    for row in (case.row("XML3", 2), case.row("XML4", 1), case.row("XML4", 2)):
        row["NGAY_KQ"] = "202611020800"


@fault("T06", D)
def three_times_one_minute(case: Case) -> None:
    case.row("XML3").update(NGAY_YL="202611100810", NGAY_TH_YL="202611100810", NGAY_KQ="202611100810")


@fault("T07", A)
def an_image_in_a_minute(case: Case) -> None:
    case.row("XML3", 3)["NGAY_KQ"] = case.row("XML4", 3)["NGAY_KQ"] = "202611020851"


@fault("T08", E)
def a_visit_of_four_minutes(case: Case) -> None:
    case.one["NGAY_RA"] = "202611120804"
    case.row("XML3").update(NGAY_YL="202611120801", NGAY_TH_YL="202611120802", NGAY_KQ="202611120804")


@fault("T09", A)
def an_exam_of_two_days(case: Case) -> None:
    case.set("NGAY_RA", "202611031005", "XML14")
    case.one.update(NGAY_TTOAN="202611031020", SO_NGAY_DTRI="2")


world_fault(
    "T10", A, "done_elsewhere", lambda case: {"000003/ZZZ-GPHN": [Done("OTHER", "18.0119.0028", "202611020850")]}
)
world_fault("T11", A, "hours", lambda case: Hours(frozenset(range(5)), "0740", "1700"))


@fault("T12", B)
def a_supply_after_the_surgery(case: Case) -> None:
    case.row("XML3", 3).update(NGAY_YL="202611021430", NGAY_TH_YL="202611021430")


cell("T13", A, "XML4", 1, "NGAY_KQ", "202611020841")
cell("T14", B, "XML5", 1, "THOI_DIEM_DBLS", "202611020800")


@fault("T15", A)
def a_test_after_the_drugs(case: Case) -> None:
    case.row("XML3", 2).update(NGAY_YL="202611020955", NGAY_TH_YL="202611020956", NGAY_KQ="202611021001")
    case.row("XML4", 1)["NGAY_KQ"] = case.row("XML4", 2)["NGAY_KQ"] = "202611021001"


# what must be there
@fault("Q01", A)
def no_exam(case: Case) -> None:
    del case.claim.tables["XML3"][0]
    retotal(case)


cell("Q02", B, "XML1", 1, "LY_DO_VNT", "")
without("Q03", C, "XML7")
without("Q04", C, "XML8")
without("Q05", B, "XML13")
cell("Q06", A, "XML1", 1, "NGAY_TAI_KHAM", "")
seeded("Q07", B, lambda case: case.row("XML5", 2).update(DIEN_BIEN_LS=case.row("XML5", 1)["DIEN_BIEN_LS"]))
seeded("Q08", A, lambda case: case.claim.tables["XML4"].pop())
without("Q09", C, "XML9")
without("Q10", A, "XML11")
without("Q11", D, "XML15")

# catalogues
cell("G01", A, "XML2", 1, "TEN_THUOC", "Thuốc không có trong danh mục")
cell("G02", B, "XML3", 3, "TEN_VAT_TU", "Vật tư không có trong danh mục")
cell("G03", A, "XML3", 2, "TEN_DICH_VU", "Dịch vụ không có trong danh mục")


@fault("G04", A)
def above_the_price(case: Case) -> None:
    (row,) = case.world["services"]["22.0121.1369"]
    case.world["services"]["22.0121.1369"] = [row._replace(price_dong="43000")]


cell("G05", A, "XML2", 1, "MA_BAC_SI", NOT_LISTED)
cell("G06", A, "XML2", 1, "MA_KHOA", "K77")
cell("G07", A, "XML3", 2, "MA_MAY", "HH-1-SN")


@fault("G08", A)
def a_tender_without_groups(case: Case) -> None:
    tender = "57/QĐ-TTMS;4;2026"
    case.row("XML2", 1)["TT_THAU"] = tender
    case.world["drugs"]["40.155"] = [each._replace(tender=tender) for each in case.world["drugs"]["40.155"]]


cell("G09", A, "XML2", 1, "TT_THAU", "")
cell("G10", B, "XML3", 3, "MA_NHOM", "11")
cell("G11", B, "XML3", 3, "GOI_VTYT", "G2")
cell("G12", B, "XML3", 5, "MA_NHOM", "12")
cell("G13", A, "XML3", 2, "TEN_DICH_VU", "")
cell("G14", A, "XML2", 1, "HAM_LUONG", "250mg")
cell("G15", A, "XML2", 1, "SO_DANG_KY", "")

# drugs
cell("X01", A, "XML2", 1, "LIEU_DUNG", "2 viên/lần * 2 lần/ngày * 6 ngày [4 viên/ngày]")


@fault("X02", A)
def forty_days(case: Case) -> None:
    case.row("XML2", 2).update(LIEU_DUNG="1 viên/lần * 2 lần/ngày * 40 ngày [2 viên/ngày]", SO_LUONG="80.000")
    reprice(case.row("XML2", 2))
    retotal(case)


@fault("X03", A)
def one_instruction_for_all(case: Case) -> None:
    case.row("XML2", 1)["CACH_DUNG"] = case.row("XML2", 2)["CACH_DUNG"] = LONG


world_fault("X04", A, "drug_terms", lambda case: {"40.998": DrugTerms(30)})
cell("X05", A, "XML2", 1, "MA_CSKCB_THUOC", "X.99002")
cell("X06", A, "XML2", 1, "NGUON_CTRA", "2")

# services
cell("S01", A, "XML3", 2, "NGUOI_THUC_HIEN", "")
cell("S02", A, "XML3", 2, "NGUOI_THUC_HIEN", "000001/ZZZ-GPHN")
cell("S03", B, "XML3", 2, "PP_VO_CAM", "")
cell("S04", A, "XML4", 3, "KET_LUAN", "")
cell("S05", A, "XML4", 1, "MA_BS_DOC_KQ", NOT_LISTED)


@fault("S06", A)
def a_single_exam_at_thirty(case: Case) -> None:
    case.row("XML3", 1)["TYLE_TT_DV"] = "30"
    reprice(case.row("XML3", 1))
    retotal(case)


cell("S07", A, "XML2", 1, "VET_THUONG_TP", "2")
cell("S08", B, "XML3", 3, "MA_MAY", "PT.1.SN0003")
world_fault("S09", A, "contrast", lambda case: Contrast(frozenset({"40.155"}), frozenset({"18.0155"})))


@fault("S10", A)
def repeated_within_days(case: Case) -> None:
    case.world["apart"] = [Apart("22.0121.1369", "22.0121.1369", 7)]
    case.world["earlier"] = {"BN-SYN-A": [Done("OTHER", "22.0121.1369", "202610300800")]}


# beds
cell("B01", B, "XML3", 4, "MA_GIUONG", "A001")


def bed_days(case: Case, days: str, **more: str) -> None:
    bed = case.row("XML3", 2)
    bed.update(SO_LUONG=days, **more)
    reprice(bed)
    retotal(case)


seeded("B02", C, lambda case: bed_days(case, "2.25"))
world_fault("B03", C, "beds", lambda case: {("K27", "H002"): [BedUse("OTHER", "202611070000", "202611080000")]})
seeded("B04", C, lambda case: bed_days(case, "1"))


@fault("B05", C)
def two_bed_days_within_a_day(case: Case) -> None:
    case.set("NGAY_RA", "202611070100", "XML7", "XML8")
    case.one["SO_NGAY_DTRI"] = "2"
    case.row("XML8")["NGAY_CT"] = "20261107"
    case.row("XML7").update(NGOAITRU_TUNGAY="20261108", NGOAITRU_DENNGAY="20261114")
    bed_days(case, "2", NGAY_KQ="202611070100")


@fault("B06", E)
def a_bed_for_an_outpatient(case: Case) -> None:
    bed = deepcopy(GOOD[C].rows("XML3")[1])
    bed.update(
        MA_LK=case.claim.ma_lk, STT="2", NGAY_YL="202611120820", NGAY_TH_YL="202611120820", NGAY_KQ="202611120850",
        SO_LUONG="1", MUC_HUONG="100", MA_BENH="O20.0",
    )  # fmt: skip
    reprice(bed)
    case.claim.tables["XML3"].append(bed)
    retotal(case)


@fault("B07", B)
def a_surgical_bed_before_surgery(case: Case) -> None:
    case.row("XML3", 4).update(NGAY_YL="202611021200", NGAY_TH_YL="202611021200")


cell("B08", A, "XML1", 1, "SO_NGAY_DTRI", "2")

# money
cell("M01", A, "XML2", 1, "THANH_TIEN_BV", "238015")
cell("M02", A, "XML2", 1, "THANH_TIEN_BH", "238013")
cell("M03", A, "XML3", 2, "THANH_TIEN_BV", "50001")
cell("M04", A, "XML3", 2, "THANH_TIEN_BH", "43400")
cell("M05", A, "XML2", 1, "T_BHTT", "190511.2")
cell("M06", A, "XML2", 1, "T_BNCCT", "47702.8")
cell("M07", B, "XML2", 2, "T_NGUONKHAC_NSNN", "100")
cell("M08", A, "XML1", 1, "T_THUOC", "273015")
cell("M09", A, "XML1", 1, "T_BHTT", "322092")
cell("M10", A, "XML1", 1, "T_BHTT_GDV", "1")
cell("M11", A, "XML1", 1, "T_TONGCHI_BV", "0")
cell("M12", B, "XML3", 3, "T_TRANTT", "1000000")


@fault("M13", A)
def a_ratio_above_all(case: Case) -> None:
    case.row("XML3", 1)["TYLE_TT_DV"] = "150"
    reprice(case.row("XML3", 1))
    retotal(case)


cell("M14", A, "XML3", 2, "T_BNTT", "0")

# papers
cell("L01", B, "XML7", 1, "SO_LUU_TRU", "")
cell("L02", C, "XML7", 1, "MA_DINH_CHI_THAI", "1")
cell("L03", C, "XML7", 1, "SO_NGAY_NGHI", "8")
cell("L04", E, "XML10", 1, "SO_NGAY", "45")
cell("L05", A, "XML11", 1, "MAU_SO", "CT08")
cell("L06", C, "XML9", 1, "CAN_NANG_CON", "31")
cell("L07", A, "XML14", 1, "HO_TEN", "NGUYỄN VĂN KHÁC")
cell("L08", C, "XML8", 1, "NGAY_CT", "20261107")
cell("L09", D, "XML6", 1, "DIA_CHI", "Một nơi khác")


# the check-in
def change_check_in(case: Case, **changes: str) -> None:
    case.world["check_ins"] = {case.claim.ma_lk: [each | changes for each in case.world["check_ins"][case.claim.ma_lk]]}


seeded("H01", A, lambda case: change_check_in(case, NGAY_YL="202611021000"))
seeded("H02", A, lambda case: change_check_in(case, TEN_DICH_VU=""))
world_fault("H03", A, "check_ins", lambda case: {"OTHER": []})
