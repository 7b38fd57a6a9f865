"""What nodes ask: enrol a key, send a report; and open data for everybody. See docs/interfaces/portal.md."""

from __future__ import annotations

import base64
import binascii
import csv
import io
from collections.abc import Awaitable, Callable, Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.access.rates import Rate
from benhan.access.routes import GuardedRoute, route
from benhan.fhir_api.requests import read_content
from benhan.fhir_api.responses import fault_response
from benhan.kernel.cells import plain_cell
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.portal.evidence import Evidence
from benhan.portal.facilities import HEADS, Facilities, Listed, curve
from benhan.portal.faults import NOT_FILLED, TOO_MANY_REPORTS
from benhan.vn.deployment.signed import SIGNED_CHARACTERS_MAX

MACHINE_PATHS = ("/evidence", "/data/")


class PortalDoor:
    """What machines and everybody ask."""

    def __init__(self, evidence: Evidence, facilities: Facilities, rate: Rate) -> None:
        self._evidence = evidence
        self._facilities = facilities
        self._rate = rate

    def routes(self) -> list[GuardedRoute]:
        """All are public: a report is let in by its signature, an enrolment by its code; data is open."""
        table = (
            ("POST", "/evidence", self.take),
            ("POST", "/evidence/keys", self.enrol),
            ("GET", "/data/facilities.csv", self.as_csv),
            ("GET", "/data/facilities.json", self.as_json),
            ("GET", "/data/curve.csv", self.curve),
        )
        return [
            route(path, _telling(what), methods=[method], permission=Permission.PUBLIC) for method, path, what in table
        ]

    async def take(self, request: Request) -> Response:
        """201 with the report's number."""
        self._hold_back(request)
        signed = (await read_content(request, SIGNED_CHARACTERS_MAX)).decode("ascii", "replace").strip()
        signals = await self._evidence.take(signed)
        return _json({"facility": signals.facility, "number": signals.number}, 201)

    async def enrol(self, request: Request) -> Response:
        """201 with the key's thumbprint."""
        self._hold_back(request)
        try:
            told = orjson.loads(await read_content(request, 4096))
            facility, code, key = str(told["facility"]), str(told["code"]), base64.b64decode(told["key"], validate=True)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, binascii.Error) as cause:
            raise NOT_FILLED(what="facility, code, key") from cause
        return _json({"thumbprint": await self._evidence.enrol(facility, code, key)}, 201)

    def _hold_back(self, request: Request) -> None:
        """By who asks, not by whom they claim to be: nobody can use up a hospital's share in its name."""
        if not self._rate.take(request.client.host if request.client else ""):
            raise TOO_MANY_REPORTS()

    async def as_csv(self, _request: Request) -> Response:
        """The list, as it can be taken in again elsewhere, with the state here."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow((*HEADS, "state", "deployed_on", "told_on"))
        writer.writerows(_row(each) for each in await self._facilities.listed())
        return _csv(out.getvalue())

    async def as_json(self, _request: Request) -> Response:
        listed = await self._facilities.listed()
        names = (*HEADS, "state", "deployed_on", "told_on")
        return _json([dict(zip(names, _row(each), strict=True)) for each in listed])

    async def curve(self, _request: Request) -> Response:
        """How many had deployed by the end of each day."""
        lines = [f"{day.isoformat()},{count}" for day, count in curve(await self._facilities.listed())]
        return _csv("\n".join(["day,deployed", *lines]) + "\n")


Answer = Callable[[Request], Awaitable[Response]]


def _telling(what: Answer) -> Answer:
    """An answer whose Faults are OperationOutcomes."""

    async def answer(request: Request) -> Response:
        try:
            return await what(request)
        except Fault as fault:
            return fault_response(request.scope, fault)

    return answer


def _row(each: Listed) -> Sequence[str]:
    facility = each.facility
    days = (facility.announced_on, facility.source, each.state, each.deployed_on, each.told_on)
    written = (plain_cell(str(value)) if value is not None else "" for value in days)
    own = (facility.code, facility.name, facility.province, facility.kind, facility.owner)
    return (*(plain_cell(value) for value in own), *written)


def _json(told: object, status: int = 200) -> Response:
    return Response(orjson.dumps(told), status, media_type="application/json")


def _csv(text: str) -> Response:
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8")
