"""The generated BHYT files, and small files made in a test."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

from benhan.kernel.issues import Issue
from benhan.vn.bhyt.claim import Claim, ClaimFile
from benhan.vn.bhyt.read import ClaimReader

FOLDER = Path(__file__).resolve().parents[3] / "bhyt_samples"
FILES = sorted(FOLDER.glob("*.GIAMDINHHS*.xml"))
CASES = ("A_outpatient", "B_inpatient", "C_delivery", "D_chronic_hiv_tb", "E_pregnancy_rest")


def sample(case: str) -> bytes:
    return (FOLDER / f"{case}.GIAMDINHHS.xml").read_bytes()


def claim_of(case: str) -> Claim:
    return next(iter(ClaimReader([sample(case)])))


def read(data: bytes | Iterable[bytes]) -> tuple[ClaimFile, list[Claim]]:
    reader = ClaimReader([data] if isinstance(data, bytes) else data)
    claims = list(reader)
    return reader.head, claims


def part(label: str, inner: str | bytes, *, is_inline: bool = False) -> str:
    content = inner if isinstance(inner, bytes) else inner.encode()
    written = content.decode() if is_inline else b64encode(content).decode()
    return f"<FILEHOSO><LOAIHOSO>{label}</LOAIHOSO><NOIDUNGFILE>{written}</NOIDUNGFILE></FILEHOSO>"


def summary(ma_lk: str = "LK1", more: str = "") -> str:
    return part("XML1", f"<TONG_HOP><MA_LK>{ma_lk}</MA_LK>{more}</TONG_HOP>")


def file_of(*records: str, count: int | None = None, made_on: str = "20261102", end: str = "") -> bytes:
    return (
        f"<GIAMDINHHS><THONGTINDONVI><MACSKCB>99001</MACSKCB></THONGTINDONVI><THONGTINHOSO><NGAYLAP>{made_on}</NGAYLAP>"
        f"<SOLUONGHOSO>{len(records) if count is None else count}</SOLUONGHOSO><DANHSACHHOSO>"
        + "".join(f"<HOSO>{each}</HOSO>" for each in records)
        + f"</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI>{end}</CHUKYDONVI></GIAMDINHHS>"
    ).encode()


def told(issues: Iterable[Issue]) -> list[tuple[str, str]]:
    """Each issue as severity and place."""
    return [(issue.severity.value, issue.place) for issue in issues]
