"""Write src/benhan/vn/places/data from the country's lists of administrative units.

    .venv/bin/python tools/generate_places.py FOLDER

FOLDER holds provinces-34.csv, wards-3321.csv, provinces-legacy63-to-34.csv, admin-units-legacy-3level-2024-06.csv; what
they are and under which terms tells the README beside the data. The predecessors of a commune are told in the words of
the resolutions ("Phường A, một phần … của các phường B, C, phần còn lại của xã D"): they are taken apart here, once, and
matched with the former list. Prints how many were matched.
"""

from __future__ import annotations

import csv
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from benhan.vn.places.keys import place_key

DATA = Path(__file__).parents[1] / "src/benhan/vn/places/data"
CUT_OVER = "2025-07-01"
KINDS = ("Thành phố", "Thị trấn", "Thị xã", "Đặc khu", "Phường", "Quận", "Huyện", "Tỉnh", "Xã")
WARD_KINDS = "Phường|Xã|Thị trấn"
DISTRICT_WORDS = "huyện|quận|thành phố|thị xã|TP|tp"
ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7", "VIII": "8", "IX": "9"}
# What the two lists do not tell: names that changed at other times than the cut-over.
OTHER_TIMES = (
    ("46", "Tỉnh", "Thừa Thiên Huế", "", "2025-01-01", "46"),  # NQ 175/2024/QH15
    ("46", "Thành phố", "Huế", "2025-01-01", CUT_OVER, "46"),
    ("46", "Thành phố", "Huế", CUT_OVER, "", ""),
    ("75", "Tỉnh", "Đồng Nai", "", CUT_OVER, "75"),
    ("75", "Tỉnh", "Đồng Nai", CUT_OVER, "2026-04-30", ""),  # NQ 30/2026/QH16
    ("75", "Thành phố", "Đồng Nai", "2026-04-30", "", ""),
)


@dataclass
class Old:
    """A former commune, and the communes of today that took it in: code to "" (whole) or "~" (a part)."""

    code: str
    kind: str
    name: str
    district: str
    district_name: str
    into: dict[str, str] = field(default_factory=dict)


