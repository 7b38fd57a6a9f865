"""What members ask of the index in FHIR: $match, a query by demographics (PDQm), cross-references (PIXm).

Functions for the door: a question, who asks, and the answer as FHIR. Source: FHIR R4 patient-operation-match.html; IHE
ITI PDQm (ITI-78, ITI-119), PIXm (ITI-83).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benhan.fhir.patient_match import Grade
from benhan.hub.identities.as_patient import GRADE, person_to_patient
from benhan.hub.identities.faults import NO_SUCH_IDENTITY
from benhan.hub.identities.service import Identities, Match
from benhan.hub.identities.told import patient_to_traits
from benhan.kernel.actors import Actor
from benhan.kernel.clock import VIETNAM, Clock
from benhan.store.ids import encode_rid

Json = dict[str, Any]

COUNT_DEFAULT, COUNT_MAX = 10, 50


class Answers:
    """Answers out of one index."""

    def __init__(self, identities: Identities, clock: Clock) -> None:
        self._identities = identities
        self._clock = clock

    async def candidates(
        self, patient: Json, member: str, actor: Actor, count: int = COUNT_DEFAULT
    ) -> list[tuple[Match, Json]]:
        """Who may be meant, each as a Patient, the likeliest first. Raises Incorrect BA-6106."""
        today = self._clock.now().astimezone(VIETNAM).date()
        matches = await self._identities.match(
            patient_to_traits(patient, today), actor, min(count, COUNT_MAX), member=member
        )
        return [
            (each, person_to_patient(each.identity, await self._identities.records_of(each.identity)))
            for each in matches
        ]

    async def match(
        self, patient: Json, member: str, actor: Actor, count: int = COUNT_DEFAULT, *, certain_only: bool = False
    ) -> Json:
        """The searchset of Patient/$match, each entry with score and grade; with `certain_only` one, or none.

        Raises Incorrect BA-6106.
        """
        found = await self.candidates(patient, member, actor, count)
        if certain_only:
            found = [each for each in found if each[0].grade is Grade.CERTAIN]
            found = found if len(found) == 1 else []
        entries = [
            {
                "fullUrl": f"urn:benhan:identity:{encode_rid(match.identity)}",
                "resource": resource,
                "search": {
                    "extension": [{"url": GRADE, "valueCode": match.grade.value}],
                    "mode": "match",
                    "score": round(match.probability, 4),
                },
            }
            for match, resource in found
        ]
        return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}

    async def cross_references(self, source: tuple[str, str], systems: Sequence[str] = ()) -> Json:
        """The Parameters of Patient/$ihe-pix: the other identifiers of whom `source` names, of `systems` where told.

        Raises NotFound BA-6102 where nobody is known by it, Conflict BA-6101 where several are.
        """
        identity = await self._identities.identity_of([source])
        if identity is None:
            raise NO_SUCH_IDENTITY()
        known = await self._identities.identifiers_of([source])
        wanted = [each for each in known if each != source and (not systems or each[0] in systems)]
        parameters: list[Json] = [
            {"name": "targetIdentifier", "valueIdentifier": {"system": system, "value": value}}
            for system, value in wanted
        ]
        parameters.append({"name": "targetId", "valueReference": {"reference": f"Patient/{encode_rid(identity)}"}})
        return {"resourceType": "Parameters", "parameter": parameters}
