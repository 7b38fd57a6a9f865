"""Packages that arrive: kept first, then opened; previewed by a person; joined to a patient or refused, never lost.

Joined, the package stays byte for byte, so that each signature in it can be judged again; its clinical resources stand
beside the patient's own, marked as from outside. Source: CV 365/TTYQG-GPQLCL III.1.1 d; requirement 113.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benhan.fhir.folding import fold
from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.mapping.fhir_to_hoso_benh_an import name_of
from benhan.node.packages.contents import Contents, read_contents
from benhan.node.packages.faults import IS_SETTLED, NO_SUCH_PART, NOT_THE_PATIENT, SIGNATURE_FAILED
from benhan.node.packages.format import Manifest
from benhan.node.packages.joining import external_key, external_resources, joined_references
from benhan.node.packages.judging import Verdicts, judge_package
from benhan.node.packages.reading import Package, open_package
from benhan.node.packages.rows import About, Arrived, PackageRows, State, faulty
from benhan.node.records.life import require
from benhan.signing.trust import Trust
from benhan.store.identities import Identities, IdentityKey
from benhan.store.ledger.events import Event
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored, UnitOfWork
from benhan.vn import systems

Json = dict[str, Any]

NEW = ""
"""Stands for the id of a patient who is not here yet."""
_TELLING = (systems.CCCD, systems.BHYT_CARD, systems.PASSPORT, systems.CMND)
"""Identifiers that tell one person from another in the whole country."""


@dataclass(frozen=True, slots=True)
class Received:
    """A package that was kept: its number, and the fault for which it cannot be joined."""

    number: int
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What the package says of the person and what is known here."""

    what: str
    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient here who may be the person: the resource, what differs, and whether it can be the same person."""

    patient: Json
    differences: list[Difference]
    is_possible: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person sees before deciding: the package, its manifest, counts by type, verdicts, who it may be."""

    arrived: Arrived
    manifest: Manifest
    counts: dict[str, int]
    verdicts: Verdicts
    candidates: list[Candidate]


