"""Acknowledgements that name the message they answer.

Source: HL7 v2.5.1 chapter 2, sections 2.9.2 (original mode), 2.9.3 (enhanced mode), 2.15.1 (ERR), 2.15.8 (MSA);
tables 0008 and 0357.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.hl7v2.message import Delimiters, escape
from benhan.kernel.faults import Fault
from benhan.kernel.texts import Language

_CONDITIONS = {
    "incorrect": "207",
    "unsupported": "200",
    "not_found": "204",
    "conflict": "205",
    "busy": "206",
    "unavailable": "206",
}
"""HL7 table 0357 by category of Fault; 207 is an application's internal error."""

_DELIMITERS = Delimiters()
_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[([0-9]+)\])?(?:-([0-9]+))?(?:\.([0-9]+))?")
_LINE_END = re.compile(rb"[\r\n]")
_DIRT = re.compile(r"[\r\n|\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of the message to answer, as far as its MSH can be read at all."""

    fields: tuple[bytes, ...] = ()

    def __getitem__(self, number: int) -> str:
        """MSH-`number`, "" where it is missing."""
        index = number - 1
        return self.fields[index].decode("utf-8", "replace") if 0 < index < len(self.fields) else ""

    @property
    def is_enhanced(self) -> bool:
        """Whether the sender asks for accept acknowledgements (MSH-15 or MSH-16)."""
        return bool(self[15] or self[16])


def read_header(frame: bytes) -> Header:
    """The fields of MSH in `frame`, read without judging the rest; empty where there is no MSH."""
    data = frame.lstrip(b"\r\n \xef\xbb\xbf")
    if not data.startswith(b"MSH") or len(data) < 5:
        return Header()
    line = _LINE_END.split(data, maxsplit=1)[0][:4096]
    return Header(tuple(line.split(data[3:4])[:30]))


def acknowledge(header: Header, *, at: str, own_id: str, fault: Fault | None = None) -> bytes:
    """The ACK to the message of `header`: AA (CA in enhanced mode), or AE/AR (CE/CR) with the fault in ERR.

    `at` is the time as `YYYYMMDDHHMMSS`, `own_id` the control id of the answer. Texts are Vietnamese where the message
    is in UTF-8, else English, which every character set can write.
    """
    code = _code(fault)
    if header.is_enhanced and header[15] != "NE":
        code = code.replace("A", "C", 1)
    version = _clean(header[12].split("^")[0]) or "2.5.1"
    msh = [
        "MSH", "^~\\&", _clean(header[5]), _clean(header[6]), _clean(header[3]), _clean(header[4]), at, "",
        f"ACK^{_clean(header[9]).split('^')[1] if '^' in header[9] else ''}^ACK".replace("^^", "^"),
        own_id, _clean(header[11]) or "P", version,
    ]  # fmt: skip
    if "UTF" in header[18].upper():
        msh += ["", "", "", "", "", "UNICODE UTF-8"]
    text = _text(fault, header)
    lines = ["|".join(msh), "|".join(["MSA", code, _clean(header[10]), escape(text, _DELIMITERS)]).rstrip("|")]
    if fault is not None:
        lines += _errors(fault, header, version, _DELIMITERS)
    return ("\r".join(lines) + "\r").encode("utf-8")


def _code(fault: Fault | None) -> str:
    if fault is None:
        return "AA"
    return "AE" if fault.category in ("incorrect", "not_found", "conflict") else "AR"


def _text(fault: Fault | None, header: Header) -> str:
    if fault is None:
        return ""
    return f"{fault.code} {fault.text.in_language(_language(header))}"


def _language(header: Header) -> Language:
    return "vi" if "UTF" in header[18].upper() else "en"


def _errors(fault: Fault, header: Header, version: str, delimiters: Delimiters) -> list[str]:
    condition = _CONDITIONS.get(fault.category, "207")
    speech = _language(header)
    places = [(issue.place, issue.text.in_language(speech)) for issue in fault.issues[:10]]
    places = places or [("", fault.text.in_language(speech))]
    if version < "2.5":
        return ["ERR|" + "~".join(_old_location(place, condition) for place, _ in places)]
    return [
        "|".join(
            [
                "ERR",
                "",
                _location(place),
                f"{condition}^^HL70357",
                "E",
                f"{fault.code}^^BENHAN",
                "",
                "",
                escape(text, delimiters),
            ]
        )
        for place, text in places
    ]


def _location(place: str) -> str:
    """ERL: segment, its number, field, repetition, component."""
    match = _PLACE.fullmatch(place)
    if match is None:
        return ""
    segment, number, field, component = match.groups()
    written = f"{segment}^{number or 1}"
    if field:
        written += f"^{field}" + (f"^1^{component}" if component else "")
    return written


def _old_location(place: str, condition: str) -> str:
    """ELD of version 2.4 and before: segment, sequence, field, code."""
    match = _PLACE.fullmatch(place)
    segment, number, field, _ = match.groups() if match else ("", "", "", "")
    return f"{segment or ''}^{number or (1 if segment else '')}^{field or ''}^{condition}"


def _clean(text: str) -> str:
    """A field of the sender's header as it may stand in ours."""
    return (text if text.isalnum() else _DIRT.sub("", text))[:250]
