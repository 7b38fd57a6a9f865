"""The provinces that identifiers name by two digits: the 63 of before 07/2025, which numbers keep for ever."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from benhan.kernel.texts import Text
from benhan.vn.places.changes import at
from benhan.vn.places.units import CUT_OVER, Place, provinces_ever


class Province(NamedTuple):
    """A province by its name of then, and the name of the one its place belongs to now."""

    code: str
    name: str
    name_now: str

    @property
    def told(self) -> Text:
        if self.name == self.name_now:
            return Text(self.name, self.name)
        return Text(f"{self.name} (nay thuộc {self.name_now})", f"{self.name} (now in {self.name_now})")


@cache
def provinces() -> dict[str, Province]:
    """Each province by its two digits."""
    return {
        code: Province(code, names[0].full_name, _name_now(names[0]))
        for code, names in provinces_ever().items()
        if names[0].is_former
    }


def _name_now(former: Place) -> str:
    """The name of today of the province that a former one went into."""
    (change,) = at(former, CUT_OVER)
    return provinces_ever()[change.place.code][-1].full_name
