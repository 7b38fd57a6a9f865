"""A SearchParameter resource read as a parameter of ours, or refused with what is not understood of it.

Understood are expressions of the form of R4's own: members, `where(x='y')`, `where(resolve() is Type)`, `ofType`, `as`,
`extension('url')`, an index, and unions of these. Composites and special parameters are refused.
Source: FHIR R4 searchparameter.html.
"""

from __future__ import annotations

import re
from typing import Any

from benhan.fhir.definitions import resource_types
from benhan.fhir.emitters import emitter_of
from benhan.fhir.search_parameters import R4, compiled, split_union
from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

Json = dict[str, Any]
OF_R4 = "http://hl7.org/fhir/SearchParameter/"
KINDS = ("number", "date", "string", "token", "reference", "quantity", "uri")
SECRET = frozenset({"Subscription.channel.header"})
"""What is never shown is not searched either: a search letter by letter would tell it."""
EVERY_BASE = ("Resource", "DomainResource")

NOT_UNDERSTOOD = FaultCode(
    "BA-2120",
    Incorrect,
    Text(
        "Không hiểu SearchParameter này ở {place}. expression phải là đường dẫn phần tử như của R4 (thành phần,"
        " where(x='y'), ofType, as, extension('url'), resolve() is Type, hợp |); type một trong: {kinds}.",
        "This SearchParameter is not understood at {place}. Its expression must be a path like R4's own (members,"
        " where(x='y'), ofType, as, extension('url'), resolve() is Type, unions); its type one of: {kinds}.",
    ),
)
CODE_TAKEN = FaultCode(
    "BA-2121",
    Incorrect,
    Text("{type} đã có tham số {code}. Chọn mã khác.", "{type} has a parameter {code} already. Choose another code."),
)

_PATH = re.compile(
    r"(?:\(?[A-Z]\w*)(?:\.(?:\w+|where\((?:\w+\s*=\s*'[^']*'|resolve\(\) is \w+)\)|(?:ofType|as)\(\w+\)"
    r"|extension\('[^']*'\))|\[[0-9]+\]|\s+as\s+\w+\)?)*"
)


def definition_of(plain: Json) -> Json | None:
    """The record of an active SearchParameter; None where it is not active or one of R4's own.

    Raises Incorrect BA-2120 that names the place, BA-2121.
    """
    if plain.get("status") != "active" or plain.get("url", "").startswith(OF_R4):
        return None
    expression = plain.get("expression", "")
    if plain.get("type") not in KINDS:
        raise _not_understood("SearchParameter.type")
    branches = split_union(expression)
    if not all(_PATH.fullmatch(branch) for branch in branches):
        raise _not_understood("SearchParameter.expression")
    record = {
        "code": plain["code"],
        "type": plain["type"],
        "base": _types(plain["base"]),
        "expression": expression,
        "target": plain.get("target", []),
        "url": plain["url"],
    }
    for branch in branches:
        if not any(_is_compared({**record, "expression": branch}, type_) for type_ in record["base"]):
            raise _not_understood("SearchParameter.expression")
    _check_code(record)
    return record


def _types(bases: list[str]) -> list[str]:
    return sorted(resource_types()) if any(base in EVERY_BASE for base in bases) else bases


def _is_compared(record: Json, type_: str) -> bool:
    parameter = compiled(record, type_)
    if parameter is None:
        return False
    if any(leaf.path in SECRET for leaf in parameter.leaves):
        return False
    return any(emitter_of(parameter.type, leaf, main=False) is not None for leaf in parameter.leaves)


def _check_code(record: Json) -> None:
    for type_ in record["base"]:
        if record["code"] in R4.parameters_of(type_) or not re.fullmatch(r"[A-Za-z][\w-]{0,63}", record["code"]):
            raise CODE_TAKEN(type=type_, code=record["code"] if record["code"].isalnum() else "?")


def _not_understood(place: str) -> Incorrect:
    fault = NOT_UNDERSTOOD(place=place, kinds=", ".join(KINDS))
    assert isinstance(fault, Incorrect)
    return fault
