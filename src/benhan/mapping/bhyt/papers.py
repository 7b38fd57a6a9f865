"""XML7, 8, 9, 11, 13, 14 to Composition: a paper each, its texts as sections, its other columns as an extension.

An appointment to come again (XML14) is an Appointment too.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from benhan.mapping.bhyt.episode import Episode, kept, practitioner
from benhan.mapping.mapped import Json, without_empty
from benhan.vn import systems
from benhan.vn.bhyt.claim import Row

COLUMN = "urn:benhan:code:bhyt-cot"
"""The system of the column that a section holds."""
PAPER = "urn:benhan:code:bhyt-giay"
"""The system of the table that a paper is."""
XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True, slots=True)
class Paper:
    """What a table is as a paper: its title, its LOINC code ("" for none), the columns of its signer and its day."""

    title: str
    loinc: str
    author: str
    day: str


PAPERS = {
    "XML7": Paper("Giấy ra viện", "", "MA_BS", "NGAY_CT"),
    "XML8": Paper("Tóm tắt hồ sơ bệnh án", "18842-5", "MA_TTDV", "NGAY_CT"),
    "XML9": Paper("Giấy chứng sinh", "", "MA_TTDV", "NGAY_CT"),
    "XML11": Paper("Giấy chứng nhận nghỉ việc hưởng bảo hiểm xã hội", "", "MA_BS", "NGAY_CT"),
    "XML13": Paper("Giấy chuyển cơ sở khám bệnh, chữa bệnh", "57133-1", "MA_BAC_SI", "NGAY_RA"),
    "XML14": Paper("Giấy hẹn khám lại", "", "MA_BAC_SI", "NGAY_CT"),
}
SECTIONS = {
    "CHAN_DOAN_VAO": "Chẩn đoán vào viện",
    "CHAN_DOAN_RV": "Chẩn đoán ra viện",
    "QT_BENHLY": "Quá trình bệnh lý và diễn biến",
    "DAU_HIEU_LS": "Dấu hiệu lâm sàng",
    "TOMTAT_KQ": "Tóm tắt kết quả cận lâm sàng",
    "PP_DIEUTRI": "Phương pháp điều trị",
    "TINH_TRANG_CT": "Tình trạng người bệnh lúc chuyển",
    "HUONG_DIEU_TRI": "Hướng điều trị tiếp",
    "TINH_TRANG_CON": "Tình trạng của con",
    "GHI_CHU": "Ghi chú, lời dặn",
}


def papers(episode: Episode) -> None:
    """Add a Composition for each paper of the episode."""
    for table, paper in PAPERS.items():
        for index, row in enumerate(episode.claim.rows(table), 1):
            _composition(episode, table, paper, index, row)
            if table == "XML14":
                _appointment(episode, index, row)


def _composition(episode: Episode, table: str, paper: Paper, index: int, row: Row) -> None:
    codings: list[Json] = [{"system": PAPER, "code": table, "display": paper.title}]
    if paper.loinc:
        codings.append({"system": systems.LOINC, "code": paper.loinc})
    author = practitioner(row.get(paper.author, ""), row.get("TEN_BS", "").strip() if table == "XML7" else "")
    resource = {
        "resourceType": "Composition",
        "extension": kept(row, frozenset({"MA_LK", *SECTIONS})),
        "status": "final",
        "type": {"coding": codings, "text": paper.title},
        **episode.about(),
        "date": episode.time(row.get(paper.day, "").split(";")[-1]) or episode.time(episode.row.get("NGAY_RA", "")),
        "author": [author or episode.provider or {"display": "?"}],
        "title": paper.title,
        "custodian": episode.provider,
        "section": [_section(name, row[name]) for name in SECTIONS if row.get(name, "").strip()],
    }
    key = episode.key(table, str(index))
    episode_identifier = {"system": systems.SOURCE_KEY, "value": key[1]}
    mapped = episode.add(f"paper-{table.lower()}-{index}", key, resource)
    mapped.resource["identifier"] = episode_identifier  # a Composition has one identifier alone


def _section(column: str, text: str) -> Json:
    lines = "<br/>".join(escape(line, quote=False) for line in text.split("\n"))
    return {
        "title": SECTIONS[column],
        "code": {"coding": [{"system": COLUMN, "code": column}]},
        "text": {"status": "generated", "div": f'<div xmlns="{XHTML}">{lines}</div>'},
    }


def _appointment(episode: Episode, index: int, row: Row) -> None:
    day = episode.time(row.get("NGAY_HEN_KL", ""))
    if day is None:
        return
    resource = {
        "resourceType": "Appointment",
        "status": "proposed",
        "description": "Khám lại",
        "requestedPeriod": [without_empty({"start": day, "end": day})],
        "participant": [{"actor": episode.mapped.patient.reference, "status": "accepted"}],
    }
    episode.add(f"appointment-{index}", episode.key("XML14", str(index), "Appointment"), resource)
