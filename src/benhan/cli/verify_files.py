"""`benhan verify FILE…`: what a court, an inspector or a patient wants to know of a signed file, offline."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import typer

from benhan.cli.common import err, language, out
from benhan.kernel.clock import VIETNAM, SystemClock
from benhan.kernel.texts import Text

if TYPE_CHECKING:
    from benhan.signing.trust import Trust
    from benhan.signing.verdicts import EvidenceVerdict, FileVerdict, SignatureVerdict

EXIT_FAILED, EXIT_INDETERMINATE = 70, 10
"""A signature failed or a proof is wrong; no conclusion, or nobody signed."""
RECORD_SUFFIX = ".ers"
"""An evidence record lies beside its file, by the file's name with this behind it."""
_COLOURS = {"TOTAL-PASSED": "green", "TOTAL-FAILED": "bold red", "INDETERMINATE": "yellow"}
_WORDS = {
    "TOTAL-PASSED": Text("HỢP LỆ", "VALID"),
    "TOTAL-FAILED": Text("KHÔNG HỢP LỆ", "NOT VALID"),
    "INDETERMINATE": Text("CHƯA KẾT LUẬN ĐƯỢC", "NO CONCLUSION"),
    "": Text("KHÔNG CÓ CHỮ KÝ", "NOT SIGNED"),
}


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of one file; `proof` where it is a proof of the ledger."""

    path: Path
    verdict: FileVerdict | None = None
    proof: dict[str, str] | None = None
    in_ledger: dict[str, str] | None = None
    """The proof, among the files given, that this very file was signed and stands in the ledger."""

    @property
    def indication(self) -> str:
        if self.proof is not None:
            return "TOTAL-PASSED" if self.proof["found"] == "proven" else "TOTAL-FAILED"
        assert self.verdict is not None
        found = self.verdict.indication
        return found.value if found is not None else ""


def verify_files(
    files: list[Path],
    trust_folder: Path | None,
    content: Path | None,
    key: str,
    *,
    as_json: bool,
    html: Path | None,
) -> None:
    """Tell the verdict on each file; exits 70 where one failed, 10 where one is without conclusion."""
    now = SystemClock().now()
    trust = _trust(trust_folder)
    told = _joined([_judge(path, trust, now, content, key) for path in files])
    if html is not None:
        html.write_text(_page(told, now), encoding="utf-8")
        err.print(f"Đã ghi (written): {html}", highlight=False, markup=False)
    if as_json:
        for each in told:
            typer.echo(json.dumps(_data(each), ensure_ascii=False))
    else:
        for each in told:
            _print(each)
    found = {each.indication for each in told}
    if "TOTAL-FAILED" in found:
        raise typer.Exit(EXIT_FAILED)
    if found != {"TOTAL-PASSED"}:
        raise typer.Exit(EXIT_INDETERMINATE)


def _joined(told: list[_Told]) -> list[_Told]:
    """Files with the proofs, among those given, that the ledger has their signatures."""
    proofs = {each.proof["file"]: each.proof for each in told if each.proof and each.indication == "TOTAL-PASSED"}
    return [replace(each, in_ledger=proofs.get(each.verdict.sha256)) if each.verdict else each for each in told]


def _trust(folder: Path | None) -> Trust:
    from benhan.signing.trust import Trust, parse_trust

    if folder is None:
        err.print(
            "Chưa có thư mục chứng thư gốc tin cậy: thêm --trust THƯ_MỤC. (No trusted roots: add --trust FOLDER.)",
            style="yellow",
        )
        return Trust()
    paths = [each for each in sorted(folder.iterdir()) if each.suffix.lower() in (".pem", ".crt", ".cer", ".der")]
    return parse_trust(each.read_bytes() for each in paths)


def _judge(path: Path, trust: Trust, now: datetime, content: Path | None, key: str) -> _Told:
    from benhan.signing.verify_file import judge_file

    file = _read(path)
    if file[:4096].lstrip().startswith(b"{"):
        return _Told(path, proof=_proof(file, key))
    beside = content if content is not None else _beside(path)
    content_of = _read(beside) if beside else None
    paths = (path, beside) if beside else (path,)
    records = [_read(each) for named in paths if (each := Path(f"{named}{RECORD_SUFFIX}")).is_file()]
    return _Told(path, asyncio.run(judge_file(file, trust, now, content_of, records=records)))


def _read(path: Path) -> bytes:
    """A file's content. Raises Incorrect BA-5006 before a huge one is read."""
    from benhan.signing.faults import TOO_LARGE
    from benhan.signing.pades import PDF_BYTES_MAX

    if path.stat().st_size > PDF_BYTES_MAX:
        raise TOO_LARGE(limit_mb=PDF_BYTES_MAX // 2**20)
    return path.read_bytes()


def _beside(path: Path) -> Path | None:
    """The file that a detached signature `name.p7s` signs, where it lies beside it as `name`."""
    beside = path.with_suffix("")
    return beside if path.suffix.lower() in (".p7s", ".p7m", ".sig") and beside.is_file() else None


def _proof(file: bytes, key: str) -> dict[str, str]:
    """What a proof of the ledger shows. Raises Incorrect BA-0514."""
    from benhan.cli.ledger import key_of
    from benhan.store.ledger.proofs import parse_proof, verify_inclusion

    proof = parse_proof(file)
    found = verify_inclusion(proof, key_of(key) if key else None)
    return {
        "found": found.value,
        "seq": str(proof.entry.seq),
        "at": _at(proof.entry.at),
        "event": proof.entry.label,
        "actor": proof.entry.actor,
        "file": str(json.loads(proof.entry.detail or "{}").get("file", "")),
        "day": proof.root.day.isoformat(),
        "key": "published" if key else "of the proof itself",
    }


def _at(instant: datetime | None) -> str:
    return instant.astimezone(VIETNAM).strftime("%H:%M:%S %d/%m/%Y") if instant is not None else ""


def _both(vi: str, en: str) -> str:
    return en if language() == "en" else vi


def _rows(signature: SignatureVerdict) -> list[tuple[str, str]]:
    """What is told of a signature, line by line, in the reader's language."""
    signer = signature.signer
    holder = signer.holder if signer else None
    rows = [
        (_both("Người ký", "Signed by"), holder.name if holder else "–"),
        (
            _both("Chức danh, đơn vị", "Title, organisation"),
            ", ".join(filter(None, (holder.title, holder.organisation))) if holder else "",
        ),
        (_both("Ký với tư cách", "Signed as"), signature.role),
        (_both("Lý do", "Reason"), signature.reason),
        (_both("Giờ ký theo người ký", "Time by the signer"), _at(signature.claimed_at)),
        (_both("Giờ được chứng minh", "Proven time"), _proven(signature)),
        (_both("Chứng thư số", "Certificate"), _certificate(signature)),
        (_both("Nội dung", "Content"), _unchanged(signature)),
        (_both("Mức", "Level"), " ".join(filter(None, (signature.form, signature.level)))),
    ]
    return [(name, value) for name, value in rows if value]


def _proven(signature: SignatureVerdict) -> str:
    if signature.proven_at is None:
        return _both("chưa có dấu thời gian tin được", "no time-stamp that can be believed")
    by = f" ({signature.stamped_by})" if signature.stamped_by else ""
    return f"{_at(signature.proven_at)}{by}"


def _certificate(signature: SignatureVerdict) -> str:
    if signature.signer is None:
        return ""
    life = f"{_at(signature.signer.not_before)} – {_at(signature.signer.not_after)}"
    valid = {
        True: _both("còn hiệu lực lúc ký", "in its life then"),
        False: _both("ngoài thời hạn lúc ký", "out of its life then"),
        None: "",
    }[signature.is_valid_then]
    return f"{signature.signer.issuer}, {signature.signer.serial}; {life}; {valid}"


def _unchanged(signature: SignatureVerdict) -> str:
    if signature.is_unchanged:
        return _both("không thay đổi từ khi ký", "unchanged since")
    return _both("ĐÃ THAY ĐỔI hoặc không kiểm tra được", "CHANGED, or cannot be checked")


def _print(told: _Told) -> None:
    word = _WORDS[told.indication].in_language(language())
    colour = _COLOURS.get(told.indication, "yellow")
    out.print(f"[{colour}]{word}[/] {told.indication}", end="  ", highlight=False)
    out.print(told.path, highlight=False, markup=False, soft_wrap=True)
    if told.proof is not None:
        line = " · ".join(told.proof[name] for name in ("found", "seq", "at", "event", "actor"))
        out.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
        return
    assert told.verdict is not None
    for each in told.verdict.signatures:
        finding = each.finding
        title = _both("Dấu thời gian", "Time-stamp") if each.is_timestamp else _both("Chữ ký", "Signature")
        found = " ".join(filter(None, (finding.indication.value, finding.sub_indication)))
        out.print(f"  {title} {each.place}: {found}", highlight=False, markup=False, soft_wrap=True)
        out.print(f"    {finding.text.in_language(language())}", highlight=False, markup=False, soft_wrap=True)
        for name, value in _rows(each):
            out.print(f"    {name}: {value}", highlight=False, markup=False, soft_wrap=True)
    if told.in_ledger is not None:
        out.print(f"  {_in_ledger(told.in_ledger)}", highlight=False, markup=False, soft_wrap=True)
    for record in told.verdict.evidence:
        title, words = _of_record(record)
        out.print(f"  {title}: {words}", highlight=False, markup=False, soft_wrap=True)


def _in_ledger(proof: dict[str, str]) -> str:
    """That a file is what an entry of the ledger names."""
    words = _both("Có trong nhật ký", "In the ledger")
    key = "" if proof["key"] == "published" else _both(" (khoá trong bằng chứng)", " (by the proof's own key)")
    entry, root = _both("mục", "entry"), _both("gốc ngày", "root of")
    return f"{words}: {proof['at']}, {entry} {proof['seq']}, {root} {proof['day']}{key}"


def _of_record(record: EvidenceVerdict) -> tuple[str, str]:
    """What an evidence record is of, and what it proves, in the reader's language."""
    title = _both("Bằng chứng lưu trữ", "Evidence record")
    if record.of == "content":
        title = _both("Bằng chứng lưu trữ của nội dung", "Evidence record of the content")
    if record.proven_at is None:
        finding = record.finding
        return title, f"{finding.indication.value} {finding.sub_indication}: {finding.text.in_language(language())}"
    stamps = _both(f"{record.stamps} dấu thời gian", f"{record.stamps} time-stamps")
    since = _both("có từ trước", "there before")
    return title, f"{record.finding.indication.value}; {since} {_at(record.proven_at)}; {stamps}"


def _data(told: _Told) -> dict[str, Any]:
    """The verdict as data; instants in UTC."""
    data: dict[str, Any] = {"file": str(told.path), "indication": told.indication or "NOT-SIGNED"}
    if told.proof is not None:
        return data | {"kind": "ledger proof", "proof": told.proof}
    assert told.verdict is not None
    data |= {"kind": told.verdict.kind, "sha256": told.verdict.sha256, "judged_at": told.verdict.judged_at.isoformat()}
    return data | {
        "signatures": [_signature_data(each) for each in told.verdict.signatures],
        "evidence": [_evidence_data(each) for each in told.verdict.evidence],
        "ledger": told.in_ledger,
    }


def _evidence_data(record: EvidenceVerdict) -> dict[str, Any]:
    return {
        "of": record.of,
        "indication": record.finding.indication.value,
        "sub_indication": record.finding.sub_indication,
        "proven_at": record.proven_at.isoformat() if record.proven_at else None,
        "stamps": record.stamps,
    }


def _signature_data(each: SignatureVerdict) -> dict[str, Any]:
    signer = each.signer
    return {
        "form": each.form,
        "place": each.place,
        "is_timestamp": each.is_timestamp,
        "indication": each.finding.indication.value,
        "sub_indication": each.finding.sub_indication,
        "text": {"vi": each.finding.text.vi, "en": each.finding.text.en},
        "signer": {
            "name": signer.holder.name,
            "title": signer.holder.title,
            "organisation": signer.holder.organisation,
            "number": signer.holder.number,
            "issuer": signer.issuer,
            "serial": signer.serial,
            "not_before": signer.not_before.isoformat(),
            "not_after": signer.not_after.isoformat(),
        }
        if signer
        else None,
        "role": each.role,
        "reason": each.reason,
        "claimed_at": each.claimed_at.isoformat() if each.claimed_at else None,
        "proven_at": each.proven_at.isoformat() if each.proven_at else None,
        "stamped_by": each.stamped_by,
        "level": each.level,
        "is_unchanged": each.is_unchanged,
        "is_whole": each.is_whole,
        "is_valid_then": each.is_valid_then,
    }


def _page(told: list[_Told], now: datetime) -> str:
    """One page that stands alone: no script, nothing fetched."""
    return _template().render(
        language=language(),
        both=_both,
        told=told,
        words=_WORDS,
        rows=_rows,
        of_record=_of_record,
        in_ledger=_in_ledger,
        made_at=_at(now),
    )


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "data")
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True).get_template("verdict.html")
