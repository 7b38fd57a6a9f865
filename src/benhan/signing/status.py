"""The status of certificates: what their issuers say of them, kept with a signature for whoever judges it later.

Source: RFC 6960 (OCSP); RFC 5280, 5 (CRL).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from asn1crypto import crl, ocsp, x509


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to a service of a CA: a GET where `body` is None, else a POST."""

    url: str
    body: bytes | None = None
    content_type: str = ""
    accept: str = ""


Fetch = Callable[[Ask], Awaitable[bytes]]
"""Asks a service; raises Unavailable where no answer comes."""


@dataclass(frozen=True, slots=True)
class Status:
    """Certificates with what their issuers said of them."""

    certificates: tuple[x509.Certificate, ...] = ()
    ocsps: tuple[ocsp.OCSPResponse, ...] = ()
    crls: tuple[crl.CertificateList, ...] = ()

    def __or__(self, other: Status) -> Status:
        """Both, nothing twice."""
        return Status(
            _united(self.certificates, other.certificates),
            _united(self.ocsps, other.ocsps),
            _united(self.crls, other.crls),
        )


def _united(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple({each.dump(): each for each in (*ours, *theirs)}.values())
