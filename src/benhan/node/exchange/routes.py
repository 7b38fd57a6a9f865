"""Asking others, and sending ahead, from a program: /exchange/asks, /exchange/pushes. See docs/interfaces/hub.md."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.access.routes import GuardedRoute, route
from benhan.fhir.resource import instant
from benhan.fhir_api.api import FhirApi, endpoint
from benhan.fhir_api.requests import actor_of, language_of, read_content
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Language
from benhan.network.consent import REASONS
from benhan.network.exchanges import Person
from benhan.network.faults import BAD_MESSAGE
from benhan.node.exchange.asker import Asker, Wish
from benhan.node.exchange.pusher import Pusher
from benhan.node.exchange.rows import Asked
from benhan.store.ledger.events import Event

BODY_BYTES_MAX = 16 * 1024


def routes(api: FhirApi, asker: Asker, pusher: Pusher) -> list[GuardedRoute]:
    """The routes of asking."""

    async def ask(_api: FhirApi, request: Request) -> Response:
        """Ask; 202 with the ask, whose answers come later."""
        patient, wish = read_wish(await read_content(request, BODY_BYTES_MAX))
        actor = actor_of(request)
        asked = await asker.ask(patient, wish, Person(actor.id, actor.role.value), actor)
        return Response(orjson.dumps({"ask": asked.ask}), 202, media_type="application/json")

    async def asked(api: FhirApi, request: Request) -> Response:
        """What was asked of a patient and how far it is, newest first; the look is in the ledger."""
        actor = actor_of(request)
        patient = await api.store.resources.read("Patient", request.path_params["id"], actor)
        unit = api.store.begin(actor)
        unit.record(Event.PATIENT_VIEW, patient=patient.rid, type_="Patient", rid=patient.rid, page="exchange")
        await api.store.commit(unit)
        language = language_of(request.scope)
        told = [_told(each, language) for each in await asker.of_patient(patient)]
        return Response(orjson.dumps(told), media_type="application/json")

    async def push(_api: FhirApi, request: Request) -> Response:
        """Send ahead with a transfer; 202 with the digest of what the hub has taken."""
        patient, recipient, kinds, paper = read_push_wish(await read_content(request, BODY_BYTES_MAX))
        message = await pusher.push(patient, recipient, kinds, paper, actor_of(request))
        return Response(orjson.dumps({"push": message.digest}), 202, media_type="application/json")

    return [
        route("/exchange/pushes", endpoint(api, push), methods=["POST"], permission=Permission.RECORD_EXPORT),
        route("/exchange/asks", endpoint(api, ask), methods=["POST"], permission=Permission.EXCHANGE_ASK),
        route("/exchange/asks/{id}", endpoint(api, asked), permission=Permission.EXCHANGE_ASK),
    ]


def read_wish(data: bytes) -> tuple[str, Wish]:
    """The patient and the wish of a body. Raises Incorrect BA-6000."""
    try:
        told: Any = orjson.loads(data)
        texts = [told[name] for name in ("patient", "purpose", "basis")] + [told.get("note", "")]
        lists = [told["kinds"], told.get("secrets", []), told.get("holders", [])]
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise BAD_MESSAGE(what="patient, kinds, purpose, basis") from cause
    if not all(isinstance(each, str) for each in texts) or not all(
        isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists
    ):
        raise BAD_MESSAGE(what="patient, kinds, purpose, basis")
    patient, purpose, basis, note = texts
    kinds, secrets, holders = (tuple(each) for each in lists)
    return patient, Wish(kinds, purpose, basis, note, secrets, holders)


def read_push_wish(data: bytes) -> tuple[str, str, tuple[str, ...], str]:
    """Patient, recipient, kinds and the paper's number of a body. Raises Incorrect BA-6000."""
    try:
        told: Any = orjson.loads(data)
        patient, recipient, kinds, paper = (told[name] for name in ("patient", "recipient", "kinds", "paper"))
    except (ValueError, KeyError, TypeError) as cause:
        raise BAD_MESSAGE(what="patient, recipient, kinds, paper") from cause
    is_good = isinstance(kinds, list) and all(isinstance(each, str) for each in (patient, recipient, paper, *kinds))
    if not is_good:
        raise BAD_MESSAGE(what="patient, recipient, kinds, paper")
    return patient, recipient, tuple(kinds), paper


def _told(asked: Asked, language: Language) -> dict[str, Any]:
    return {
        "ask": asked.ask, "at": instant(asked.asked_at), "by": asked.asked_by, "purpose": asked.purpose,
        "basis": asked.basis, "kinds": list(asked.kinds), "state": asked.state, "fault": asked.fault,
        "parts": [
            {"holder": each.holder, "state": each.state, "fault": each.fault,
             "words": REASONS[each.fault].in_language(language) if each.fault in REASONS else ""}
            for each in asked.parts
        ],
    }  # fmt: skip
