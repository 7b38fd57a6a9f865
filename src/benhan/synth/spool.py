"""Messages that arise person by person, written facility by facility in the order of time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO


class Spool:
    """Takes messages in any order into one file without a name; gives each channel's as time brought them.

    Of each message only where it lies is kept in memory, about 100 bytes.
    """

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed by `close`
        self._known: dict[str, list[tuple[float, int, int]]] = {}
        self._end = 0
        self.count = 0

    def add(self, channel: str, at: datetime, content: bytes) -> None:
        """Keep one message."""
        self._known.setdefault(channel, []).append((at.timestamp(), self._end, len(content)))
        self._end += self._file.write(content)
        self.count += 1

    def channels(self) -> Iterator[tuple[str, int, Iterator[bytes]]]:
        """Each channel in order: its name, how many messages it has, the messages as time brought them."""
        for channel, places in sorted(self._known.items()):
            yield channel, len(places), self._read(sorted(places))

    def pour(self, folder: Path, suffix: str, framed: Callable[[bytes], bytes]) -> None:
        """Write `<channel><suffix>` of each channel into a folder."""
        for channel, _, messages in self.channels():
            with (folder / f"{channel}{suffix}").open("wb") as out:
                out.writelines(map(framed, messages))

    def _read(self, places: list[tuple[float, int, int]]) -> Iterator[bytes]:
        for _, start, size in places:
            self._file.seek(start)
            yield self._file.read(size)

    def close(self) -> None:
        self._file.close()
