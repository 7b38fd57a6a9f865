"""What a report shows of one requirement: each a small function of the figures, named in data/criteria.toml.

Thresholds are the house's own where the law names no number (docs/known-issues.md); they stand here, in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.texts import Text
from benhan.vn.deployment.signals import Part, Signals

GOOD_PERCENT = 95
SOME_PERCENT = 80
FAILED_HOURS_MAX = 72
DRILL_LIFE = timedelta(days=92)
LEVEL_MIN = 2
"""CV 365 III.4: hồ sơ cấp độ from 2 on."""


class Standing(Enum):
    """How well something is shown."""

    MET = "met"
    PARTLY = "partly"
    UNMET = "unmet"
    UNSHOWN = "unshown"
    """Nothing to measure by yet."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a measure says, in words with its figures."""

    standing: Standing
    words: Text


Measure = Callable[[Signals], Measured]


def _share(part: Part, words: Text, good: int = GOOD_PERCENT, some: int = SOME_PERCENT) -> Measured:
    percent = part.percent
    if percent is None:
        return Measured(Standing.UNSHOWN, Text("chưa có số liệu", "nothing to count yet"))
    standing = Standing.MET if percent >= good else Standing.PARTLY if percent >= some else Standing.UNMET
    return Measured(standing, words.filled(percent=percent, some=part.some, all=part.all))


def _when(words: Text, *, is_met: bool, otherwise: Standing = Standing.UNMET) -> Measured:
    return Measured(Standing.MET if is_met else otherwise, words)


def electronic(told: Signals) -> Measured:
    """Records kept electronically."""
    words = Text(
        "{percent} % hồ sơ mở trong 30 ngày là điện tử ({some}/{all})",
        "{percent} % of the records opened in 30 days are electronic ({some}/{all})",
    )
    return _share(told.records_electronic, words)


def signed(told: Signals) -> Measured:
    """Signatures given."""
    words = Text(
        "{percent} % chữ ký cần có đã ký ({some}/{all})",
        "{percent} % of the signatures needed are there ({some}/{all})",
    )
    return _share(told.signed, words)


def archived(told: Signals) -> Measured:
    """Records that get closed and archived, and how soon."""
    if told.records_archived == 0:
        words = Text("chưa lưu trữ hồ sơ nào trong 30 ngày", "no record was archived in 30 days")
        return Measured(Standing.UNMET if told.records_waiting else Standing.UNSHOWN, words)
    words = Text(
        "{count} hồ sơ lưu trữ, trung vị {days} ngày; {waiting} hồ sơ đang chờ",
        "{count} records archived, median {days} days; {waiting} wait",
    ).filled(count=told.records_archived, days=_one(told.days_to_archive), waiting=told.records_waiting)
    return _when(words, is_met=told.records_waiting <= told.records_archived, otherwise=Standing.PARTLY)


def published(told: Signals) -> Measured:
    """Records that reached the repository."""
    words = Text(
        "{percent} % hồ sơ ra viện đã được kho nhận ({some}/{all}), trung vị {hours} giờ",
        "{percent} % of the ended records were receipted by the repository ({some}/{all}), median {hours} hours",
    ).filled(hours=_one(told.hours_to_publish))
    return _share(told.published, words)


def numbered(told: Signals) -> Measured:
    """Patients with a personal identification number."""
    words = Text(
        "{percent} % người bệnh có số định danh cá nhân ({some}/{all})",
        "{percent} % of the patients have a personal number ({some}/{all})",
    )
    return _share(told.patients_numbered, words, good=90, some=70)


def connected(told: Signals) -> Measured:
    """Messages that come from HIS and LIS or PACS by themselves."""
    kinds = {each.partition("^")[0] for each, count in told.messages.items() if count}
    total = sum(told.messages.values())
    words = Text(
        "{total} thông điệp tự động trong 30 ngày: {kinds}", "{total} messages came by themselves in 30 days: {kinds}"
    ).filled(total=total, kinds=", ".join(sorted(kinds)) or "—")
    has_his, has_results = bool(kinds & {"ADT", "BHYT", "ORM"}), bool(kinds & {"ORU", "ORL"})
    return _when(words, is_met=has_his and has_results, otherwise=Standing.PARTLY if kinds else Standing.UNMET)


def unfailing(told: Signals) -> Measured:
    """Messages that could not be taken in and wait for a person."""
    words = Text(
        "{count} thông điệp chờ sửa, cũ nhất {hours} giờ", "{count} messages wait, the oldest {hours} hours"
    ).filled(count=told.messages_failed, hours=_one(told.failed_oldest_hours))
    return _when(words, is_met=(told.failed_oldest_hours or 0) <= FAILED_HOURS_MAX, otherwise=Standing.PARTLY)


def typed(told: Signals) -> Measured:
    """Papers that people write here."""
    words = Text("{count} phiếu nhập trực tiếp trong 30 ngày", "{count} papers typed in 30 days").filled(
        count=told.papers_typed
    )
    return _when(words, is_met=told.papers_typed > 0)


def on_forms(told: Signals) -> Measured:
    """Papers on official forms."""
    words = Text(
        "{percent} % giấy tờ theo biểu mẫu trong danh mục ({some}/{all})",
        "{percent} % of the papers are on a form of the catalogue ({some}/{all})",
    )
    return _share(told.papers_on_forms, words)


def exported(told: Signals) -> Measured:
    """HoSoBenhAn without faults."""
    words = Text(
        "{percent} % tệp HoSoBenhAn mẫu không có lỗi ({some}/{all})",
        "{percent} % of the sampled HoSoBenhAn are without a fault ({some}/{all})",
    )
    return _share(told.exports_good, words)


