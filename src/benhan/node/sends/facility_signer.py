"""The facility's signature over a file, as XML Signature: enveloped, over the whole document, RSA and SHA-256.

The signature is put into its empty place and no other byte of the file changes. A key in a file (PKCS#12); a token that
signs elsewhere goes by hand. Source: CV 1245/BHXH-CNTT (03/05/2024); QĐ 2062/QĐ-BYT 2026, two-level signature.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from benhan.kernel.secrets import Secret
from benhan.node.sends.faults import BAD_CERTIFICATE

PLACE = b"<CHUKYDONVI></CHUKYDONVI>"
_PARSER = partial(etree.XMLParser, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


class FacilitySigner:
    """Signs with one certificate."""

    def __init__(self, key: RSAPrivateKey, certificates: list[str]) -> None:
        """`certificates` as PEM, the facility's own first."""
        self._key = key
        self._certificates = certificates

    @classmethod
    def load(cls, path: Path, password: Secret) -> FacilitySigner:
        """The signer of a PKCS#12 file. Raises Incorrect BA-4002."""
        try:
            store = load_pkcs12(path.read_bytes(), password.reveal() or None)
        except (OSError, ValueError) as cause:
            raise BAD_CERTIFICATE(path=path.name) from cause
        if not isinstance(store.key, RSAPrivateKey) or store.cert is None:
            raise BAD_CERTIFICATE(path=path.name)
        held = [store.cert, *store.additional_certs]
        return cls(store.key, [each.certificate.public_bytes(Encoding.PEM).decode() for each in held])

    def signature_of(self, file: bytes) -> bytes:
        """The Signature element over a file whose own place is empty."""
        root = etree.fromstring(file, _PARSER())
        signer = XMLSigner(
            SignatureConstructionMethod.enveloped,
            SignatureMethod.RSA_SHA256,
            DigestAlgorithm.SHA256,
            CanonicalizationMethod.CANONICAL_XML_1_0,
        )
        signed = signer.sign(root, key=self._key, cert="".join(self._certificates))
        found = signed.find(_SIGNATURE)
        assert found is not None, "the signature stands last in the root"
        return etree.tostring(found, with_tail=False)

    def in_place(self, file: bytes) -> bytes:
        """A BHYT file with its signature in CHUKYDONVI, which must be there once and empty."""
        assert file.count(PLACE) == 1, "one empty place"
        return file.replace(PLACE, PLACE.replace(b"><", b">" + self.signature_of(file) + b"<"))
