"""What was typed into the search box, as it may stand in an address: sealed, since it names a person."""

from __future__ import annotations

import base64
import binascii

from benhan.kernel.faults import Broken
from benhan.store.sealing import DataKey

_AAD = b"search-text"


class SealedText:
    """Writes and reads sealed texts."""

    def __init__(self, key: DataKey) -> None:
        self._key = key

    def write(self, text: str) -> str:
        """`text` for an address; "" stays ""."""
        if not text:
            return ""
        return base64.urlsafe_b64encode(self._key.seal(text.encode("utf-8", "replace"), _AAD)).decode().rstrip("=")

    def read(self, sealed: str) -> str:
        """The text; "" for what we did not write, which shows the whole list."""
        try:
            return self._key.open(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)), _AAD).decode()
        except (binascii.Error, ValueError, Broken):
            return ""
