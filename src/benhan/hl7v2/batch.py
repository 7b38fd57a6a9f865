"""Files of many messages: the batch protocol, MLLP frames behind each other, or nothing between the messages at all.

    [FHS] { [BHS] { message } [BTS] } [FTS]

Bytes in, messages out, as a file is read: a message ends where the next one, a header or a trailer begins. What stands
there and is no message comes out too, as it is, so that nothing is passed over in silence. A file is in a character set
that writes ASCII as ASCII does; UTF-16 is not split.
Source: HL7 v2.5.1 2.10.3, 2.15.2 BHS, 2.15.3 BTS, 2.15.4 FHS, 2.15.5 FTS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from benhan.hl7v2.er7 import SIZE_BYTES_MAX
from benhan.kernel.issues import Issue, error, warning
from benhan.kernel.texts import Text

CLAUSE = "HL7 v2.5.1 2.10.3"
HEADERS = (b"FHS", b"BHS", b"BTS", b"FTS")
BOM = b"\xef\xbb\xbf"
ISSUES_MAX = 1_000
_LINE_END = re.compile(rb"\r\n|\r|\n|(?=\x0b)")
_FRAME_START, _FRAME_END = b"\x0b", b"\x1c"

WRONG_COUNT = Text(
    "{trailer} ghi {told} nhưng trong tệp có {found}: tệp thiếu hoặc thừa. Hỏi nơi gửi, gửi lại cả tệp.",
    "{trailer} says {told}, but the file has {found}: something is missing or too many. Ask the sender for all of it.",
)
NOT_A_COUNT = Text("{trailer} phải là một số.", "{trailer} must be a number.")
NO_TRAILER = Text(
    "{header} không có {trailer} đi kèm: tệp có thể bị cắt. Hỏi nơi gửi, gửi lại cả tệp.",
    "No {trailer} follows {header}: the file may have been cut off. Ask the sender for all of it.",
)
NO_HEADER = Text("{trailer} không có {header} đi trước.", "No {header} stands before {trailer}.")
EMPTY = Text("Tệp không có thông điệp HL7 v2 nào.", "The file has no HL7 v2 message.")


@dataclass(slots=True)
class BatchReader:
    """Iterate to get the messages; `issues` is whole when the iteration is over.

    A message of more than `size_bytes_max` comes out cut off after one byte more, which every reader refuses by name.
    """

    pieces: Iterable[bytes]
    size_bytes_max: int = SIZE_BYTES_MAX
    issues: list[Issue] = field(default_factory=list)
    is_batch: bool = False
    """Whether a header or trailer of the batch protocol was met."""
    _lines: list[bytes] = field(default_factory=list)
    _size: int = 0
    _messages: int = 0
    _in_batch: int | None = None
    """Messages of the batch that is open."""
    _batches: int = 0
    _file_is_open: bool = False

    def __iter__(self) -> Iterator[bytes]:
        for written in self._lines_of_file():
            line, starts = written.removeprefix(_FRAME_START), written.startswith(_FRAME_START)
            name = b"" if line[3:4].isalnum() else line[:3]
            if name == b"MSH" or name in HEADERS or starts:
                yield from self._ended()
            if name in HEADERS:
                self.is_batch = True
                self._header(name, line)
            else:
                self._add(line)
        yield from self._ended()
        if self._in_batch is not None:
            self._tell(error("structure", "BTS", NO_TRAILER.filled(header="BHS", trailer="BTS"), CLAUSE))
        if self._file_is_open:
            self._tell(error("structure", "FTS", NO_TRAILER.filled(header="FHS", trailer="FTS"), CLAUSE))
        if not self._messages:
            self._tell(error("required", "MSH", EMPTY, CLAUSE))

    def _lines_of_file(self) -> Iterator[bytes]:
        """The lines that hold something, without frames; one beyond the bound comes in parts."""
        rest = b""
        mark = BOM
        for piece in self.pieces:
            *lines, rest = _LINE_END.split(rest + piece.translate(None, _FRAME_END))
            for line in filter(None, lines):
                yield line.removeprefix(mark)
                mark = b""
            if len(rest) > self.size_bytes_max:
                yield rest
                rest = b""
        if rest:
            yield rest.removeprefix(mark)

    def _add(self, line: bytes) -> None:
        room = self.size_bytes_max + 1 - self._size
        if room > 0 and (self._lines or line.strip()):
            self._lines.append(line[:room])
            self._size += len(line) + 1

    def _ended(self) -> Iterator[bytes]:
        if not self._lines:
            return
        message = b"\r".join(self._lines) + b"\r"
        self._lines, self._size = [], 0
        self._messages += 1
        if self._in_batch is not None:
            self._in_batch += 1
        yield message

    def _header(self, name: bytes, line: bytes) -> None:
        if name == b"FHS":
            self._file_is_open = True
        elif name == b"BHS":
            if self._in_batch is not None:
                self._tell(error("structure", "BTS", NO_TRAILER.filled(header="BHS", trailer="BTS"), CLAUSE))
            self._in_batch = 0
            self._batches += 1
        elif name == b"BTS":
            self._end_batch(line)
        else:
            self._end_file(line)

    def _end_batch(self, line: bytes) -> None:
        place = f"BTS[{self._batches}]-1" if self._batches > 1 else "BTS-1"
        if self._in_batch is None:
            self._tell(warning("structure", "BHS", NO_HEADER.filled(header="BHS", trailer="BTS"), CLAUSE))
        self._count(place, line, {self._messages if self._in_batch is None else self._in_batch})
        self._in_batch = None

    def _end_file(self, line: bytes) -> None:
        """FTS-1 counts batches; where a file has no BHS, some count its messages."""
        if not self._file_is_open:
            self._tell(warning("structure", "FHS", NO_HEADER.filled(header="FHS", trailer="FTS"), CLAUSE))
        self._count("FTS-1", line, {self._batches} if self._batches else {0, 1, self._messages})
        self._file_is_open = False

    def _count(self, place: str, line: bytes, right: set[int]) -> None:
        told = line.split(line[3:4] or b"|")[1:2]
        written = told[0].strip().decode("ascii", "replace") if told else ""
        if not written:
            return
        if not written.isascii() or not written.isdigit() or len(written) > 9:
            self._tell(error("value", place, NOT_A_COUNT.filled(trailer=place), CLAUSE))
        elif int(written) not in right:
            text = WRONG_COUNT.filled(trailer=place, told=int(written), found=max(right))
            self._tell(error("value", place, text, CLAUSE))

    def _tell(self, issue: Issue) -> None:
        if len(self.issues) < ISSUES_MAX:
            self.issues.append(issue)
