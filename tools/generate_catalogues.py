"""Write src/benhan/vn/catalogues/data/lists.csv and entries.csv from the lists of the law.

    .venv/bin/python tools/generate_catalogues.py FOLDER

FOLDER holds the lists as README.md beside the data names them. `ICD10.csv`, `THUOC.csv`, `DICH_VU.csv` and what speaks against orders are
written by hand and are left alone.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import tomllib
import unicodedata
from pathlib import Path

DATA = Path(__file__).parents[1] / "src/benhan/vn/catalogues/data"
WORDS = tomllib.loads(Path(__file__).with_name("catalogue_words.toml").read_text(encoding="utf-8"))
SINCE = {  # the first day of codes that a later decision added
    ("MA_LOAI_KCB", "11"): "2026-06-19", ("MA_LOAI_KCB", "12"): "2026-06-19", ("MA_LOAI_KCB", "13"): "2026-06-19",
    ("MA_LOAI_KCB", "14"): "2026-06-19", ("MA_LOAI_KCB", "15"): "2026-06-19", ("MA_LOAI_KCB", "16"): "2026-06-19",
    ("KET_QUA_DTRI", "8"): "2024-07-01", ("MA_NHOM", "19"): "2024-07-01",
}  # fmt: skip
SINCE_OF_LIST = {
    "MA_DOITUONG_KCB": "2025-10-17", "NGHENGHIEP": "2025-01-01", "PHACDO_LAO": "2025-01-01",
    "HIV_NHOM_DOI_TUONG": "2025-01-01", "KSK.DOI_TUONG": "2026-05-31",
    "KSK.NGUON_CHI_TRA": "2026-05-31", "KSK.PHAN_LOAI_SK": "2026-05-31",
}  # fmt: skip
CHANGED = {  # a name that a later decision changed: the old row ends, the new one starts
    ("MA_KHOA", "K99"): [("Điều trị COVID-19", "", "2026-08-01"), ("Khoa khác", "2026-08-01", "")],
}

Row = tuple[str, str, str, str, str, str, str]  # list, code, since, until, vi, en, note


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name: unicodedata.normalize("NFC", cell or "").strip() for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


def row(name: str, code: str, vi: str, en: str = "", note: str = "") -> list[Row]:
    if (name, code) in CHANGED:
        return [(name, code, since, until, text, "", note) for text, since, until in CHANGED[name, code]]
    return [(name, code, SINCE.get((name, code), SINCE_OF_LIST.get(name, "")), "", vi, en, note)]


def vietnamese(folder: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """Names and notes by list and code, out of the lists in Vietnamese."""
    found: dict[str, dict[str, tuple[str, str]]] = {}

    def add(name: str, code: str, vi: str, note: str = "") -> None:
        found.setdefault(name, {})[code] = (vi, note)

    for each in rows(folder / "ma-loai-kcb-qd1804-2026.csv"):
        add("MA_LOAI_KCB", each["code"], each["display_vi"])
    for each in rows(folder / "ma-doituong-kcb-qd3276-2025.csv"):
        add(
            "MA_DOITUONG_KCB",
            each["code"],
            each["case_vi"],
            "; ".join(filter(None, (each["benefit"], each["legal_basis"]))),
        )
    for each in rows(folder / "ma-khoa-legacy-k01-k47.csv"):
        add("MA_KHOA", each["code"], each["display_vi"])
    for each in rows(folder / "dan-toc.csv"):
        add("DANTOC", each["code"], each["display"], each["other_names"])
    for each in rows(folder / "nghe-nghiep-cap2-qd34-2020.csv"):
        add("NGHENGHIEP", each["ma_nghe_nghiep"], each["ten"])
    for each in rows(folder / "nghe-nghiep-qd4069-2011-legacy.csv"):
        add("NGHENGHIEP_4069", each["code"], each["display"])
    for each in rows(folder / "document-types.csv"):
        code = each["data_table"] if re.fullmatch(r"XML\d+", each["data_table"]) else slug(each["document_vi"])
        add("LOAI_GIAY_TO", code, each["document_vi"], each["form_basis"])
    for each in rows(folder / "small-code-lists.csv"):
        if "pattern" not in each["code_system"]:
            add(each["code_system"].partition(" ")[0], each["code"], each["display_vi"])
    for name, codes in WORDS.items():
        for code, vi in codes.items() if name != "names" else ():
            add(name, code, vi)
    return found


def slug(name: str) -> str:
    bare = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    letters = "".join(each for each in bare if not unicodedata.combining(each))
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40].strip("-")


def main(folder: Path) -> None:
    annex = json.loads((folder / "qd3176_tables.json").read_text(encoding="utf-8"))["code_lists"]
    named = vietnamese(folder)
    entries: list[Row] = []
    lists = []
    for name, told in WORDS["names"].items():
        vi, en, source, whole = (part.strip() for part in told.split("|"))
        lists.append((name, vi, en, source, whole))
        english = (annex.get(name) or {}).get("values") or {}
        if whole == "none" or name in ("ICD10", "THUOC", "DICH_VU", "TUONG_TAC", "NHOM_DI_UNG", "TINH", "XA"):
            continue
        codes = list(dict.fromkeys([*named.get(name, {}), *english]))
        for code in codes:
            words, note = named.get(name, {}).get(code, ("", ""))
            other = re.sub(r" \[benefit share %:.*\]| \(added by 4750\)", "", str(english.get(code, "")))
            entries += row(
                name, code, words or other, other if other != (words or other) and name != "MA_KHOA" else "", note
            )
    DATA.mkdir(exist_ok=True)
    for path, header, lines in (
        ("lists.csv", ("name", "vi", "en", "source", "content"), lists),
        ("entries.csv", ("list", "code", "since", "until", "vi", "en", "note"), entries),
    ):
        with (DATA / path).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *lines])
    print(f"{len(lists)} lists, {len(entries)} entries")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
