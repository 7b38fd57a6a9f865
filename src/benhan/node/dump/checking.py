"""Checking a dump without the store: every file is there and whole, its lines can be read, versions have no gap, the
ledger's chain and its signed roots hold. Memory grows with the number of resources, not with their size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import orjson

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text
from benhan.node.dump.writing import FORMAT, MANIFEST, DumpManifest
from benhan.store.ledger.canonical import START, Recorded, canonical_bytes, link
from benhan.store.ledger.merkle import MerkleTree
from benhan.store.ledger.roots import DayRoot

NOT_A_DUMP = FaultCode(
    "BA-5435",
    Incorrect,
    Text(
        "Thư mục không phải bản xuất toàn bộ đã xong ({reason}). Chạy lại lệnh xuất để làm tiếp.",
        "The folder is no finished dump ({reason}). Run the export again to go on.",
    ),
)
FAULTS_MAX = 100


@dataclass(slots=True)
class CheckedDump:
    """What was looked at, and what is wrong: file and reason."""

    files: int = 0
    lines: int = 0
    resources: int = 0
    entries: int = 0
    roots: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)

    def wrong(self, path: str, reason: str) -> None:
        if len(self.faults) < FAULTS_MAX:
            self.faults.append((path, reason))


def check_dump(folder: Path, progress: Callable[[int], None] = lambda _done: None) -> CheckedDump:
    """What a dump shows. Raises Incorrect BA-5435 where it has no manifest."""
    manifest = read_manifest(folder)
    checked = CheckedDump()
    versions: dict[str, set[int]] = {}
    for number, told in enumerate(manifest.files, 1):
        path = folder / told.path
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            checked.wrong(told.path, "thiếu (missing)")
            continue
        digest, lines = hashlib.sha256(), 0
        with path.open("rb") as file:
            for line in file:
                digest.update(line)
                if told.path.endswith(".ndjson"):
                    lines += 1
                    _look(told.path, line, versions, checked)
        if digest.hexdigest() != told.sha256 or lines != told.lines:
            checked.wrong(told.path, "không khớp SHA-256 hoặc số dòng (altered)")
        checked.files += 1
        checked.lines += lines
        progress(number)
    for reference, known in versions.items():
        if known != set(range(1, len(known) + 1)):
            checked.wrong(reference, "phiên bản không liền nhau (versions with a gap)")
    checked.resources = len(versions)
    _check_ledger(folder, manifest, checked)
    return checked


def read_manifest(folder: Path) -> DumpManifest:
    """Raises Incorrect BA-5435."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=DumpManifest)
    except (OSError, msgspec.MsgspecError) as cause:
        raise NOT_A_DUMP(reason=MANIFEST) from cause
    if manifest.format != FORMAT:
        raise NOT_A_DUMP(reason="format")
    return manifest


def _look(path: str, line: bytes, versions: dict[str, set[int]], checked: CheckedDump) -> None:
    """Read a line; what it says of versions is kept."""
    kind, _, name = path.removesuffix(".ndjson").partition("/")
    try:
        told = orjson.loads(line)
        if kind == "resources":
            version = int(told["meta"]["versionId"])
            is_right = told["resourceType"] == name
            versions.setdefault(f"{name}/{told['id']}", set()).add(version)
        elif kind == "history":
            is_right = told["resource"] is None or told["resource"]["resourceType"] == name
            versions.setdefault(f"{name}/{told['id']}", set()).add(int(told["version"]))
        else:
            is_right = isinstance(told, dict)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        is_right = False
    if not is_right:
        checked.wrong(path, "dòng không đọc được (a line that cannot be read)")


def _check_ledger(folder: Path, manifest: DumpManifest, checked: CheckedDump) -> None:
    roots = [_root(each) for each in _rows(folder / "tables/ledger_root.ndjson")]
    before, seq, tree, at = START, 0, MerkleTree(), 0
    for each in _rows(folder / "tables/ledger_entry.ndjson"):
        entry = _entry(each)
        seq += 1
        before = link(before, canonical_bytes(entry))
        if entry.seq != seq or before.hex() != each["hash"]:
            checked.wrong("tables/ledger_entry.ndjson", f"mục {seq} bị sửa hoặc mất (entry altered or missing)")
            return
        if at < len(roots):
            tree.add(before)
            if seq == roots[at].last_seq:
                if tree.root() != roots[at].root or not roots[at].is_signed_by(bytes.fromhex(manifest.ledger_key)):
                    checked.wrong("tables/ledger_root.ndjson", f"gốc ngày {roots[at].day} sai (root is wrong)")
                at, tree = at + 1, MerkleTree()
    if at != len(roots):
        checked.wrong("tables/ledger_root.ndjson", "gốc ngày không có mục (root without entries)")
    checked.entries, checked.roots = seq, at


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        with path.open("rb") as file:
            for line in file:
                yield orjson.loads(line)


def _root(told: dict[str, Any]) -> DayRoot:
    root, signature = bytes.fromhex(told["root"]), bytes.fromhex(told["signature"])
    return DayRoot(date.fromisoformat(told["day"]), told["first_seq"], told["last_seq"], root, signature)


def _entry(told: dict[str, Any]) -> Recorded:
    return Recorded(
        told["seq"], datetime.fromisoformat(told["at"]).astimezone(UTC), int(told["patient"]), int(told["rid"]),
        told["version"], told["bucket"], told["event"], told["type"], told["actor"], told["role"], told["trace"],
        told["detail"],
    )  # fmt: skip
