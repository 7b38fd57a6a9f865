"""The organisation's signer: its certificate in a file (PKCS#12), as what is sent to authorities is signed with."""

from __future__ import annotations

from pathlib import Path

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from benhan.kernel.secrets import Secret
from benhan.node.sends.faults import BAD_CERTIFICATE
from benhan.signing.certificates import Identity
from benhan.signing.signers import MemorySigner


def organisation_signer(path: Path, password: Secret) -> MemorySigner:
    """The signer of a PKCS#12 file. Raises Incorrect BA-4002."""
    try:
        store = load_pkcs12(path.read_bytes(), password.reveal() or None)
    except (OSError, ValueError) as cause:
        raise BAD_CERTIFICATE(path=path.name) from cause
    if not isinstance(store.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or store.cert is None:
        raise BAD_CERTIFICATE(path=path.name)
    ders = [each.certificate.public_bytes(Encoding.DER) for each in (store.cert, *store.additional_certs)]
    own, *issuers = (x509.Certificate.load(each) for each in ders)
    return MemorySigner(Identity(own, tuple(issuers)), store.key)
