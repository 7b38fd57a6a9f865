"""BHYT files into the record: each episode is committed to the inbox as a message of its own, then told.

What cannot be read or mapped is kept too, parked with its reasons. The same episode with the same content sent again is
known and not applied twice; with another content it is another message, whose resources become new versions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault, FaultCode, Incorrect
from benhan.kernel.ids import RandomSource
from benhan.kernel.issues import Issue, warning
from benhan.kernel.logs import Log
from benhan.kernel.texts import Text
from benhan.kernel.trace import new_trace_id
from benhan.mapping.bhyt_to_fhir import bhyt_to_fhir
from benhan.mapping.mapped import Context
from benhan.node.bhyt_episodes import KnownEpisodes
from benhan.node.bhyt_knowledge import BhytKnowledge
from benhan.store.inbox import Arrival, Inbox, Receipt
from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.messages import BhytMessage, MessageReader
from benhan.vn.bhyt.rules.context import Knowledge
from benhan.vn.bhyt.rules.rule import Level

log = Log("bhyt")

UNREADABLE = FaultCode(
    "BA-3402",
    Incorrect,
    Text(
        "Hồ sơ có {count} chỗ không đọc được; xem từng chỗ dưới đây, sửa rồi cho chạy lại.",
        "The record has {count} places that cannot be read, listed below; mend them and run it again.",
    ),
)
AT_ONCE = 32
"""Episodes that are read and committed together."""
PROBLEMS_MAX = 500
ISSUES_MAX = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """An episode that is parked or breaks a rule: its number in the file, MA_LK, why it is parked, the rules."""

    number: int
    ma_lk: str
    fault: Fault | None
    issues: tuple[Issue, ...]


@dataclass(slots=True)
class Reception:
    """What became of a file."""

    facility: str = ""
    faults: list[Issue] = field(default_factory=list)
    """Of the file as a whole."""
    taken: int = 0
    repeated: int = 0
    parked: int = 0
    problems: list[Problem] = field(default_factory=list)
    """The first of them, in the order of the file."""
    problems_seen: int = 0

    @property
    def total(self) -> int:
        return self.taken + self.repeated + self.parked

    @property
    def is_whole(self) -> bool:
        """Whether everything in the file is in the record or on its way there."""
        return self.total > 0 and not self.parked and not any(issue.is_error for issue in self.faults)


class BhytIntake:
    """Takes files."""

    def __init__(
        self,
        inbox: Inbox,
        clock: Clock,
        random: RandomSource,
        context: Context,
        known: BhytKnowledge,
        episodes: KnownEpisodes,
    ) -> None:
        self._inbox = inbox
        self._clock = clock
        self._random = random
        self._context = context
        self._known = known
        self._episodes = episodes

    async def receive(self, pieces: Iterable[bytes], actor: Actor) -> Reception:
        """Take a file, a few episodes at a time; returns after the last commit.

        Raises what the inbox raises when it is away: what was committed until then stays, and sending the whole file
        again is safe.
        """
        reader = MessageReader(pieces)
        messages = iter(reader)
        known = await self._known.now()
        found = Reception()
        number = 0
        while read := await asyncio.to_thread(self._read, messages):
            told = await self._episodes.added(known, [message.claim for message, _ in read])
            batch = await asyncio.to_thread(self._looked_at, read, told)
            receipts = await asyncio.gather(
                *(self._inbox.receive(self._arrival(message, fault, actor)) for message, fault, _ in batch)
            )
            for (message, fault, issues), receipt in zip(batch, receipts, strict=True):
                number += 1
                _count(found, fault, receipt)
                if fault is not None or issues:
                    _note(found, Problem(number, message.claim.ma_lk, fault, tuple(issues[:ISSUES_MAX])))
        found.facility, found.faults = reader.head.facility, reader.head.faults
        log.info("bhyt.received", count=found.total, pending=found.parked)
        return found

    def _read(self, messages: Iterator[BhytMessage]) -> list[tuple[BhytMessage, Fault | None]]:
        """The next messages, each with the fault it is parked for."""
        return [(message, self._refusal(message)) for message in islice(messages, AT_ONCE)]

    def _looked_at(
        self, read: list[tuple[BhytMessage, Fault | None]], told: list[Knowledge]
    ) -> list[tuple[BhytMessage, Fault | None, list[Issue]]]:
        """Messages with the rules of the insurance that each breaks by what is known for it."""
        found = []
        for (message, fault), known in zip(read, told, strict=True):
            is_read = fault is None or fault.code != UNREADABLE.code
            found.append((message, fault, self._told(message, known) if is_read else []))
        return found

    def _refusal(self, message: BhytMessage) -> Fault | None:
        errors = [issue for issue in message.claim.faults if issue.is_error]
        if errors:
            return UNREADABLE(*errors, count=len(errors))
        try:
            bhyt_to_fhir(message.claim, self._context)
        except Fault as fault:
            return fault
        return None

    def _told(self, message: BhytMessage, known: Knowledge) -> list[Issue]:
        """What a person should hear of an episode that is taken."""
        return [
            *_of_another(message.claim.summary.get("MA_CSKCB", "").strip(), self._context),
            *_broken_rules(message, known),
        ]

    def _arrival(self, message: BhytMessage, fault: Fault | None, actor: Actor) -> Arrival:
        facility = message.claim.summary.get("MA_CSKCB", "").strip() or self._context.facility
        return Arrival(
            self._clock.now(),
            f"BHYT@{facility}",
            message.claim.ma_lk,
            message.kind,
            new_trace_id(self._random),
            message.content,
            fault,
            actor.id,
            actor.role.value,
        )


def _of_another(facility: str, context: Context) -> list[Issue]:
    """A chosen file may be another hospital's: its episodes are kept under its code, and told."""
    if not facility or facility == context.facility:
        return []
    told = Text(
        f"Hồ sơ của cơ sở {facility}, không phải cơ sở {context.facility} ở đây; xem đã chọn đúng tệp chưa.",
        f"A record of facility {facility}, not of this system ({context.facility}); see if it is the file you meant.",
    )
    return [warning("business-rule", "XML1.MA_CSKCB", told)]


def _broken_rules(message: BhytMessage, known: Knowledge) -> list[Issue]:
    """What the insurance would find; it does not keep an episode out of the record."""
    report = check_claim(message.claim, known)
    return [finding.to_issue() for finding in report.findings if finding.level in (Level.BLOCK, Level.WARN)]


def _count(found: Reception, fault: Fault | None, receipt: Receipt) -> None:
    if receipt is Receipt.REPEATED:
        found.repeated += 1
    elif fault is not None:
        found.parked += 1
    else:
        found.taken += 1


def _note(found: Reception, problem: Problem) -> None:
    found.problems_seen += 1
    if len(found.problems) < PROBLEMS_MAX:
        found.problems.append(problem)
