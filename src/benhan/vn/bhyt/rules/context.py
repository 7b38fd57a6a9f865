"""What the rules may ask of the world beyond the claim: catalogues, registers, the card's answer, the hour; the file.

What is None or empty is not known. A rule that asks for it says so in the report and does not guess: an empty catalogue
is no reason to call every line wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from benhan.kernel.texts import Text
from benhan.vn.bhyt.claim import ClaimFile, Row


class Signature(Enum):
    """What the check of CHUKYDONVI said."""

    VALID = "valid"
    FOREIGN = "foreign"
    """Made with a certificate that is not the one registered for the facility."""
    CHANGED = "changed"
    """The file is not the one that was signed."""


@dataclass(frozen=True, slots=True)
class SentClaims:
    """The claims sent before: (MA_BN, NGAY_VAO) by MA_LK, and the MA_LK in use by (MA_BN, NGAY_VAO)."""

    visit_of: Mapping[str, tuple[str, str]]
    ma_lk_of: Mapping[tuple[str, str], str]


class CardAnswer(NamedTuple):
    """The answer of the card look-up (KQNhanLichSuKCB2024); days as yyyymmdd, "" where the answer has none."""

    result: str
    name: str = ""
    sex: str = ""
    born: str = ""
    facility: str = ""
    valid_from: str = ""
    valid_to: str = ""
    area: str = ""
    benefit: int | None = None
    """MUC_HUONG of the card in percent, where the number does not tell it."""


class Icd10(NamedTuple):
    """A code of ICD-10: its validity (yyyymmdd), whether it may not be the main disease, sex, age in years."""

    valid_from: str = ""
    valid_to: str = ""
    not_main: bool = False
    sex: str = ""
    age_from: float | None = None
    age_to: float | None = None


class Approved(NamedTuple):
    """A row of the facility's approved drugs, supplies or services; "" or None: the row does not say.

    `price_dong` is a text with a decimal dot. Days are yyyymmdd. `machine`: the service is done on a machine.
    """

    name: str
    unit: str = ""
    price_dong: str = ""
    tender: str = ""
    registration: str = ""
    strength: str = ""
    route: str = ""
    form: str = ""
    machine: bool | None = None
    valid_from: str = ""
    valid_to: str = ""


class Staff(NamedTuple):
    """A practitioner: validity, whether head or deputy, beginnings of the service codes allowed (none: all)."""

    valid_from: str = ""
    valid_to: str = ""
    is_head: bool = False
    scope: tuple[str, ...] = ()


class DrugTerms(NamedTuple):
    """Terms of payment of a drug: the highest ratio, and the beginnings of ICD-10 codes it is paid for (none: all)."""

    ratio: int = 100
    diagnoses: tuple[str, ...] = ()


class Apart(NamedTuple):
    """Two services not to be combined on one day (`days` 0), or within so many days; `second` may equal `first`."""

    first: str
    second: str
    days: int = 0


class BedUse(NamedTuple):
    """Another episode in a bed: its MA_LK, and from when to when (yyyymmddHHMM)."""

    ma_lk: str
    begin: str
    end: str


class Contrast(NamedTuple):
    """Codes of contrast drugs, and of services done with contrast."""

    drugs: frozenset[str]
    services: frozenset[str]


class Done(NamedTuple):
    """A service done in another episode: its MA_LK, code and moment (yyyymmddHHMM)."""

    ma_lk: str
    code: str
    at: str


class Hours(NamedTuple):
    """Working hours: weekdays (Monday 0) and HHMM from–to."""

    weekdays: frozenset[int]
    begin: str
    end: str


class InFile(NamedTuple):
    """What is known of the file of a claim: its head, the check of its signature, the MA_LK that it holds twice."""

    head: ClaimFile | None = None
    signature: Signature | None = None
    repeated: Collection[str] | None = None


NO_FILE = InFile()


class Context(Protocol):
    """Everything a rule may ask; `Knowledge` is the plain one."""

    @property
    def now(self) -> str | None: ...
    @property
    def sent(self) -> SentClaims | None: ...
    @property
    def check_ins(self) -> Mapping[str, Sequence[Row]] | None: ...
    @property
    def cards(self) -> Mapping[str, CardAnswer] | None: ...
    @property
    def facilities(self) -> Collection[str] | None: ...
    @property
    def communes(self) -> Mapping[str, str] | None: ...
    @property
    def icd10(self) -> Mapping[str, Icd10] | None: ...
    @property
    def yhct(self) -> Collection[str] | None: ...
    @property
    def drugs(self) -> Mapping[str, Sequence[Approved]] | None: ...
    @property
    def supplies(self) -> Mapping[str, Sequence[Approved]] | None: ...
    @property
    def services(self) -> Mapping[str, Sequence[Approved]] | None: ...
    @property
    def staff(self) -> Mapping[str, Staff] | None: ...
    @property
    def departments(self) -> Collection[str] | None: ...
    @property
    def machines(self) -> Collection[str] | None: ...
    @property
    def drug_terms(self) -> Mapping[str, DrugTerms] | None: ...
    @property
    def long_supply(self) -> Collection[str] | None: ...
    @property
    def contrast(self) -> Contrast | None: ...
    @property
    def apart(self) -> Sequence[Apart] | None: ...
    @property
    def beds(self) -> Mapping[tuple[str, str], Sequence[BedUse]] | None: ...
    @property
    def done_elsewhere(self) -> Mapping[str, Sequence[Done]] | None: ...
    @property
    def earlier(self) -> Mapping[str, Sequence[Done]] | None: ...
    @property
    def papers(self) -> Mapping[str, Collection[str]] | None: ...
    @property
    def hours(self) -> Hours | None: ...


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A Context out of plain values; what is left out is not known."""

    now: str | None = None
    """The present in local time, yyyymmddHHMM."""
    sent: SentClaims | None = None
    check_ins: Mapping[str, Sequence[Row]] | None = None
    """XML0 rows that were sent, by MA_LK."""
    cards: Mapping[str, CardAnswer] | None = None
    """By card number."""
    facilities: Collection[str] | None = None
    communes: Mapping[str, str] | None = None
    """Commune code → province code."""
    icd10: Mapping[str, Icd10] | None = None
    yhct: Collection[str] | None = None
    """Codes of traditional medicine, QĐ 7603."""
    drugs: Mapping[str, Sequence[Approved]] | None = None
    supplies: Mapping[str, Sequence[Approved]] | None = None
    services: Mapping[str, Sequence[Approved]] | None = None
    staff: Mapping[str, Staff] | None = None
    """By licence number (GPHN)."""
    departments: Collection[str] | None = None
    machines: Collection[str] | None = None
    drug_terms: Mapping[str, DrugTerms] | None = None
    long_supply: Collection[str] | None = None
    """Beginnings of the ICD-10 codes that allow drugs for longer than 30 days."""
    contrast: Contrast | None = None
    apart: Sequence[Apart] | None = None
    beds: Mapping[tuple[str, str], Sequence[BedUse]] | None = None
    """By (MA_KHOA, MA_GIUONG)."""
    done_elsewhere: Mapping[str, Sequence[Done]] | None = None
    """What a practitioner did in other episodes, by licence number."""
    earlier: Mapping[str, Sequence[Done]] | None = None
    """What a patient had in other episodes, by MA_BN."""
    papers: Mapping[str, Collection[str]] | None = None
    """The papers that the hospital gave (XML10, XML11), by MA_LK."""
    hours: Hours | None = None


