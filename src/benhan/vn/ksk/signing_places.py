"""The two signatures of a check-up's file, as stages: who signs second cannot sign first.

The doctor signs the file with both places empty; the facility signs the file that the doctor signed, its own place
empty; only what both signed may be sent. A signature goes into its place as Base64 and changes no other byte.
Source: QĐ 2062/QĐ-BYT 2026, two-level signature, as vendors restate it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from benhan.vn.ksk.document import DOCTOR, FACILITY, CheckUp, ksk_to_xml
from benhan.vn.ksk.faults import SIGNED_ALREADY


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A file that nobody signed: `to_sign` is what the concluding doctor signs."""

    to_sign: bytes

    def with_doctor(self, signature: bytes) -> DoctorSigned:
        """The file with the doctor's signature in its place. Raises Conflict BA-3561 where that is taken."""
        return DoctorSigned(_placed(self.to_sign, DOCTOR, signature))


@dataclass(frozen=True, slots=True)
class DoctorSigned:
    """A file that the doctor signed: `to_sign` is what the facility signs."""

    to_sign: bytes

    def with_facility(self, signature: bytes) -> Signed:
        """The file with both signatures. Raises Conflict BA-3561 where the place is taken."""
        return Signed(_placed(self.to_sign, FACILITY, signature))


@dataclass(frozen=True, slots=True)
class Signed:
    """A file that both signed: what may be sent."""

    content: bytes


def unsigned(check: CheckUp) -> Unsigned:
    """The file of a check-up, to be signed."""
    return Unsigned(ksk_to_xml(check))


def _placed(file: bytes, place: str, signature: bytes) -> bytes:
    """The file with a signature where an empty element stands, alone of its name."""
    assert signature, "a signature is not empty"
    name = place.encode()
    for empty in (b"<%b></%b>" % (name, name), b"<%b/>" % name):
        if file.count(empty) == 1 and file.count(b"<" + name) == 1:
            return file.replace(empty, b"<%b>%b</%b>" % (name, base64.b64encode(signature), name))
    raise SIGNED_ALREADY(place=place)
