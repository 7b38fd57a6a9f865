"""What somebody may do with the records of which patients, as keys that rows of care are held against.

Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ69 k3, k4 (under treatment, archived; read and copy are not the same);
CV 365/TTYQG-GPQLCL III.1.1 g (role, department, time).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag


class Use(IntFlag):
    """What is done with a record. The bits are those of `care_relation.uses`."""

    READ = 1
    COPY = 2
    PRINT = 4
    EXPORT = 8
    SHARE = 16
    WRITE = 32


EVERY_USE = Use.READ | Use.COPY | Use.PRINT | Use.EXPORT | Use.SHARE | Use.WRITE


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose records may be used in one way: by which keys while treatment goes on, by which once they are archived.

    `any_treatment`, `any_archived`: no relation is needed.
    """

    use: Use
    treatment: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()
    any_treatment: bool = False
    any_archived: bool = False

    @property
    def is_free(self) -> bool:
        """Whether everything known of any patient is in reach."""
        return self.any_treatment


@dataclass(frozen=True, slots=True)
class Care:
    """The reaches of a person at a moment, and the keys by which they treat: who treats sees more of what is secret.

    `by` is why, where whoever called has found the reason already; it goes into the ledger.
    """

    at: datetime
    reaches: tuple[Reach, ...]
    treats: tuple[str, ...] = ()
    by: str = ""

    def of(self, use: Use) -> Reach:
        """The reach of one use; nothing where no rule names it."""
        return next((each for each in self.reaches if each.use == use), Reach(use))


def department_key(department: str) -> str:
    """The key of those who work in a department."""
    return f"department/{_plain(department)}"


def licence_key(licence: str) -> str:
    """The key of who practises under a licence."""
    return f"person/{_plain(licence)}"


def account_key(kind: str, account: str) -> str:
    """The key of one account (`account:17`) by a relation of this kind."""
    return f"{kind}/{account}"


REVIEW_KEY, ARCHIVE_KEY = "review/", "archive/"
"""Of who reviews submitted records; of who keeps the archive."""


def kind_of(key: str) -> str:
    """The kind of relation of a key."""
    return key.partition("/")[0]


def _plain(text: str) -> str:
    """A code as it is compared: case and blanks do not matter."""
    return "".join(text.split()).upper()[:60]
