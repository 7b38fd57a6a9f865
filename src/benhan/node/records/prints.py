"""Prints: papers of a record as PDF, each page with the mark that the law wants, and looking up what a mark leads to.

A print of an electronic record is a converted copy: it shows the system, the owner, a code to look it up by, words that
say so, when and by whom it was made; each print is in the ledger. The code is random and stands on the paper only; the
public page that it leads to tells whether the print is genuine and still current, and nothing of its content.
Source: Luật Giao dịch điện tử 20/2023/QH15 Đ12 k2; NĐ 137/2024/NĐ-CP Đ5.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime

from benhan.kernel.actors import Actor
from benhan.kernel.care import Use
from benhan.kernel.clock import VIETNAM
from benhan.kernel.faults import FaultCode, NotFound
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.records.faults import NO_SUCH_PAPER
from benhan.node.records.life import Records, require
from benhan.node.records.models import Paper, Record
from benhan.node.records.whole import Volume, volume_of, volume_to_pdf
from benhan.store.database import Connection
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import Hook
from benhan.vn.forms.typeset import Mark

NO_SUCH_PRINT = FaultCode(
    "BA-5220",
    NotFound,
    Text(
        "Không có bản in nào mang mã này. Xem lại từng ký tự; nếu vẫn không thấy thì bản in không do hệ thống này lập.",
        "No print has this code. Check each letter; if it is still not found, this system did not make the print.",
    ),
)
WHOLE = 0
"""Stands for the number of a paper where the whole record was printed."""
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LETTERS = 20
"""Of 32 kinds: 100 bits, not to be guessed."""

_PUT = query(
    "print_put",
    """
    insert into record_print (bucket, record, printed_at, paper, version, form, printed_by, code_hash, content_hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    """,
)
_FIND = query(
    "print_find",
    "select * from record_print where code_hash = $1",
    fan_out="a code on a paper names no patient",
)


@dataclass(frozen=True, slots=True)
class Print:
    """A print that was made: the PDF, the code on it."""

    pdf: bytes
    code: str


@dataclass(frozen=True, slots=True)
class Genuine:
    """What is told of a print to anybody who has its code: of what kind, when it was made, whether it still holds."""

    form: str
    version: int
    printed_at: datetime
    is_current: bool
    """Whether no later version was saved."""
    is_cancelled: bool
    is_whole: bool


class Prints:
    """Prints the papers of one store's records."""

    def __init__(self, records: Records, base_url: str) -> None:
        self._records = records
        self._base_url = base_url

    async def paper(self, record_id: str, number: int, actor: Actor, name: str) -> Print:
        """One paper on its form; `name` is that of who prints. Raises NotFound BA-5205, BA-5206, Broken BA-3355."""
        return await self._made(record_id, number, actor, name)

    async def whole(self, record_id: str, actor: Actor, name: str) -> Print:
        """All papers that are not cancelled, results, images and scans too, in the hospital's order, as one file with a
        list of contents. Raises as `paper`."""
        return await self._made(record_id, WHOLE, actor, name)

    async def look_up(self, code: str) -> Genuine:
        """What a code leads to. Raises NotFound BA-5220."""
        text = code.upper().replace("-", "").replace(" ", "")
        row = await self._records.store.database.fetchrow(_FIND, _hash(text))
        if row is None:
            raise NO_SUCH_PRINT()
        record = await self._records.rows.read(row["record"])
        papers = {each.number: each for each in await self._records.rows.papers(record)}
        paper = papers.get(row["paper"])
        now = paper.version if paper is not None else record.version
        return Genuine(
            self._records.forms.by_key(row["form"]).name,
            row["version"],
            row["printed_at"],
            now == row["version"],
            record.is_cancelled or (paper is not None and paper.is_cancelled),
            paper is None,
        )

    async def _made(self, record_id: str, number: int, actor: Actor, name: str) -> Print:
        require(actor, Permission.RECORD_PRINT)
        store = self._records.store
        use = Use.PRINT if number else Use.COPY
        record, seeing, by = await self._records.admitted(record_id, actor, use)
        opened = await self._records.opened(record, seeing)
        filled = [each for each in self._records.filled(opened) if each.paper.number == number]
        volume = (
            Volume([(each.form, each.answers) for each in filled], {})
            if number
            else await volume_of(self._records, opened, seeing)
        )
        if not volume.leaves:
            raise NO_SUCH_PAPER()
        now = store.clock.now()
        code = "".join(_ALPHABET[each & 31] for each in store.random.bytes(CODE_LETTERS))
        mark = self._mark(code, now, name)
        pdf = await asyncio.to_thread(volume_to_pdf, volume, now, mark)
        unit = store.begin(actor)
        unit.also(_noted(record, filled[0].paper if number else None, now, actor, code, pdf))
        unit.record(Event.PAPER_PRINT, patient=record.patient, type_="Composition", rid=record.rid, paper=number, by=by)
        await store.commit(unit)
        return Print(pdf, code)

    def _mark(self, code: str, at: datetime, name: str) -> Mark:
        address = f"{self._base_url}/p/{code}"
        facility = self._records.facility
        return Mark(
            _qr(address),
            (
                "BẢN GIẤY CHUYỂN ĐỔI TỪ BỆNH ÁN ĐIỆN TỬ",
                f"Hệ thống bệnh án điện tử benhan · {facility.name} ({facility.code})",
                f"In lúc {at.astimezone(VIETNAM):%H:%M %d/%m/%Y} · Người in: {name}",
                f"Mã tra cứu {spaced(code)} tại {self._base_url}/p",
            ),
        )


def spaced(code: str) -> str:
    """A code in groups of four letters, as people read it."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def _qr(address: str) -> bytes:
    import segno

    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="svg", border=1, xmldecl=False)
    return picture.getvalue()


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "replace")).digest()


def _noted(record: Record, paper: Paper | None, at: datetime, actor: Actor, code: str, pdf: bytes) -> Hook:
    async def write(connection: Connection) -> None:
        await connection.execute(
            _PUT,
            record.bucket,
            record.rid,
            at,
            paper.number if paper is not None else WHOLE,
            paper.version if paper is not None else record.version,
            paper.form if paper is not None else record.form,
            actor.id,
            _hash(code),
            hashlib.sha256(pdf).digest(),
        )

    return write
