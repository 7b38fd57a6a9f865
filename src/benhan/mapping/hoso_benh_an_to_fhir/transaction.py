"""What was read of a document as one transaction, which a FHIR server takes in whole, and again without doubling.

Patient and Encounter are made where they are not there and are otherwise left as they are; everything else becomes the
next version of what the same document gave before. Source: FHIR R4 http.html#transaction.
"""

from __future__ import annotations

import uuid
from urllib.parse import quote

import orjson

from benhan.fhir.resource import to_bytes
from benhan.mapping.hoso_benh_an_to_fhir.making import Made
from benhan.mapping.mapped import Json, Mapped, Policy


def transaction_of(made: Made) -> Json:
    """The Bundle; its references are between its own entries."""
    entries = [_entry(each) for each in made.message.resources]
    text = to_bytes(entries)
    for each in made.message.resources:
        text = text.replace(to_bytes(each.reference["reference"]), to_bytes(_url(each)))
    return {"resourceType": "Bundle", "type": "transaction", "entry": [orjson.Fragment(text[1:-1])]}


def _entry(mapped: Mapped) -> Json:
    system, value = mapped.identities[0]
    type_, key = mapped.resource["resourceType"], quote(f"{system}|{value}", safe="")
    if mapped.policy is Policy.MERGE:
        request = {"method": "POST", "url": type_, "ifNoneExist": f"identifier={key}"}
    else:
        request = {"method": "PUT", "url": f"{type_}?identifier={key}"}
    return {"fullUrl": _url(mapped), "resource": mapped.resource, "request": request}


def _url(mapped: Mapped) -> str:
    """A name for the time of the transaction: the same for the same thing."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "|".join(mapped.identities[0])).urn
