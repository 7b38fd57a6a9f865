"""What is in a package besides its bytes: one person's document, held to FHIR, without anything that acts. Pure.

Source: FHIR R4 documents.html, narrative.html (no scripts, no active content).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benhan.fhir.fhirpath.narrative import is_good_narrative
from benhan.fhir.resource import parse_json
from benhan.fhir.validation import check_structure
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text
from benhan.node.packages.faults import ACTIVE_CONTENT, BAD_DOCUMENT, BAD_HOSO, OTHER_PERSON, TOO_MUCH
from benhan.node.packages.format import BYTES_MAX, DOCUMENT, Kind
from benhan.node.packages.reading import Package
from benhan.vn import systems
from benhan.vn.hoso_benh_an.reading import parse_hoso_xml

Json = dict[str, Any]

ENTRIES_MAX = 20_000
_NOT_A_DOCUMENT = Text(
    "Không phải Bundle loại document, mở đầu bằng Composition.",
    "No Bundle of type document that begins with a Composition.",
)
_NO_RESOURCE = Text("Mục không có tài nguyên có mã.", "An entry without a resource that has an id.")
_TWICE = Text("Tài nguyên xuất hiện hai lần.", "A resource that is there twice.")


@dataclass(frozen=True, slots=True)
class Contents:
    """The document of a package: the patient, every resource of it in order, the references by which each is called."""

    patient: Json
    resources: list[Json]
    calls: dict[str, str]
    """References as the document writes them (`Observation/1`, full URLs) to `Type/id`."""

    @property
    def patient_reference(self) -> str:
        return f"Patient/{self.patient['id']}"


def read_contents(package: Package) -> Contents:
    """The document of a package. Raises Incorrect BA-5401, BA-5409 to BA-5412."""
    try:
        bundle, _ = parse_json(package.contents[DOCUMENT], size_bytes_max=BYTES_MAX, is_bundle=True)
    except Fault as fault:
        raise BAD_DOCUMENT(error("structure", DOCUMENT, fault.text), count=1) from fault
    contents = _contents(bundle)
    _hold_to_one_person(package, contents)
    for each in contents.resources:
        for div in _narratives(each):
            if not is_good_narrative(div):
                raise ACTIVE_CONTENT(place=f"{each['resourceType']}.text")
    for part, content in package.of_kind(Kind.HOSO):
        _hold_hoso(part.path, content, contents.patient)
    return contents


def _contents(bundle: Any) -> Contents:
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    if not isinstance(entries, list) or bundle.get("resourceType") != "Bundle" or bundle.get("type") != "document":
        raise BAD_DOCUMENT(error("structure", "Bundle", _NOT_A_DOCUMENT), count=1)
    if len(entries) > ENTRIES_MAX:
        raise TOO_MUCH(what=f"{len(entries)} tài nguyên (resources)", limit=ENTRIES_MAX)
    issues: list[Issue] = []
    resources: list[Json] = []
    calls: dict[str, str] = {}
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("id"), str):
            issues.append(error("structure", f"Bundle.entry[{number}]", _NO_RESOURCE))
            continue
        found = check_structure(resource)
        issues += [error(each.kind, f"Bundle.entry[{number}].resource.{each.place}", each.text) for each in found]
        reference = f"{resource.get('resourceType')}/{resource['id']}"
        if reference in calls:
            issues.append(error("structure", f"Bundle.entry[{number}]", _TWICE))
        resources.append(resource)
        calls[reference] = reference
        if isinstance(entry.get("fullUrl"), str):
            calls[entry["fullUrl"]] = reference
    if not resources or resources[0].get("resourceType") != "Composition":
        issues.append(error("structure", "Bundle.entry[0]", _NOT_A_DOCUMENT))
    if issues:
        raise BAD_DOCUMENT(*issues[:50], count=len(issues))
    patients = [each for each in resources if each["resourceType"] == "Patient"]
    if len(patients) != 1:
        raise OTHER_PERSON(place=f"{len(patients)} Patient")
    return Contents(patients[0], resources, calls)


def _hold_to_one_person(package: Package, contents: Contents) -> None:
    """Raises Incorrect BA-5410 where anything is about another person, the manifest too."""
    own = contents.patient_reference
    for each in contents.resources:
        about = each if each["resourceType"] != "Patient" else {**each, "link": []}
        for reference in references_in(about):
            called = contents.calls.get(reference, reference)
            is_patient = called.startswith("Patient/") or "/Patient/" in called
            if is_patient and called != own:
                raise OTHER_PERSON(place=each["resourceType"])
    known = {(each.get("system"), each.get("value")) for each in contents.patient.get("identifier", [])}
    for named in package.manifest.patient.identifiers:
        if (named.system, named.value) not in known:
            raise OTHER_PERSON(place="manifest.json")


def _hold_hoso(path: str, content: bytes, patient: Json) -> None:
    """Raises Incorrect BA-5411 where it cannot be read, BA-5410 where it is of another person."""
    try:
        hoso = parse_hoso_xml(content)
    except Fault as fault:
        raise BAD_HOSO(reason=fault.text.vi) from fault
    told = (hoso.get("ThongTinBenhNhan") or {}).get("cccd_so", "")
    own = {each.get("value") for each in patient.get("identifier", []) if each.get("system") == systems.CCCD}
    if told and own and told not in own:
        raise OTHER_PERSON(place=path)


def references_in(value: Any) -> Iterator[str]:
    """Every literal reference in a resource."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            if isinstance(one.get("reference"), str):
                yield one["reference"]
            stack += one.values()
        elif isinstance(one, list):
            stack += one


def _narratives(resource: Json) -> Iterator[str]:
    """The narratives of a resource, of what it contains, of a Composition's sections."""
    stack: list[Any] = [resource]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            if isinstance(one.get("div"), str) and "status" in one:
                yield one["div"]
            stack += one.values()
        elif isinstance(one, list):
            stack += one
