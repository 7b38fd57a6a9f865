"""UCUM units to canonical ones, as far as clinical units go: prefixes, products, quotients, powers, annotations.

Source: The Unified Code for Units of Measure 2.1. Not supported: arbitrary conversions between mass and substance
(mg/dL to mmol/L needs the molar mass), and special units besides Celsius and Fahrenheit.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

UCUM = "http://unitsofmeasure.org"
Dimensions = tuple[tuple[str, int], ...]

_PREFIXES = {
    "da": 1e1, "Y": 1e24, "Z": 1e21, "E": 1e18, "P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "h": 1e2,
    "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "a": 1e-18,
}  # fmt: skip
_METRIC: dict[str, tuple[float, Dimensions]] = {
    "m": (1, (("m", 1),)),
    "s": (1, (("s", 1),)),
    "g": (1, (("g", 1),)),
    "K": (1, (("K", 1),)),
    "C": (1, (("C", 1),)),
    "cd": (1, (("cd", 1),)),
    "rad": (1, (("rad", 1),)),
    "mol": (6.02214076e23, ()),
    "osm": (6.02214076e23, (("osm", 1),)),
    "eq": (6.02214076e23, (("eq", 1),)),
    "l": (1e-3, (("m", 3),)),
    "L": (1e-3, (("m", 3),)),
    "Hz": (1, (("s", -1),)),
    "Pa": (1e3, (("g", 1), ("m", -1), ("s", -2))),
    "J": (1e3, (("g", 1), ("m", 2), ("s", -2))),
    "W": (1e3, (("g", 1), ("m", 2), ("s", -3))),
    "cal": (4184.0, (("g", 1), ("m", 2), ("s", -2))),
    "U": (1e-6 * 6.02214076e23 / 60, (("s", -1),)),
    "kat": (6.02214076e23, (("s", -1),)),
    "[iU]": (1, (("[iU]", 1),)),
    "[IU]": (1, (("[iU]", 1),)),
    "m[Hg]": (133322.0 * 1e3, (("g", 1), ("m", -1), ("s", -2))),
    "m[H2O]": (9806.65 * 1e3, (("g", 1), ("m", -1), ("s", -2))),
    "Cel": (1, (("K", 1),)),
    "bar": (1e8, (("g", 1), ("m", -1), ("s", -2))),
}
_OTHER: dict[str, tuple[float, Dimensions]] = {
    "%": (1e-2, ()),
    "10*": (10, ()),
    "10^": (10, ()),
    "[ppth]": (1e-3, ()),
    "[ppm]": (1e-6, ()),
    "min": (60, (("s", 1),)),
    "h": (3600, (("s", 1),)),
    "d": (86400, (("s", 1),)),
    "wk": (604800, (("s", 1),)),
    "mo": (2629800, (("s", 1),)),
    "a": (31557600, (("s", 1),)),
    "[lb_av]": (453.59237, (("g", 1),)),
    "[oz_av]": (28.349523125, (("g", 1),)),
    "[in_i]": (0.0254, (("m", 1),)),
    "[ft_i]": (0.3048, (("m", 1),)),
    "[degF]": (5 / 9, (("K", 1),)),
    "deg": (0.017453292519943295, (("rad", 1),)),
    "[pH]": (1, (("[pH]", 1),)),
    "[arb'U]": (1, (("[arb'U]", 1),)),
}
_OFFSETS = {"Cel": (1.0, 273.15), "[degF]": (5 / 9, 459.67 * 5 / 9)}
UNIT_CHARACTERS_MAX = 200
"""A longer unit is taken as it stands: none that is meant is so long, and what was taken apart is remembered."""
_ANNOTATION = re.compile(r"\{[^}]*\}")
_ANNOTATION_ALONE = re.compile(r"(^|[./(])\{[^}]*\}")
"""An annotation where a unit should stand is the unity. Source: UCUM 2.1 section 6."""
_PART = re.compile(r"([./]?)(\([^()]*\)|[0-9]+(?![*^0-9])|10[*^]|[A-Za-z%]*\[[^\]]*\]|[A-Za-z%]+)([+-]?[0-9]+)?")


_PREFIXED_SYMBOLS = (
    "m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc gf Ky Gal dyn erg "
    "P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD REM cal cal_m cal_IT cal_th tex eq osm g% kat U Np B st mho bit By Bd"
)
"""The symbols of UCUM without brackets that take prefixes."""
_PLAIN_SYMBOLS = "10* 10^ % gon deg ' '' min h d a a_t a_j a_g wk mo mo_s mo_j mo_g AU atm Ao b att circ sph bit_s"
"""Those that take none."""
_PREFIXED, _ALONE = frozenset(_PREFIXED_SYMBOLS.split()), frozenset(_PLAIN_SYMBOLS.split())
_BRACKETED = re.compile(r"(?:m|B|%|cal_)?\[[!-Z^-z|~]+\]")
"""Symbols with brackets are many and grow: any of this form is taken for one."""
_TOKEN = re.compile(
    r"(?P<operator>[./])|(?P<open>\()|(?P<close>\))|(?P<annotation>\{[!-z|~]*\})"
    r"|(?P<symbol>(?P<name>10[*^]|(?:[A-Za-z%'_]|\[[^\[\]]*\])+)(?:[+-]?[0-9]+)?)|(?P<factor>[0-9]+)"
)
_BEGINNING = frozenset({"", "operator", "open"})
_UNIT = frozenset({"symbol", "factor", "annotation", "close"})
_AFTER = {
    "operator": _UNIT, "open": _BEGINNING, "close": _UNIT, "annotation": _BEGINNING | {"symbol", "factor", "close"},
    "symbol": _BEGINNING, "factor": _BEGINNING,
}  # fmt: skip
"""What each token may come after; "" is the beginning."""


def is_unit(code: str) -> bool:
    """Whether a text is a unit of UCUM: of its grammar, of symbols that it has.

    Source: UCUM 2.1, its syntax and the symbols of its tables. Symbols in brackets are not looked up.
    """
    if not 0 < len(code) <= UNIT_CHARACTERS_MAX:
        return False
    depth, before, position = 0, "", 0
    while position < len(code):
        match = _TOKEN.match(code, position)
        if match is None:
            return False
        kind = str(match.lastgroup)
        if before not in _AFTER[kind] and not (match[0] == "/" and position == 0):
            return False
        if kind == "symbol" and not _is_symbol(match["name"]):
            return False
        depth += (kind == "open") - (kind == "close")
        if depth < 0:
            return False
        before, position = kind, match.end()
    return depth == 0 and before in _AFTER["operator"]


def _is_symbol(name: str) -> bool:
    if name in _PREFIXED or name in _ALONE or _BRACKETED.fullmatch(name):
        return True
    rests = (name.removeprefix(prefix) for prefix in (*_PREFIXES, "z", "y", "Ki", "Mi", "Gi", "Ti"))
    return any(rest != name and (rest in _PREFIXED or _BRACKETED.fullmatch(rest)) for rest in rests)


def canonical(value: float, unit: str) -> tuple[float, str]:
    """The value in base units and the base units' name; an unknown unit stays as it is."""
    if unit in _OFFSETS:
        factor, offset = _OFFSETS[unit]
        kelvin = round(value * factor + offset, 9)
        return (kelvin, "K1") if math.isfinite(kelvin) else (value, unit)
    known = _parsed(unit) if len(unit) <= UNIT_CHARACTERS_MAX else None
    if known is None:
        return value, unit
    number = float(f"{value * known[0]:.12g}")
    return (number, known[1]) if math.isfinite(number) else (value, unit)


