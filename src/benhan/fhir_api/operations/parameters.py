"""The parameters of an operation, from the address or from a Parameters resource. Source: operations.html#request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request

from benhan.fhir.dates import range_of
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import (
    BAD_PARAMETER,
    MISSING_PARAMETER,
    NOT_PARAMETERS,
    TOO_MANY_PARAMETERS,
    UNKNOWN_PARAMETER,
)
from benhan.fhir_api.requests import read_json

PARAMETERS_MAX = 1_000
FORMAT_PARAMETERS = ("_format", "_pretty")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: (name, value) in order. A value of the address is text; of a resource, the JSON of `value[x]`.

    `exact` holds the resources among them for writing, whose decimals are kept.
    """

    pairs: tuple[tuple[str, Any], ...]
    exact: tuple[tuple[str, Any], ...] = ()

    def all(self, name: str) -> list[Any]:
        """Every value of a name."""
        return [value for key, value in self.pairs if key == name]

    def one(self, name: str) -> Any:
        """The value of a name, None for none. Raises Incorrect BA-2352 where there are several."""
        found = self.all(name)
        if len(found) > 1:
            raise BAD_PARAMETER(name=name, wanted="once")
        return found[0] if found else None

    def text(self, name: str, default: str = "") -> str:
        """A text. Raises Incorrect BA-2352."""
        value = self.one(name)
        if value is None:
            return default
        if not isinstance(value, str) or not value:
            raise BAD_PARAMETER(name=name, wanted="text")
        return value

    def texts(self, name: str) -> list[str]:
        """The texts of a name that may stand several times, each a list with commas."""
        found = self.all(name)
        if not all(isinstance(each, str) for each in found):
            raise BAD_PARAMETER(name=name, wanted="text")
        return [part.strip() for each in found for part in each.split(",") if part.strip()]

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`; a larger one counts as `most`. Raises Incorrect BA-2352."""
        value = self.one(name)
        if value is None:
            return default
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text)):
            raise BAD_PARAMETER(name=name, wanted="a number, 1…")
        return min(int(text), most)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """true or false. Raises Incorrect BA-2352."""
        value = self.one(name)
        if value is None:
            return default
        if value not in (True, False, "true", "false"):
            raise BAD_PARAMETER(name=name, wanted="true | false")
        return value in (True, "true")

    def moment(self, name: str, *, at_end: bool = False) -> datetime | None:
        """A date or instant, as the first moment of its span, or with `at_end` the first after it; None for none."""
        value = self.one(name)
        if value is None:
            return None
        span = range_of(value.replace(" ", "+")) if isinstance(value, str) else None
        if span is None:
            raise BAD_PARAMETER(name=name, wanted="date | dateTime | instant")
        return span[1] if at_end else span[0]

    def resource(self, name: str) -> Json:
        """The resource of a name, exact. Raises Incorrect BA-2352, BA-2353."""
        found = [value for key, value in self.exact if key == name]
        if not found:
            raise MISSING_PARAMETER(name=name, wanted="resource")
        if len(found) > 1 or not isinstance(found[0], dict):
            raise BAD_PARAMETER(name=name, wanted="resource")
        return found[0]

    def check(self, operation: str, valid: Iterable[str]) -> None:
        """Raises Incorrect BA-2351 for the first name that is not among `valid`."""
        names = [*valid]
        for name, _ in self.pairs:
            if name not in names and name not in FORMAT_PARAMETERS:
                told = name if name.replace("_", "").replace("-", "").isalnum() and len(name) < 40 else "?"
                raise UNKNOWN_PARAMETER(operation=operation, name=told, valid=", ".join(names) or "–")


async def asked_of(api: FhirApi, request: Request) -> Asked:
    """The parameters of a request: those of its address, then those of its Parameters, where it has a body.

    Raises Incorrect BA-2354, BA-2355 and what reading the body raises.
    """
    pairs: list[tuple[str, Any]] = list(request.query_params.multi_items())
    exact: list[tuple[str, Any]] = []
    if request.method == "POST" and _has_body(request):
        body, plain, _ = await read_json(request, api.body_bytes_max)
        pairs += _pairs(plain)
        exact = [(each["name"], each["resource"]) for each in body.get("parameter", []) if "resource" in each]
    if len(pairs) > PARAMETERS_MAX:
        raise TOO_MANY_PARAMETERS(limit=PARAMETERS_MAX)
    return Asked(tuple(pairs), tuple(exact))


def asked_in(plain: Any) -> Asked:
    """The parameters of a Parameters resource. Raises Incorrect BA-2354, BA-2355."""
    pairs = _pairs(plain)
    if len(pairs) > PARAMETERS_MAX:
        raise TOO_MANY_PARAMETERS(limit=PARAMETERS_MAX)
    return Asked(tuple(pairs))


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "") not in ("", "0") or "transfer-encoding" in request.headers


def _pairs(plain: Any) -> list[tuple[str, Any]]:
    listed = plain.get("parameter", []) if isinstance(plain, dict) else None
    if not isinstance(plain, dict) or plain.get("resourceType") != "Parameters" or not isinstance(listed, list):
        raise NOT_PARAMETERS()
    found: list[tuple[str, Any]] = []
    for each in listed:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str):
            raise NOT_PARAMETERS()
        found.append((name, _value(each)))
    return found


def _value(parameter: Json) -> Any:
    """`resource`, `value[x]`, or the parts by name."""
    if "resource" in parameter:
        return parameter["resource"]
    for name, value in parameter.items():
        if name.startswith("value"):
            return value
    parts = parameter.get("part")
    if not isinstance(parts, list):
        raise NOT_PARAMETERS()
    return dict(_pairs({"resourceType": "Parameters", "parameter": parts}))
