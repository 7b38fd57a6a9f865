"""Files of HL7 v2 messages into the inbox: a batch of a system that cannot speak MLLP, or a stream of messages kept.

Each message is taken as if it had come over the line, in the order of the file: one that cannot be read is parked, one
that came before is known. Where the counts of a batch do not hold, its messages are taken and the file is rejected, so
that somebody asks its sender.
Source: HL7 v2.5.1 2.10.3.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from benhan.hl7v2.batch import BatchReader
from benhan.kernel.issues import Issue
from benhan.kernel.texts import Text
from benhan.node.drop_folder import DropFolder, Report
from benhan.node.intake import Intake, Taken
from benhan.node.report_lines import issue_line, issue_told
from benhan.store.database import Database
from benhan.store.inbox import Receipt

LOCK = 0x62656E68_686C3776  # "benh" "hl7v"
SUFFIXES = (".hl7", ".mllp")
AT_ONCE = 64
PROBLEMS_MAX = 500
CONTROL_ID_CHARACTERS_MAX = 64

_COUNTS = Text(
    "Thông điệp nhận: {taken}; đã có từ trước: {repeated}; để riêng chờ sửa: {parked}.",
    "Messages taken: {taken}; known before: {repeated}; parked to be mended: {parked}.",
)
_WHERE = Text(
    "Thông điệp để riêng ở trang Thông điệp chờ xử lý: sửa rồi cho chạy lại, hoặc sửa ở nơi gửi rồi gửi lại.",
    "Parked messages are on the page of messages that wait: mend and run them there, or send them again.",
)
_MORE = Text("… còn {count} thông điệp có chỗ cần xem.", "… {count} more messages have something to look at.")


@dataclass(slots=True)
class Reception:
    """What became of the messages of a file."""

    taken: int = 0
    repeated: int = 0
    parked: int = 0
    issues: list[Issue] = field(default_factory=list)
    """Of the file as a whole."""
    problems: list[tuple[int, Taken]] = field(default_factory=list)
    """The first that are parked, by their number in the file."""

    @property
    def is_whole(self) -> bool:
        return not self.parked and not any(issue.is_error for issue in self.issues)

    def count(self, number: int, one: Taken) -> None:
        if one.receipt is Receipt.REPEATED:
            self.repeated += 1
        elif one.fault is None:
            self.taken += 1
        else:
            self.parked += 1
            if len(self.problems) < PROBLEMS_MAX:
                self.problems.append((number, one))


async def receive_file(intake: Intake, pieces: Iterator[bytes]) -> Reception:
    """Take the messages of a file, some at a time. Raises what the inbox raises when it is away: what was committed
    until then stays, and taking the whole file again is safe.
    """
    reader = BatchReader(pieces)
    messages, found, number = iter(reader), Reception(), 0
    while some := await asyncio.to_thread(lambda: list(islice(messages, AT_ONCE))):
        for one in await asyncio.gather(*map(intake.take, some)):
            number += 1
            found.count(number, one)
    found.issues = reader.issues
    return found


def message_folder(database: Database, intake: Intake, folder: Path, look_s: float) -> DropFolder:
    """The task that empties the folder of HL7 v2 files."""

    async def take(name: str, pieces: Iterator[bytes]) -> Report:
        found = await receive_file(intake, pieces)
        return Report(found.is_whole, report_text(name, found), report_json(name, found))

    return DropFolder(database, take, folder, look_s, suffixes=SUFFIXES, lock=LOCK)


def report_text(name: str, found: Reception) -> str:
    """The report as plain text, Vietnamese. Names no patient; a message is named by its MSH-10."""
    lines = [name, _COUNTS.filled(taken=found.taken, repeated=found.repeated, parked=found.parked).vi]
    if found.parked:
        lines.append(_WHERE.vi)
    lines += [issue_line("", issue) for issue in found.issues]
    for number, one in found.problems:
        if one.fault is not None:
            head = f"message[{number}] {one.kind} {_control_id(one)}".rstrip()
            lines.append(f"✗ {head}: {one.fault.text.vi} ({one.fault.code})")
            lines += [issue_line(head, issue) for issue in one.fault.issues]
    if found.parked > len(found.problems):
        lines.append(_MORE.filled(count=found.parked - len(found.problems)).vi)
    return "\n".join(lines) + "\n"


def report_json(name: str, found: Reception) -> bytes:
    """The report as JSON."""
    told = {
        "file": name,
        "taken": found.taken,
        "repeated": found.repeated,
        "parked": found.parked,
        "issues": [issue_told(issue) for issue in found.issues],
        "messages": [_told(number, one) for number, one in found.problems],
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2)


def _told(number: int, one: Taken) -> dict[str, Any]:
    fault = one.fault
    return {
        "number": number,
        "control_id": _control_id(one),
        "kind": one.kind,
        "fault": fault.code if fault is not None else "",
        "issues": [issue_told(issue) for issue in fault.issues] if fault is not None else [],
    }


def _control_id(one: Taken) -> str:
    return one.control_id[:CONTROL_ID_CHARACTERS_MAX]
