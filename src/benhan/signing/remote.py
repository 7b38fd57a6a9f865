"""Keys kept by a provider sign from afar: one interface for all of them, and the CSC API that they share.

A Vietnamese provider with an interface of its own (SmartCA, MySign, …) is one class more with the four methods of
`RemoteService`. Whole batches go by one approval: the hashes are shown to the provider before, and only those can be
signed with it. Source: CSC API v2, credentials/list, credentials/info, credentials/authorize, signatures/signHash;
NĐ 23/2025/NĐ-CP Đ37 k4.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from asn1crypto import x509

from benhan.kernel.secrets import Secret
from benhan.signing.certificates import Identity
from benhan.signing.faults import CERTIFICATE_REFUSED, NO_SUCH_CREDENTIAL, SIGNER_AWAY

SHA256_OID = "2.16.840.1.101.3.4.2.1"
_SIGN_OIDS = {"rsa": "1.2.840.113549.1.1.11", "ec": "1.2.840.10045.4.3.2"}
BATCH_MAX = 1000
"""So many signatures are asked for at once, however many more a provider allows."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key at a provider: whose it is, and how many signatures one approval is good for."""

    name: str
    identity: Identity
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Approval:
    """What proves to the provider that the person wants it: PIN and OTP; both empty where a phone is asked."""

    pin: Secret | None = None
    otp: Secret | None = None


class RemoteService(Protocol):
    """A provider of remote signatures, in the name of one person."""

    async def names(self) -> list[str]:
        """The names of the person's keys."""
        ...

    async def credential(self, name: str) -> Credential:
        """A key by its name. Raises NotFound BA-5017, Forbidden BA-5014 where it is not to be used."""
        ...

    async def approve(self, credential: Credential, hashes: Sequence[bytes], approval: Approval) -> Secret:
        """Leave to sign exactly these SHA-256 hashes. Raises Forbidden BA-5016, Unavailable BA-5015."""
        ...

    async def sign(self, credential: Credential, hashes: Sequence[bytes], leave: Secret) -> list[bytes]:
        """The signatures over the hashes, in their order. Raises as `approve`."""
        ...


class RemoteSigner:
    """A signer whose key a provider keeps; one approval for as much as the provider allows at once."""

    def __init__(self, service: RemoteService, credential: Credential, approval: Approval) -> None:
        self._service = service
        self._credential = credential
        self._approval = approval

    @property
    def identity(self) -> Identity:
        return self._credential.identity

    async def sign(self, contents: Sequence[bytes]) -> list[bytes]:
        hashes = [hashlib.sha256(each).digest() for each in contents]
        size = max(1, min(self._credential.at_once, BATCH_MAX))
        signed: list[bytes] = []
        for start in range(0, len(hashes), size):
            group = hashes[start : start + size]
            leave = await self._service.approve(self._credential, group, self._approval)
            signed += await self._service.sign(self._credential, group, leave)
        if len(signed) != len(contents):
            raise SIGNER_AWAY(reason="count")
        return signed


Call = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""Calls a method of the CSC API by its path; gives the answer. Raises Unavailable BA-5015, Forbidden BA-5016."""


class CscService:
    """A provider that speaks the CSC API."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def names(self) -> list[str]:
        answer = await self._call("credentials/list", {})
        return [str(each) for each in _listed(answer, "credentialIDs")]

    async def credential(self, name: str) -> Credential:
        asked = {"credentialID": name, "certificates": "chain", "certInfo": True}
        answer = await self._call("credentials/info", asked)
        try:
            told = answer["cert"]
            certificates = [x509.Certificate.load(b64decode(each), strict=True) for each in told["certificates"]]
            at_once = int(answer.get("multisign", 1))
        except (KeyError, ValueError, TypeError) as cause:
            raise NO_SUCH_CREDENTIAL(name=name) from cause
        if not certificates:
            raise NO_SUCH_CREDENTIAL(name=name)
        if told.get("status", "valid") != "valid" or answer.get("key", {}).get("status", "enabled") != "enabled":
            raise CERTIFICATE_REFUSED(reason=str(told.get("status", "disabled")))
        return Credential(name, Identity(certificates[0], tuple(certificates[1:])), at_once)

    async def approve(self, credential: Credential, hashes: Sequence[bytes], approval: Approval) -> Secret:
        asked: dict[str, Any] = {
            "credentialID": credential.name,
            "numSignatures": len(hashes),
            "hashes": [b64encode(each).decode() for each in hashes],
            "hashAlgorithmOID": SHA256_OID,
        }
        proofs = [(kind, each) for kind, each in (("PIN", approval.pin), ("OTP", approval.otp)) if each is not None]
        if proofs:
            asked["authData"] = [{"id": kind, "value": each.reveal().decode()} for kind, each in proofs]
        answer = await self._call("credentials/authorize", asked)
        leave = answer.get("SAD")
        if not isinstance(leave, str) or not leave:
            raise SIGNER_AWAY(reason="SAD")
        return Secret(leave)

    async def sign(self, credential: Credential, hashes: Sequence[bytes], leave: Secret) -> list[bytes]:
        asked = {
            "credentialID": credential.name,
            "SAD": leave.reveal().decode(),
            "hashes": [b64encode(each).decode() for each in hashes],
            "hashAlgorithmOID": SHA256_OID,
            "signAlgo": _SIGN_OIDS[credential.identity.certificate.public_key.algorithm],
        }
        answer = await self._call("signatures/signHash", asked)
        try:
            return [b64decode(each, validate=True) for each in _listed(answer, "signatures")]
        except (ValueError, TypeError) as cause:
            raise SIGNER_AWAY(reason="signatures") from cause


def _listed(answer: Mapping[str, Any], name: str) -> list[Any]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise SIGNER_AWAY(reason=name)
    return found
