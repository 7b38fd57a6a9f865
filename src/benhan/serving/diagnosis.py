"""What `benhan doctor` looks at: every finding says what is there, whether that is well, and what to do."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from pathlib import Path

import httpx

from benhan.kernel.clock import SystemClock, day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.settings import Settings
from benhan.kernel.texts import Text
from benhan.store.catalogues import Catalogues
from benhan.store.key_status import key_status
from benhan.store.ledger.read import chain_length
from benhan.store.ledger.roots import roots
from benhan.store.opening import open_store
from benhan.store.sql_texts import query
from benhan.store.store import Store

FREE_BYTES_MIN = 5 * 1024**3
POSTGRES_MIN = 150_000
SKEW_MAX = timedelta(seconds=30)
ROOT_AGE_MAX = timedelta(days=2)
_QUEUES = query(
    "count_queues",
    """
    select (select count(*) from inbox where bucket = 0 and state = 'received') as received,
        (select count(*) from inbox where bucket = 0 and state = 'parked') as parked,
        (select count(*) from outbox where state = 'waiting') as waiting,
        (select count(*) from outbox where state = 'refused') as refused
    """,
    fan_out="a count over everything that waits",
)


class Health(Enum):
    """How a thing is."""

    WELL = "well"
    WATCH = "watch"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its name, how it is, what was seen, what to do where it is not well."""

    name: Text
    health: Health
    seen: str
    remedy: Text | None = None


async def diagnose(settings: Settings, role: str) -> AsyncIterator[Finding]:
    """Look at everything a role needs, one finding after another; nothing is changed but an empty store is set up."""
    yield _disk(settings.data)
    yield _exposed(settings)
    try:
        async with open_store(settings, role) as store:
            yield await _database(store)
            yield await _keys(store, settings)
            yield await _ledger(store)
            if role == "node":
                yield await _catalogues(store)
                for finding in await _queues(store):
                    yield finding
    except Fault as fault:
        yield Finding(DATABASE, Health.ILL, fault.code, fault.text)
    if role == "node" and settings.repository_url:
        yield await _repository(settings)


DATABASE = Text("Cơ sở dữ liệu và khoá", "Database and keys")


def _disk(data: Path) -> Finding:
    name = Text("Đĩa", "Disk")
    place = next(each for each in (data.absolute(), *data.absolute().parents) if each.exists())
    free = shutil.disk_usage(place).free
    seen = f"{free / 1024**3:.1f} GB trống (free), {place}"
    remedy = Text("Dọn hoặc thêm đĩa: hết đĩa thì ngừng nhận kết quả.", "Free or add space: a full disk stops intake.")
    return Finding(name, Health.WELL if free >= FREE_BYTES_MIN else Health.WATCH, seen, remedy)


def _exposed(settings: Settings) -> Finding:
    name = Text("Đường vào", "Ways in")
    is_local = settings.http_host in ("127.0.0.1", "localhost", "::1")
    is_covered = is_local or bool(settings.tls_certificate) or settings.base_url.startswith("https://")
    seen = f"{settings.base_url}, MLLP {settings.mllp_host}:{settings.mllp_port}"
    if settings.demo:
        told = Text("Đang bật trình diễn (demo): tắt ở bệnh viện thật.", "Demonstration is on: never in a hospital.")
        return Finding(name, Health.WATCH, seen, told)
    remedy = Text(
        "Mở ra mạng mà không có TLS: đặt tls_certificate, hoặc public_url https:// sau máy chủ uỷ nhiệm.",
        "Open to the network without TLS: set tls_certificate, or an https:// public_url behind a proxy.",
    )
    return Finding(name, Health.WELL if is_covered else Health.ILL, seen, remedy)


async def _database(store: Store) -> Finding:
    version = int(await store.database.fetchval("select current_setting('server_version_num')::int"))
    size = int(await store.database.fetchval("select pg_database_size(current_database())"))
    seen = f"PostgreSQL {version // 10_000}.{version % 10_000}, {size / 1024**2:,.0f} MB"
    remedy = Text("Cần PostgreSQL 15 trở lên.", "PostgreSQL 15 or newer is needed.")
    return Finding(DATABASE, Health.WELL if version >= POSTGRES_MIN else Health.ILL, seen, remedy)