class Arrivals:
    """The packages that come to one hospital."""

    def __init__(self, store: Store, trust: Trust) -> None:
        self._store = store
        self._trust = trust
        self._rows = PackageRows(store)
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)

    async def receive(self, content: bytes, file: str, actor: Actor) -> Received:
        """Keep a package, whatever is in it. Raises Forbidden BA-5213, Conflict BA-5415."""
        require(actor, Permission.RECORD_IMPORT)
        fault: Fault | None = None
        sender, about = "", About(file)
        try:
            package, _ = await asyncio.to_thread(_opened, content)
            manifest = package.manifest
            sender = manifest.sender.code[:20]
            about = About(file, manifest.patient.name, manifest.record.form_name, manifest.sender.name)
        except Fault as found:
            fault, about = found, faulty(file, found)
        state = State.WAITING if fault is None else State.FAULTY
        code = fault.code if fault is not None else ""
        number = await self._rows.put(content, state, code, sender, about, actor.id)
        unit = self._store.begin(actor)
        unit.record(Event.PACKAGE_RECEIVE, package=number, fault=code)
        await self._store.commit(unit)
        return Received(number, fault)

    async def listed(self, states: tuple[State, ...], actor: Actor) -> list[Arrived]:
        """Packages that belong to nobody yet, newest first."""
        require(actor, Permission.RECORD_IMPORT)
        return await self._rows.listed(states)

    async def arrived(self, number: int, actor: Actor) -> Arrived:
        """A package that belongs to nobody yet; that it was looked at is in the ledger. Raises NotFound BA-5414."""
        require(actor, Permission.RECORD_IMPORT)
        arrived = await self._rows.read(number)
        await self._viewed(actor, arrived)
        return arrived

    async def preview(self, arrived: Arrived, patient_id: str, actor: Actor) -> Preview:
        """What is in a package that waits, held against the patients who may be the person, and one that was chosen.

        Raises what `open_package` and `read_contents` raise.
        """
        package, contents = await asyncio.to_thread(_opened, arrived.content)
        verdicts = await judge_package(package, self._trust, self._store.clock.now())
        counts: dict[str, int] = {}
        for reference in joined_references(contents):
            type_ = reference.partition("/")[0]
            counts[type_] = counts.get(type_, 0) + 1
        return Preview(arrived, package.manifest, counts, verdicts, await self._candidates(contents, patient_id, actor))

    async def join(self, number: int, patient_id: str, actor: Actor) -> str:
        """Join a package to a patient (NEW: one that is made of it); gives the patient's id. All or nothing.

        Raises NotFound BA-5414, BA-0401; Conflict BA-5413, BA-5416, BA-5418; what `open_package` raises.
        """
        require(actor, Permission.RECORD_IMPORT)
        arrived = await self._rows.read(number)
        if arrived.state is not State.WAITING:
            raise IS_SETTLED()
        package, contents = await asyncio.to_thread(_opened, arrived.content)
        failed = (await judge_package(package, self._trust, self._store.clock.now())).failed
        if failed:
            raise SIGNATURE_FAILED(count=len(failed))
        unit = self._store.begin(actor)
        if patient_id == NEW:
            if await self._identities.find(_telling(contents.patient)):
                raise NOT_THE_PATIENT(what="đã có người bệnh mang số này (a patient here has this number)")
            patient_id = unit.create(resource_of(_new_patient(contents.patient, package, arrived.content)))
            patient = unit.writes[-1].rid
        else:
            known = await self._store.resources.read("Patient", patient_id, actor)
            candidate = compared(contents.patient, known.read())
            if not candidate.is_possible:
                raise NOT_THE_PATIENT(what=", ".join(each.what for each in candidate.differences))
            patient = known.rid
        await self._write(unit, contents, package, arrived, f"Patient/{patient_id}")
        unit.also(self._rows.join(arrived, patient, unit.at, actor.id))
        unit.record(Event.PACKAGE_JOIN, patient=patient, type_="Patient", rid=patient, package=number)
        await self._store.commit(unit)
        return patient_id

    async def refuse(self, number: int, reason: str, actor: Actor) -> None:
        """Put a package aside with a reason; it is kept. Raises NotFound BA-5414, Conflict BA-5416."""
        require(actor, Permission.RECORD_IMPORT)
        arrived = await self._rows.read(number)
        unit = self._store.begin(actor)
        unit.also(self._rows.refuse(arrived, unit.at, actor.id, reason.strip()))
        unit.record(Event.PACKAGE_REFUSE, package=number)
        await self._store.commit(unit)

    async def of_patient(self, patient_id: str) -> list[Arrived]:
        """The records from outside of a patient; the caller records the view of the patient's page."""
        return await self._rows.of_patient(self._store.workshop.ids.rid_of("Patient", patient_id))

    async def external(self, patient_id: str, number: int, actor: Actor) -> tuple[Arrived, Package, Verdicts]:
        """A record from outside with the verdicts of today; the view is in the ledger. Raises NotFound BA-5414."""
        require(actor, Permission.RECORD_VIEW)
        arrived = await self._rows.read(number, self._store.workshop.ids.rid_of("Patient", patient_id))
        package = await asyncio.to_thread(open_package, arrived.content)
        await self._viewed(actor, arrived)
        return arrived, package, await judge_package(package, self._trust, self._store.clock.now())

    async def file(self, arrived: Arrived, path: str, actor: Actor) -> tuple[str, bytes]:
        """The type and bytes of a file of a package, as it came. Raises NotFound BA-5417."""
        package = await asyncio.to_thread(open_package, arrived.content)
        part = next((each for each in package.manifest.parts if each.path == path), None)
        if part is None:
            raise NO_SUCH_PART()
        await self._viewed(actor, arrived, path)
        return part.media_type, package.contents[path]

    async def _viewed(self, actor: Actor, arrived: Arrived, path: str = "") -> None:
        unit = self._store.begin(actor)
        unit.record(Event.PACKAGE_VIEW, patient=arrived.patient, package=arrived.id, file=path)
        await self._store.commit(unit)

    async def _candidates(self, contents: Contents, chosen: str, actor: Actor) -> list[Candidate]:
        found = {each.id: each for each in (await self._identities.find(_telling(contents.patient))).values()}
        if chosen and chosen not in found:
            found[chosen] = await self._store.resources.read("Patient", chosen, actor)
        return [compared(contents.patient, each.read()) for each in found.values()]

    async def _write(
        self, unit: UnitOfWork, contents: Contents, package: Package, arrived: Arrived, patient: str
    ) -> None:
        """Add to `unit` what is joined: new where it is new, a version where an earlier package brought it."""
        sender = package.manifest.sender
        wanted = {external_key(sender, each): each for each in joined_references(contents)}
        known = await self._known(wanted, patient)
        local = {contents.patient_reference: patient}
        for key, reference in wanted.items():
            type_ = key[0]
            there = known.get(key)
            local[reference] = f"{type_}/{there.id if there is not None else unit.assign_id(type_, patient)}"
        digest = hashlib.sha256(arrived.content).hexdigest()
        for reference, resource in external_resources(contents, sender, digest, local):
            there = known.get(external_key(sender, reference))
            if there is not None:
                unit.update(resource_of(resource))
            else:
                id_ = resource.pop("id")
                unit.create(resource_of(resource), id_=id_)

    async def _known(self, wanted: dict[IdentityKey, str], patient: str) -> dict[IdentityKey, Stored]:
        found = await self._identities.find(wanted)
        rid = self._store.workshop.ids.rid_of("Patient", patient.partition("/")[2])
        return {key: each for key, each in found.items() if each.patient == rid}