NOTHING_KNOWN = Knowledge()

NAMES: Mapping[str, Text] = {
    "now": Text("giờ hiện tại", "the present time"),
    "file": Text("đầu tệp gửi", "the head of the file"),
    "signature": Text("kết quả kiểm tra chữ ký", "the result of the signature check"),
    "repeated": Text("các MA_LK khác trong tệp", "the other MA_LK of the file"),
    "sent": Text("danh sách hồ sơ đã gửi", "the register of sent claims"),
    "check_ins": Text("các check-in đã gửi", "the check-ins sent"),
    "cards": Text("kết quả tra cứu thẻ", "the card look-up"),
    "facilities": Text("danh mục cơ sở KCB", "the list of facilities"),
    "communes": Text("danh mục xã, tỉnh", "the list of communes"),
    "icd10": Text("danh mục ICD-10", "the ICD-10 list"),
    "yhct": Text("danh mục bệnh y học cổ truyền", "the list of traditional-medicine diseases"),
    "drugs": Text("danh mục thuốc đã duyệt", "the approved drugs"),
    "supplies": Text("danh mục vật tư đã duyệt", "the approved supplies"),
    "services": Text("danh mục dịch vụ đã duyệt", "the approved services"),
    "staff": Text("danh sách người hành nghề", "the practitioners"),
    "departments": Text("danh mục khoa của cơ sở", "the facility's departments"),
    "machines": Text("danh mục máy", "the machines"),
    "drug_terms": Text("điều kiện thanh toán thuốc", "the terms of payment of drugs"),
    "long_supply": Text("danh mục bệnh được kê trên 30 ngày", "the diseases with long supply"),
    "contrast": Text("danh mục thuốc và dịch vụ cản quang", "contrast drugs and services"),
    "apart": Text("các cặp dịch vụ không được trùng", "the services to keep apart"),
    "beds": Text("sổ giường bệnh", "the bed register"),
    "done_elsewhere": Text("việc của người thực hiện ở hồ sơ khác", "what performers did in other episodes"),
    "earlier": Text("dịch vụ của người bệnh ở các lượt khác", "the patient's services of other visits"),
    "papers": Text("các giấy đã cấp", "the papers given"),
    "hours": Text("giờ làm việc của cơ sở", "the facility's working hours"),
}
"""Every kind of knowledge a rule may ask for, in words."""
