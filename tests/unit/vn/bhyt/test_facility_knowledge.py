"""What a facility knows for the rules: communes always, a list when it is whole, and not before its beginning."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.unit.vn.bhyt.samples import claim_of

from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.facility_knowledge import knowledge
from benhan.vn.catalogues import shipped
from benhan.vn.catalogues.catalogue import Catalogue, Content, Entry, Head

NOW = datetime(2026, 11, 30, 17, 30, tzinfo=UTC)
LOADED = date(2026, 11, 30)


def loaded(name: str, *entries: Entry, content: Content = Content.WHOLE) -> Catalogue:
    known = shipped.head_of(name)
    return Catalogue(Head(name, known.url, known.title, "", content), entries)


def broken(claim: Claim, *lists: Catalogue) -> set[str]:
    rules = {finding.rule for finding in check_claim(claim, knowledge(NOW, lists)).findings}
    return rules - {"F05"}


def test_the_hour_is_vietnams() -> None:
    assert knowledge(NOW).now == "202612010030"


def test_the_sample_files_live_nowhere_and_pass() -> None:
    assert broken(claim_of("A_outpatient")) == set()


def test_a_commune_of_another_province_is_told_without_any_list_loaded() -> None:
    claim = claim_of("A_outpatient")
    claim.summary.update(MATINH_CU_TRU="01", MAXA_CU_TRU="00004")
    assert broken(claim) == set()
    claim.summary["MATINH_CU_TRU"] = "79"
    assert broken(claim) == {"A04"}


def test_an_example_list_is_not_asked_and_a_whole_one_is() -> None:
    claim = claim_of("A_outpatient")
    rows = [Entry("I10", "Tăng huyết áp", LOADED)]
    assert broken(claim, loaded("ICD10", *rows, content=Content.EXAMPLE)) == set()
    assert "D01" in broken(claim, loaded("ICD10", *rows))


def test_what_a_list_held_when_it_was_loaded_held_before() -> None:
    claim = claim_of("A_outpatient")
    assert claim.summary["NGAY_RA"][:8] < f"{LOADED:%Y%m%d}"
    of_claim = [code for code in (claim.summary["MA_BENH_CHINH"], *claim.summary["MA_BENH_KT"].split(";")) if code]
    rows = [Entry(code, "Bệnh", LOADED) for code in of_claim]
    assert broken(claim, loaded("ICD10", *rows)) == set()
    later = [Entry("I10", "Tăng huyết áp", LOADED), *(row._replace(since=date(2026, 12, 1)) for row in rows)]
    assert "D01" in broken(claim, loaded("ICD10", *later)), "a code that came later was none on that day"
    ended = [row._replace(since=None, until=date(2026, 1, 1)) for row in rows]
    assert "D01" in broken(claim, loaded("ICD10", *ended))


def test_a_drug_is_compared_by_the_ministrys_code_and_the_columns_that_the_list_has() -> None:
    claim = claim_of("A_outpatient")
    names = {"don_vi_tinh": "DON_VI_TINH", "so_dang_ky": "SO_DANG_KY", "tt_thau": "TT_THAU", "don_gia": "DON_GIA"}
    rows = [
        Entry(
            f"NB{number}",
            line["TEN_THUOC"],
            properties={"ministry": line["MA_THUOC"], **{name: line[column] for name, column in names.items()}},
        )
        for number, line in enumerate(claim.tables["XML2"])
    ]
    assert broken(claim, loaded("THUOC", *rows)) == set()
    dearer = [row._replace(properties={**row.properties, "tt_thau": "khác"}) for row in rows]
    assert broken(claim, loaded("THUOC", *dearer)) == {"G01"}


def test_who_is_not_in_the_list_of_practitioners_is_told() -> None:
    claim = claim_of("A_outpatient")
    assert {"G05", "A07"} <= broken(claim, loaded("NHANVIEN", Entry("999999/SYN-GPHN", "Người khác")))


def test_a_supply_that_is_not_approved_is_told() -> None:
    claim = claim_of("B_inpatient")
    (line,) = [row for row in claim.rows("XML3") if row["MA_VAT_TU"]]
    approved = {"don_vi_tinh": line["DON_VI_TINH"], "tt_thau": line["TT_THAU"]}
    row = Entry(line["MA_VAT_TU"], line["TEN_VAT_TU"], properties=approved)
    assert broken(claim, loaded("VTYT", row)) == set()
    assert broken(claim, loaded("VTYT", row._replace(display="Vật tư khác"))) == {"G02"}


def test_a_drug_is_held_to_the_terms_that_its_row_tells() -> None:
    claim = claim_of("A_outpatient")
    main = claim.summary["MA_BENH_CHINH"]

    def of(**terms: str) -> Catalogue:
        rows = [
            Entry(f"NB{number}", line["TEN_THUOC"], properties={"ministry": line["MA_THUOC"], **terms})
            for number, line in enumerate(claim.tables["XML2"])
        ]
        return loaded("THUOC", *rows)

    assert broken(claim, of()) == set()
    assert broken(claim, of(tyle_tt_bh="100", ma_benh=f"B99;{main[:3]}")) == set()
    assert broken(claim, of(tyle_tt_bh="50")) == {"X04"}
    assert broken(claim, of(ma_benh="B99")) == {"X04"}
    wide, narrow = of().entries, of(ma_benh="B99").entries
    assert broken(claim, loaded("THUOC", *narrow, *wide)) == set(), "another row pays it without terms"