def compared(theirs: Json, ours: Json) -> Candidate:
    """Whether two Patients can be one person: a telling number that is the same and none that differs, or else the same
    name, sex and day of birth."""
    differences: list[Difference] = []
    shared = False
    for system in _TELLING:
        one, other = _values(theirs, system), _values(ours, system)
        if one & other:
            shared = True
        elif one and other:
            differences.append(Difference(system.rpartition(":")[2], ", ".join(sorted(one)), ", ".join(sorted(other))))
    has_other_number = bool(differences)
    for what, first, second in (
        ("name", name_of(theirs), name_of(ours)),
        ("birthDate", theirs.get("birthDate", ""), ours.get("birthDate", "")),
        ("gender", theirs.get("gender", ""), ours.get("gender", "")),
    ):
        if fold(first) != fold(second):
            differences.append(Difference(what, first, second))
    return Candidate(ours, differences, (shared and not has_other_number) or not differences)


def _opened(content: bytes) -> tuple[Package, Contents]:
    package = open_package(content)
    return package, read_contents(package)


def _telling(patient: Json) -> Sequence[IdentityKey]:
    named = patient.get("identifier", [])
    return [("Patient", str(each["system"]), str(each.get("value", ""))) for each in named
            if each.get("system") in _TELLING]  # fmt: skip


def _values(patient: Json, system: str) -> set[str]:
    return {str(each.get("value", "")) for each in patient.get("identifier", []) if each.get("system") == system}


def _new_patient(theirs: Json, package: Package, content: bytes) -> Json:
    """The person as a patient of ours: names, numbers that tell in the whole country, where they live."""
    kept = ("active", "name", "telecom", "gender", "birthDate", "deceasedBoolean", "deceasedDateTime", "address")
    sender = package.manifest.sender
    digest = hashlib.sha256(content).hexdigest()
    return {
        "resourceType": "Patient",
        "meta": {"source": f"urn:benhan:co-so:{sender.code}#{digest[:32]}"},
        "identifier": [each for each in theirs.get("identifier", []) if each.get("system") in _TELLING],
        **{name: theirs[name] for name in kept if name in theirs},
    }
