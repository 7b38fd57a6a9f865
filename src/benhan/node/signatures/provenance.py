"""A signature as FHIR tells it: a Provenance of the version that was signed. Pure.

The bytes stay where they are: `data` is left out, the signed file is named by its SHA-256. Source: FHIR R4
provenance.html, datatypes.html#Signature; ASTM E1762-95 (kinds of signatures).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from benhan.fhir.resource import instant
from benhan.node.records.composed import ACCOUNT

KINDS = {
    "author": ("1.2.840.10065.1.12.1.1", "Author's Signature"),
    "patient": ("1.2.840.10065.1.12.1.7", "Consent Signature"),
    "organisation": ("1.2.840.10065.1.12.1.5", "Verification Signature"),
}
OTHER = ("1.2.840.10065.1.12.1.2", "Coauthor's Signature")
DIGEST_SYSTEM = "urn:benhan:id:sha256"


def provenance_of(
    paper: str, version: int, duty: str, who: dict[str, Any], on_behalf: str, content_hash: bytes, at: datetime
) -> dict[str, Any]:
    """The Provenance of a signature; `paper` is the reference of the signed resource, `on_behalf` an actor or ""."""
    code, display = KINDS.get(duty, OTHER)
    agent: dict[str, Any] = {"who": who, "type": {"text": duty}}
    if on_behalf:
        agent["onBehalfOf"] = account_reference(on_behalf)
    return {
        "resourceType": "Provenance",
        "target": [{"reference": f"{paper}/_history/{version}"}],
        "recorded": instant(at),
        "agent": [agent],
        "entity": [{"role": "source", "what": {"identifier": {"system": DIGEST_SYSTEM, "value": content_hash.hex()}}}],
        "signature": [
            {
                "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": code, "display": display}],
                "when": instant(at),
                "who": who,
                "targetFormat": "application/pdf",
                "sigFormat": "application/pdf",
            }
        ],
    }


def account_reference(actor: str) -> dict[str, Any]:
    """The reference to an account by what never changes of it."""
    return {"identifier": {"system": ACCOUNT, "value": actor}}
