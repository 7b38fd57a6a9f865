"""How a person without a certificate confirms a page, and the evidence that is kept of it. Pure.

The evidence names the hash of the very page shown, the method, the time, the device, who it was and for whom; of a
handwritten stroke the line alone is kept: no pressure, no speed, nothing that a body could be told by. Confirming is
not a digital signature and says so. Source: TT 13/2025/TT-BYT Đ3 k2–3; requirements 77, 78, 194 (minimum evidence is
not defined by law; under 7 the representative, from 7 on the child too).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from benhan.fhir.resource import instant
from benhan.kernel.texts import Text
from benhan.node.signatures.faults import BAD_CONFIRMATION, GUARDIAN_NEEDED
from benhan.signing.attesting import Attested

GROWN_UP = 18
ASKED_TOO = 7
STROKE_POINTS_MIN = 12
STROKE_POINTS_MAX = 6_000
SIDE = 1_000
"""A stroke's points are whole numbers up to this, both ways."""
NAME_CHARACTERS_MAX = 100

Stroke = tuple[tuple[tuple[int, int], ...], ...]
"""Lines of points, as they were drawn."""


class Method(Enum):
    """How somebody confirmed."""

    STROKE = "stroke"
    CODE = "code"
    WITNESSES = "witnesses"
    IDENTITY = "identity"
    """At a provider of electronic identities, VNeID or another."""
    FINGERPRINT = "fingerprint"
    """At a reader, which tells whether the finger is that person's; the finger itself is not told."""


class Relation(Enum):
    """Who confirmed, to the patient."""

    SELF = "self"
    PARENT = "parent"
    GUARDIAN = "guardian"
    SPOUSE = "spouse"
    CHILD = "child"
    REPRESENTATIVE = "representative"


ATTESTED = frozenset({Method.IDENTITY, Method.FINGERPRINT})
"""Ways in which somebody outside says who it is."""
OF_CHILDREN = frozenset({Relation.PARENT, Relation.GUARDIAN, Relation.REPRESENTATIVE})


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody who saw it: name, and number of an identity paper or staff number."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person said and did on the tablet. `code` names the transaction of a code that was verified."""

    method: Method
    relation: Relation
    name: str
    number: str = ""
    child_agrees: bool = False
    reason: str = ""
    """Why somebody else confirms for a grown-up patient."""
    stroke: Stroke = ()
    witnesses: tuple[Witness, ...] = ()
    code: str = ""
    phone: str = ""
    attested: Attested | None = None


def checked(confirmation: Confirmation, age: int | None) -> Confirmation:
    """The same, if it is whole and fits the age of the patient in years (None: not known).

    Raises Incorrect BA-5121, BA-5123.
    """
    if not confirmation.name.strip():
        raise BAD_CONFIRMATION(reason="họ tên người xác nhận (name)")
    _hold_to_age(confirmation, age)
    if confirmation.method is Method.STROKE:
        points = sum(map(len, confirmation.stroke))
        if not STROKE_POINTS_MIN <= points <= STROKE_POINTS_MAX:
            raise BAD_CONFIRMATION(reason="chữ ký tay (stroke)")
    if confirmation.method is Method.WITNESSES:
        told = {each.name.strip().casefold() for each in confirmation.witnesses if each.name.strip()}
        if len(told) < 2 or not all(each.number.strip() for each in confirmation.witnesses):
            raise BAD_CONFIRMATION(reason="hai người làm chứng, có số giấy tờ (two witnesses with their numbers)")
    if confirmation.method in ATTESTED and confirmation.attested is None:
        raise BAD_CONFIRMATION(reason="chưa xác thực (not attested)")
    if confirmation.method is Method.CODE and not confirmation.code:
        raise BAD_CONFIRMATION(reason="mã xác nhận (code)")
    return confirmation


def _hold_to_age(confirmation: Confirmation, age: int | None) -> None:
    relation = confirmation.relation
    if age is not None and age < GROWN_UP:
        if relation not in OF_CHILDREN:
            raise GUARDIAN_NEEDED(age=age, who=GUARDIANS.vi)
        if age >= ASKED_TOO and not confirmation.child_agrees:
            raise BAD_CONFIRMATION(reason="người bệnh từ 7 tuổi cũng phải đồng ý (from 7 on the child agrees too)")
    elif relation is not Relation.SELF and not confirmation.reason.strip():
        raise BAD_CONFIRMATION(reason="vì sao người khác xác nhận thay (why somebody else confirms)")


GUARDIANS = Text("cha mẹ, người giám hộ hoặc người đại diện", "a parent, guardian or representative")


def stroke_of(text: str) -> Stroke:
    """The lines that a page sent as JSON: `[[[x, y], …], …]`. Raises Incorrect BA-5121."""
    try:
        lines = json.loads(text) if text else []
        return tuple(tuple(_point(each) for each in line) for line in lines)
    except (ValueError, TypeError, RecursionError) as cause:
        raise BAD_CONFIRMATION(reason="chữ ký tay (stroke)") from cause


def _point(told: Sequence[Any]) -> tuple[int, int]:
    x, y = told
    if type(x) is not int or type(y) is not int or not (0 <= x <= SIDE and 0 <= y <= SIDE):
        raise ValueError("no point")
    return x, y


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown to whom: hashes of the PDF and of its pictures, the paper, the patient, where and by whom."""

    paper: str
    version: int
    form: str
    patient: str
    age: int | None
    page_hash: str
    picture_hashes: tuple[str, ...]
    device: str
    taken_by: str
    facility: str
    at: datetime


def evidence_of(shown: Shown, confirmation: Confirmation) -> bytes:
    """The evidence as JSON, one form for one content: it is what the organisation signs."""
    told: dict[str, Any] = {
        "kind": "benhan confirmation 1",
        "notice": "Xác nhận không phải chữ ký số (a confirmation, not a digital signature)",
        "facility": shown.facility,
        "paper": {"reference": f"{shown.paper}/_history/{shown.version}", "form": shown.form},
        "page_sha256": shown.page_hash,
        "pictures_sha256": list(shown.picture_hashes),
        "at": instant(shown.at),
        "taken_by": shown.taken_by,
        "device": shown.device,
        "patient": {"reference": shown.patient, "age": shown.age},
        "person": {"relation": confirmation.relation.value, "name": confirmation.name, "number": confirmation.number},
        "method": confirmation.method.value,
    }
    if confirmation.reason:
        told["reason"] = confirmation.reason
    if confirmation.child_agrees:
        told["child_agrees"] = True
    if confirmation.method is Method.STROKE:
        told["stroke"] = [[list(point) for point in line] for line in confirmation.stroke]
    if confirmation.method is Method.WITNESSES:
        told["witnesses"] = [{"name": each.name, "number": each.number} for each in confirmation.witnesses]
    if confirmation.method is Method.CODE:
        told["code"] = {"transaction": confirmation.code, "phone": confirmation.phone}
    if confirmation.attested is not None:
        said = confirmation.attested
        told["attested"] = {"name": said.name, "number": said.number, "at": instant(said.at), **said.told}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
