"""The index asked in HL7 v2: PDQ and PIX. Source: IHE ITI TF-2 3.21 (ITI-21), 3.9 (ITI-9)."""

from __future__ import annotations

from benhan.hl7v2.er7 import parse_er7
from benhan.hub.identities.answers import Answers
from benhan.hub.identities.faults import NO_SUCH_IDENTITY
from benhan.hub.identities.service import Identities
from benhan.kernel.actors import Actor
from benhan.kernel.clock import VIETNAM, Clock
from benhan.kernel.faults import Fault
from benhan.mapping.person_queries import PersonQuery, message_to_person_query, person_answer, person_refusal


async def v2_answer(
    identities: Identities, clock: Clock, frame: bytes, member: str, actor: Actor, own_id: str
) -> bytes:
    """The RSP^K22 or RSP^K23 to a message; `own_id` is its control id.

    A question that cannot be answered is answered with AE and why. Raises only what reading ER7 raises.
    """
    message = parse_er7(frame)
    at = clock.now().astimezone(VIETNAM).strftime("%Y%m%d%H%M%S")
    query: PersonQuery | None = None
    try:
        query = message_to_person_query(message)
        if query.source is not None:
            found = [(await _person(identities, query.source), 1.0)]
        else:
            answers = Answers(identities, clock)
            candidates = await answers.candidates(query.patient, member, actor, query.count)
            found = [(patient, match.probability) for match, patient in candidates]
    except Fault as fault:
        return person_refusal(message, fault, query, at=at, own_id=own_id)
    return person_answer(message, found, query, at=at, own_id=own_id)


async def _person(identities: Identities, source: tuple[str, str]) -> dict[str, object]:
    """A Patient with every identifier of whom `source` names but `source` itself."""
    if await identities.identity_of([source]) is None:
        raise NO_SUCH_IDENTITY()
    known = await identities.identifiers_of([source])
    return {"identifier": [{"system": system, "value": value} for system, value in known if (system, value) != source]}
