"""Addresses between free text and FHIR, and the codes of their units on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from benhan.fhir.validation import check_structure
from benhan.mapping.vn_address import address_to_fhir, fhir_to_address, unit_codes
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


@pytest.mark.parametrize(
    ("address", "before", "since"),
    [
        ({"text": TEXT}, ("00004", "001", "01"), ("00004", "", "01")),
        ({"text": "phường Phúc Xá, quận Ba Đình, Hà Nội"}, ("00001", "001", "01"), ("00097", "", "01")),
        ({"text": "phường Cống Vị, quận Ba Đình, Hà Nội"}, ("00007", "001", "01"), ("", "", "01")),
        ({"text": "phường Minh Khai, TP Hà Giang, Hà Giang"}, ("00697", "024", "02"), ("00691", "", "08")),
        ({"city": "Phường Hoàn Kiếm", "state": "Hà Nội", "text": "x"}, ("", "", "01"), ("00070", "", "01")),
        ({"line": ["12 Lê Lợi", "P. Bến Nghé"], "district": "Q.1", "state": "TP.HCM"}, ("26740", "760", "79"), None),
        ({"text": "xóm Núi", "state": "Đâu Đó"}, ("", "", ""), ("", "", "")),
        ({}, ("", "", ""), ("", "", "")),
    ],
)
def test_the_codes_are_those_of_the_day(
    address: dict[str, Any], before: tuple[str, ...], since: tuple[str, ...] | None
) -> None:
    assert unit_codes(address, BEFORE) == before
    if since is not None:
        assert unit_codes(address, SINCE) == since


def test_codes_that_an_address_carries_are_those_that_are_told() -> None:
    told = {**address_to_fhir(parse_address(TEXT)), "text": "nhà cũ"}
    assert unit_codes(told, BEFORE) == ("00004", "001", "01")
    assert unit_codes(told, SINCE) == ("00004", "", "01")
