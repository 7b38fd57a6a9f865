"""What is due for a patient: orders without a result, papers that are being written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benhan.store.database import Database
from benhan.store.ids import bucket_of, encode_rid
from benhan.store.sql_texts import query
from benhan.vn.forms.catalogue import Catalogue

_OPEN_PAPERS = query(
    "open_papers_of_patient",
    """
    select p.record, p.number, p.form, p.changed_at from medical_record r
    join record_paper p on p.bucket = r.bucket and p.record = r.rid
    where r.bucket = $1 and r.patient = $2 and r.cancelled_at is null and r.archived_at is null
          and p.cancelled_at is null and p.state = 'writing' and p.form <> ''
    order by p.changed_at desc limit 20
    """,
)


@dataclass(frozen=True, slots=True)
class Due:
    """Something that waits: `order` or `paper`, what it is called, since when, where it is done ("": nowhere here)."""

    kind: str
    title: str
    at: datetime | None
    address: str


async def open_papers(database: Database, forms: Catalogue, patient: int) -> list[Due]:
    """The papers of a patient (a rid) that are being written, the latest first."""
    rows = await database.fetch(_OPEN_PAPERS, bucket_of(patient), patient)
    return [
        Due(
            "paper",
            forms.by_key(row["form"]).name,
            row["changed_at"],
            f"/records/{encode_rid(row['record'])}/papers/{row['number']}",
        )
        for row in rows
    ]
