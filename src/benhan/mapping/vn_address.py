"""FHIR's Address and what `vn.places` reads, both ways; the codes of its units for the Ministry's and insurer's fields.

Source: FHIR R4 datatypes.html#Address (city: the commune, district, state: the province); QĐ 3176/QĐ-BYT Bảng 1
(MATINH_CU_TRU, MAHUYEN_CU_TRU, MAXA_CU_TRU); CV 365/TTYQG-GPQLCL, annex, group I (quanhuyen_ma, tinhthanh_ma).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from benhan.vn import systems
from benhan.vn.places.address import NOT_NAMED, Address, Confidence, Named
from benhan.vn.places.changes import How, at
from benhan.vn.places.parse import parse_address
from benhan.vn.places.units import CUT_OVER, Place, above, district, province, province_of, ward

Json = dict[str, Any]

FORMER_UNITS, UNITS = "2024-06", CUT_OVER.isoformat()
"""The versions of the code system: three levels as of June 2024, two levels since 01/07/2025."""


class UnitCodes(NamedTuple):
    """Codes of 5, 3 and 2 digits, "" where none is certain."""

    ward: str
    district: str
    province: str


_FORMER_DAY = date(2025, 6, 30)
_PARTS = (("city", "ward"), ("district", "district"), ("state", "province"))


def address_to_fhir(address: Address) -> Json:
    """The FHIR Address: `line` holds house and street, then the hamlet; units with their codes as extensions."""
    found: Json = {"text": address.text}
    line = [part for part in (" ".join(filter(None, (address.house, address.street))), address.hamlet) if part]
    if line:
        found["line"] = line
    for element, part in _PARTS:
        named: Named = getattr(address, part)
        if named.name:
            found[element] = named.name
        if named.place is not None:
            found[f"_{element}"] = {"extension": [_coded(named.place)]}
    if address.confidence is not Confidence.NOT_UNDERSTOOD:
        found["country"] = "VN"
    return found


def fhir_to_address(address: Json, on: date | None = None) -> Address:
    """The parts of a FHIR Address: by the codes it carries, else by reading its words.

    The words are `text`, else line, city, district and state one after the other; `on`: see `parse_address`.
    """
    text = str(address.get("text", "")) or ", ".join(_written(address))
    read = parse_address(text, on)
    units = {part: _unit(address, element) for element, part in _PARTS}
    lowest = units["ward"] or units["district"] or units["province"]
    if lowest is None:
        return read
    home = province_of(lowest)
    upper = above(lowest) if units["ward"] else units["district"]
    return Address(
        text,
        read.house,
        read.street,
        read.hamlet,
        _named(units["ward"]) if units["ward"] else read.ward,
        _named(upper) if upper is not None and upper != home else NOT_NAMED,
        _named(home),
        read.leftovers,
        Confidence.SURE if units["ward"] else Confidence.PARTLY,
    )


def unit_codes(address: Json, on: date) -> UnitCodes:
    """The codes of the units of a FHIR Address, as they are on a day; "" where none is certain then.

    From 01/07/2025 on there is no district, and a former commune is the one of today that took all of it in.
    """
    units = {part: _unit(address, element) for element, part in _PARTS}
    if not any(units.values()):
        whole = address.get("city") and address.get("state")
        written = ", ".join(_written({**address, "line": []})) if whole else str(address.get("text", ""))
        read = _units_in(written or ", ".join(_written(address)))
        units = dict(zip(("ward", "district", "province"), read, strict=True))
    lower = units["district"] if on < CUT_OVER else None
    return UnitCodes(_code(units["ward"], on), _code(lower, on), _code(units["province"], on))


def _code(place: Place | None, on: date) -> str:
    """The code of what a unit is on a day, "" where it may be one of several."""
    changes = at(place, on) if place is not None else []
    certain = len(changes) == 1 and changes[0].how in (How.SAME, How.WHOLE)
    return changes[0].place.code if certain else ""


@lru_cache(maxsize=8_192)
def _units_in(text: str) -> tuple[Place | None, Place | None, Place | None]:
    """Commune, district and province that a text names; remembered, since a hospital's patients share them."""
    read = parse_address(text)
    return read.ward.place, read.district.place, read.province.place


def _written(address: Json) -> list[str]:
    every = [*(address.get("line") or []), *(address.get(element, "") for element, _part in _PARTS)]
    return [str(each) for each in every if each]


def _coded(place: Place) -> Json:
    return {
        "url": systems.EXTENSION_ADMINISTRATIVE_UNIT,
        "valueCoding": {
            "system": systems.ADMINISTRATIVE_UNIT,
            "version": FORMER_UNITS if place.is_former else UNITS,
            "code": place.code,
            "display": place.full_name,
        },
    }


def _unit(address: Json, element: str) -> Place | None:
    """The unit that the extension of an element names by its code and version."""
    for extension in (address.get(f"_{element}") or {}).get("extension") or ():
        coding = extension.get("valueCoding") or {}
        if extension.get("url") == systems.EXTENSION_ADMINISTRATIVE_UNIT and coding.get("code"):
            day = _FORMER_DAY if coding.get("version") == FORMER_UNITS else date(9999, 1, 1)
            find = {"city": ward, "district": district, "state": province}[element]
            return find(str(coding["code"]), day)
    return None


def _named(place: Place) -> Named:
    return Named(place.full_name, place)
