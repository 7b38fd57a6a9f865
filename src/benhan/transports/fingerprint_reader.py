"""A reader of fingerprints beside the bed, through a small service of its vendor's driver.

Asked: `POST {"transaction": …, "nonce": …, "number": …}`. Answer: `{"matched": true, "device": serial,
"reference": id of the enrolled person there, "at": FHIR instant, "nonce": the same}` and nothing else: an answer with
more in it is refused, so that no image or template of a finger comes in.
Source: our own interface; TT 13/2025/TT-BYT Đ3 k2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
import orjson

from benhan.signing.attesting import Asked, Attested
from benhan.signing.faults import NOT_MATCHED, READER_AWAY
from benhan.transports.signing_services import SigningServices

TEXT_CHARACTERS_MAX = 64


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    matched: bool
    device: str
    at: datetime
    nonce: str
    reference: str = ""


class FingerprintReader:
    """Asks one reader."""

    def __init__(self, network: SigningServices, url: str) -> None:
        self._network = network
        self._url = url

    async def begin(self, _asked: Asked) -> str:
        """ "": the reader stands beside the person."""
        return ""

    async def attest(self, asked: Asked, answer: Mapping[str, str], _now: datetime) -> Attested:
        """What the reader says; `answer` names the number of whose finger it is. Raises Unavailable BA-5488, Incorrect
        BA-5489.
        """
        question = {"transaction": asked.transaction, "nonce": asked.nonce, "number": answer.get("number", "")}
        headers = {"content-type": "application/json"}
        told = await self._network.json(self._url, orjson.dumps(question), headers, READER_AWAY)
        try:
            found = msgspec.convert(told, _Answer)
        except msgspec.ValidationError as cause:
            raise READER_AWAY(reason="answer") from cause
        if max(len(found.device), len(found.reference)) > TEXT_CHARACTERS_MAX or found.at.tzinfo is None:
            raise READER_AWAY(reason="answer")
        if not found.matched or found.nonce != asked.nonce:
            raise NOT_MATCHED()
        kept = {"device": found.device, "reference": found.reference, "transaction": asked.transaction}
        return Attested("", "", found.at, kept)
