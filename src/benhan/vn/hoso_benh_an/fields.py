"""The field table: what stands where, in which order. Source: CV 365/TTYQG-GPQLCL, annex; `data/README.md`."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "fields.csv"
_SIZE = re.compile(r"(Số|Chuỗi)\(([0-9]+)\)")

ORGANS = "khambenh_caccoquan"
_FINDING = ("dauchung_ma.VNCODE", "dauchung_ma.SNOMED", "dauchung", "dauchung_ghichu")

REQUIRED = ("sovaovien", "hoten", "ngaysinh", "gioitinh", "mabenhnhan")
"""Of ThongTinBenhNhan. A working rule: the annex names no cardinality (docs/known-issues.md)."""

ROOT = "HoSoBenhAn"
GROUPS = (
    "ThongTinBenhNhan",
    "ThongTinVaoVien",
    "ThongTinDieuTri",
    "YLenhThuocVatTu",
    "PhieuChiDinh",
    "KetQuaChanDoanHinhAnh",
    "KetQuaXetNghiem",
    "GiayChuyenVien",
    "HoSoCapCuu",
    "PhieuThuThuat",
    "PhieuPhauThuat",
)
"""The eleven groups, I to XI, in order; all are always there."""

ORDERED = frozenset(GROUPS[:5])
"""The groups whose order of fields the annex gives; that of the others is ours, and another's is as good."""

ALIASES = {"kqcls_linkpacs": "kqcls_linkhinhanh"}
"""Names that some exporters write in place of the annex's."""
HISTORIES = frozenset({"tiensubenhtatcuabanthan", "tiensubenhtatcuagiadinh"})
"""Lists of parts that some exporters write as one text."""
HISTORY_TEXT = "thongtin_noidung"
"""The part that such a text becomes."""


@dataclass(slots=True)
class Field:
    """A field: its name, whether it repeats, its known size in characters (0: not known), its inner fields."""

    name: str
    repeats: bool = False
    size: int = 0
    inner: dict[str, Field] = field(default_factory=dict)


@cache
def group_fields() -> dict[str, Field]:
    """Each group with its fields in order."""
    groups = {name: Field(name) for name in GROUPS}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            size = _SIZE.fullmatch(row["known_type_size"])
            for path in _paths(row["path"]):
                _add(groups[row["group"]], path, int(size[2]) if size else _finding_size(path))
    return groups


def _paths(path: str) -> list[str]:
    """`khambenh_caccoquan.*` stands for the four parts of each organ, which are added with the organ itself."""
    if path.startswith(f"{ORGANS}.*"):
        return []
    if path.startswith(f"{ORGANS}."):
        return [f"{path}.{part}" for part in _FINDING]
    return [path]


def _finding_size(path: str) -> int:
    """The two codes of a finding have 25 characters each, by the rows of the table that stand for every organ."""
    return 25 if path.startswith(ORGANS) and ".dauchung_ma." in path else 0


def _add(parent: Field, path: str, size: int) -> None:
    head, _, rest = path.partition(".")
    name = head.removesuffix("[]")
    found = parent.inner.setdefault(name, Field(name))
    found.repeats = found.repeats or head.endswith("[]")
    if rest:
        _add(found, rest, size)
    else:
        found.size = size
