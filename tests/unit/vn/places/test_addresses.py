"""Addresses as people write them: what is told is found, what is not told is not made up."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.folding import fold
from benhan.vn.places.address import Address, Confidence
from benhan.vn.places.keys import place_keys
from benhan.vn.places.parse import TEXT_CHARACTERS_MAX, parse_address
from benhan.vn.places.units import CUT_OVER, Place, former_wards, path, wards_now
from benhan.vn.places.words import words_of

SURE, LIKELY, PARTLY, NO = Confidence.SURE, Confidence.LIKELY, Confidence.PARTLY, Confidence.NOT_UNDERSTOOD

# text; house; street; hamlet; codes of ward, district, province; how far understood
ADDRESSES = [
    # three levels, as before 01/07/2025
    ("12 ngõ 5, tổ 3, P. Trúc Bạch, Q. Ba Đình, HN", "12 ngõ 5", "", "tổ 3", "00004", "001", "01", SURE),
    ("thôn 3 xã Ea Tu BMT Đắk Lắk", "", "", "thôn 3", "24163", "643", "66", SURE),
    ("thon 3 xa Ea Tu, TP Buon Ma Thuot, Dak Lak", "", "", "thon 3", "24163", "643", "66", SURE),
    ("thôn 3 - xã Ea Tu - TP Buôn Ma Thuột - Đắk Lắk", "", "", "thôn 3", "24163", "643", "66", SURE),
    ("Số 45 Lê Lợi, P.Bến Nghé, Q.1, TP.HCM", "Số 45", "Lê Lợi", "", "26740", "760", "79", SURE),
    ("45 Le Loi P Ben Nghe Q1 TPHCM", "45", "Le Loi", "", "26740", "760", "79", SURE),
    ("123 Quang Trung P5 Gò Vấp TPHCM", "123", "Quang Trung", "", "26887", "764", "79", SURE),
    ("12/3A Nguyễn Trãi, phường 2, quận 5, Sài Gòn", "12/3A", "Nguyễn Trãi", "", "27313", "774", "79", SURE),
    ("ấp Tân Phú, xã Tân Hội, huyện Tân Châu, Tây Ninh", "", "", "ấp Tân Phú", "25525", "706", "72", SURE),
    ("ấp 3 xã Tân Thạnh Đông huyện Củ Chi TP HCM", "", "", "ấp 3", "27547", "783", "79", SURE),
    ("Kp 3, p. Trảng Dài, Tp. Biên Hòa, Đồng Nai", "", "", "Kp 3", "25993", "731", "75", SURE),
    ("P. Thuận Hòa, TP Huế, Thừa Thiên Huế", "", "", "", "19762", "474", "46", SURE),
    ("TT. Củ Chi, H. Củ Chi, TP. Hồ Chí Minh", "", "", "", "27496", "783", "79", SURE),
    (
        "tổ dân phố 5, phường Sao Đỏ, TP. Chí Linh, Hải Dương, Việt Nam",
        "", "", "tổ dân phố 5", "10549", "290", "30", SURE,
    ),
    (
        "Chung cư A1, tầng 5, phường Dịch Vọng Hậu, Cầu Giấy, Hà Nội",
        "Chung cư A1, tầng 5", "", "", "00167", "005", "01", SURE,
    ),
    ("Bản Nà Sản, xã Chiềng Mung, huyện Mai Sơn, tỉnh Sơn La", "", "", "Bản Nà Sản", "04123", "125", "14", SURE),
    ("45-47 Trần Phú, Phường 4, Đà Lạt, Lâm Đồng", "45-47", "Trần Phú", "", "24793", "672", "68", SURE),
    (
        "Số 8 ngách 12 ngõ 34 đường Láng, P.Láng Thượng, Q.Đống Đa, TP.Hà Nội",
        "Số 8 ngách 12 ngõ 34", "đường Láng", "", "00187", "006", "01", SURE,
    ),
    (
        "12 ngách 5/3 ngõ 45 phố Vọng, phường Phương Mai (cũ), Đống Đa, Hà Nội 100000",
        "12 ngách 5/3 ngõ 45", "phố Vọng", "", "00232", "006", "01", SURE,
    ),
    ("Xóm 5, xã Nghi Phú, TP Vinh, tỉnh Nghệ An", "", "", "Xóm 5", "16702", "412", "40", SURE),
    ("ấp Bình Hòa, xã Bình Hòa, Châu Thành, An Giang", "", "", "ấp Bình Hòa", "30607", "892", "89", SURE),
    ("KP5, phường Hiệp Bình Chánh, TP Thủ Đức, TPHCM", "", "", "KP 5", "26812", "769", "79", SURE),
    ("phường An Phú, quận 2, tp hcm", "", "", "", "27091", "769", "79", SURE),
    (
        "Số nhà 15, tổ 7, phường Tân Thịnh, TP Hòa Bình, tỉnh Hòa Bình",
        "Số nhà 15", "", "tổ 7", "04801", "148", "17", SURE,
    ),
    ("đội 3, thôn Đoài, xã Tiên Dược, Sóc Sơn, Hà Nội", "", "", "đội 3, thôn Đoài", "00418", "016", "01", SURE),
    ("Tiểu khu 3, thị trấn Hát Lót, Mai Sơn, Sơn La", "", "", "Tiểu khu 3", "04105", "125", "14", SURE),
    ("xa Dak Ro Ong, Tu Mo Rong, Kontum", "", "", "", "23417", "617", "62", SURE),
    ("p.12 tp vung tau brvt", "", "", "", "26542", "747", "77", SURE),
    ("Thôn Trung, Xã Phù Lỗ, H.Sóc Sơn,HN", "", "", "Thôn Trung", "00448", "016", "01", SURE),
    ("Phủ Hà, Phan Rang-Tháp Chàm, Ninh Thuận", "", "", "", "22747", "582", "58", SURE),
    ("khu 2, TT Thanh Ba, huyện Thanh Ba, Phú Thọ", "", "", "khu 2", "08152", "232", "25", SURE),
    ("TDP số 3, phường Đồng Tâm, tp Yên Bái, Yên Bái", "", "", "TDP số 3", "04261", "132", "15", SURE),
    ("phường Nguyễn Trãi, TP Hà Giang, Hà Giang", "", "", "", "00694", "024", "02", SURE),
    ("Ấp 4\nXã Phước Kiển\nNhà Bè\nTP HCM", "", "", "Ấp 4", "27646", "786", "79", SURE),
    ("Phường Sa Pa, Thị xã Sa Pa, Lào Cai", "", "", "", "03001", "088", "10", SURE),
    ("Tổ 5 KP Bình Minh 2 P. Dĩ An TP Dĩ An Bình Dương", "", "", "Tổ 5, KP Bình Minh 2", "25942", "724", "74", SURE),
    ("làng Plei Weh, Xã Ia Hrung, Ia Grai, Gia Lai", "", "", "làng Plei Weh", "23770", "628", "64", SURE),
    ("SN 12, Đường 3/2, P. Hưng Lợi, Q. Ninh Kiều, Cần Thơ", "SN 12", "Đường 3/2", "", "31147", "916", "92", SURE),
    # two levels, as since 01/07/2025
    ("phường Ba Đình, thành phố Hà Nội", "", "", "", "00004", "", "01", SURE),
    ("Phường Hoàn Kiếm, Hà Nội", "", "", "", "00070", "", "01", SURE),
    ("phường Thuận Hoá, Huế", "", "", "", "19789", "", "46", SURE),
    ("xã Củ Chi, TP Hồ Chí Minh", "", "", "", "27553", "", "79", SURE),
    ("xã Mường Lạn, Sơn La", "", "", "", "04246", "", "14", SURE),
    ("đặc khu Phú Quốc, An Giang", "", "", "", "31078", "", "91", SURE),
    ("Đặc khu Côn Đảo, TP.HCM", "", "", "", "26732", "", "79", SURE),
    ("Xóm 5, phường Vinh Phú, tỉnh Nghệ An", "", "", "Xóm 5", "16702", "", "40", SURE),
    ("Xã M'Drắk, Đắk Lắk", "", "", "", "24412", "", "66", SURE),
    ("Phường Bà Rịa, TPHCM", "", "", "", "26560", "", "79", SURE),
    ("phường Phan Rang, Khánh Hòa", "", "", "", "22759", "", "56", SURE),
    ("phường Văn Miếu - Quốc Tử Giám, Hà Nội", "", "", "", "00226", "", "01", SURE),
    ("Thôn Đông, Xã Đông Anh, Hà Nội", "", "", "Thôn Đông", "00454", "", "01", SURE),
    (
        "Căn hộ 1205, tòa S2.05, Vinhomes Ocean Park, xã Gia Lâm, Hà Nội",
        "Căn hộ 1205, tòa S2.05", "", "", "00565", "", "01", SURE,
    ),
    # a unit is missing, spelt otherwise, or of other days
    ("phường 1, TP. Vĩnh Long", "", "", "", "29548", "855", "86", LIKELY),
    ("Tô Hiến Thành, P.14, Q.10", "", "", "", "27169", "771", "79", LIKELY),
    ("234/5/6 Lê Văn Sỹ P1 Q.Tân Bình", "234/5/6", "Lê Văn Sỹ", "", "26977", "766", "79", LIKELY),
    ("xã Ea Tu", "", "", "", "24163", "643", "66", LIKELY),
    ("Khóm 4, TT Năm Căn, Cà Mau", "", "", "Khóm 4", "32191", "971", "96", LIKELY),
    ("Buôn Kô Tam, xã Ea Tu, TP. Buôn Ma Thuột, Đăk Lăk", "", "", "Buôn Kô Tam", "24163", "643", "66", LIKELY),
    ("Phường Thành Vinh, TP Vinh, Nghệ An", "", "", "", "16681", "412", "40", LIKELY),
    ("P Tân Lập, Buôn Ma Thuột", "", "", "", "24118", "643", "66", LIKELY),
    ("Lô 5 KCN Tân Bình, phường Tây Thạnh, quận Tân Phú", "Lô 5, KCN Tân Bình", "", "", "27013", "767", "79", LIKELY),
    ("ấp Phú Lợi, TT. Phú Hòa, Thoại Sơn, AG", "", "", "ấp Phú Lợi", "30685", "894", "89", LIKELY),
    ("12 Lý Thái Tổ, P. Tràng Tiền, Q. Hoàn Kiếm, HN, ĐT 09", "12", "Lý Thái Tổ", "", "00079", "002", "01", LIKELY),
    ("xã Thạnh Phú, tỉnh Bến Tre", "", "", "", "29182", "", "86", LIKELY),
    # no commune, or one that cannot be told
    ("12 Trúc Bạch, Ba Đình, Hà Nội", "12", "Trúc Bạch", "", "", "", "01", PARTLY),
    ("123 Nguyễn Huệ, Quy Nhơn, Bình Định", "123", "Nguyễn Huệ", "", "", "540", "52", PARTLY),
    ("Quận 2, TPHCM", "", "", "", "", "769", "79", PARTLY),
    ("TP Hà Giang", "", "", "", "", "024", "02", PARTLY),
    ("Thành phố Hà Giang, tỉnh Tuyên Quang", "", "", "", "", "024", "02", PARTLY),
    ("Thị xã Sơn Tây, Hà Tây", "", "", "", "", "269", "01", PARTLY),
    ("xã X, huyện Y, Bắc Giang", "", "", "", "", "", "24", PARTLY),
    ("quốc lộ 1A, thị trấn Cai Lậy, Tiền Giang", "", "quốc lộ 1A", "", "", "", "82", PARTLY),
    ("xa Tan Thanh, Dong Thap", "", "", "", "", "", "82", PARTLY),
    ("hà nội", "", "", "", "", "", "01", PARTLY),
    # nothing
    ("thôn 2, Xã Hòa Thuận", "", "", "thôn 2", "", "", "", NO),
    ("phố Huế", "", "phố Huế", "", "", "", "", NO),
    ("số 5 đường Hà Nội", "số 5", "đường Hà Nội", "", "", "", "", NO),
    ("12 Hưng Yên", "12", "Hưng Yên", "", "", "", "", NO),
    ("xã Lạ, huyện Lùng, tỉnh Đâu Đó", "", "", "", "", "", "", NO),
    ("không rõ", "", "", "", "", "", "", NO),
    ("", "", "", "", "", "", "", NO),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "house", "street", "hamlet", "ward", "district", "province", "confidence"),
    ADDRESSES,
    ids=[each[0] or "nothing" for each in ADDRESSES],
)
def test_an_address_is_taken_apart(
    text: str, house: str, street: str, hamlet: str, ward: str, district: str, province: str, confidence: Confidence
) -> None:
    found = parse_address(text)
    assert (found.house, found.street, found.hamlet) == (house, street, hamlet)
    assert (found.ward.code, found.district.code, found.province.code) == (ward, district, province)
    assert found.confidence is confidence


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(ADDRESSES) >= 60


def test_the_day_tells_a_district_from_a_commune_of_the_same_name() -> None:
    text = "12 Trúc Bạch, Ba Đình, Hà Nội"
    assert parse_address(text).candidates[0].full_name == "Phường Ba Đình"
    assert parse_address(text).ward.code == ""


def test_a_commune_with_an_old_and_a_new_one_of_its_name_is_that_of_the_day() -> None:
    text = "Xã Đông Anh, Hà Nội"
    assert not parse_address(text, date(2026, 1, 1)).ward.place.is_former  # type: ignore[union-attr]
    assert parse_address("thị trấn Đông Anh, Hà Nội", date(2025, 1, 1)).ward.code == "00454"


def test_a_name_that_two_communes_have_is_left_open_with_both() -> None:
    found = parse_address("xa Tan Thanh, tinh Dong Thap", date(2026, 1, 1))
    assert {each.code for each in found.candidates} == {"29938", "30157"}
    assert (found.ward.name, found.ward.place) == ("Tan Thanh", None)


def test_a_commune_that_was_made_and_ended_in_between_is_a_candidate_by_its_name() -> None:
    found = parse_address("xã Kim Đức, huyện Gia Lâm, Hà Nội")
    assert (found.ward.name, found.ward.code) == ("Kim Đức", "")
    assert [each.full_name for each in found.candidates] == ["Xã Bát Tràng"]


def test_an_island_that_was_a_district_is_a_candidate() -> None:
    found = parse_address("huyện Lý Sơn, Quảng Ngãi")
    assert [each.full_name for each in found.candidates] == ["Đặc khu Lý Sơn"]


def test_what_is_not_understood_is_kept() -> None:
    assert parse_address("ktx Bách Khoa, Hai Bà Trưng, Hà Nội").leftovers == ("ktx Bách Khoa",)
    assert parse_address("phường Phương Mai (cũ), Đống Đa, Hà Nội 100000").leftovers == ("cũ", "100000")


def test_a_text_without_end_is_read_to_its_bound_and_the_rest_kept() -> None:
    found = parse_address("a" * TEXT_CHARACTERS_MAX + ", Hà Nội")
    assert found.province.place is None
    assert found.leftovers[-1] == ", Hà Nội"


def full(place: Place) -> str:
    return ", ".join(each.full_name for each in path(place))


@pytest.mark.parametrize("place", [*former_wards()[::150], *wards_now()[::50]], ids=lambda place: place.code)
def test_a_commune_written_in_full_is_found_again(place: Place) -> None:
    on = date(2025, 6, 1) if place.is_former else date(2026, 6, 1)
    found = parse_address(full(place), on)
    assert (found.ward.place, found.confidence) == (place, SURE)


@given(st.sampled_from([*former_wards(), *wards_now()]))
def test_without_accents_it_is_found_or_left_open_never_another(place: Place) -> None:
    text = ", ".join(fold(each.full_name) for each in path(place))
    found = parse_address(text, date(2025, 6, 1) if place.is_former else CUT_OVER)
    assert found.ward.place in (place, None)
    assert found.ward.place is not None or place in found.candidates


PIECES = st.sampled_from(
    [
        "số 12",
        "ngõ 5",
        "tổ 3",
        "P.",
        "phường",
        "xã",
        "Q.1",
        "TP.",
        "Hà Nội",
        "Ba Đình",
        "Ea Tu",
        ",",
        " - ",
        "(",
        "cũ",
        "12/3",
    ]
)


@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=10).map(" ".join)))
def test_any_text_is_read_and_no_unit_is_found_whose_name_is_not_written(text: str) -> None:
    found = parse_address(text)
    written = {word.key for word in words_of(text)}
    if found.ward.place is not None:
        assert any(set(key.split()) <= written for key in place_keys(found.ward.place.name))
    if not written:
        assert found == Address(text)


@given(st.lists(st.sampled_from(["số 12", "Lê Lợi", "tổ 3", "ấp Đông", "Vinhomes", "xã Lạ Lùng"]), max_size=5))
def test_every_word_before_the_units_is_in_one_part(parts: list[str]) -> None:
    found = parse_address(", ".join([*parts, "phường Ba Đình", "Hà Nội"]))
    kept = " ".join([found.house, found.street, found.hamlet, *found.leftovers]).replace(",", "").split()
    assert sorted(kept) == sorted(" ".join(parts).split())