async def _keys(store: Store, settings: Settings) -> Finding:
    name = Text("Khoá", "Keys")
    status = await key_status(store.database, store.keyring)
    seen = f"KEK {status.in_force}; {status.data_keys} khoá dữ liệu (data keys), {status.shredded} đã huỷ (shredded)"
    if status.behind:
        told = Text(
            "Còn khoá bọc bằng KEK cũ: chạy benhan keys rotate.", "Keys wait for the new KEK: benhan keys rotate."
        )
        return Finding(name, Health.WATCH, seen, told)
    if settings.pkcs11_module:
        return Finding(name, Health.WELL, f"{seen}; PKCS#11")
    mode = settings.kek_path.stat().st_mode & 0o777
    remedy = Text("Tệp KEK phải chỉ chủ đọc được: chmod 600.", "Only its owner may read the KEK file: chmod 600.")
    return Finding(name, Health.ILL if mode & 0o077 else Health.WELL, f"{seen}; {settings.kek_path}", remedy)


async def _ledger(store: Store) -> Finding:
    name = Text("Nhật ký", "Ledger")
    newest, length = await roots(store.database, 1), await chain_length(store.database)
    day = newest[0].day if newest else None
    today = day_in_vietnam(store.clock.now())
    is_late = day is not None and today - day > ROOT_AGE_MAX
    remedy = Text("Gốc ngày ký muộn: benhan ledger root, và để nút chạy.", "Roots are late: benhan ledger root.")
    seen = f"{length} mục (entries), gốc cuối (last root) {day or '–'}"
    return Finding(name, Health.WATCH if is_late else Health.WELL, seen, remedy)


async def _catalogues(store: Store) -> Finding:
    """Lists that a hospital has loaded and that have no row today: whatever is checked by them is not checked."""
    name = Text("Danh mục", "Catalogues")
    catalogues, today = Catalogues(store.database, store.clock), day_in_vietnam(store.clock.now())
    own = {each.head.name for each in await catalogues.loaded()}
    empty = [each.head.name for each in await catalogues.every() if not each.on(today)]
    emptied = [each for each in empty if each in own]
    if emptied:
        remedy = Text("Nạp lại danh mục: benhan catalogues load.", "Load them again: benhan catalogues load.")
        return Finding(name, Health.ILL, f"rỗng (empty): {', '.join(emptied)}", remedy)
    seen = f"{len(own)} đã nạp (loaded); chưa có (not here): {', '.join(empty) or '–'}"
    return Finding(name, Health.WELL, seen)


async def _queues(store: Store) -> list[Finding]:
    row = await store.database.fetchrow(_QUEUES)
    assert row is not None
    inbox = Finding(
        Text("Hộp nhận", "Inbox"),
        Health.WATCH if row["parked"] else Health.WELL,
        f"{row['received']} chờ nhập (to apply), {row['parked']} chờ người (parked)",
        Text("Mở trang Thông điệp chờ xử lý để sửa.", "Open the page of messages to mend."),
    )
    outbox = Finding(
        Text("Hộp gửi", "Outbox"),
        Health.WATCH if row["refused"] else Health.WELL,
        f"{row['waiting']} chờ gửi (to send), {row['refused']} bị từ chối (refused)",
        Text("Mở trang Gửi đi để xem lý do.", "Open the page of deliveries for the reasons."),
    )
    return [inbox, outbox]


async def _repository(settings: Settings) -> Finding:
    name = Text("Kho quốc gia", "National repository")
    remedy = Text(
        "Không tới được kho: kiểm tra mạng và repository_url. Kết quả vẫn được giữ và tự gửi lại.",
        "The repository is not reached: check the network and repository_url. Nothing is lost meanwhile.",
    )
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            asked = SystemClock().now()
            answer = await client.get(f"{settings.repository_url.rstrip('/')}/healthz")
    except (TimeoutError, httpx.HTTPError) as failure:
        return Finding(name, Health.ILL, f"{settings.repository_url}: {type(failure).__name__}", remedy)
    if answer.status_code != httpx.codes.OK:
        return Finding(name, Health.ILL, f"HTTP {answer.status_code}", remedy)
    skew = abs(parsedate_to_datetime(answer.headers["date"]) - asked) if "date" in answer.headers else timedelta()
    late = Text("Đồng hồ lệch so với kho: bật đồng bộ giờ (NTP).", "The clocks differ: turn on time synchronisation.")
    return Finding(name, Health.WATCH if skew > SKEW_MAX else Health.WELL, settings.repository_url, late)
