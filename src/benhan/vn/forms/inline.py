"""A printed line as it is written in a form's file: words, marks and the places of fields.

    **1.** Họ và tên *(In hoa)*: {ho_ten}  Tuổi {tuoi:measure}
    13. Trực tiếp vào: *{truc_tiep:one 1. Cấp cứu □; 2. KKB □; 3. Khoa điều trị □}*

`{id}` is a text to the end of the line; `{id:kind …}` any other field. The whole grammar: docs/guides/forms.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from benhan.fhir.folding import fold
from benhan.vn.forms.form import Blank, Kind, Option, Piece, Words

BOX = "□"
_PARTS = re.compile(r"(\*\*|\*|\{[^{}]*\})")
_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)(?::\s*(\S+))?(?:\s+(.*?))?\}", re.DOTALL)
_CODE = re.compile(r"([0-9]{1,2}|[a-zđ])\s*[.)\-]\s*(?=\S)")
_OWN_CODE = re.compile(r"([A-Za-z0-9_]+)=")
_BOUNDS = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)", re.ASCII)
_SMALL = re.compile(r"[1-9]\d?", re.ASCII)
_WIDTH = re.compile(r"\bw=(\d{1,3})\b", re.ASCII)
_DIGITS = re.compile(r"([1-9])(?: 0\.\.(\d{1,9}))?", re.ASCII)
_BOXES = re.compile(r">\s*([1-9]\d?)$", re.ASCII)
_QUOTED = re.compile(r'"([^"]*)"')
DATE = "<d>/<m>/<y>"
TIME = "<h> giờ <p> phút"
DATETIME = "<h> giờ <p> phút ngày <d>/<m>/<y>"

_PLAIN = {"date": (Kind.DATE, DATE), "time": (Kind.TIME, TIME), "datetime": (Kind.DATETIME, DATETIME)}


class Wrong(ValueError):  # noqa: N818  # what the line is, not a failure of ours
    """What a line of a form's file does not say rightly, in words for its writer."""


class Measure(NamedTuple):
    """What a number means: its UCUM unit, its bounds, its LOINC code."""

    unit: str
    low: float | None = None
    high: float | None = None
    loinc: str = ""


class Placed(NamedTuple):
    """A place on the line, and what it says of its field. `more`: further options of a field that began before."""

    blank: Blank
    measure: Measure | None = None
    digits: int = 0
    more: bool = False


def parse_inline(text: str, measures: Mapping[str, Measure]) -> list[Words | Placed]:
    """The words and places of a piece of a line, in order. Raises Wrong."""
    found: list[Words | Placed] = []
    bold = italic = False
    for part in _PARTS.split(text):
        if part == "**":
            bold = not bold
        elif part == "*":
            italic = not italic
        elif part.startswith("{"):
            placed = _place(part, measures)
            found.append(placed._replace(blank=placed.blank._replace(bold=bold, italic=italic)))
        elif part:
            found.append(Words(part, bold, italic))
    if bold or italic:
        raise Wrong(f"dấu * mở mà không đóng trong “{text}”")
    return found


def pieces(parts: list[Words | Placed]) -> tuple[Piece, ...]:
    """What is printed of them."""
    return tuple(part if isinstance(part, Words) else part.blank for part in parts)


def _place(text: str, measures: Mapping[str, Measure]) -> Placed:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise Wrong(f"không hiểu {text}")
    field, kind, rest = match[1], match[2] or "text", (match[3] or "").strip()
    if kind in ("one", "many", "+"):
        return _choice(field, kind, rest)
    width = _WIDTH.search(rest)
    rest = _WIDTH.sub("", rest).strip()
    placed = _simple(field, kind, rest, measures)
    if width:
        return placed._replace(blank=placed.blank._replace(width=int(width[1])))
    return placed


def _simple(field: str, kind: str, rest: str, measures: Mapping[str, Measure]) -> Placed:
    if kind in _PLAIN:
        of_kind, usual = _PLAIN[kind]
        if rest == "boxes":
            return Placed(Blank(field, of_kind, groups=(2, 2, 4), pattern=usual))
        quoted = _QUOTED.fullmatch(rest)
        if rest and not quoted:
            raise Wrong(f'{field}: cách in ngày giờ phải ở trong "…"')
        return Placed(Blank(field, of_kind, pattern=quoted[1] if quoted else usual))
    match kind:
        case "text" | "sign" | "tick" if not rest:
            of_kind = {"text": Kind.TEXT, "sign": Kind.SIGNATURE, "tick": Kind.TICK}[kind]
            return Placed(Blank(field, of_kind))
        case "box" if not rest:
            return Placed(Blank(field, Kind.TEXT, width=10, framed=True))
        case "code" if not rest:
            return Placed(Blank(field, Kind.CODE, width=10, framed=True))
        case "lines" if _SMALL.fullmatch(rest):
            return Placed(Blank(field, Kind.LONG_TEXT, lines=int(rest)))
        case "codes" if re.fullmatch(r"\d{1,2}(\+\d{1,2})*", rest, re.ASCII) and len(rest) < 30:
            groups = tuple(int(size) for size in rest.split("+"))
            return Placed(Blank(field, Kind.CODE, groups=groups), digits=sum(groups))
        case "number":
            return Placed(Blank(field, Kind.NUMBER, width=5), _measure(field, rest))
        case "measure":
            name = rest or field
            if name not in measures:
                raise Wrong(f"{field}: không có đại lượng “{name}” trong measures.toml")
            return Placed(Blank(field, Kind.NUMBER, width=5), measures[name])
        case "digits" if match := _DIGITS.fullmatch(rest):
            high = float(match[2]) if match[2] else 10 ** int(match[1]) - 1
            return Placed(Blank(field, Kind.NUMBER, groups=(int(match[1]),)), Measure("1", 0, high))
    raise Wrong(f"{field}: không hiểu “{kind} {rest}”")


def _measure(field: str, rest: str) -> Measure:
    match = _BOUNDS.match(rest)
    if match is None:
        raise Wrong(f"{field}: số phải có khoảng và đơn vị, như 0..200 cm")
    return Measure(rest[match.end() :].strip() or "1", float(match[1]), float(match[2]))


def _choice(field: str, kind: str, rest: str) -> Placed:
    ending = _BOXES.search(rest)
    boxes = ending[1] if ending else ""
    rest = rest[: ending.start()] if ending else rest
    options, places = [], set()
    for written in rest.split(";"):
        words = written.strip()
        places.add("after" if words.endswith(BOX) else "before" if words.startswith(BOX) else "codes")
        options.append(_option(words.strip(BOX + " ")))
    if len(places) != 1 or (places == {"codes"}) != bool(boxes):
        raise Wrong(f"{field}: mỗi lựa chọn cần một □ cùng phía, hoặc > số ô mã ở cuối")
    of_kind = Kind.ONE if kind == "one" else Kind.MANY
    groups = (int(boxes),) if boxes else ()
    return Placed(Blank(field, of_kind, groups=groups, options=tuple(options), box=places.pop()), more=kind == "+")


def _option(words: str) -> Option:
    """`1. Cấp cứu` has the code 1; `nhe=Nhẹ` the code nhe; `Bình thường` the code binh_thuong."""
    own = _OWN_CODE.match(words)
    if own:
        return Option(own[1], words[own.end() :].strip())
    numbered = _CODE.match(words)
    if numbered:
        return Option(numbered[1], words)
    code = fold(words).replace(" ", "_")
    if not code:
        raise Wrong(f"lựa chọn “{words}” cần một mã, như co=Có")
    return Option(code, words)
