"""The diagnoses of an encounter by what they are for.

An Encounter that tells no roles is read as messages send it: the first diagnosis recorded is that of admission and the
main one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from benhan.mapping.fhir_to_hoso_benh_an.patient import is_history
from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import Json, code_and_text, first, reference_to

OTHERS_SIZE = 100
"""maicd_khac. Source: the size of CV 365/TTYQG-GPQLCL, annex."""
REFERRAL, PRELIMINARY, ACCIDENT, COMPLICATION = "noi-gioi-thieu", "so-bo", "tai-bien", "bien-chung"
"""Codes of `systems.DIAGNOSIS_ROLE`."""
_SINGLE = {
    "AD": "admission",
    REFERRAL: "referral",
    PRELIMINARY: "preliminary",
    ACCIDENT: "accident",
    COMPLICATION: "complication",
    "post-op": "after_surgery",
}


@dataclass(slots=True)
class Diagnoses:
    """Conditions by role, {} where there is none; `others` are the comorbidities in their order."""

    main: Json = field(default_factory=dict)
    admission: Json = field(default_factory=dict)
    referral: Json = field(default_factory=dict)
    preliminary: Json = field(default_factory=dict)
    accident: Json = field(default_factory=dict)
    complication: Json = field(default_factory=dict)
    after_surgery: Json = field(default_factory=dict)
    others: list[Json] = field(default_factory=list)


def diagnoses_of(sources: Sources) -> Diagnoses:
    """The diagnoses of the encounter; tells where each will stand."""
    own = [each for each in sources.in_order("Condition", "recordedDate") if not is_history(each)]
    found, left = _with_roles(sources, own)
    if not found.main and left:
        found.main = left.pop(0)
    found.others += left
    if not found.admission:
        found.admission = found.main
    _tell_places(sources, found)
    return found


def _with_roles(sources: Sources, own: list[Json]) -> tuple[Diagnoses, list[Json]]:
    """The diagnoses whose role the encounter tells, and those of no role."""
    found, named = Diagnoses(), set()
    mains: list[tuple[int, Json]] = []
    for each in sources.encounter.get("diagnosis", []):
        condition = sources.held.get(each.get("condition", {}).get("reference", ""))
        role = first(each.get("use", {}).get("coding")).get("code", "")
        if condition is None or not role or is_history(condition):
            continue
        if role in _SINGLE and not getattr(found, _SINGLE[role]):
            setattr(found, _SINGLE[role], condition)
        elif role in ("DD", "CC"):
            mains.append((each.get("rank", len(mains) + 1), condition))
        else:
            found.others.append(condition)
        named.add(reference_to(condition))
    mains.sort(key=lambda each: each[0])
    if mains:
        found.main = mains[0][1]
        found.others = [condition for _, condition in mains[1:] if condition is not found.main] + found.others
    left = [each for each in own if reference_to(each) not in named]
    return found, left


def _tell_places(sources: Sources, found: Diagnoses) -> None:
    found.others = _codes_first(found.others)
    for condition, place in (
        (found.main, "ThongTinDieuTri.maicd"),
        (found.admission, "ThongTinDieuTri.chandoanvaovien"),
        (found.referral, "ThongTinDieuTri.chandoantuyenduoi"),
        (found.preliminary, "ThongTinVaoVien.chandoansobo"),
        (found.accident, "ThongTinDieuTri.taibien"),
        (found.complication, "ThongTinDieuTri.bienchung"),
        (found.after_surgery, "cdsauphauthuat"),
    ):
        if condition:
            sources.stands(condition, place)
    sources.stand(found.others, "ThongTinDieuTri.maicd_khac")


def _codes_first(conditions: list[Json]) -> list[Json]:
    """Those with a code first, as many as fit: code and text of one stand at the same number of their lists."""
    coded, rest, length = [], [], -1
    for each in conditions:
        code = code_and_text(each.get("code", {}))[0]
        if code and length + 1 + len(code) <= OTHERS_SIZE:
            coded.append(each)
            length += 1 + len(code)
        else:
            rest.append(each)
    return coded + rest


def others_written(conditions: list[Json]) -> tuple[str, str]:
    """maicd_khac and tenicd_khac; `;` parts them, so that one inside a text becomes a comma."""
    pairs = [code_and_text(each.get("code", {})) for each in conditions]
    codes, length = [], -1
    for code, _ in pairs:
        if not code or length + 1 + len(code) > OTHERS_SIZE:
            break
        codes.append(code)
        length += 1 + len(code)
    return ";".join(codes), "; ".join(text.replace(";", ",") for _, text in pairs)
