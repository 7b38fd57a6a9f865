"""XML6 to 11 and 13 to 15 to Composition: a paper each, its texts as sections, its other columns as an extension.

An appointment to come again (XML14) is an Appointment too. What tells of HIV (XML6, of XML15 some) and of tuberculosis
(XML15) bears the security labels of its kind: who may not see that does not see it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape

from benhan.mapping.bhyt.episode import Episode, kept, practitioner
from benhan.mapping.bhyt.hiv import hiv_tests
from benhan.mapping.mapped import Json, without_empty
from benhan.vn import systems
from benhan.vn.bhyt.claim import Row
from benhan.vn.secrecy.kinds import secrecy_kinds

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
    secrecy: str = ""
    """The kind of special secrecy that it is of, "" for none."""


PAPERS = {
    "XML6": Paper("Chăm sóc và điều trị HIV/AIDS", "", "", "", "hiv"),
    "XML7": Paper("Giấy ra viện", "", "MA_BS", "NGAY_CT"),
    "XML8": Paper("Tóm tắt hồ sơ bệnh án", "18842-5", "MA_TTDV", "NGAY_CT"),
    "XML9": Paper("Giấy chứng sinh", "", "MA_TTDV", "NGAY_CT"),
    "XML10": Paper("Giấy chứng nhận nghỉ dưỡng thai", "", "MA_BS", "NGAY_CT"),
    "XML11": Paper("Giấy chứng nhận nghỉ việc hưởng bảo hiểm xã hội", "", "MA_BS", "NGAY_CT"),
    "XML13": Paper("Giấy chuyển cơ sở khám bệnh, chữa bệnh", "57133-1", "MA_BAC_SI", "NGAY_RA"),
    "XML14": Paper("Giấy hẹn khám lại", "", "MA_BAC_SI", "NGAY_CT"),
    "XML15": Paper("Điều trị bệnh lao", "", "", "", "tuberculosis"),
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


_NAMED = ("XML7", "XML10")
"""Papers that tell the signer's name beside the licence."""
_OF_HIV = ("NGAYKD_HIV", "BDDT_ARV", "NGAY_BAT_DAU_DT_CTX")
"""Columns of XML15 that are filled for a patient with HIV."""


def papers(episode: Episode) -> None:
    """Add a Composition for each paper of the episode."""
    for table, paper in PAPERS.items():
        for index, row in enumerate(episode.claim.rows(table), 1):
            _composition(episode, table, paper, index, row)
            if table == "XML14":
                _appointment(episode, index, row)
            if table == "XML6":
                hiv_tests(episode, row)


def _composition(episode: Episode, table: str, paper: Paper, index: int, row: Row) -> None:
    codings: list[Json] = [{"system": PAPER, "code": table, "display": paper.title}]
    if paper.loinc:
        codings.append({"system": systems.LOINC, "code": paper.loinc})
    author = practitioner(row.get(paper.author, ""), row.get("TEN_BS", "").strip() if table in _NAMED else "")
    resource = {
        "resourceType": "Composition",
        "meta": {"security": security} if (security := _security(paper, row)) else None,
        "extension": kept(row, frozenset({"MA_LK", *SECTIONS})),
        "status": "final",
        "type": {"coding": codings, "text": paper.title},
        **episode.about(),
        "date": episode.time(row.get(paper.day, "").split(";")[-1]) or episode.time(episode.row.get("NGAY_RA", "")),
        "author": [author or episode.provider or {"display": "?"}],
        "title": paper.title,
        "custodian": episode.provider,
        "section": [section(name, title, row[name]) for name, title in SECTIONS.items() if row.get(name, "").strip()],
    }
    key = episode.key(table, str(index))
    episode_identifier = {"system": systems.SOURCE_KEY, "value": key[1]}
    mapped = episode.add(f"paper-{table.lower()}-{index}", key, resource)
    mapped.resource["identifier"] = episode_identifier  # a Composition has one identifier alone


def _security(paper: Paper, row: Row) -> list[Json]:
    """The labels of the kinds of secrecy that a row is of."""
    kinds = [paper.secrecy] if paper.secrecy else []
    has_hiv = row.get("PHANLOAI_LAO_HIV", "").strip() == "1" or any(row.get(each, "").strip() for each in _OF_HIV)
    if paper.secrecy == "tuberculosis" and has_hiv:
        kinds.append("hiv")
    return [label for kind in kinds for label in secrecy_kinds()[kind].security]


def section(column: str, title: str, text: str) -> Json:
    """A column as a section of a Composition."""
    lines = "<br/>".join(escape(line, quote=False) for line in text.split("\n"))
    return {
        "title": title,
        "code": {"coding": [{"system": COLUMN, "code": column}]},
        "text": {"status": "generated", "div": f'<div xmlns="{XHTML}">{lines}</div>'},
    }


_DIV = re.compile(r"\s*<div[^>]*>(.*)</div>\s*", re.DOTALL)


def sections(composition: Json, system: str) -> Row:
    """The columns that the sections of a Composition hold."""
    found = {}
    for each in composition.get("section", []):
        codes = (coding["code"] for coding in each.get("code", {}).get("coding", []) if coding.get("system") == system)
        column = next(codes, "")
        if column:
            found[column] = _text(each.get("text", {}).get("div", ""))
    return found


def _text(div: str) -> str:
    match = _DIV.fullmatch(div)
    if match is None:
        return ""
    return unescape(re.sub(r"<[^>]*>", "", re.sub(r"<br\s*/>", "\n", match[1])))


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
