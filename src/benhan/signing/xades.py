"""Signatures inside an XML, in the empty element that its format keeps for them; no other byte is touched.

Plain (W3C) as the insurance's portal takes them in `CHUKYDONVI`, or XAdES: time, certificate and role are signed too.
For the check-up's file the same element goes into `CKS_NGUOI_KET_LUAN`, `CKS_BENH_VIEN` as Base64
(`vn/ksk/signing_places.py`). Source: W3C XML Signature 1.1; ETSI EN 319 132-1; CV 1245/BHXH-CNTT (place, SHA-256);
QĐ 2062/QĐ-BYT 2026 (two signatures of a check-up).
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from asn1crypto.core import Sequence as DerSequence
from lxml import etree

from benhan.signing.certificates import Identity
from benhan.signing.faults import NO_PLACE, TOO_LARGE, XML_UNREADABLE
from benhan.signing.status import Status

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = f"{DS}enveloped-signature"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SIGNED_PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
_METHODS = {
    "rsa": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "ec": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
}
XML_BYTES_MAX = 64 * 1024 * 1024
PORTAL_PLACE = "CHUKYDONVI"


@dataclass(frozen=True, slots=True)
class _Parts:
    """The text of a signature, piece by piece, and of the file around it."""

    before: bytes
    after: bytes
    head: str
    """The opening tag and SignedInfo."""
    tail: str
    """What follows SignatureValue: KeyInfo and Object up to where unsigned properties go."""
    is_xades: bool
    value: str = ""
    unsigned: tuple[str, ...] = ()

    def element(self) -> bytes:
        unsigned = (
            f"<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{''.join(self.unsigned)}"
            if (self.unsigned)
            else ""
        )
        closed = "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>" if unsigned else ""
        end = (
            f"{unsigned}{closed}</xades:QualifyingProperties></Object></Signature>" if self.is_xades else "</Signature>"
        )
        return f"{self.head}<SignatureValue>{self.value}</SignatureValue>{self.tail}{end}".encode()

    def file(self) -> bytes:
        return self.before + self.element() + self.after


@dataclass(frozen=True, slots=True)
class PreparedXml:
    """An XML that waits for the key: it signs `to_sign`."""

    parts: _Parts
    identity: Identity
    to_sign: bytes

    def with_signature(self, signature: bytes) -> SignedXml:
        """The signed XML; ECDSA is given as DER. Raises Broken BA-5002 where the certificate's key did not sign."""
        self.identity.hold_to(signature, self.to_sign)
        if self.identity.certificate.public_key.algorithm == "ec":
            signature = _raw(signature, self.identity.certificate.public_key.bit_size)
        return SignedXml(replace(self.parts, value=b64encode(signature).decode()))


@dataclass(frozen=True, slots=True)
class SignedXml:
    """A signed XML: the `file`, its signature alone (`element`), and the digest that a time-stamp is asked for."""

    parts: _Parts

    @property
    def file(self) -> bytes:
        return self.parts.file()

    @property
    def element(self) -> bytes:
        return self.parts.element()

    @property
    def to_stamp(self) -> bytes:
        value = _find(self.file, "SignatureValue")
        return hashlib.sha256(canonical(value)).digest()

    def with_timestamp(self, token: bytes) -> SignedXml:
        """The same with a time-stamp of the signature: level T. Of a XAdES signature only."""
        stamp = (
            f'<xades:SignatureTimeStamp><CanonicalizationMethod Algorithm="{C14N}"/>'
            f"<xades:EncapsulatedTimeStamp>{b64encode(token).decode()}</xades:EncapsulatedTimeStamp>"
            "</xades:SignatureTimeStamp>"
        )
        return self._with(stamp)

    def with_status(self, status: Status) -> SignedXml:
        """The same with certificates and their status for later judges: level LT. Of a XAdES signature only."""
        certificates = _encapsulated("X509Certificate", status.certificates)
        responses, lists = _encapsulated("OCSPValue", status.ocsps), _encapsulated("CRLValue", status.crls)
        told = (f"<xades:CRLValues>{lists}</xades:CRLValues>" if lists else "") + (
            f"<xades:OCSPValues>{responses}</xades:OCSPValues>" if responses else ""
        )
        kept = f"<xades:CertificateValues>{certificates}</xades:CertificateValues>"
        return self._with(f"{kept}<xades:RevocationValues>{told}</xades:RevocationValues>" if told else kept)

    def _with(self, unsigned: str) -> SignedXml:
        assert self.parts.is_xades, "a plain signature has no place for it"
        return SignedXml(replace(self.parts, unsigned=(*self.parts.unsigned, unsigned)))


