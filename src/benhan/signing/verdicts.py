"""What is said of a signature: the standard's words, and who, as what, when, over what.

Source: ETSI EN 319 102-1, 5.1 (TOTAL-PASSED, TOTAL-FAILED, INDETERMINATE and their sub-indications).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pyhanko.sign.ades.report import AdESStatus, AdESSubIndic

from benhan.kernel.texts import Text
from benhan.signing.certificates import CertificateFacts
from benhan.signing.verdict_texts import CHANGED_AFTER, PASSED, SUB_INDICATIONS, UNEXPLAINED


class Indication(Enum):
    """The three verdicts. Source: EN 319 102-1, 5.1.2, table 5."""

    PASSED = "TOTAL-PASSED"
    FAILED = "TOTAL-FAILED"
    INDETERMINATE = "INDETERMINATE"


_OF_STATUS = {
    AdESStatus.PASSED: Indication.PASSED,
    AdESStatus.FAILED: Indication.FAILED,
    AdESStatus.INDETERMINATE: Indication.INDETERMINATE,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """An indication with its sub-indication ("" where it passed) and what that means for a person."""

    indication: Indication
    sub_indication: str = ""
    text: Text = PASSED


def finding_of(found: AdESSubIndic) -> Finding:
    """What the library found, in the standard's words."""
    indication = _OF_STATUS[found.status]
    if indication is Indication.PASSED:
        return Finding(indication)
    name = str(found.standard_name)
    return Finding(indication, name, SUB_INDICATIONS.get(name, UNEXPLAINED))


def failed(sub_indication: str) -> Finding:
    """TOTAL-FAILED for a reason of the standard."""
    return Finding(Indication.FAILED, sub_indication, SUB_INDICATIONS[sub_indication])


CHANGED = Finding(Indication.FAILED, "FORMAT_FAILURE", CHANGED_AFTER)
"""The signed bytes are whole, but what is shown of the file was changed by what was added behind them."""


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """Everything that is said of one signature or time-stamp."""

    form: str
    """`PAdES`, `XAdES`, `CAdES`; `RFC 3161` for a time-stamp of a document."""
    place: str
    """Where it stands: the PDF's field, the XML's element, a name of a file."""
    finding: Finding
    signer: CertificateFacts | None = None
    role: str = ""
    """As what they signed, in their own words; "" where only the certificate says it."""
    reason: str = ""
    claimed_at: datetime | None = None
    """When, as the signer says."""
    proven_at: datetime | None = None
    """When it is proven to have been there: the oldest time-stamp that may be believed."""
    stamped_by: str = ""
    level: str = ""
    """How far it can be proven later: `B-B`, `B-T`, `B-LT`, `B-LTA`; "" where it is not known."""
    is_unchanged: bool = False
    """The signed bytes are those that were signed."""
    is_whole: bool = False
    """The signature covers all that the file had when it was made."""
    is_timestamp: bool = False

    @property
    def is_valid_then(self) -> bool | None:
        """Whether the proven, else the claimed time lies in the certificate's life; None where neither is known."""
        at = self.proven_at or self.claimed_at
        if self.signer is None or at is None:
            return None
        return self.signer.not_before <= at <= self.signer.not_after


@dataclass(frozen=True, slots=True)
class EvidenceVerdict:
    """What is said of an evidence record: of what it is, and since when it proves that."""

    of: str
    """`file`, or `content` for what a detached signature signs."""
    finding: Finding
    proven_at: datetime | None
    stamps: int
    """How many time-stamps there are, one on the other."""


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What is said of a file: all its signatures and time-stamps, in the order they were made."""

    kind: str
    """`PDF`, `XML`, `CMS`."""
    sha256: str
    judged_at: datetime
    signatures: tuple[SignatureVerdict, ...] = ()
    evidence: tuple[EvidenceVerdict, ...] = ()

    @property
    def indication(self) -> Indication | None:
        """The worst of its signatures; None where nobody signed. Time-stamps and records count where they are false."""
        signed = [each.finding.indication for each in self.signatures if not each.is_timestamp]
        findings = [*(each.finding for each in self.signatures), *(each.finding for each in self.evidence)]
        failed = [each.indication for each in findings if each.indication is Indication.FAILED]
        return worst([*signed, *failed])


def worst(indications: Iterable[Indication]) -> Indication | None:
    """The worst of some verdicts; None of none."""
    order = [Indication.PASSED, Indication.INDETERMINATE, Indication.FAILED]
    return max(indications, key=order.index, default=None)
