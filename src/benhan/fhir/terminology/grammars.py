"""Systems whose codes are written by a grammar: whether a text is a code of it. None of them can be listed.

Source: BCP 13 (RFC 6838) media types, BCP 47 (RFC 5646) languages, UCUM 2.1 (`benhan.fhir.ucum`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from benhan.fhir.ucum import is_unit

_MEDIA_TYPE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
    r"(?:\s*;\s*[A-Za-z0-9!#$&^_.+-]{1,64}=(?:[^\s\";]{1,128}|\"[^\"]{0,128}\"))*"
)
_LANGUAGE = re.compile(
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-x(?:-[A-Za-z0-9]{1,8})+)?|x(?:-[A-Za-z0-9]{1,8})+"
)
_UUID = re.compile(r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _matching(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda code: len(code) <= 500 and pattern.fullmatch(code) is not None


GRAMMARS: dict[str, Callable[[str], bool]] = {
    "urn:ietf:bcp:13": _matching(_MEDIA_TYPE),
    "urn:ietf:bcp:47": _matching(_LANGUAGE),
    "http://unitsofmeasure.org": is_unit,
    "urn:ietf:rfc:3986": _matching(re.compile(r"\S+")),
    "urn:ietf:rfc:4122": _matching(_UUID),
}
"""System to the test of a code of it."""
