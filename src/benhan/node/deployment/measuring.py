"""The figures of `vn/deployment/signals.py`, counted in this node's store. No count tells of a person.

Everything is asked at most once a day, over all compartments. Source: TT 13/2025/TT-BYT; CV 365/TTYQG-GPQLCL.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

import benhan
from benhan.kernel.actors import outgoing
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Severity
from benhan.kernel.logs import Log
from benhan.kernel.settings import Settings
from benhan.mapping.fhir_to_hoso_benh_an import fhir_to_hoso_benh_an
from benhan.node.deployment.drills import Drills
from benhan.node.records.content import read_record
from benhan.store.ledger.verify import verify_ledger
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.vn import systems
from benhan.vn.deployment.signals import DAYS, Part, Signals
from benhan.vn.forms.catalogue import Catalogue

log = Log("deployment")

ACTOR = outgoing("deployment")
SAMPLED_PATIENTS = 300
SAMPLED_EXPORTS = 12
_WHY = "the figures of a hospital are counted over all compartments, once a day"

_RECORDS = query(
    "evidence_records",
    """
    select count(*) filter (where opened_at >= $1) as opened,
        count(*) filter (where opened_at >= $1 and medium = 'electronic') as electronic,
        count(*) filter (where archived_at >= $1) as archived_lately,
        count(*) filter (where state in ('closed', 'returned', 'submitted')) as waiting,
        count(*) filter (where state = 'archived') as archived,
        count(*) filter (where state = 'archived' and retention <> '') as retained,
        percentile_cont(0.5) within group (order by extract(epoch from archived_at - closed_at) / 86400)
            filter (where archived_at >= $1 and closed_at is not null) as days_to_archive
    from medical_record where cancelled_at is null
    """,
    fan_out=_WHY,
)
_SIGNED = query(
    "evidence_signed",
    """
    select count(*) filter (where s.state = 'signed') as signed, count(*) as needed
    from medical_record r join signing_step s on s.bucket = r.bucket and s.record = r.rid
    where r.closed_at >= $1 and r.cancelled_at is null and s.state in ('queued', 'waiting', 'signed', 'refused')
    """,
    fan_out=_WHY,
)
_PUBLISHED = query(
    "evidence_published",
    """
    select count(*) as ended, count(first) as receipted,
        percentile_cont(0.5) within group (order by extract(epoch from first - begun) / 3600) as hours
    from (
        select subject, min(created_at) as begun, min(receipted_at) as first from outbox
        where kind = 'record' and created_at >= $1 group by subject
    ) as each
    """,
    fan_out=_WHY,
)
_PATIENTS = query(
    "evidence_patients",
    """
    select distinct patient from medical_record where opened_at >= $1 and cancelled_at is null
    order by patient desc limit $2
    """,
    fan_out=_WHY,
)
_MESSAGES = query(
    "evidence_messages",
    "select kind, count(*) as count from inbox where received_at >= $1 and state = 'applied' group by kind",
    fan_out=_WHY,
)
_FAILED = query(
    "evidence_failed",
    "select count(*) as count, min(received_at) as oldest from inbox where state = 'parked'",
    fan_out=_WHY,
)
_PAPERS = query(
    "evidence_papers",
    """
    select form, count(*) as count from record_paper
    where added_at >= $1 and cancelled_at is null and author like 'account:%' group by form
    """,
    fan_out=_WHY,
)
_ENDED = query(
    "evidence_ended",
    """
    select encounter from medical_record where closed_at >= $1 and cancelled_at is null
    order by closed_at desc limit $2
    """,
    fan_out=_WHY,
)
_COUNTS = query(
    "evidence_counts",
    """
    select
        (select count(*) from record_print where printed_at >= $1) as prints,
        (select count(*) from record_request where due_on >= $2 and state in ('answered', 'refused')
            and (settled_at at time zone interval '7 hours')::date <= due_on) as in_time,
        (select count(*) from record_request where due_on >= $2 and state <> 'withdrawn'
            and (settled_at is not null or due_on < $3)) as due,
        (select count(*) from record_act
            where at >= $1 and act in ('cancel', 'restore', 'cancel-paper', 'restore-paper'))
            + (select count(*) from record_paper where changed_at >= $1 and version > 1) as changes,
        (select count(*) from account_signer) as signers,
        (select count(*) from account where disabled_at is null and role not in ('citizen', 'machine', 'system'))
            as accounts,
        (select count(*) from account where disabled_at is null and role not in ('citizen', 'machine', 'system')
            and (valid_until is not null or hours_from is not null)) as bounded,
        (select count(*) from catalogue) as catalogues,
        (select count(*) from emergency_access where judged_at is null) as unjudged
    """,
    fan_out=_WHY,
)


@dataclass(frozen=True, slots=True)
class Sampled:
    """What was found in a sample of records."""

    numbered: Part
    exports: Part


class Measuring:
    """Counts for one node."""

    def __init__(self, store: Store, settings: Settings, forms: Catalogue) -> None:
        self._store = store
        self._settings = settings
        self._forms = forms
        self._drills = Drills(store)

    async def signals(self, walked: Signals | None = None, *, walks: bool = True) -> Signals:
        """The figures now. Their number grows with time: a restored store goes on above what it sent before.

        The whole ledger is walked, which takes minutes where it is years long; not `walks` takes what `walked` found.
        """
        store, settings, database = self._store, self._settings, self._store.database
        now = store.clock.now().replace(microsecond=0)
        since, today = now - timedelta(days=DAYS), day_in_vietnam(now)
        records = _first(await database.fetchrow(_RECORDS, since))
        signed = _first(await database.fetchrow(_SIGNED, since))
        published = _first(await database.fetchrow(_PUBLISHED, since))
        failed = _first(await database.fetchrow(_FAILED))
        counts = _first(await database.fetchrow(_COUNTS, since, day_in_vietnam(since), today))
        papers = {row["form"]: row["count"] for row in await store.database.fetch(_PAPERS, since) if row["form"]}
        messages = {row["kind"]: row["count"] for row in await store.database.fetch(_MESSAGES, since)}
        sampled = await self._sampled(since)
        ledger_rows, is_whole = await self._ledger(walked, walks=walks)
        drills = await self._drills.last(1)
        return Signals(
            facility=settings.facility_code,
            number=int(now.timestamp()),
            made_at=now,
            software=f"benhan {benhan.__version__}",
            records_opened=records["opened"],
            records_electronic=Part(records["electronic"], records["opened"]),
            records_archived=records["archived_lately"],
            records_waiting=records["waiting"],
            days_to_archive=_rounded(records["days_to_archive"]),
            signed=Part(signed["signed"], signed["needed"]),
            published=Part(published["receipted"], published["ended"]),
            hours_to_publish=_rounded(published["hours"]),
            patients_numbered=sampled.numbered,
            messages=messages,
            messages_failed=failed["count"],
            failed_oldest_hours=_hours(failed["oldest"], now),
            papers_typed=sum(papers.values()),
            papers_on_forms=Part(
                sum(count for form, count in papers.items() if self._is_known(form)), sum(papers.values())
            ),
            exports_good=sampled.exports,
            prints=counts["prints"],
            requests_in_time=Part(counts["in_time"], counts["due"]),
            retention_set=Part(records["retained"], records["archived"]),
            ledger_rows=ledger_rows,
            ledger_is_whole=is_whole,
            changes_traced=counts["changes"],
            signers=counts["signers"],
            accounts=counts["accounts"],
            accounts_bounded=counts["bounded"],
            rights_mode=settings.access_mode,
            catalogues=counts["catalogues"],
            emergencies_unjudged=counts["unjudged"],
            drill=drills[0] if drills else None,
            has_tls=bool(settings.tls_certificate) or settings.base_url.startswith("https://"),
            has_ipv6=":" in settings.http_host,
            keys_in="pkcs11" if settings.pkcs11_module else "file",
            security_level=settings.security_level,
        )

    async def _ledger(self, walked: Signals | None, *, walks: bool) -> tuple[int, bool | None]:
        """Entries of the ledger, and whether it is whole: None where nobody has walked it yet."""
        if not walks:
            return (walked.ledger_rows, walked.ledger_is_whole) if walked is not None else (0, None)
        verdict = await verify_ledger(self._store.database, self._store.keyring)
        return verdict.entries + verdict.pending, verdict.is_whole

    async def _sampled(self, since: datetime) -> Sampled:
        """What only shows in the content, of the newest records."""
        store = self._store
        rids = [("Patient", row["patient"]) for row in await store.database.fetch(_PATIENTS, since, SAMPLED_PATIENTS)]
        patients = [each.read() for each in await store.resources.read_rids(rids, ACTOR) if each is not None]
        numbered = sum(_has_number(each) for each in patients)
        ended = [("Encounter", row["encounter"]) for row in await store.database.fetch(_ENDED, since, SAMPLED_EXPORTS)]
        encounters = [each.id for each in await store.resources.read_rids(ended, ACTOR) if each is not None]
        good = [await self._is_good(each) for each in encounters]
        return Sampled(Part(numbered, len(patients)), Part(sum(good), len(good)))

    async def _is_good(self, encounter: str) -> bool:
        """Whether the HoSoBenhAn of an encounter has no fault; one that cannot be made at all is none."""
        try:
            record = await read_record(self._store, self._settings.facility_code, encounter, ACTOR)
            issues = (await asyncio.to_thread(lambda: fhir_to_hoso_benh_an(record).checked)).issues
        except Fault as fault:
            log.warning("deployment.sample_failed", fault=fault.code)
            return False
        return not any(each.severity is Severity.ERROR for each in issues)

    def _is_known(self, form: str) -> bool:
        try:
            self._forms.by_key(form)
        except Fault:
            return False
        return True


def _first(row: asyncpg.Record | None) -> asyncpg.Record:
    assert row is not None, "counts always come back"
    return row


def _has_number(patient: dict[str, Any]) -> bool:
    return any(each.get("system") == systems.CCCD and each.get("value") for each in patient.get("identifier", ()))


def _rounded(value: object) -> float | None:
    return round(float(str(value)), 1) if value is not None else None


def _hours(since: datetime | None, now: datetime) -> float | None:
    return round((now - since).total_seconds() / 3600, 1) if since is not None else None
