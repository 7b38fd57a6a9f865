"""The result codes (maKetQua) of the BHYT portal, what each means and what is done about it.

Source: CV 1245/BHXH-CNTT (03/05/2024), CV 1923/BHXH-CNTT (2024) and what clients observe; `data/README.md`. Code 123
meant a wrong format before QĐ 3176 and means an unsigned file since.
"""

from __future__ import annotations

import csv
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from benhan.kernel.texts import Text

_TABLE = Path(__file__).parent / "data" / "gateway_codes.csv"
Api = Literal["send", "card"]


class Reaction(Enum):
    """What is done about a code."""

    DONE = "done"
    MEND = "mend"  # the file or question is wrong: mend it, then ask again
    CONFIGURE = "configure"  # the account or a setting is wrong
    RETRY = "retry"
    ACCEPT = "accept"
    LOOK = "look"  # accept after a person has looked at the papers
    NEW_CARD = "new_card"
    INVALID = "invalid"


class Meaning(NamedTuple):
    """What a code means, in words that say what to do."""

    reaction: Reaction
    text: Text


UNKNOWN = Text("Cổng trả mã lạ ({code}). Báo BHXH tỉnh.", "The portal answered an unknown code ({code}). Report it.")


def meaning_of(api: Api, code: str) -> Meaning:
    """The meaning of a code; one that is not listed is to be mended."""
    shown = code if code.isascii() and code.isalnum() and len(code) <= 8 else "?"
    return _codes().get((api, code)) or Meaning(Reaction.MEND, UNKNOWN.filled(code=shown))


@cache
def _codes() -> dict[tuple[str, str], Meaning]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {
            (row["api"], row["code"]): Meaning(Reaction(row["reaction"]), Text(row["vi"], row["en"]))
            for row in csv.DictReader(file)
        }
