"""The verdicts on every signature and proof in a package, offline, by the roots that this hospital trusts.

Source: ETSI EN 319 102-1; RFC 9162 (proofs).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from benhan.kernel.faults import Fault
from benhan.kernel.texts import Text
from benhan.node.packages.format import MANIFEST, RECORD_SUFFIX, SIGNATURE, Kind
from benhan.node.packages.reading import Package
from benhan.signing.trust import Trust
from benhan.signing.verdicts import EvidenceVerdict, Indication, SignatureVerdict, worst
from benhan.signing.verify_file import judge_file, kind_of
from benhan.store.ledger.proofs import Inclusion, parse_proof, verify_inclusion

_PROVEN = Text("Bằng chứng nhật ký khớp.", "The proof of the ledger holds.")
_NOT_PROVEN = Text("Bằng chứng nhật ký KHÔNG khớp.", "The proof of the ledger does NOT hold.")
_RECORD_HOLDS = Text("Bằng chứng lưu trữ chứng minh tệp có từ lúc này.", "An evidence record proves it since then.")
_RECORD_AGED = Text(
    "Bằng chứng lưu trữ nay không còn đủ tin cậy để kéo dài chữ ký.",
    "The evidence record has aged itself and adds nothing to the signature.",
)
_UNREADABLE = Text("Không đọc được tệp này để kiểm tra chữ ký.", "The file cannot be read to judge its signatures.")


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of a signature or proof: of which file, what it concludes, in words, who signed and when."""

    path: str
    title: str
    indication: Indication
    text: Text
    signer: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All that is said of a package; `is_signed` where the organisation signed the manifest."""

    judged: tuple[Judged, ...]
    is_signed: bool

    @property
    def indication(self) -> Indication | None:
        """The worst of all; None where there is nothing to judge."""
        return worst(each.indication for each in self.judged)

    @property
    def failed(self) -> list[Judged]:
        return [each for each in self.judged if each.indication is Indication.FAILED]


async def judge_package(package: Package, trust: Trust, at: datetime) -> Verdicts:
    """The verdicts, the manifest's signature first."""
    found: list[Judged] = []
    if package.signature:
        found += await _judged(SIGNATURE, MANIFEST, package.signature, trust, at, package.manifest_bytes)
    for part in package.manifest.parts:
        content = package.contents[part.path]
        if part.kind is Kind.PROOF:
            found.append(await asyncio.to_thread(_proof, part.path, part.title, content, package.manifest.ledger_key))
        elif part.kind is Kind.SIGNED or (part.kind in (Kind.FILE, Kind.HOSO) and kind_of(content) in ("PDF", "XML")):
            record = package.contents.get(f"proofs/{part.path.removeprefix('signed/')}{RECORD_SUFFIX}")
            judged = await _judged(part.path, part.title, content, trust, at, record=record)
            found += [each for each in judged if part.kind is Kind.SIGNED or each.signer]
    return Verdicts(tuple(found), bool(package.signature))


async def _judged(
    path: str,
    title: str,
    file: bytes,
    trust: Trust,
    at: datetime,
    content: bytes | None = None,
    record: bytes | None = None,
) -> Sequence[Judged]:
    try:
        verdict = await judge_file(file, trust, at, content, records=[record] if record is not None else [])
    except Fault:
        return [Judged(path, title, Indication.INDETERMINATE, _UNREADABLE)]
    told = [_told(path, title, each) for each in verdict.signatures]
    return [*told, *(_of_record(path, each) for each in verdict.evidence)]


def _told(path: str, title: str, verdict: SignatureVerdict) -> Judged:
    signer = verdict.signer.holder.name if verdict.signer is not None else ""
    when = verdict.proven_at or verdict.claimed_at
    return Judged(path, title, verdict.finding.indication, verdict.finding.text, signer, when)


def _of_record(path: str, verdict: EvidenceVerdict) -> Judged:
    """An evidence record counts where it is false; that it has aged takes nothing from the signature."""
    if verdict.finding.indication is Indication.FAILED:
        return Judged(path, RECORD_SUFFIX, Indication.FAILED, verdict.finding.text)
    text = _RECORD_HOLDS if verdict.proven_at is not None else _RECORD_AGED
    return Judged(path, RECORD_SUFFIX, Indication.PASSED, text, "", verdict.proven_at)


def _proof(path: str, title: str, content: bytes, key: str) -> Judged:
    """A proof holds by the key that the manifest names, which its signature covers."""
    try:
        proof = parse_proof(content)
        found = verify_inclusion(proof, bytes.fromhex(key) if key else None)
    except (Fault, ValueError):
        return Judged(path, title, Indication.FAILED, _NOT_PROVEN)
    if found is Inclusion.PROVEN:
        return Judged(path, title, Indication.PASSED, _PROVEN, "", proof.entry.at)
    return Judged(path, title, Indication.FAILED, _NOT_PROVEN, "", proof.entry.at)
