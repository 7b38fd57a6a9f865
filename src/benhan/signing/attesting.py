"""Who says from outside that a person is there: one protocol for providers of identities and for readers at the bed.

An adapter gives what the other side said and how that can be verified later; what a body could be told by (an image, a
template of a finger) never comes in. Source: TT 13/2025/TT-BYT Đ3 k2–3; NĐ 69/2024/NĐ-CP (electronic identities);
Luật 91/2025/QH15 (biometric data is sensitive).
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

ASKED_LIFE = timedelta(minutes=10)
"""So long somebody may take to confirm elsewhere."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody is asked to confirm: `transaction` and `verifier` are random, `page_hash` is of the page shown."""

    transaction: str
    verifier: str
    page_hash: str
    asked_at: datetime
    return_url: str = ""

    @property
    def nonce(self) -> str:
        """Binds an answer to this page and this transaction; whoever has the evidence computes it again."""
        digest = hashlib.sha256(f"{self.page_hash} {self.transaction}".encode()).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Attested:
    """What the other side said: of whom (`name`, `number`; "" where it does not tell), when, and all that proves it."""

    name: str
    number: str
    at: datetime
    told: Mapping[str, str]


class Attester(Protocol):
    """Something outside that says who is there."""

    async def begin(self, asked: Asked) -> str:
        """The address to which the person's browser goes; "" where it is asked without one.

        Raises Unavailable BA-5485.
        """
        ...

    async def attest(self, asked: Asked, answer: Mapping[str, str], now: datetime) -> Attested:
        """What it says, `answer` being what came back with the browser.

        Raises Unavailable BA-5485, BA-5488, Incorrect BA-5486, BA-5489.
        """
        ...
