"""XML3 to ServiceRequest (tests, imaging, function, examinations) and Procedure (surgery, procedures).

Beds, supplies, transport and meals are rows of the Claim alone.
"""

from __future__ import annotations

from benhan.mapping.bhyt.episode import Episode, diseases, practitioner, values
from benhan.mapping.mapped import Json, Mapped, without_empty
from benhan.vn import systems
from benhan.vn.bhyt.claim import Row

REQUESTED = frozenset({"1", "2", "3", "13"})
DONE = frozenset({"8", "18"})
PLACED = frozenset(
    ("MA_LK", "MA_DICH_VU", "TEN_DICH_VU", "MA_BAC_SI", "NGUOI_THUC_HIEN", "MA_BENH", "NGAY_YL", "NGAY_TH_YL",
     "NGAY_KQ", "MA_PTTT_QT")
)  # fmt: skip
"""What a row that is a ServiceRequest or Procedure holds there; a row of the Claim alone keeps them in the Claim."""


def services(episode: Episode) -> list[tuple[Row, Mapped | None]]:
    """Each row of XML3 with its ServiceRequest or Procedure, None for what is neither."""
    found: list[tuple[Row, Mapped | None]] = []
    for index, row in enumerate(episode.claim.rows("XML3"), 1):
        group = row.get("MA_NHOM", "").strip()
        is_service = bool(row.get("MA_DICH_VU", "").strip()) and not row.get("MA_VAT_TU", "").strip()
        if is_service and group in REQUESTED:
            found.append((row, _request(episode, index, row)))
        elif is_service and group in DONE:
            found.append((row, _procedure(episode, index, row)))
        else:
            found.append((row, None))
    return found


def _request(episode: Episode, index: int, row: Row) -> Mapped:
    resource = {
        "resourceType": "ServiceRequest",
        "status": "completed",
        "intent": "order",
        "category": [_group(episode, row)],
        "code": service_code(episode, row),
        **episode.about(),
        "occurrencePeriod": _span(episode, row),
        "authoredOn": episode.time(row.get("NGAY_YL", "")),
        "requester": _first(row.get("MA_BAC_SI", "")),
        "performer": [practitioner(each) for each in values(row.get("NGUOI_THUC_HIEN", ""))],
        "reasonCode": diseases(row.get("MA_BENH", "")),
    }
    return episode.add(f"service-{index}", episode.key(*_name(episode, row)), resource)


def _procedure(episode: Episode, index: int, row: Row) -> Mapped:
    """Surgery: who ordered it and when stands in a ServiceRequest that it is based on."""
    order = {
        "resourceType": "ServiceRequest",
        "status": "completed",
        "intent": "order",
        "category": [_group(episode, row)],
        "code": service_code(episode, row),
        **episode.about(),
        "authoredOn": episode.time(row.get("NGAY_YL", "")),
        "requester": _first(row.get("MA_BAC_SI", "")),
        "reasonCode": diseases(row.get("MA_BENH", "")),
    }
    named = _name(episode, row)
    request = episode.add(f"service-{index}", episode.key(*named), order)
    codings = [{"system": systems.ICD9CM, "code": code} for code in values(row.get("MA_PTTT_QT", ""))]
    code = service_code(episode, row)
    resource = {
        "resourceType": "Procedure",
        "basedOn": [request.reference],
        "status": "completed",
        "category": _group(episode, row),
        "code": {**code, "coding": [*code.get("coding", []), *codings]},
        **episode.about(),
        "performedPeriod": _span(episode, row) or {"start": episode.time(row.get("NGAY_YL", ""))},
        "performer": [{"actor": practitioner(each)} for each in values(row.get("NGUOI_THUC_HIEN", ""))],
        "reasonCode": diseases(row.get("MA_BENH", "")),
    }
    return episode.add(f"procedure-{index}", episode.key(*named, "Procedure"), resource)


def service_code(episode: Episode, row: Row) -> Json:
    """The code of a service (danh mục DVKT) and its name."""
    name = row.get("TEN_DICH_VU", "").strip()
    return episode.concept("DVKT", row.get("MA_DICH_VU", ""), name) or {"text": "?"}


def _name(episode: Episode, row: Row) -> tuple[str, ...]:
    return episode.name("XML3", row.get("MA_DICH_VU", "").strip(), row.get("NGAY_YL", ""))


def _group(episode: Episode, row: Row) -> Json | None:
    return episode.concept("MA_NHOM", row.get("MA_NHOM", ""))


def _span(episode: Episode, row: Row) -> Json:
    return without_empty(
        {"start": episode.time(row.get("NGAY_TH_YL", "")), "end": episode.time(row.get("NGAY_KQ", ""))}
    )


def _first(text: str) -> Json | None:
    found = values(text)
    return practitioner(found[0]) if found else None
