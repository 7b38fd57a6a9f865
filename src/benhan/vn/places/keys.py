"""The key by which names of places are compared: how people write them differs more than the places do."""

from __future__ import annotations

import re
from functools import lru_cache

from benhan.fhir.folding import fold

_JOINING = re.compile("['’`ʼ´]")
_ZEROS = re.compile(r"\b0+(?=[0-9])")


@lru_cache(maxsize=65_536)
def place_key(name: str) -> str:
    """`name` without accents, case, apostrophes and leading zeros, `y` as `i`: "M'Drắk", "Quy Nhơn" and "Qui Nhon"."""
    return _ZEROS.sub("", fold(_JOINING.sub("", name)).replace("y", "i"))


def place_keys(name: str) -> list[str]:
    """The keys a name is found by: with its apostrophes left out, and with them as spaces ("Cư M gar")."""
    return list(dict.fromkeys((place_key(name), place_key(_JOINING.sub(" ", name)))))
