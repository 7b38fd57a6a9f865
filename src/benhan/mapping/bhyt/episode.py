"""What the resources of one episode (MA_LK) share, and the small words of the mapping.

Source: QĐ 130/QĐ-BYT and its amendments, phụ lục; FHIR R4. Times are local (+07:00).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from benhan.mapping.mapped import (
    Context,
    IdentifierKey,
    Json,
    Mapped,
    MappedMessage,
    Policy,
    identifier,
    source_key,
    without_empty,
)
from benhan.vn import systems
from benhan.vn.bhyt.claim import Claim, Row, episode_day
from benhan.vn.bhyt.tables import codes_on


@dataclass(slots=True)
class Episode:
    """One claim on its way to FHIR."""

    claim: Claim
    context: Context
    mapped: MappedMessage
    visit: Mapped | None = None
    day: date = field(init=False)
    facility: str = field(init=False)
    _named: Counter[tuple[str, ...]] = field(init=False, default_factory=Counter)

    def __post_init__(self) -> None:
        self.day = episode_day(self.claim) or date.max
        self.facility = self.claim.summary.get("MA_CSKCB", "").strip() or self.context.facility

    @property
    def row(self) -> Row:
        """XML1, else XML0; of minutes of an assessment, which have no episode, XML12."""
        return self.claim.summary or next(iter(self.claim.rows("XML12")), {})

    @property
    def provider(self) -> Json | None:
        """A reference to the facility of the episode, with its name where it is the receiver's own."""
        is_own = self.facility == self.context.facility
        return organization(self.facility, self.context.facility_name if is_own else "")

    def key(self, *parts: str) -> IdentifierKey:
        """Our name of a thing of this episode: the same in every later file of the same MA_LK."""
        return source_key("BHYT", self.facility, self.claim.ma_lk, *parts)

    def name(self, *parts: str) -> tuple[str, ...]:
        """`parts` and how often they were named before: what a row is called by what it says, not by its place.

        A row that a later file puts in between leaves the names of the others alone.
        """
        self._named[parts] += 1
        return (*parts, str(self._named[parts]))

    def add(self, name: str, key: IdentifierKey, resource: Json, policy: Policy = Policy.REPLACE) -> Mapped:
        """Add a resource with its identity; members without content are left out."""
        resource["identifier"] = [*resource.get("identifier", []), identifier(key)]
        return self.mapped.add(Mapped(name, without_empty(resource), [key], policy))

    def about(self) -> Json:
        """`subject` and `encounter`."""
        return {
            "subject": self.mapped.patient.reference,
            "encounter": self.visit.reference if self.visit is not None else None,
        }

    def time(self, text: str) -> str | None:
        """yyyymmdd or yyyymmddHHMM as a FHIR dateTime, None where empty."""
        return fhir_time(text, self.context.zone)

    def coding(self, code_list: str, code: str) -> Json:
        """A Coding of a list of the BHYT XML with its name where the list is shipped."""
        display = codes_on(code_list, self.day).get(code, "")
        return without_empty({"system": systems.bhyt_code(code_list), "code": code, "display": display})

    def concept(self, code_list: str, code: str, text: str = "") -> Json | None:
        """A CodeableConcept of a code, None where there is none."""
        code = code.strip()
        if not code:
            return {"text": text} if text else None
        coding = self.coding(code_list, code)
        return without_empty({"coding": [coding], "text": text or coding.get("display", "")})


def fhir_time(text: str, zone: str) -> str | None:
    """A FHIR dateTime; a birth's unknown month or day is left out."""
    text = text.strip()
    if len(text) < 8:
        return None
    day = f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    if text[4:6] == "00":
        return text[:4]
    if text[6:8] == "00":
        return day[:7]
    return f"{day}T{text[8:10]}:{text[10:12]}:00{zone}" if len(text) >= 12 else day


def values(text: str) -> list[str]:
    """The values of a column that may hold several, joined by `;`."""
    return [value.strip() for value in text.split(";") if value.strip()]


def practitioner(licence: str, name: str = "") -> Json | None:
    """A reference to a person by practising licence (GPHN), None where there is none."""
    licence = licence.strip()
    if not licence and not name:
        return None
    logical = {"system": systems.PRACTITIONER_LICENCE, "value": licence} if licence else None
    return without_empty({"type": "Practitioner", "identifier": logical, "display": name or licence})


def organization(facility: str, name: str = "") -> Json | None:
    """A reference to a facility by its code, None where there is none."""
    facility = facility.strip()
    if not facility:
        return None
    logical = {"system": systems.FACILITY_CODE, "value": facility}
    return without_empty({"type": "Organization", "identifier": logical, "display": name})


def diseases(text: str) -> list[Json]:
    """ICD-10 codes joined by `;`, each a CodeableConcept."""
    return [{"coding": [{"system": systems.ICD10, "code": code}]} for code in values(text)]


def kept(row: Row, placed: frozenset[str]) -> list[Json]:
    """The extension with the columns of a row that no element holds; none where all are placed or empty."""
    inner = [{"url": name, "valueString": value} for name, value in row.items() if value and name not in placed]
    return [{"url": systems.EXTENSION_BHYT, "extension": inner}] if inner else []


def kept_columns(resource: Json) -> Row:
    """The columns that `kept` put into a resource or element."""
    return {
        inner["url"]: inner["valueString"]
        for each in resource.get("extension", [])
        if each.get("url") == systems.EXTENSION_BHYT
        for inner in each.get("extension", [])
    }


def hl7(name: str, code: str) -> Json:
    """A CodeableConcept of an HL7 terminology."""
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{name}", "code": code}]}