def traced(told: Signals) -> Measured:
    """The ledger is whole and says who changed what."""
    if told.ledger_is_whole is None:
        return Measured(Standing.UNSHOWN, Text("sổ cái chưa được kiểm", "the ledger was not verified yet"))
    words = Text(
        "sổ cái {rows} dòng, {state}; {changes} lần sửa, huỷ, khôi phục có dấu vết",
        "a ledger of {rows} rows, {state_en}; {changes} changes, cancellations and restorations traced",
    ).filled(
        rows=told.ledger_rows,
        state="nguyên vẹn" if told.ledger_is_whole else "BỊ SỬA",
        state_en="whole" if told.ledger_is_whole else "DAMAGED",
        changes=told.changes_traced,
    )
    return _when(words, is_met=told.ledger_is_whole and told.ledger_rows > 0)


def guarded(told: Signals) -> Measured:
    """Rights by role and relation, accounts bounded in time."""
    words = Text(
        "quyền theo bảng (chế độ {mode}); {bounded}/{all} tài khoản có giới hạn ngày hoặc giờ",
        "rights by the matrix (mode {mode}); {bounded}/{all} accounts are bounded by day or hour",
    ).filled(mode=told.rights_mode, bounded=told.accounts_bounded, all=told.accounts)
    return _when(words, is_met=told.accounts > 0 and told.accounts_bounded > 0, otherwise=Standing.PARTLY)


def judged(told: Signals) -> Measured:
    """Emergency accesses that somebody has judged."""
    words = Text("{count} lần mở khẩn cấp chưa kết luận", "{count} emergency accesses wait for a judgement").filled(
        count=told.emergencies_unjudged
    )
    return _when(words, is_met=told.emergencies_unjudged == 0, otherwise=Standing.PARTLY)


def restored(told: Signals) -> Measured:
    """A restore that was proven not long ago."""
    drill = told.drill
    if drill is None:
        return Measured(Standing.UNMET, Text("chưa chứng minh khôi phục lần nào", "no restore was ever proven"))
    words = Text(
        "khôi phục thử ngày {day}: {seconds} giây, mở {versions} phiên bản, {damaged} hỏng",
        "restore proven on {day}: {seconds} seconds, {versions} versions opened, {damaged} damaged",
    ).filled(
        day=day_in_vietnam(drill.at).strftime("%d/%m/%Y"),
        seconds=drill.seconds,
        versions=drill.versions,
        damaged=drill.damaged,
    )
    if drill.damaged:
        return Measured(Standing.UNMET, words)
    return _when(words, is_met=told.made_at - drill.at <= DRILL_LIFE, otherwise=Standing.PARTLY)


def printing(told: Signals) -> Measured:
    """Prints still made, told beside the records: it goes down where paper ends."""
    words = Text(
        "{prints} bản in trong 30 ngày, {records} hồ sơ mở", "{prints} prints in 30 days, {records} records opened"
    ).filled(prints=told.prints, records=told.records_opened)
    return Measured(Standing.MET, words)


def answered(told: Signals) -> Measured:
    """Patients' requests answered within the term."""
    words = Text(
        "{percent} % yêu cầu của người bệnh trả lời đúng hạn ({some}/{all})",
        "{percent} % of patients' requests were answered in time ({some}/{all})",
    )
    return _share(told.requests_in_time, words)


def retained(told: Signals) -> Measured:
    """Archived records with a retention class."""
    words = Text(
        "{percent} % hồ sơ lưu trữ có thời hạn lưu ({some}/{all})",
        "{percent} % of the archived records have a retention class ({some}/{all})",
    )
    return _share(told.retention_set, words, good=100)


def certified(told: Signals) -> Measured:
    """People with something to sign with."""
    words = Text("{count} người có chứng thư số", "{count} people have a certificate").filled(count=told.signers)
    return _when(words, is_met=told.signers > 0)


def catalogued(told: Signals) -> Measured:
    """Shared catalogues that are loaded."""
    words = Text("{count} danh mục dùng chung đã nạp", "{count} shared catalogues loaded").filled(count=told.catalogues)
    return _when(words, is_met=told.catalogues > 0)


def in_transit(told: Signals) -> Measured:
    """Encryption in transit and where the keys are."""
    words = Text("đường truyền {way}; khoá ở {keys}", "transit {way_en}; keys in {keys}").filled(
        way="có TLS" if told.has_tls else "CHƯA có TLS",
        way_en="has TLS" if told.has_tls else "has NO TLS",
        keys=told.keys_in,
    )
    return _when(words, is_met=told.has_tls, otherwise=Standing.PARTLY)


def ipv6(told: Signals) -> Measured:
    """Whether the node answers on IPv6."""
    words = Text("có nghe IPv6", "listens on IPv6") if told.has_ipv6 else Text("chưa nghe IPv6", "no IPv6 yet")
    return _when(words, is_met=told.has_ipv6)


def levelled(told: Signals) -> Measured:
    """The declared security level."""
    words = Text("bệnh viện khai cấp độ {level}", "the hospital declares level {level}").filled(
        level=told.security_level
    )
    return _when(words, is_met=told.security_level >= LEVEL_MIN)


def _one(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}".replace(".", ",")


MEASURES: dict[str, Measure] = {
    each.__name__: each
    for each in (
        electronic, signed, archived, published, numbered, connected, unfailing, typed, on_forms, exported, traced,
        guarded, judged, restored, printing, answered, retained, certified, catalogued, in_transit, ipv6, levelled,
    )
}  # fmt: skip
"""Every measure by the name that criteria call it by."""
