"""Which tables are dumped, which of their columns are opened, and which are left out and why.

Source: CV 365/TTYQG-GPQLCL III.2 đ (all data are handed over with their description at the end of a contract).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from benhan.store.content import aad_of
from benhan.store.rekeying import Row
from benhan.store.sql_texts import query

_EVERYTHING = "a dump of the hospital holds all compartments"


class Opened(NamedTuple):
    """A sealed column: what each value is bound to, and whether its content is text (else Base64)."""

    aad: Callable[[Row], bytes]
    is_text: bool


class Table(NamedTuple):
    """A table that is dumped: its rows in their order, the columns that are opened, those that are left out."""

    name: str
    rows: str
    opened: dict[str, Opened]
    without: tuple[str, ...] = ()
    own_key: str = ""
    """The key of the store that seals rows of no patient."""


def _table(
    name: str,
    order: str,
    opened: dict[str, Opened] | None = None,
    *,
    without: tuple[str, ...] = (),
    own_key: str = "",
    patient: str = "",
) -> Table:
    """`patient` is an expression for whose key seals a row, where no column says so."""
    told = f", {patient} as sealed_for" if patient else ""
    rows = query(f"dump_{name}", f"select t.*{told} from {name} t order by {order}", fan_out=_EVERYTHING)  # noqa: S608
    return Table(name, rows, opened or {}, without, own_key)


def _bound(aad: bytes, *, is_text: bool = True) -> Opened:
    return Opened(lambda _row: aad, is_text)


_OF_RECORD = "(select m.patient from medical_record m where m.bucket = t.bucket and m.rid = t.record)"
_CONTENT = {"content": Opened(lambda row: aad_of(row["type"], row["rid"], row["version"]), is_text=True)}

TABLES = (
    _table("medical_record", "bucket, rid"),
    _table("record_paper", "bucket, record, number"),
    _table("record_act", "bucket, record, number", {"reason": _bound(b"record-act")}, patient=_OF_RECORD),
    _table("record_hold", "bucket, record, order_number"),
    _table("record_print", "bucket, record, code_hash"),
    _table("record_part", "bucket, record, number"),
    _table("record_loan", "bucket, id", {"told": _bound(b"record-loan")}),
    _table("record_request", "bucket, id", {"told": _bound(b"record-request")}),
    _table(
        "record_package", "bucket, id",
        {"about": _bound(b"package-about"), "content": _bound(b"package", is_text=False)}, own_key="packages",
    ),
    _table(
        "signing_step", "bucket, record, number, version, step", {"reason": _bound(b"record-act")}, patient=_OF_RECORD
    ),
    _table("signed_paper", "bucket, record, number, version"),
    _table("paper_confirmation", "bucket, record, number, version, confirmed_at"),
    _table("signing_delegation", "id"),
    _table("evidence_tree", "id"),
    _table("evidence_chain", "tree, chain"),
    _table("evidence_leaf", "tree, chain, place"),
    _table("evidence_stamp", "id"),
    _table("evidence_link", "tree, chain, number"),
    _table("blob", "bucket, address", without=("object", "wrapped_key")),
    _table("care_relation", "bucket, patient, key, source, record"),
    _table("access_grant", "bucket, id", {"note": _bound(b"access-grant")}),
    _table(
        "emergency_access", "bucket, id",
        {"words": _bound(b"emergency-access"), "judged_words": _bound(b"emergency-access")},
    ),
    _table("handover", "bucket, id"),
    _table("order_template", "bucket, id"),
    _table("phrase", "bucket, id"),
    _table("exchange_asked", "bucket, ask"),
    _table("exchange_part", "bucket, ask, holder"),
    _table("destruction_batch", "id"),
    _table("destruction_item", "bucket, batch, record"),
    _table("storage_number", "bucket, year"),
    _table("send_destination", "name"),
    _table("send", "bucket, id", {"about": _bound(b"about"), "content": _bound(b"send")}, own_key="sends"),
    _table(
        "send_event", "bucket, send, id", {"note": _bound(b"note")}, own_key="sends",
        patient="(select s.patient from send s where s.bucket = t.bucket and s.id = t.send)",
    ),
    _table("catalogue", "name"),
    _table("catalogue_entry", "id"),
    _table("conformance_package", "name, version"),
    _table("placement", "bucket, type, rid"),
    _table("delivery", "bucket, sender, delivery_key"),
    _table("account", "id", without=("password_hash", "failures", "locked_until")),
    _table("account_department", "account, department, from_at"),
    _table("account_signer", "account", without=("place", "failures", "locked_until")),
    _table("ledger_entry", "seq"),
    _table("ledger_root", "day"),
    _table("restore_drill", "id"),
)  # fmt: skip
"""The tables besides the resources, which are written by type."""

LEFT_OUT = {
    "resource": "written by type, as resources/ and history/",
    "resource_history": "written by type, as history/",
    "resource_ended": "what the two before hold already, for subscriptions",
    "range_index": "an index of the resources",
    "search_parameter": "resources SearchParameter say the same",
    "subscription": "resources Subscription say the same; the rest is a secret of its receiver",
    "subscription_event": "notices on their way",
    "subscription_progress": "a place in the ledger",
    "subscription_topic": "resources Basic say the same",
    "code_system": "terminology: loaded from its own packages",
    "concept": "terminology: loaded from its own packages",
    "terminology_state": "a counter",
    "conformance_resource": "loaded from its own packages",
    "validation_finding": "counts",
    "bulk_import": "a place in a file",
    "reindex_job": "a place in the store",
    "job": "work that is asked for, with its files",
    "inbox": "messages as they came: what they said is in the resources",
    "outbox": "what waits to be sent",
    "paper_draft": "typed and not saved: no part of a record",
    "confirmation_code": "codes on their way to a telephone",
    "paper_seen": "what somebody has looked at already: the ledger says it",
    "signing_batch": "work that is asked for",
    "signing_batch_paper": "work that is asked for",
    "ledger_pending": "chained before the dump is written",
    "exchange_place": "a place in the ledger",
    "ledger_head": "the last entry says the same",
    "ledger_branch": "computed from the entries",
    "hub_identity": "the hub's; empty at a hospital",
    "hub_identity_record": "the hub's; empty at a hospital",
    "hub_identity_question": "the hub's; empty at a hospital",
    **dict.fromkeys(
        (
            "hub_member",
            "hub_member_key",
            "hub_certificate",
            "hub_configuration",
            "hub_seen",
            "hub_exchange",
            "hub_part",
            "hub_letter",
            "hub_location",
            "hub_consent",
        ),
        "the hub's; empty at a hospital",
    ),
    "store_secret": "secret",
    "data_key": "secret",
    "session": "secret",
    "machine_token": "secret",
    "oauth_client": "secret",
    "oauth_launch": "secret",
    "oauth_grant": "secret",
    "oauth_code": "secret",
    "oauth_token": "secret",
    "oauth_assertion": "secret",
    "facility": "of the portal: no hospital has rows",
    "evidence_ticket": "of the portal: no hospital has rows",
    "evidence_key": "of the portal: no hospital has rows",
    "evidence_report": "of the portal: no hospital has rows",
    "deployment_paper": "of the portal: no hospital has rows",
    "deployment": "of the portal: no hospital has rows",
    "deployment_act": "of the portal: no hospital has rows",
    "evidence_sent": "when the portal was last told",
    "ledger_waiting": "a view of ledger_pending",
    "schema_migration": "the version of the tables",
}
"""What is not dumped, and why."""
