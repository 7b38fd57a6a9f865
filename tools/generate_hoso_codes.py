"""Write `src/benhan/vn/hoso_benh_an/data/codes.csv`: the code lists that the checker of HoSoBenhAn holds values to.

`python tools/generate_hoso_codes.py SPEC` where SPEC is the folder of the specification's data files.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "src/benhan/vn/hoso_benh_an/data/codes.csv"


def rows(spec: Path) -> Iterator[tuple[str, str, str]]:
    for each in read(spec / "dan-toc.csv"):
        yield "DAN_TOC", each["code"], each["display"]
    for each in read(spec / "nghe-nghiep-cap2-qd34-2020.csv"):
        yield "NGHE_NGHIEP", each["ma_nghe_nghiep"], each["ten"]
    for each in read(spec / "provinces-34.csv"):
        yield "TINH_THANH", each["code"], each["name"]
    now = {each["code"] for each in read(spec / "provinces-34.csv")}
    for each in read(spec / "provinces-legacy63-to-34.csv"):
        if each["legacy_code"] not in now:
            yield "TINH_THANH", each["legacy_code"], each["legacy_name"]
    for each in read(spec / "small-code-lists.csv"):
        if each["code_system"] in ("KET_QUA_DTRI", "GIOI_TINH"):
            yield each["code_system"], each["code"], each["display_vi"]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    with OUT.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("list", "code", "display"))
        writer.writerows(rows(Path(sys.argv[1])))
