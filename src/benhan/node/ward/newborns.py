"""Children born during a stay: each a patient with a temporary identity, a stay of their own as part of the mother's.

The stay's `partOf` is the link, read from both sides; the identity tells the mother's number and the order of birth.
When the child has a number of its own, the temporary one ends and stays known.
Source: FHIR R4 encounter.html (partOf: a child's encounter and its mother's); TT 13/2025/TT-BYT Đ1 k3;
TT 32/2023/TT-BYT, form 06 (sơ sinh).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benhan.fhir.resource import instant, resource_of
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor
from benhan.kernel.care import Use
from benhan.kernel.clock import VIETNAM, day_in_vietnam
from benhan.kernel.permissions import Permission
from benhan.node.patients import PatientLine, line_of
from benhan.node.records.life import Records, require
from benhan.node.ward.faults import BAD_BIRTH, BORN_MEANWHILE, HAS_OWN_NUMBER, NO_USE_OF_MOTHER, NOT_STAYING
from benhan.node.ward.places import location_of
from benhan.node.ward.stays import Stay, open_stay
from benhan.store.care import may_use
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.vn import systems
from benhan.vn.identifiers import citizen_number
from benhan.vn.identifiers.fhir_identifier import (
    current_value,
    held_to_identifier,
    history_of,
    newborn_to_identifier,
)
from benhan.vn.identifiers.history import Held, State, replace
from benhan.vn.identifiers.temporary import Newborn, Reason, give
from benhan.vn.person_names.human_name import name_to_human_name
from benhan.vn.person_names.name import parse_name

Json = dict[str, Any]

FORM = "06/BV-01"
"""Bệnh án sơ sinh."""
CHILDREN_MAX = 9
EARLIEST = timedelta(days=60)
"""A child may have been born before its mother was admitted."""
_BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
_MOTHER = {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH", "display": "mother"}
_NEXT = "select nextval('temporary_identity_number')"


@dataclass(frozen=True, slots=True)
class Born:
    """What is told of a child: sex (`male`, `female`, `unknown`), when it was born."""

    sex: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Kin:
    """A child or the mother: who, by which stay; a child's temporary identity ("" where it is over), the order of birth
    (0 where none is told)."""

    patient: PatientLine
    stay: str
    identity: str
    order: int


class Newborns:
    """The births of one store."""

    def __init__(self, store: Store, records: Records) -> None:
        self._store = store
        self._records = records

    def now(self) -> datetime:
        """What time it is on the ward."""
        return self._store.clock.now()

    async def open(self, encounter_id: str, actor: Actor) -> tuple[Stay, list[Kin], Kin | None]:
        """A stay, the children that were born during it, and the mother whose stay it is a part of.

        Those whom the actor may not see are missing. Raises NotFound BA-0401.
        """
        stay = await open_stay(self._store, encounter_id, actor, "newborns")
        asked = parse_search("Encounter", [("part-of", stay.reference), ("_count", "20")])
        stays = (await self._store.search.search(asked, actor)).matches
        children = [kin for each in stays if (kin := await self._kin(each, actor)) is not None]
        part_of = stay.encounter.read().get("partOf", {}).get("reference", "").partition("Encounter/")[2]
        [mothers] = await self._store.resources.read_many([("Encounter", part_of)], actor) if part_of else [None]
        return (
            stay,
            sorted(children, key=lambda each: each.order),
            await self._kin(mothers, actor) if mothers is not None else None,
        )

    async def born(
        self, encounter_id: str, children: Sequence[Born], known: int, actor: Actor, *, opens_record: bool = True
    ) -> list[Kin]:
        """The children of a birth as patients of their own, in the order of birth; gives all of this stay.

        `known` is how many the person who tells has seen. Raises NotFound BA-0401; Incorrect BA-5460; Conflict BA-5351,
        BA-5461; Forbidden BA-5213, BA-5463.
        """
        require(actor, Permission.RECORD_EDIT)
        stay, there, _ = await self.open(encounter_id, actor)
        if not stay.is_open:
            raise NOT_STAYING()
        async with self._store.database.connection() as connection:
            if await may_use(connection, actor, stay.patient_rid, Use.WRITE) is None:
                raise NO_USE_OF_MOTHER()
        now = self._store.clock.now()
        if not 1 <= len(children) <= CHILDREN_MAX or any(
            each.sex not in ("male", "female", "unknown") or not now - EARLIEST < each.at <= now for each in children
        ):
            raise BAD_BIRTH(most=CHILDREN_MAX)
        if len(there) != known:
            raise BORN_MEANWHILE()
        unit = self._store.begin(actor)
        [mother] = await self._store.resources.read_many([("Patient", stay.patient.id)], actor)
        assert mother is not None, "her stay was read"
        made = []
        for order, each in enumerate(children, known + 1):
            identifier = await self._identity(mother.read(), each, order)
            child = unit.create(resource_of(_patient(mother.read(), each, identifier, order, known + len(children))))
            made.append(unit.create(resource_of(_stay(stay, child, each))))
        await self._store.commit(unit)
        if opens_record and actor.may(Permission.RECORD_CREATE):
            for each_id in made:
                await self._records.open(each_id, FORM, stay.place.department, actor)
        return (await self.open(encounter_id, actor))[1]

    async def give_number(self, encounter_id: str, number: str, name: str, actor: Actor) -> None:
        """The child of a stay has a personal number of its own, and a name; the temporary identity ends today.

        Raises NotFound BA-0401; Incorrect BA-3260; Conflict BA-5462; Forbidden BA-5213, BA-5463.
        """
        require(actor, Permission.RECORD_EDIT)
        stay = await open_stay(self._store, encounter_id, actor, "newborns")
        async with self._store.database.connection() as connection:
            if await may_use(connection, actor, stay.patient_rid, Use.WRITE) is None:
                raise NO_USE_OF_MOTHER()
        own = str(citizen_number.parse(number))
        [stored] = await self._store.resources.read_many([("Patient", stay.patient.id)], actor)
        assert stored is not None, "the stay's patient was read"
        patient = stored.read()
        temporary = current_value(patient, systems.TEMPORARY_IDENTITY)
        if not temporary:
            raise HAS_OWN_NUMBER()
        now = self._store.clock.now()
        new = Held(systems.CCCD, own, self._records.facility.code)
        history = replace(history_of(patient), (systems.TEMPORARY_IDENTITY, temporary), new, now)
        others = [each for each in patient["identifier"] if not each.get("value") or not each.get("system")]
        after: Json = {**patient, "identifier": [*others, *_written(patient, history)]}
        if name.strip():
            before = [{**each, "use": "old"} for each in patient.get("name", [])]
            after["name"] = [{"use": "official", **name_to_human_name(parse_name(name))}, *before]
        unit = self._store.begin(actor)
        unit.update(resource_of(after), if_match=stored.version)
        await self._store.commit(unit)

    async def _identity(self, mother: Json, child: Born, order: int) -> Json:
        serial = int(await self._store.database.fetchval(_NEXT))
        identity = give(Reason.NEWBORN, self._records.facility.code, day_in_vietnam(child.at), serial)
        return newborn_to_identifier(Newborn(identity, _number_of(mother), order))

    async def _kin(self, encounter: Stored, actor: Actor) -> Kin | None:
        [patient] = await self._store.resources.read_rids([("Patient", encounter.patient)], actor)
        if patient is None or encounter.read().get("status") in ("cancelled", "entered-in-error"):
            return None
        plain = patient.read()
        line = line_of(plain, day_in_vietnam(self._store.clock.now()).isoformat())
        return Kin(line, encounter.id, current_value(plain, systems.TEMPORARY_IDENTITY), _order(plain))


def _order(patient: Json) -> int:
    """The order of birth that a temporary identity tells, also one that is over."""
    told = [
        part.get("valuePositiveInt", 0)
        for identifier in patient.get("identifier", [])
        for held in identifier.get("extension", [])
        for part in held.get("extension", [])
        if part.get("url") == "birth-order"
    ]
    return int(told[0]) if told else 0


def _number_of(mother: Json) -> tuple[str, str]:
    """Her personal number; where she has none here, that of the house or her own temporary one."""
    held = [each.key for each in history_of(mother) if each.state is State.ACTIVE and each.until_at is None]
    own = [each for each in held if each[0] == systems.CCCD]
    return (own or held or [(systems.patient_number(""), mother["id"])])[0]


def _written(patient: Json, history: Sequence[Held]) -> list[Json]:
    """The identifiers of a history: as they stand where nothing changed, with whose child it is where something did."""
    before = {(each.get("system"), each.get("value")): each for each in patient["identifier"]}
    old = {each.key: each for each in history_of(patient)}
    found = []
    for each in history:
        known = before.get(each.key, {})
        if old.get(each.key) == each:
            found.append(known)
            continue
        written = held_to_identifier(each)
        told = [part for held in known.get("extension", []) for part in held.get("extension", [])]
        for extension in written.get("extension", []):
            extension["extension"] += [part for part in told if part.get("url") in ("mother", "birth-order")]
        found.append(written)
    return found


def _patient(mother: Json, child: Born, identifier: Json, order: int, of: int) -> Json:
    name: Json = next((each for each in mother.get("name", []) if each.get("use") != "old"), {})
    hers = name.get("text") or " ".join([name.get("family", ""), *name.get("given", [])]).strip()
    found: Json = {
        "resourceType": "Patient",
        "identifier": [identifier],
        "name": [{"use": "temp", "text": f"Con bà {hers}".strip()}],
        "gender": child.sex,
        "birthDate": day_in_vietnam(child.at).isoformat(),
        "_birthDate": {"extension": [{"url": _BIRTH_TIME, "valueDateTime": instant(child.at.astimezone(VIETNAM))}]},
        "contact": [{"relationship": [{"coding": [_MOTHER]}], "name": name or {"text": hers or "?"}}],
    }
    if of > 1:
        found["multipleBirthInteger"] = order
    if mother.get("address"):
        found["address"] = mother["address"]
    return found


def _stay(mothers: Stay, child: str, born: Born) -> Json:
    """A stay that begins with the birth, where the mother lies, treated by who treats her."""
    content = mothers.encounter.read()
    found: Json = {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": content["class"],
        "subject": {"reference": f"Patient/{child}"},
        "partOf": {"reference": mothers.reference},
        "period": {"start": instant(born.at)},
    }
    if mothers.place.department:
        found["location"] = [{"status": "active", "location": location_of(mothers.place)}]
    treating = [each for each in content.get("participant", []) if "end" not in each.get("period", {})]
    if treating:
        found["participant"] = treating
    for each in ("serviceProvider", "serviceType"):
        if each in content:
            found[each] = content[each]
    return found
