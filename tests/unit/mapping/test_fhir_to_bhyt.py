"""BHYT to FHIR and back: what the module names as lost is all that is lost."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tries import tries
from tests.unit.mapping.bhyt import mapped_claim, stored_record
from tests.unit.vn.bhyt.samples import CASES, FOLDER, claim_of, read

from benhan.mapping.fhir_to_bhyt import fhir_to_bhyt, fhir_to_checkin
from benhan.vn.bhyt.claim import Claim, episode_day
from benhan.vn.bhyt.columns_check import check_columns
from benhan.vn.bhyt.tables import Column, latest
from benhan.vn.bhyt.write import claims_to_bytes


def carried(claim: Claim) -> Claim:
    """The claim without what is not carried."""
    tables = {
        name: [{column: value.strip() for column, value in row.items()} for row in rows]
        for name, rows in claim.tables.items()
    }
    return Claim(claim.ma_lk, tables)


def there_and_back(claim: Claim) -> Claim:
    return fhir_to_bhyt(stored_record(mapped_claim(claim)))


@pytest.mark.parametrize("case", CASES)
def test_an_episode_comes_back_as_it_was(case: str) -> None:
    claim = claim_of(case)
    assert there_and_back(claim) == carried(claim)


@pytest.mark.parametrize("case", CASES)
def test_what_comes_back_keeps_its_columns_and_can_be_written(case: str) -> None:
    claim = there_and_back(claim_of(case))
    day = episode_day(claim)
    assert day is not None
    assert check_columns(claim, day) == []
    _, [again] = read(claims_to_bytes("99001", date(2026, 11, 30), [claim], latest()))
    assert again == claim


FREE = {
    "XML1": ("HO_TEN", "DIA_CHI", "LY_DO_VV", "CHAN_DOAN_VAO", "CHAN_DOAN_RV", "GHI_CHU", "NHOM_MAU", "T_BHTT",
             "DU_PHONG", "MA_BENH_KT", "MA_BENH_YHCT", "MA_KHOA", "CAN_NANG", "NGAY_SINH", "MA_LOAI_RV",
             "NGAY_VAO_NOI_TRU"),
    "XML2": ("TEN_THUOC", "LIEU_DUNG", "CACH_DUNG", "MA_BAC_SI", "TT_THAU", "SO_LUONG", "NGAY_TH_YL", "HAM_LUONG"),
    "XML3": ("TEN_DICH_VU", "NGUOI_THUC_HIEN", "MA_BENH", "NGAY_KQ", "MA_MAY", "DON_GIA_BH", "MA_NHOM", "MA_BAC_SI"),
    "XML4": ("GIA_TRI", "DON_VI_DO", "MO_TA", "KET_LUAN", "TEN_CHI_SO", "MA_CHI_SO", "MA_BS_DOC_KQ"),
    "XML5": ("DIEN_BIEN_LS", "HOI_CHAN", "PHAU_THUAT", "GIAI_DOAN_BENH", "NGUOI_THUC_HIEN"),
    "XML7": ("PP_DIEUTRI", "GHI_CHU", "TEN_BS", "MA_BS", "SO_NGAY_NGHI"),
    "XML8": ("QT_BENHLY", "TOMTAT_KQ", "MA_THE_TAM"),
    "XML13": ("DAU_HIEU_LS", "TINH_TRANG_CT", "MA_CSKCB_DI", "PHUONGTIEN_VC"),
}  # fmt: skip
_WORDS = st.lists(st.sampled_from(["Ổn", "định", "<2", "&", "50%", "M75", '"', "1/2"]), max_size=5).map(" ".join)


def values_of(column: Column) -> st.SearchStrategy[str]:
    match column.format:
        case "decimal2" | "decimal3" | "integer":
            one = st.sampled_from(["0", "12", "7"] if column.format == "integer" else ["0", "12.5", "3.10"])
        case "date" | "datetime":
            one = st.sampled_from(["202611030930", "202611040000"] if column.format == "datetime" else ["20261103"])
        case _:
            one = st.sampled_from(["A1", "B2.3", "000001/ZZZ-GPHN"]) if column.multi or column.code_list else _WORDS
    if column.name == "MA_LOAI_RV":
        one = st.sampled_from(["1", "2", "5"])
    return st.lists(one, max_size=3).map(";".join) if column.multi else st.just("") | one


@settings(max_examples=tries(60), deadline=None)
@given(st.data())
def test_whatever_a_column_holds_comes_back(data: st.DataObject) -> None:
    claim = claim_of("B_inpatient")
    for _ in range(data.draw(st.integers(1, 4))):
        table = data.draw(st.sampled_from(sorted(FREE)))
        name = data.draw(st.sampled_from(FREE[table]))
        row = data.draw(st.sampled_from(claim.tables[table]))
        row[name] = data.draw(values_of(latest().tables[table].by_name[name]))
    assert there_and_back(claim) == carried(claim)


def test_a_check_in_comes_back_as_it_was() -> None:
    for name in ("xml0_checkin_exam", "xml0_checkin_admission"):
        _, [claim] = read((FOLDER / f"{name}.xml").read_bytes())
        assert fhir_to_checkin(stored_record(mapped_claim(claim))) == claim.rows("XML0")[0]


def test_the_check_in_of_a_whole_stay_names_its_first_cost() -> None:
    row = fhir_to_checkin(stored_record(mapped_claim(claim_of("B_inpatient"))))
    first = min(
        (each["NGAY_YL"] for table in ("XML2", "XML3") for each in claim_of("B_inpatient").rows(table)), default=""
    )
    assert row["NGAY_YL"] == first
    assert [bool(row[name]) for name in ("MA_DICH_VU", "MA_THUOC", "MA_VAT_TU")].count(True) == 1
    assert check_columns(Claim("x", {"XML0": [row]}), date(2026, 11, 5)) == []
