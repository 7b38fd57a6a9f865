"""The signature of a message: RSA over the hashes of header and data. Source: QĐ 2062/QĐ-BYT, as vendors restate it.

A is the SHA-256 of the minified header, B that of the data's Base64 text, both in upper-case hexadecimal; signed is
`A.B` with RSASSA-PKCS1-v1_5 and SHA-256. Whether B is of the Base64 text or of what it decodes to is not published.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from benhan.vn.emrhub.envelope import Envelope, data_text, header_bytes


def signed_text(envelope: Envelope) -> bytes:
    """`A.B`, what is signed."""
    parts = (header_bytes(envelope.header), data_text(envelope.payload).encode())
    return b".".join(hashlib.sha256(each).hexdigest().upper().encode() for each in parts)


def signed(envelope: Envelope, key: RSAPrivateKey) -> Envelope:
    """The message with its signature in Base64."""
    made = key.sign(signed_text(envelope), PKCS1v15(), SHA256())
    return Envelope(envelope.header, envelope.payload, base64.b64encode(made).decode())


def is_signed_by(envelope: Envelope, key: RSAPublicKey) -> bool:
    """Whether the message is signed, by that key, as it stands."""
    try:
        key.verify(base64.b64decode(envelope.signature, validate=True), signed_text(envelope), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
