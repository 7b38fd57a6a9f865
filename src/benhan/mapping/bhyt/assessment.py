"""XML12, the minutes of a council that assesses incapacity, to Patient and Composition, and back.

It comes in a file of its own, of one person, without an episode. Its root is published nowhere (docs/known-issues.md).
Source: QĐ 130/QĐ-BYT and QĐ 3176/QĐ-BYT, XML12.
"""

from __future__ import annotations

from benhan.mapping.bhyt.episode import Episode, kept, kept_columns
from benhan.mapping.bhyt.papers import COLUMN, PAPER, section, sections
from benhan.mapping.mapped import Json
from benhan.vn.bhyt.claim import Row
from benhan.vn.bhyt.tables import latest

TITLE = "Biên bản giám định y khoa"
_SECTIONS = {
    "KET_QUA_KHAM": "Kết quả khám hiện tại",
    "DE_NGHI": "Đề nghị",
    "DUOC_XACDINH": "Được xác định",
}
PERSON = frozenset(
    {
        "HO_TEN", "NGAY_SINH", "SO_CCCD", "DIA_CHI", "MATINH_CU_TRU", "MAHUYEN_CU_TRU", "MAXA_CU_TRU", "MA_BHXH",
        "MA_THE_BHYT", "DIEN_THOAI",
    }
)  # fmt: skip
"""Columns that the Patient holds."""


def assessment(episode: Episode) -> None:
    """Add the minutes as a Composition, known again by their number (SO_BIEN_BAN) and day."""
    row = episode.row
    leader = row.get("NGUOI_CHU_TRI", "").strip()
    resource = {
        "resourceType": "Composition",
        "extension": kept(row, PERSON | _SECTIONS.keys()),
        "status": "final",
        "type": {"coding": [{"system": PAPER, "code": "XML12", "display": TITLE}], "text": TITLE},
        "subject": episode.mapped.patient.reference,
        "date": episode.time(row.get("NGAY_HOP", "")) or episode.time(row.get("NGAY_CHUNG_TU", "")),
        "author": [{"display": leader} if leader else episode.provider or {"display": "?"}],
        "title": TITLE,
        "custodian": episode.provider,
        "section": [section(name, title, row[name]) for name, title in _SECTIONS.items() if row.get(name, "").strip()],
    }
    key = episode.key("XML12", row.get("SO_BIEN_BAN", "").strip(), row.get("NGAY_HOP", "").strip())
    mapped = episode.add("assessment", key, resource)
    mapped.resource["identifier"] = mapped.resource["identifier"][0]  # a Composition has one identifier alone


def assessment_to_row(person: Row, composition: Json) -> Row:
    """XML12 of the minutes: what the Composition tells and, of the columns of its subject, those of `person`."""
    told = {**sections(composition, COLUMN), **kept_columns(composition)}
    columns = {**{name: value for name, value in person.items() if name in PERSON}, **told}
    return {column.name: columns.get(column.name, "") for column in latest().tables["XML12"].columns}
