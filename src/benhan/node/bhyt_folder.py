"""The folder of BHYT files: XML1 to XML15 and check-ins, each episode into the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benhan.kernel.actors import system
from benhan.node.bhyt_intake import BhytIntake
from benhan.node.bhyt_report import report_json, report_text
from benhan.node.drop_folder import DropFolder, Report
from benhan.store.database import Database

LOCK = 0x62656E68_62687974  # "benh" "bhyt"
ACTOR = system("bhyt-folder")


def bhyt_folder(database: Database, intake: BhytIntake, folder: Path, look_s: float) -> DropFolder:
    """The task that empties the folder of BHYT files."""

    async def take(name: str, pieces: Iterator[bytes]) -> Report:
        found = await intake.receive(pieces, ACTOR)
        return Report(found.is_whole, report_text(name, found), report_json(name, found))

    return DropFolder(database, take, folder, look_s, suffixes=(".xml",), lock=LOCK)
