"""The papers of the way as PDF: decisions of council and director, self-assessments, minutes, the letter.

They are set from what was filled in and from what was judged then, for the hospital to sign and keep; the layout
follows NĐ 30/2020/NĐ-CP (thể thức văn bản), the wording is ours.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from enum import Enum
from typing import Any

from benhan.kernel.clock import day_in_vietnam
from benhan.portal.facilities import Facility
from benhan.portal.faults import NOT_THIS_STEP
from benhan.portal.workflow import STATE_WORDS, Deployment, Document, Point, State
from benhan.typesetting import files_to_pdf
from benhan.vn.deployment.criteria import by_id

_LETTER = """#let told = json("told.json")
#set page(paper: "a4", margin: (left: 30mm, right: 20mm, y: 20mm), numbering: "1")
#set text(font: "Tinos", size: 13pt, lang: "vi", hyphenate: false)
#set par(justify: true, leading: 0.7em)
#set document(title: told.title)
#grid(columns: (1fr, 1.3fr), align: center,
  [#strong(upper(told.facility)) #linebreak() #text(size: 12pt)[Số: #told.number]],
  [*CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM* #linebreak() *Độc lập - Tự do - Hạnh phúc* #linebreak()
   #text(size: 12pt, style: "italic", told.day)])
#v(6mm)
#align(center, text(size: 14pt, weight: "bold", told.title))
#v(3mm)
#for line in told.lines [#par(first-line-indent: 10mm, line)]
#if told.rows.len() > 0 {
  set text(size: 10.5pt)
  set par(justify: false)
  table(
    columns: (12mm, 1fr, 24mm, 1.2fr),
    stroke: 0.4pt,
    table.header([*TT*], [*Nội dung*], [*Kết quả*], [*Căn cứ số liệu*]),
    ..told.rows.flatten(),
  )
}
#for line in told.after [#par(first-line-indent: 10mm, line)]
#v(8mm)
#grid(columns: (1fr, 1fr), align: center, [], [*#upper(told.signs)* #v(22mm) *#told.name*])
"""

STANDING_WORDS = {"met": "Đạt", "partly": "Đạt một phần", "unmet": "Chưa đạt", "unshown": "Chưa có số liệu"}


class Letter(Enum):
    """A paper of the way."""

    COUNCIL = "council"
    TT13 = "tt13"
    CV365 = "cv365"
    MINUTES = "minutes"
    DECISION = "decision"
    NOTICE = "notice"


NEEDS = {
    Letter.COUNCIL: (State.ASSESSING, State.ASSESSED, State.DECIDED, State.PUBLISHED),
    Letter.TT13: (State.ASSESSED, State.DECIDED, State.PUBLISHED),
    Letter.CV365: (State.ASSESSED, State.DECIDED, State.PUBLISHED),
    Letter.MINUTES: (State.ASSESSED, State.DECIDED, State.PUBLISHED),
    Letter.DECISION: (State.DECIDED, State.PUBLISHED),
    Letter.NOTICE: (State.DECIDED, State.PUBLISHED),
}
"""At which states there is enough for a paper."""
TITLES = {
    Letter.COUNCIL: "QUYẾT ĐỊNH thành lập Hội đồng đánh giá triển khai hồ sơ bệnh án điện tử",
    Letter.TT13: "BÁO CÁO tự đánh giá theo Thông tư 13/2025/TT-BYT",
    Letter.CV365: "BÁO CÁO tự đánh giá theo Công văn 365/TTYQG-GPQLCL",
    Letter.MINUTES: "BIÊN BẢN họp Hội đồng đánh giá triển khai hồ sơ bệnh án điện tử",
    Letter.DECISION: "QUYẾT ĐỊNH sử dụng hồ sơ bệnh án điện tử thay hồ sơ bệnh án giấy",
    Letter.NOTICE: "THÔNG BÁO triển khai hồ sơ bệnh án điện tử",
}


def letter_to_pdf(letter: Letter, facility: Facility, deployment: Deployment, now: datetime) -> bytes:
    """A paper as PDF/A-2b. Raises Conflict BA-6217 where its step has not come, Broken BA-3355."""
    if deployment.state not in NEEDS[letter]:
        raise NOT_THIS_STEP(state=STATE_WORDS[deployment.state].vi)
    told = _told(letter, facility, deployment, day_in_vietnam(now))
    files = {"main.typ": _LETTER.encode(), "told.json": json.dumps(told, ensure_ascii=False).encode()}
    return files_to_pdf(files, "a-2b", now, TITLES[letter])


def _told(letter: Letter, facility: Facility, deployment: Deployment, today: date) -> dict[str, Any]:
    told = deployment.told
    shown: dict[str, Any] = {
        "title": TITLES[letter],
        "facility": facility.name,
        "number": "",
        "day": _day(today),
        "lines": [],
        "rows": [],
        "after": [],
        "signs": "Chủ tịch Hội đồng",
        "name": "",
    }
    match letter:
        case Letter.COUNCIL:
            shown |= _numbered(told.council) | {
                "lines": [
                    "Căn cứ Thông tư 13/2025/TT-BYT, Giám đốc quyết định thành lập Hội đồng gồm các ông, bà:",
                    *(f"{place}. {member}" for place, member in enumerate(told.members, 1)),
                    "Hội đồng đánh giá theo Thông tư 13/2025/TT-BYT, Công văn 365/TTYQG-GPQLCL và báo cáo Giám đốc.",
                ],
                "signs": "Giám đốc",
            }
        case Letter.TT13 | Letter.CV365:
            points = [each for each in told.points if by_id()[each.id].set == letter.value]
            met = sum(each.standing == "met" for each in points)
            source = (
                f"Số liệu lấy từ bản số {told.report_number} do hệ thống của bệnh viện ký số và gửi."
                if told.report_number
                else "Chưa có số liệu sống; chỉ có văn bản."
            )
            shown |= {"lines": [f"Kết quả: đạt {met}/{len(points)} điểm. {source}"], "rows": _rows(points)}
        case Letter.MINUTES:
            held = told.held_on.strftime("%d/%m/%Y") if told.held_on else ""
            shown["lines"] = [
                f"Hội đồng họp ngày {held}, gồm:",
                *(f"{place}. {member}" for place, member in enumerate(told.members, 1)),
                f"Kết luận: {told.conclusion}",
            ]
        case Letter.DECISION:
            since = told.effective_on.strftime("%d/%m/%Y") if told.effective_on else ""
            shown |= _numbered(told.decision) | {
                "lines": [
                    "Căn cứ Thông tư 13/2025/TT-BYT; theo kết quả đánh giá của Hội đồng, Giám đốc quyết định:",
                    f"Điều 1. {facility.name} sử dụng hồ sơ bệnh án điện tử thay hồ sơ bệnh án giấy từ ngày {since}.",
                    "Điều 2. Các khoa, phòng thực hiện quy chế hồ sơ bệnh án điện tử đã ban hành.",
                    "Điều 3. Quyết định có hiệu lực từ ngày ký.",
                ],
                "signs": "Giám đốc",
                "name": told.director,
            }
        case Letter.NOTICE:
            decision = told.decision.number if told.decision else ""
            shown |= _numbered(told.letter) | {
                "lines": [
                    "Kính gửi: Bộ Y tế; Sở Y tế.",
                    f"{facility.name} đã triển khai hồ sơ bệnh án điện tử theo Quyết định số {decision}.",
                    "Số liệu chứng minh được hệ thống của bệnh viện ký số và gửi tới cổng theo dõi mỗi ngày.",
                ],
                "signs": "Giám đốc",
                "name": told.director,
            }
    return shown


def _numbered(document: Document | None) -> dict[str, str]:
    return {"number": document.number, "day": _day(document.on)} if document is not None else {}


def _rows(points: list[Point]) -> list[list[str]]:
    return [
        [
            str(place),
            f"{by_id()[each.id].title.vi} ({by_id()[each.id].clause})",
            STANDING_WORDS[each.standing],
            "; ".join(each.reasons),
        ]
        for place, each in enumerate(points, 1)
    ]


def _day(day: date) -> str:
    return f"ngày {day.day:02} tháng {day.month:02} năm {day.year}"
