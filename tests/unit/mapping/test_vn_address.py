"""Addresses between free text, FHIR and HoSoBenhAn."""

from __future__ import annotations

from datetime import date

import pytest

from benhan.fhir.validation import check_structure
from benhan.mapping.vn_address import address_to_fhir, fhir_to_address, hoso_address
from benhan.vn.places.address import Confidence
from benhan.vn.places.parse import parse_address
from benhan.vn.places.units import former_wards, path, wards_now

BEFORE, SINCE = date(2025, 6, 1), date(2025, 9, 1)
TEXT = "12 ngõ 5 phố Ngũ Xã, tổ 3, phường Trúc Bạch, quận Ba Đình, Hà Nội"


def test_a_fhir_address_carries_the_words_and_the_codes() -> None:
    found = address_to_fhir(parse_address(TEXT))
    assert found["text"] == TEXT
    assert found["line"] == ["12 ngõ 5 phố Ngũ Xã", "tổ 3"]
    assert (found["city"], found["district"], found["state"]) == (
        "Phường Trúc Bạch",
        "Quận Ba Đình",
        "Thành phố Hà Nội",
    )
    coding = found["_city"]["extension"][0]["valueCoding"]
    assert (coding["code"], coding["version"]) == ("00004", "2024-06")
    assert check_structure({"resourceType": "Patient", "address": [found]}) == []


def test_the_same_code_of_the_other_days_has_the_other_version() -> None:
    found = address_to_fhir(parse_address("phường Ba Đình, Hà Nội"))
    coding = found["_city"]["extension"][0]["valueCoding"]
    assert (coding["code"], coding["version"], coding["display"]) == ("00004", "2025-07-01", "Phường Ba Đình")
    assert "district" not in found


@pytest.mark.parametrize("place", [*former_wards()[::400], *wards_now()[::200]], ids=lambda place: place.code)
def test_there_and_back_is_the_same_address(place: object) -> None:
    text = "số 5, tổ 2, " + ", ".join(each.full_name for each in path(place))  # type: ignore[arg-type]
    address = parse_address(text)
    assert fhir_to_address(address_to_fhir(address)) == address


def test_codes_count_more_than_words() -> None:
    told = address_to_fhir(parse_address("phường Ba Đình, Hà Nội"))
    told["text"] = "gần hồ Trúc Bạch"
    found = fhir_to_address(told)
    assert (found.ward.code, found.confidence) == ("00004", Confidence.SURE)
    assert found.leftovers == ("gần hồ Trúc Bạch",)


def test_an_address_without_codes_is_read_from_its_elements() -> None:
    found = fhir_to_address({"line": ["12 Lê Lợi"], "city": "Phường Bến Nghé", "district": "Quận 1", "state": "TP.HCM"})
    assert (found.ward.code, found.house, found.street) == ("26740", "12", "Lê Lợi")


def test_a_code_that_no_list_has_is_not_believed() -> None:
    told = address_to_fhir(parse_address("phường Ba Đình, Hà Nội"))
    told["_city"]["extension"][0]["valueCoding"]["code"] = "99999"
    assert fhir_to_address(told).ward.code == "00004"


def test_before_the_cut_over_hoso_benh_an_has_the_district() -> None:
    told = hoso_address({"text": TEXT}, BEFORE)
    assert told == {
        "diachi": TEXT,
        "sonha": "12 ngõ 5 phố Ngũ Xã",
        "thonpho": "tổ 3",
        "xaphuong": "Phường Trúc Bạch",
        "quanhuyen": "Quận Ba Đình",
        "quanhuyen_ma": "001",
        "tinhthanh": "Thành phố Hà Nội",
        "tinhthanh_ma": "01",
    }


def test_since_the_cut_over_the_district_is_empty_and_the_commune_that_of_today() -> None:
    told = hoso_address({"text": TEXT}, SINCE)
    assert (told["xaphuong"], told["quanhuyen"], told["quanhuyen_ma"]) == ("Phường Ba Đình", "", "")
    assert told["diachi"] == TEXT


def test_a_divided_commune_keeps_its_own_name() -> None:
    told = hoso_address({"text": "phường Cống Vị, quận Ba Đình, Hà Nội"}, SINCE)
    assert told["xaphuong"] == "Phường Cống Vị"


def test_a_province_is_told_by_the_name_of_the_day() -> None:
    address = {"text": "phường Minh Khai, thành phố Hà Giang, tỉnh Hà Giang"}
    assert hoso_address(address, BEFORE)["tinhthanh"] == "Tỉnh Hà Giang"
    assert hoso_address(address, SINCE)["tinhthanh_ma"] == "08"


def test_words_that_are_not_understood_are_passed_on_as_they_are() -> None:
    told = hoso_address({"text": "xóm Núi", "line": ["xóm Núi"], "city": "Lạ Lùng", "state": "Đâu Đó"}, SINCE)
    assert (told["xaphuong"], told["tinhthanh"], told["tinhthanh_ma"]) == ("Lạ Lùng", "Đâu Đó", "")
