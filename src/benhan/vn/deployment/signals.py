"""What a node tells of its own work: counts and times of the last days, never a person.

Every figure is about the node that signs it. Shares are told as two counts, so that a reader sees how much stands
behind them; what could not be measured is None and never 0. Source: TT 13/2025/TT-BYT and CV 365/TTYQG-GPQLCL as
listed in data/criteria.toml; this format is the project's own.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

FORMAT = "benhan-evidence-1"
DAYS = 30
"""The window that counts are of."""

BAD_SIGNALS = FaultCode(
    "BA-6201",
    Incorrect,
    Text(
        "Bản số liệu không đọc được: {why}. Nâng cấp phần mềm ở bệnh viện rồi gửi lại.",
        "The report cannot be read: {why}. Upgrade the hospital's software, then send it again.",
    ),
)


class Part(msgspec.Struct, frozen=True):
    """`some` out of `all`."""

    some: int
    all: int

    @property
    def percent(self) -> int | None:
        """Whole percent, rounded down so that 100 means all; None of nothing."""
        return self.some * 100 // self.all if self.all else None


class Drill(msgspec.Struct, frozen=True):
    """A restore that was proven: when, how long it took, how many versions were opened, how many were damaged."""

    at: datetime
    seconds: int
    versions: int
    damaged: int
    backup_at: datetime
    """Of when the newest entry of the restored ledger is."""


class Signals(msgspec.Struct, frozen=True, tag=FORMAT, tag_field="format", kw_only=True):
    """One report of one facility."""

    facility: str
    number: int
    """Counts up at the node: a report that is not newer than the last is not taken."""
    made_at: datetime
    software: str
    days: int = DAYS
    records_opened: int
    records_electronic: Part
    """Records opened in the window that are electronic."""
    records_archived: int
    records_waiting: int
    """Treatment ended, not archived yet: now."""
    days_to_archive: float | None
    """Median, of those archived in the window."""
    signed: Part
    """Signatures given, of those that papers of records whose treatment ended in the window need."""
    published: Part
    """Records whose treatment ended in the window that the repository has given a receipt for."""
    hours_to_publish: float | None
    """Median, from the end of treatment to the first receipt."""
    patients_numbered: Part
    """Patients of the records opened in the window, or a sample of them, who have a personal identification number."""
    messages: dict[str, int]
    """Messages of other systems in the window by kind (`ADT^A01`)."""
    messages_failed: int
    """Parked now: a person must mend them."""
    failed_oldest_hours: float | None
    papers_typed: int
    """Papers of the window that people wrote on forms."""
    papers_on_forms: Part
    """Papers of the window on a form of the catalogue."""
    exports_good: Part
    """HoSoBenhAn of a sample of the window's records that the checker finds nothing wrong with."""
    prints: int
    requests_in_time: Part
    """Patients' requests answered in the window within the term."""
    retention_set: Part
    """Archived records with a retention class."""
    ledger_rows: int
    ledger_is_whole: bool | None
    changes_traced: int
    """Cancellations, restorations and new versions in the window, each with author, time and reason."""
    signers: int
    accounts: int
    accounts_bounded: int
    """Accounts with a day or an hour outside of which they do not open."""
    rights_mode: str
    catalogues: int
    emergencies_unjudged: int
    drill: Drill | None
    has_tls: bool
    """TLS at the door."""
    has_ipv6: bool
    keys_in: str
    """Where the key-encryption key is: file, pkcs11."""
    security_level: int
    """Declared by the hospital; 0: none."""


def read_signals(data: bytes) -> Signals:
    """The report in `data`. Raises Incorrect BA-6201."""
    try:
        found = _DECODER.decode(data)
    except (msgspec.DecodeError, ValueError) as cause:
        raise BAD_SIGNALS(why=str(cause)[:200]) from cause
    if found.made_at.tzinfo is None:
        raise BAD_SIGNALS(why="made_at")
    return found


def signals_to_bytes(signals: Signals) -> bytes:
    """The report as JSON, the same bytes for the same figures."""
    return msgspec.json.encode(signals)


_DECODER = msgspec.json.Decoder(Signals)
