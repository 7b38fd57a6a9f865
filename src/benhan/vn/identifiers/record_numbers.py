"""MA_HSBA, SO_LUU_TRU and MA_LK: the numbers that a facility gives to a record, its place in the archive, a visit.

Their inner form is the facility's own; what the formats bound is their size and that nothing in them can be taken for a
separator. MA_LK never changes and is never used again. Source: QĐ 130/QĐ-BYT, XML1 (MA_LK, MA_HSBA), XML7 (SO_LUU_TRU);
rules F07, A06, L01 of the BHYT checker.
"""

from __future__ import annotations

from dataclasses import dataclass

from benhan.kernel.issues import Issue
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers.faults import NOT_A_RECORD_NUMBER
from benhan.vn.identifiers.kind import Part, misread

EMPTY = Text("Số này không được để trống.", "The number must not be empty.")
TOO_LONG = Text("Số này dài quá {size} ký tự. Rút ngắn lại.", "The number has more than {size} characters. Shorten it.")
SEPARATOR = Text(
    "Số này chứa dấu chấm phẩy, dấu gạch đứng hoặc ký tự không in được. Bỏ các ký tự đó.",
    "The number holds a semicolon, a bar or a character that cannot be printed. Leave it out.",
)
_SEPARATORS = frozenset(";|^~&\\")


@dataclass(frozen=True, slots=True)
class RecordNumber:
    """A number as the facility wrote it."""

    number: str

    def __str__(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class RecordNumberKind:
    """One of the three, in the shape of every kind of identifier."""

    LABEL: Text
    SYSTEM: str
    size_max: int
    clause: str

    def check(self, text: str, place: str = "") -> list[Issue]:
        """What is wrong with a number."""
        number = text.strip()
        if not number:
            return misread(place, EMPTY, self.clause)
        if len(number) > self.size_max:
            return misread(place, TOO_LONG.filled(size=self.size_max), self.clause)
        if not number.isprintable() or _SEPARATORS & set(number):
            return misread(place, SEPARATOR, self.clause)
        return []

    def parse(self, text: str) -> RecordNumber:
        """The number. Raises Incorrect BA-3269."""
        issues = self.check(text)
        if issues:
            raise NOT_A_RECORD_NUMBER(*issues)
        return RecordNumber(text.strip())

    def explain(self, text: str) -> list[Part]:
        """The number as one: what stands in it is the facility's own."""
        own = Text("do cơ sở tự đặt", "the facility's own")
        return [Part(self.LABEL, self.parse(text).number, own)]


MEDICAL_RECORD = RecordNumberKind(
    Text("Mã hồ sơ bệnh án", "Medical record number"), systems.RECORD_NUMBER, 100, "QĐ 130/QĐ-BYT, XML1.MA_HSBA"
)
STORAGE = RecordNumberKind(
    Text("Số lưu trữ", "Storage number"), systems.STORAGE_NUMBER, 200, "QĐ 130/QĐ-BYT, XML7.SO_LUU_TRU"
)
VISIT = RecordNumberKind(
    Text("Mã đợt điều trị", "Visit number"), systems.VISIT_NUMBER, 100, "QĐ 130/QĐ-BYT, XML1.MA_LK"
)