def prepare_xml(
    file: bytes, place: str, identity: Identity, claimed_at: datetime | None = None, role: str = ""
) -> PreparedXml:
    """An XML made ready for a signature in the empty element `place`: XAdES where a time is claimed, else plain.

    Raises Incorrect BA-5006, BA-5020, BA-5021, Unsupported BA-5001.
    """
    assert claimed_at is not None or not role, "a plain signature has no place for a role"
    _ = identity.mechanism
    before, after = _around(file, place)
    digest = hashlib.sha256(canonical(parse_xml(before + after))).digest()
    name = f"CKS-{digest.hex()[:16]}"
    kind = identity.certificate.public_key.algorithm
    certificates = "".join(f"<X509Certificate>{_base64(each)}</X509Certificate>" for each in _chain(identity))
    key = f"<KeyInfo><X509Data>{certificates}</X509Data></KeyInfo>"
    covered = [_reference("", digest, [ENVELOPED, C14N])]
    opening = f'<Signature xmlns="{DS}">'
    tail = key
    if claimed_at is not None:
        opening = f'<Signature xmlns="{DS}" Id="{name}">'
        tail += (
            f'<Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#{name}">'
            f"{_signed_properties(name, identity, claimed_at, role)}"
        )
        draft = _Parts(before, after, opening, tail, is_xades=True).file()
        properties = canonical(_find(draft, "SignedProperties"))
        reference = _reference(f"#{name}-sp", hashlib.sha256(properties).digest(), [C14N], SIGNED_PROPERTIES)
        covered.append(reference)
    signed_info = (
        f'<SignedInfo><CanonicalizationMethod Algorithm="{C14N}"/><SignatureMethod Algorithm="{_METHODS[kind]}"/>'
        f"{''.join(covered)}</SignedInfo>"
    )
    parts = _Parts(before, after, opening + signed_info, tail, is_xades=claimed_at is not None)
    return PreparedXml(parts, identity, canonical(_find(parts.file(), "SignedInfo")))


def parse_xml(file: bytes) -> etree._Element:
    """The root of an XML without DTD, entities or network. Raises Incorrect BA-5006, BA-5020."""
    if len(file) > XML_BYTES_MAX:
        raise TOO_LARGE(limit_mb=XML_BYTES_MAX // 2**20)
    try:
        root = etree.fromstring(file, _parser())
    except (etree.XMLSyntaxError, ValueError) as cause:
        raise XML_UNREADABLE() from cause
    document: Any = root.getroottree()
    if document.docinfo.doctype:
        raise XML_UNREADABLE()
    return root


def canonical(element: etree._Element) -> bytes:
    """Canonical XML 1.0 of an element without comments, with the namespaces that it inherits.

    It is written and read again first: lxml adds empty namespaces to an element that is not the root.
    """
    alone = etree.fromstring(etree.tostring(element, with_tail=False), _parser())
    return etree.tostring(alone, method="c14n", exclusive=False, with_comments=False)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _around(file: bytes, place: str) -> tuple[bytes, bytes]:
    """The file up to and from where a signature stands in the empty element `place`, that is alone of its name."""
    name = place.encode()
    parse_xml(file)
    for empty in (b"<%b></%b>" % (name, name), b"<%b/>" % name, b"<%b />" % name):
        if (
            file.count(empty) == 1
            and file.count(b"<" + name + b">") + file.count(b"<" + name + b"/") + file.count(b"<" + name + b" ") == 1
        ):
            before, after = file.split(empty)
            return before + b"<%b>" % name, b"</%b>" % name + after
    raise NO_PLACE(place=place)


def _find(file: bytes, name: str) -> etree._Element:
    """The one element of a signature with this name, in its file: what is inherited from around counts."""
    (found,) = parse_xml(file).iter(f"{{{DS}}}{name}", f"{{{XADES}}}{name}")
    return found


def _signed_properties(name: str, identity: Identity, claimed_at: datetime, role: str) -> str:
    digest = b64encode(hashlib.sha256(identity.certificate.dump()).digest()).decode()
    at = claimed_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    claimed = f"<xades:ClaimedRoles><xades:ClaimedRole>{escape(role)}</xades:ClaimedRole></xades:ClaimedRoles>"
    return (
        f'<xades:SignedProperties Id="{name}-sp"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{at}</xades:SigningTime>"
        "<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
        f'<DigestMethod Algorithm="{SHA256}"/><DigestValue>{digest}</DigestValue>'
        "</xades:CertDigest></xades:Cert></xades:SigningCertificateV2>"
        + (f"<xades:SignerRoleV2>{claimed}</xades:SignerRoleV2>" if role else "")
        + "</xades:SignedSignatureProperties></xades:SignedProperties>"
    )


def _reference(uri: str, digest: bytes, transforms: Sequence[str], type_: str = "") -> str:
    steps = "".join(f'<Transform Algorithm="{each}"/>' for each in transforms)
    typed = f' Type="{type_}"' if type_ else ""
    return (
        f'<Reference{typed} URI="{uri}"><Transforms>{steps}</Transforms><DigestMethod Algorithm="{SHA256}"/>'
        f"<DigestValue>{b64encode(digest).decode()}</DigestValue></Reference>"
    )


def _chain(identity: Identity) -> list[DerSequence]:
    return [identity.certificate, *(each for each in identity.issuers if each.self_signed == "no")]


def _encapsulated(name: str, values: Sequence[DerSequence]) -> str:
    return "".join(f"<xades:Encapsulated{name}>{_base64(each)}</xades:Encapsulated{name}>" for each in values)


def _base64(value: DerSequence) -> str:
    return b64encode(value.dump()).decode()


def _raw(signature: bytes, bits: int) -> bytes:
    """An ECDSA signature as XML writes it: r and s side by side. Source: RFC 4050, 3.3."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    size = (bits + 7) // 8
    return b"".join(each.to_bytes(size, "big") for each in decode_dss_signature(signature))
