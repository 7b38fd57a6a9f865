"""Time-stamps of a server that people believe: asked for, held to the question, read.

Source: RFC 3161 (requests, answers), RFC 5816 (ESSCertIDv2); Luật Giao dịch điện tử 2023 Đ28–31 (time-stamps).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from asn1crypto import algos, cms, core, tsp, x509
from pyhanko.sign.general import extract_certificate_info

from benhan.kernel.ids import RandomSource
from benhan.signing.certificates import DIGEST, Identity
from benhan.signing.faults import BAD_TOKEN, TSA_REFUSED

NONCE_BYTES = 8


class _Answer(core.Sequence):  # type: ignore[misc]  # the base has no types
    """A server's answer; asn1crypto's own knows none without a token, which a refusal is. Source: RFC 3161, 2.4.2."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


DIGESTS = {32: DIGEST, 48: "sha384", 64: "sha512"}
"""What a time-stamp may be over, by the length of the digest in bytes."""

Stamp = Callable[[bytes], Awaitable[bytes]]
"""The token over a digest, of SHA-256 or by its length of another of DIGESTS.

Raises Unavailable BA-5010, BA-5011, Broken BA-5012."""
Post = Callable[[bytes], Awaitable[bytes]]
"""Sends a question to a time-stamp server; gives its answer. Raises Unavailable BA-5010 where none comes."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a time-stamp says: over which digest of DIGESTS, when, by whom."""

    digest: bytes
    at: datetime
    server: Identity

    @property
    def algorithm(self) -> str:
        """The digest it is over, by name."""
        return DIGESTS[len(self.digest)]


def timestamp_request(digest: bytes, nonce: int) -> bytes:
    """The question for a time-stamp over a digest of DIGESTS, with the server's certificates."""
    algorithm = algos.DigestAlgorithm({"algorithm": DIGESTS[len(digest)]})
    asked = {
        "version": "v1",
        "message_imprint": {"hash_algorithm": algorithm, "hashed_message": digest},
        "nonce": nonce,
        "cert_req": True,
    }
    return bytes(tsp.TimeStampReq(asked).dump())


def token_of(answer: bytes, digest: bytes, nonce: int) -> bytes:
    """The token of a server's answer, held to the question; its signature is judged with the document's.

    Raises Unavailable BA-5011 where the server refuses, Broken BA-5012 where it answers something else.
    """
    try:
        response = _Answer.load(answer, strict=True)
        status = response["status"]["status"].native
        if status not in ("granted", "granted_with_mods"):
            raise TSA_REFUSED(reason=status)
        token = response["time_stamp_token"]
        info = _info(token)
        said, stamped = info["nonce"].native, _digest(info)
    except (ValueError, TypeError, KeyError) as cause:
        raise BAD_TOKEN(reason="format") from cause
    if said != nonce:
        raise BAD_TOKEN(reason="nonce")
    if stamped != digest:
        raise BAD_TOKEN(reason="digest")
    return bytes(token.dump())


def read_token(token: bytes) -> Token:
    """What a token says; who made it is not judged. Raises Broken BA-5012."""
    try:
        container = cms.ContentInfo.load(token)
        info = _info(container)
        digest = _digest(info)
        found = extract_certificate_info(container["content"])
        certificates = tuple(each for each in found.other_certs if isinstance(each, x509.Certificate))
        return Token(
            digest,
            info["gen_time"].native,
            Identity(found.signer_cert, certificates),
        )
    except (ValueError, TypeError, KeyError) as cause:
        raise BAD_TOKEN(reason="format") from cause


def stamping(post: Post, random: RandomSource) -> Stamp:
    """Time-stamps from the server that `post` reaches."""

    async def stamp(digest: bytes) -> bytes:
        nonce = int.from_bytes(random.bytes(NONCE_BYTES), "big") | 1 << (8 * NONCE_BYTES - 1)  # always of one length
        return token_of(await post(timestamp_request(digest, nonce)), digest, nonce)

    return stamp


def _digest(info: tsp.TSTInfo) -> bytes:
    digest = bytes(info["message_imprint"]["hashed_message"].native)
    if info["message_imprint"]["hash_algorithm"]["algorithm"].native != DIGESTS.get(len(digest)):
        raise BAD_TOKEN(reason="algorithm")
    return digest


def _info(token: cms.ContentInfo) -> tsp.TSTInfo:
    content = token["content"]["encap_content_info"]
    if content["content_type"].native != "tst_info":
        raise ValueError("not a time-stamp")
    info = content["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TypeError("not a time-stamp")
    return info
