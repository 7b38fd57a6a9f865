"""The hub's result codes: what each means for who sent, and what to do. Source: `data/README.md`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from benhan.kernel.texts import Text

_TABLE = Path(__file__).parent / "data" / "result_codes.csv"

UNKNOWN = Text(
    "Trục trả mã chưa biết; xem thông báo kèm theo hoặc hỏi đầu mối của trục.",
    "The hub answered with a code that is not known; look at its message or ask the hub.",
)


class Outcome(Enum):
    """What an answer means for the sender, the gravest last."""

    ACCEPTED = "accepted"
    """The hub has it."""
    PENDING = "pending"
    """A provincial hub has it and decides later: nothing to do, never sent again."""
    PARTLY = "partly"
    """A provincial hub took a part: a person must look."""
    DUPLICATE = "duplicate"
    """The hub has one like it: nothing to do, never sent again."""
    AGAIN = "again"
    """The hub failed: the same message may be sent later."""
    SIGN_IN = "sign_in"
    """The account or its token is not taken."""
    REFUSED = "refused"
    """The message is wrong: a person must mend it."""


@dataclass(frozen=True, slots=True)
class ResultCode:
    """A code with its meaning; `text` says what to do."""

    code: str
    outcome: Outcome
    text: Text


@cache
def result_codes() -> dict[str, ResultCode]:
    """Every known code."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: ResultCode(row["code"], Outcome(row["outcome"]), Text(row["vi"], row["en"]))
            for row in csv.DictReader(file)
        }


def result_of(code: str) -> ResultCode:
    """A code's meaning; one that is not known is a refusal, since it is not said to be a success."""
    return result_codes().get(code) or ResultCode(code, Outcome.REFUSED, UNKNOWN)


def gravest(*codes: str) -> ResultCode:
    """The code of several that decides; "" says nothing."""
    order = list(Outcome)
    told = [result_of(code) for code in codes if code]
    return max(told, key=lambda each: order.index(each.outcome)) if told else ResultCode("", Outcome.REFUSED, UNKNOWN)