@lru_cache(maxsize=4096)
def _parsed(unit: str) -> tuple[float, str] | None:
    try:
        found = _term(_ANNOTATION.sub("", _ANNOTATION_ALONE.sub(r"\g<1>1", unit))) if unit else None
    except (OverflowError, ZeroDivisionError, ValueError):  # beyond all measure
        return None
    if found is None or not 0 < found[0] < math.inf:
        return None
    factor, powers = found
    return factor, ".".join(f"{base}{power}" for base, power in sorted(powers.items()) if power) or "1"


def _term(text: str) -> tuple[float, dict[str, int]] | None:
    factor, powers, position = 1.0, dict[str, int](), 0
    if not text:
        return factor, powers
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            return None
        position = match.end()
        operator, name, exponent = match.groups()
        sign = (-1 if operator == "/" else 1) * int(exponent or 1)
        one = _term(name[1:-1]) if name.startswith("(") else _atom(name)
        if one is None or abs(sign) > 24:
            return None
        factor *= one[0] ** sign
        for base, power in one[1].items():
            powers[base] = powers.get(base, 0) + power * sign
    return factor, powers


def _atom(name: str) -> tuple[float, dict[str, int]] | None:
    if name.isdecimal():
        return (float(name), {}) if 0 < float(name) < 1e15 else None
    for table in (_METRIC, _OTHER):
        if name in table:
            return table[name][0], dict(table[name][1])
    for prefix, size in _PREFIXES.items():
        rest = name.removeprefix(prefix)
        if rest != name and rest in _METRIC:
            return size * _METRIC[rest][0], dict(_METRIC[rest][1])
    return None
