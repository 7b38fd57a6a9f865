"""The whole file to Claim: its rows as items, their money, and every column that no clinical resource holds."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from benhan.hl7v2.datatypes import number
from benhan.mapping.bhyt import drugs, encounter, services
from benhan.mapping.bhyt.episode import Episode, hl7, kept
from benhan.mapping.mapped import Json, Mapped, without_empty
from benhan.vn import systems
from benhan.vn.bhyt.claim import Row

TABLE = "urn:benhan:code:bhyt-bang"
"""The system of the table that an item is a row of."""
CURRENCY = "VND"
_DIAGNOSIS_TYPES = {encounter.ARRIVAL: "admitting", encounter.MAIN: "principal"}
PLACED = frozenset(
    (
        "MA_LK", "MA_BN", "HO_TEN", "SO_CCCD", "NGAY_SINH", "GIOI_TINH", "MA_QUOCTICH", "MA_DANTOC", "MA_NGHE_NGHIEP",
        "DIA_CHI", "MATINH_CU_TRU", "MAHUYEN_CU_TRU", "MAXA_CU_TRU", "DIEN_THOAI", "MA_THE_BHYT", "MA_DKBD",
        "GT_THE_TU", "GT_THE_DEN", "LY_DO_VV", "CHAN_DOAN_VAO", "CHAN_DOAN_RV", "MA_BENH_CHINH", "MA_BENH_KT",
        "MA_BENH_YHCT", "MA_NOI_DI", "MA_NOI_DEN", "NGAY_VAO", "NGAY_RA", "SO_NGAY_DTRI", "KET_QUA_DTRI", "MA_LOAI_RV",
        "MA_LOAI_KCB", "MA_KHOA", "MA_CSKCB",
    )
)  # fmt: skip
"""Columns of XML1 that other resources hold."""


def claim(
    episode: Episode,
    diagnoses: Sequence[tuple[str, Mapped]],
    coverages: Sequence[Mapped],
    medicines: Sequence[tuple[Row, Mapped]],
    done: Sequence[tuple[Row, Mapped | None]],
) -> Mapped:
    """Add the Claim, which names all that the file has made."""
    row = episode.row
    items = [_item(episode, "XML2", drug, mapped) for drug, mapped in medicines]
    items += [_item(episode, "XML3", service, mapped) for service, mapped in done]
    total = number(row.get("T_TONGCHI_BV", "").strip())
    members = [
        {"url": "member", "valueString": f"{each.resource['resourceType']}|{system}|{value}"}
        for each in episode.mapped.resources[2:]  # never the patient, never the encounter
        for system, value in each.identities
    ]
    resource = {
        "resourceType": "Claim",
        "extension": [
            *kept(row, PLACED),
            *([{"url": systems.EXTENSION_BHYT_MEMBERS, "extension": members}] if members else []),
        ],
        "identifier": [{"system": systems.encounter_number(episode.facility), "value": episode.claim.ma_lk}],
        "status": "active",
        "type": hl7("claim-type", "institutional"),
        "use": "claim",
        "patient": episode.mapped.patient.reference,
        "created": episode.time(row.get("NGAY_TTOAN", "")) or episode.time(row.get("NGAY_RA", "")) or "1900",
        "provider": episode.provider or {"display": "?"},
        "priority": hl7("processpriority", "normal"),
        "diagnosis": [_diagnosis(number, kind, each) for number, (kind, each) in enumerate(diagnoses, 1)],
        "insurance": _insurance(coverages),
        "item": [{"sequence": sequence, **item} for sequence, item in enumerate(items, 1)],
        "total": _money(total) if total else None,
    }
    return episode.add("claim", episode.key("Claim"), resource)


def _diagnosis(sequence: int, kind: str, condition: Mapped) -> Json:
    role = _DIAGNOSIS_TYPES.get(kind)
    concept = hl7("ex-diagnosistype", role) if role else None
    return without_empty(
        {"sequence": sequence, "diagnosisReference": condition.reference, "type": [concept] if concept else []}
    )


def _insurance(coverages: Sequence[Mapped]) -> list[Json]:
    if not coverages:
        return [{"sequence": 1, "focal": True, "coverage": {"display": "Không dùng thẻ BHYT"}}]
    return [
        {"sequence": sequence, "focal": sequence == 1, "coverage": each.reference}
        for sequence, each in enumerate(coverages, 1)
    ]


def _item(episode: Episode, table: str, row: Row, mapped: Mapped | None) -> Json:
    """A row as an item; what its clinical resource `mapped` holds is not said twice."""
    is_drug = table == "XML2"
    code_list, code, name = (
        ("HOATCHAT", row.get("MA_THUOC", ""), row.get("TEN_THUOC", ""))
        if is_drug
        else ("DVKT", row.get("MA_DICH_VU", ""), row.get("TEN_DICH_VU", ""))
    )
    if not is_drug and row.get("MA_VAT_TU", "").strip():
        code_list, code, name = "VTYT", row["MA_VAT_TU"], row.get("TEN_VAT_TU", "")
    price = number(row.get("DON_GIA" if is_drug else "DON_GIA_BV", "").strip())
    amount, net = number(row.get("SO_LUONG", "").strip()), number(row.get("THANH_TIEN_BV", "").strip())
    placed = (drugs.PLACED if is_drug else services.PLACED) if mapped is not None else frozenset({"MA_LK"})
    if ";" in row.get("MA_BAC_SI", ""):
        placed -= {"MA_BAC_SI"}  # a request has one requester
    return without_empty(
        {
            "extension": [*kept(row, placed), *_shown_by(mapped)],
            "category": {"coding": [{"system": TABLE, "code": table}]},
            "productOrService": episode.concept(code_list, code, name.strip()) or {"text": name.strip() or "?"},
            "encounter": [episode.visit.reference] if episode.visit is not None else [],
            "servicedDate": (episode.time(row.get("NGAY_YL", "")) or "")[:10],
            "quantity": {"value": Decimal(amount)} if amount else None,
            "unitPrice": _money(price) if price else None,
            "net": _money(net) if net else None,
        }
    )


def _shown_by(mapped: Mapped | None) -> list[Json]:
    return [{"url": systems.EXTENSION_BHYT_OF, "valueReference": mapped.reference}] if mapped is not None else []


def _money(digits: str) -> Json:
    return {"value": Decimal(digits), "currency": CURRENCY}
