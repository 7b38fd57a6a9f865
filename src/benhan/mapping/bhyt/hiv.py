"""The tests that XML6 tells, viral load and PCR, to Observations under the labels of HIV.

The columns themselves stay with the paper of the row, from which XML6 is written again.
Source: QĐ 3176/QĐ-BYT, XML6 (columns 24 to 27, 32 to 35); Luật 64/2006/QH11 Điều 30.
"""

from __future__ import annotations

from benhan.mapping.bhyt.episode import Episode
from benhan.mapping.mapped import Json
from benhan.vn.bhyt.claim import Row
from benhan.vn.secrecy.kinds import secrecy_kinds

COLUMN = "urn:benhan:code:bhyt-cot"
_TESTS = (
    ("KQ_XNTL_VR", "Tải lượng vi rút HIV", "HIV_KQ_TLVR", "NGAY_XN_TLVR", "NGAY_KQ_XN_TLVR"),
    ("MA_KQ_XN_PCR", "PCR HIV của trẻ phơi nhiễm", "HIV_KQ_PCR", "NGAY_XN_PCR", "NGAY_KQ_XN_PCR"),
)
"""Column of the result, name, its list, day of the sample, day of the result."""
_RESULTS = {
    "HIV_KQ_TLVR": {
        "1": "Không phát hiện", "2": "< 50 bản sao/ml", "3": "50 đến < 200 bản sao/ml", "4": "200 đến 1000 bản sao/ml",
        "5": "> 1000 bản sao/ml",
    },
    "HIV_KQ_PCR": {"0": "Âm tính", "1": "Dương tính"},
}  # fmt: skip


def hiv_tests(episode: Episode, row: Row) -> None:
    """Add an Observation for each test of a row of XML6 that has a result."""
    for column, name, code_list, sampled, told in _TESTS:
        code = row.get(column, "").strip()
        if not code:
            continue
        day = row.get(sampled, "").strip() or row.get(told, "").strip()
        resource: Json = {
            "resourceType": "Observation",
            "meta": {"security": secrecy_kinds()["hiv"].security},
            "status": "final",
            "code": {"coding": [{"system": COLUMN, "code": column}], "text": name},
            **episode.about(),
            "effectiveDateTime": episode.time(day),
            "performer": [episode.provider] if episode.provider else [],
            "valueCodeableConcept": episode.concept(code_list, code, _RESULTS[code_list].get(code, "")),
        }
        names = episode.name("XML6", column, day)
        episode.add("-".join(("hiv", column.lower().replace("_", "-"), names[-1])), episode.key(*names), resource)
