"""Addresses: FHIR's, and the fields of `HoSoBenhAn`, both out of what `vn.places` reads.

Source: FHIR R4 datatypes.html#Address (city: the commune, district, state: the province); CV 365/TTYQG-GPQLCL, annex,
group I; districts ended on 01/07/2025, so their fields stay empty from that day on (docs/known-issues.md).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from benhan.vn import systems
from benhan.vn.places.address import NOT_NAMED, Address, Confidence, Named
from benhan.vn.places.changes import How, at
from benhan.vn.places.parse import parse_address
from benhan.vn.places.units import CUT_OVER, Place, above, district, province, province_of, ward

Json = dict[str, Any]

FORMER_UNITS, UNITS = "2024-06", CUT_OVER.isoformat()
"""The versions of the code system: three levels as of June 2024, two levels since 01/07/2025."""
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


def hoso_address(address: Json, on: date) -> dict[str, str]:
    """The address fields of group I for a stay of the day `on`.

    From 01/07/2025 on the district is empty, and a former commune is told by the one of today that took it in where
    that is certain, else by its own name. `diachi` always tells the address as it was written.
    """
    read = fhir_to_address(address)
    home, province_place = read.ward, read.province
    lower = read.district
    if on >= CUT_OVER:
        lower = NOT_NAMED
        if home.place is not None and home.place.is_former:
            changes = at(home.place, on)
            if len(changes) == 1 and changes[0].how in (How.SAME, How.WHOLE):
                home = _named(changes[0].place)
        if province_place.place is not None:
            province_place = _named(at(province_place.place, on)[0].place)
    return {
        "diachi": read.text,
        "sonha": " ".join(filter(None, (read.house, read.street))) or (address.get("line") or [""])[0],
        "thonpho": read.hamlet,
        "xaphuong": home.name or str(address.get("city", "")),
        "quanhuyen": lower.name,
        "quanhuyen_ma": lower.code,
        "tinhthanh": province_place.name or str(address.get("state", "")),
        "tinhthanh_ma": province_place.code,
    }


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