@dataclass
class Piece:
    """One predecessor as a resolution names it."""

    kind: str
    name: str
    district: str
    is_part: bool


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: clean(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def clean(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def split_kind(full: str) -> tuple[str, str]:
    for kind in KINDS:
        if full.casefold().startswith(f"{kind.casefold()} "):
            return kind, full[len(kind) + 1 :].strip()
    return "", full


def pieces(text: str) -> list[Piece]:
    """The predecessors that the words of a resolution name."""
    text = re.sub(r"\(([^)]*)\)", lambda match: f"({match[1].replace(',', ';').replace(' và ', '; ')})", text)
    text = re.sub(r"(diện tích(?: tự nhiên| TN)?),? (?:và )?", r"\1 ", text, flags=re.IGNORECASE)
    found, part_from_here = [], False
    for each in re.split(r",| và ", text):
        whole_people = re.search(r"toàn bộ (?:diện tích|quy mô dân số)", each, re.IGNORECASE)
        if re.search(r"một phần|phần còn lại", re.sub(r"\([^)]*\)", "", each), re.IGNORECASE):
            part_from_here = True
        if whole_people:
            part_from_here = False
        inside = " ".join(re.findall(r"\(([^)]*)\)", each))
        bare = re.sub(r"\([^)]*\)", "", each)
        named = re.search(rf"\b(?:({WARD_KINDS})|huyện) (?:(?:{WARD_KINDS}) )*(.+)$", bare, flags=re.IGNORECASE)
        name = re.sub(r" (?:sau khi|theo quy định) .*$", "", named[2] if named else bare).strip()
        kind = split_kind(f"{named[1]} x")[0] if named and named[1] else ""
        if named and not named[1]:
            kind = "Huyện"
        if re.search(r"diện tích|quy mô|giữ nguyên|khu vực|trường bắn|^xóm |^thôn |cụm đảo", name, re.IGNORECASE):
            continue
        district = re.search(rf"(?:{DISTRICT_WORDS})\.? (.+)", inside)
        is_part = part_from_here or "phần còn" in inside
        found.append(Piece(kind, name, district[1] if district and "phần còn" not in inside else "", is_part))
    return [each for each in found if each.name]


def key(name: str) -> str:
    return place_key(ROMAN.get(name, name))


def sure_by_name(piece: Piece, candidates: list[Old]) -> Old | None:
    """The only candidate, or the only one in the district that the piece names."""
    if piece.district:
        candidates = [old for old in candidates if key(old.district_name).startswith(key(piece.district))]
    return candidates[0] if len(candidates) == 1 else None


def chosen(piece: Piece, candidates: list[Old], votes: Counter[str]) -> Old | None:
    """The former commune that is meant, or None where that cannot be told."""
    tests = (
        lambda old: not piece.district or key(old.district_name).startswith(key(piece.district)),
        lambda old: not piece.kind or old.kind == piece.kind,
        lambda old: old.name.casefold() == piece.name.casefold(),
    )
    for test in tests:
        candidates = [old for old in candidates if test(old)] or candidates
    best = max((votes[old.district] for old in candidates), default=0)
    if len(candidates) > 1 and best:
        candidates = [old for old in candidates if votes[old.district] == best]
    return candidates[0] if len(candidates) == 1 else None


def write(name: str, header: list[str], lines: list[tuple[str, ...]]) -> None:
    with (DATA / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *lines])


def main(folder: Path) -> None:
    legacy, provinces, wards, former = (
        rows(folder / f"{name}.csv")
        for name in ("provinces-legacy63-to-34", "provinces-34", "wards-3321", "admin-units-legacy-3level-2024-06")
    )
    into = {row["legacy_code"]: row["new_code"] for row in legacy}
    districts = {row["district_code"]: (row["province_code"], *split_kind(row["district"])) for row in former}
    olds = {}
    by_name: dict[tuple[str, str], list[Old]] = defaultdict(list)
    for row in former:
        old = Old(row["ward_code"], *split_kind(row["ward"]), row["district_code"], split_kind(row["district"])[1])
        olds[old.code] = old
        by_name[into[row["province_code"]], key(old.name)].append(old)
    unnamed, told = [], Counter[str]()
    for row in wards:
        code, text = row["code"], row["merged_from_2025"]
        if text == "giữ nguyên":
            if code in olds:
                olds[code].into[code] = ""
                told["kept"] += 1
            continue
        named = [(piece, by_name.get((row["province_code"], key(piece.name)), [])) for piece in pieces(text)]
        votes = Counter(old.district for piece, found in named if (old := sure_by_name(piece, found)) is not None)
        if code in olds:  # a commune of today carries the code of one of those it was made of
            votes[olds[code].district] += 1
        for piece, found in named:
            mark = "~" if piece.is_part else ""
            island = [
                old for old in olds.values() if piece.kind == "Huyện" and key(old.district_name) == key(piece.name)
            ]
            if island:  # a whole island district became one commune
                for old in island:
                    old.into[code] = mark
                told["by their district"] += len(island)
                continue
            old = chosen(piece, found, votes)
            if old is None:
                unnamed.append((piece.kind, piece.name, code, mark))
                told["of several" if found else "not in the former list"] += 1
                continue
            told["matched"] += 1
            old.into[code] = min(mark, old.into.get(code, mark))
    codes = {row["code"] for row in wards}
    for old in olds.values():
        if not old.into and old.code in codes:
            old.into[old.code] = "="
        told[
            f"former: {'several' if len(old.into) > 1 else ''.join(old.into.values()) or ('whole' if old.into else 'none')}"
        ] += 1
    other = {code for code, *_ in OTHER_TIMES}
    time_lines = [
        (row["legacy_code"], *split_kind(row["legacy_name"]), "", CUT_OVER, row["new_code"]) for row in legacy
    ]
    time_lines = [line for line in time_lines if line[0] not in other]
    time_lines += [
        (row["code"], *split_kind(row["full_name"]), CUT_OVER, "", "") for row in provinces if row["code"] not in other
    ]
    DATA.mkdir(exist_ok=True)
    head = ["code", "kind", "name", "since", "until", "into"]
    write("provinces.csv", head, sorted([*time_lines, *OTHER_TIMES], key=lambda line: (line[0], line[3])))
    write("districts.csv", ["code", "province", "kind", "name"], sorted((c, *rest) for c, rest in districts.items()))
    write(
        "former_wards.csv",
        ["code", "district", "kind", "name", "into"],
        [
            (o.code, o.district, o.kind, o.name, " ".join(m + c for c, m in sorted(o.into.items())))
            for o in olds.values()
        ],
    )
    write(
        "wards.csv",
        ["code", "province", "kind", "name"],
        [(row["code"], row["province_code"], *split_kind(row["full_name"])) for row in wards],
    )
    write(
        "interim_wards.csv", ["kind", "name", "into", "mark"], sorted(set(unnamed), key=lambda line: (line[2], line[1]))
    )
    for name, count in sorted(told.items()):
        print(f"{count:6} {name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
