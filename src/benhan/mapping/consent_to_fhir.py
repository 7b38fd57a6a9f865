"""A consent of the network as a FHIR Consent. Source: FHIR R4 consent.html; IHE PCF (Privacy Consent on FHIR), basic.

The person stands in it by an identifier, as members know them; the signed text goes with it, so that nobody must
believe what carries it.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from benhan.fhir.resource import instant
from benhan.network.bases import CONSENT, legal_bases
from benhan.network.consent import Consent, Grant
from benhan.vn import systems
from benhan.vn.secrecy.kinds import secrecy_kinds

Json = dict[str, Any]

NUMBER = "urn:benhan:id:giay-dong-y"
KIND = "urn:benhan:code:loai-du-lieu"
PURPOSE = "urn:benhan:code:muc-dich"
_SCOPE = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
_CATEGORY = {"system": "http://loinc.org", "code": "59284-0"}
_ACTOR = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"}


def consent_to_fhir(consent: Consent, revoked_at: datetime | None = None) -> Json:
    """The Consent of a permit or refusal; `inactive` where it was taken back."""
    provision: Json = {
        "type": "permit" if consent.grant is Grant.PERMIT else "deny",
        "period": {"start": instant(consent.since), "end": instant(consent.until)},
    }
    actors = [_party("IRCP", each) for each in sorted(consent.recipients)]
    actors += [_party("CST", each) for each in sorted(consent.holders)]
    labels = [label for each in sorted(consent.secrets) if each in secrecy_kinds() for label in _label(each)]
    told = {
        "actor": actors,
        "securityLabel": labels,
        "purpose": [{"system": PURPOSE, "code": each} for each in sorted(consent.purposes)],
        "class": [{"system": KIND, "code": each} for each in sorted(consent.kinds)],
    }
    provision |= {name: value for name, value in told.items() if value}
    first = consent.subject[0]
    return {
        "resourceType": "Consent",
        "id": consent.number,
        "identifier": [{"system": NUMBER, "value": consent.number}],
        "status": "active" if revoked_at is None else "inactive",
        **({"meta": {"lastUpdated": instant(revoked_at)}} if revoked_at is not None else {}),
        "scope": {"coding": [_SCOPE]},
        "category": [{"coding": [_CATEGORY]}],
        "patient": {"identifier": {"system": first.system, "value": first.value}},
        "dateTime": instant(consent.at),
        "organization": [_organization(consent.attester)],
        "sourceAttachment": {
            "contentType": "application/jose",
            "data": base64.b64encode(consent.text.encode()).decode(),
        },
        "policy": [{"uri": f"urn:benhan:can-cu:{CONSENT}"}],
        "policyRule": {"text": legal_bases()[CONSENT].clause},
        "verification": [{"verified": True, "verificationDate": instant(consent.at)}],
        "provision": provision,
    }


def _party(role: str, code: str) -> Json:
    return {"role": {"coding": [{**_ACTOR, "code": role}]}, "reference": _organization(code)}


def _organization(code: str) -> Json:
    return {"identifier": {"system": systems.FACILITY_CODE, "value": code}}


def _label(secret: str) -> list[Json]:
    system, code = secrecy_kinds()[secret].labels[0]
    return [{"system": system, "code": code}]
