"""Every SQL text that touches a table parted into compartments names the bucket, or says why it looks everywhere.

So a hundred million resources are looked up in one of 4096 buckets, and the tables can be parted by it one day.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
from tests.clocks import MORNING
from tests.store.describe_schema import SCHEMA
from tests.store.sql_in_source import Handed, handed_over

import benhan
from benhan.fhir.definitions import resource_types
from benhan.fhir.search_parameters import R4, SearchParameter, parameters_of
from benhan.fhir.search_query import parse_search
from benhan.store.database import Database
from benhan.store.ids import SHARED, bucket_of
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.search.compiler import Compiler
from benhan.store.search.expressions import Asking, Nothing
from benhan.store.search.plan import choose
from benhan.store.search.session import native_order
from benhan.store.search.statement import FAN_OUT, Asked, Statement, count, select
from benhan.store.search.statistics import Counted
from benhan.store.sql_texts import QUERIES, Query
from benhan.store.store import Store

BUCKETED = sorted(re.findall(r"^column (\w+)\.bucket:", SCHEMA.read_text("utf-8"), re.MULTILINE))
REFERENCE = re.compile(rf"\b(?:from|join|into|update|using)\s+({'|'.join(BUCKETED)})\b(?:\s+(?:as\s+)?(\w+))?", re.I)
NOT_ALIASES = frozenset({"where", "set", "order", "group", "limit", "on", "union", "values", "select", "join", "left"})
MADE_ELSEWHERE = {
    ("store/database", "sql"): "the doors of Database themselves",
    ("store/migrations", "migration.sql"): "migrations make the tables",
    ("store/terminology/systems", "text"): "selections of concepts: reference data, in no compartment",
    ("store/terminology/systems", "*statement.values"): "the values of the prepared text above",
    ("store/search/session", "statement.sql"): "statements of searches: the tests below build every kind of them",
    ("store/check", "BATCH"): "a number of rows of a registered cursor",
    ("store/bulk_export", "BATCH"): "a number of rows of a registered cursor",
    (
        "store/everything",
        "limited.sql",
    ): "a registered text with the rules of an actor, as the tests of access build them",
    ("node/dump/writing", "statement"): "registered texts, one a table that is dumped",
    ("node/dump/writing", "BATCH"): "a number of rows of a registered cursor",
    ("fhir_api/bulk/import_job", "batch"): "lines for another process to read",
    ("store/rekeying", "column.read"): "registered texts, one a sealed column",
    ("store/rekeying", "column.write"): "registered texts, one a sealed column",
    ("views/table_file", "statement"): "of DuckDB: it reads a pipe and knows no table of ours",
    ("store/bulk_rows", "BATCH"): "a number of rows of a registered cursor",
    ("store/bulk_filter", "BATCH"): "a number of rows of a statement of a search",
    ("store/bulk_filter", "statement.sql"): "the conditions of a search, as the tests below build them",
}
"""What is handed over without standing at the door as a text, and why that is no gap."""

for _module in pkgutil.walk_packages(benhan.__path__, "benhan."):
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)
ALL = list(QUERIES.values())
FANNING = [each for each in ALL if each.fan_out]
UNREGISTERED = [each for each in handed_over() if not each.is_registered]
NAMING = [each for each in ALL if not each.fan_out]


def without_bucket(sql: str) -> Iterator[str]:
    """The tables with a bucket that `sql` touches without naming theirs."""
    for found in REFERENCE.finditer(sql):
        table, alias = found[1], found[2] or ""
        if alias and alias.lower() not in NOT_ALIASES and not found[0].lower().startswith("into"):
            if not re.search(rf"\b{alias}\.bucket\b", sql):
                yield table
        elif not re.search(r"\bbucket\b", _reach(sql, found.start(), found.end())):
            yield table


def _reach(sql: str, start: int, end: int) -> str:
    """What follows a table without alias within its own select: up to a union, an ordering or the closing bracket."""
    depth, at = 0, end
    while at < len(sql) and depth >= 0:
        depth += {"(": 1, ")": -1}.get(sql[at], 0)
        at += 1
    return re.split(r"\bunion\b|\border by\b|\bgroup by\b|\breturning\b", sql[start:at])[0]


# ── the check itself ──


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("select 1 from resource where rid = $1", ["resource"]),
        ("select bucket from resource where rid = $1 order by bucket", ["resource"]),
        ("select 1 from resource r join placement p on p.bucket = $1 and p.rid = r.rid", ["resource"]),
        ("select 1 from resource where bucket = $1 union select 1 from resource_history", ["resource_history"]),
        ("select (select 1 from inbox) from outbox where bucket = $1", ["inbox"]),
        ("delete from range_index i using resource r where i.bucket = $1", ["resource"]),
        ("update data_key set wrapped = $1 where patient = $2", ["data_key"]),
        ("insert into blob (address) values ($1)", ["blob"]),
        ("insert into blob (bucket, address) values ($1, $2)", []),
        ("insert into blob as b (bucket, address) values ($1, $2)", []),
        ("select 1 from resource as r where r.bucket = any($1)", []),
        ("select login from account", []),
    ],
)
def test_the_check_sees_a_table_whose_bucket_is_not_named(sql: str, tables: list[str]) -> None:
    assert list(without_bucket(sql)) == tables


def test_the_tables_with_patients_data_have_a_bucket() -> None:
    assert {"resource", "resource_history", "range_index", "placement", "data_key", "blob", "outbox"} <= set(BUCKETED)
    assert {"ledger_entry", "ledger_pending"} <= set(BUCKETED)


# ── registered texts ──


@pytest.mark.parametrize("text", NAMING, ids=lambda each: each.name)
def test_a_registered_text_names_the_bucket_of_every_table(text: Query) -> None:
    assert list(without_bucket(text.sql)) == []


@pytest.mark.parametrize("text", FANNING, ids=lambda each: each.name)
def test_a_text_that_looks_everywhere_says_why(text: Query) -> None:
    assert len(text.fan_out.split()) >= 5


async def test_every_registered_text_is_understood_by_the_database(database: Database) -> None:
    async with database.connection() as connection:
        for each in ALL:
            await connection.prepare(each.sql)


# ── texts that are not registered ──


@pytest.mark.parametrize("handed", UNREGISTERED, ids=lambda each: f"{each.module}: {each.text}")
def test_a_text_that_is_not_registered_touches_no_compartment_or_names_the_bucket(handed: Handed) -> None:
    if not handed.text:
        assert (handed.module, handed.expression) in MADE_ELSEWHERE
    assert list(without_bucket(handed.text)) == []


def test_nothing_is_excused_that_is_not_there() -> None:
    assert set(MADE_ELSEWHERE) == {(each.module, each.expression) for each in UNREGISTERED if not each.text}


# ── statements of searches ──

VALUES = {
    "token": ["http://loinc.org|718-7", "final"],
    "reference": ["Encounter/e1", "e1"],
    "date": ["ge2026-01-01", "2026"],
    "string": ["Nguyễn Văn", "An,Bình"],
    "uri": ["urn:oid:1.2.3"],
    "number": ["5.4", "ap3"],
    "quantity": ["5.4|http://unitsofmeasure.org|mg", "lt3"],
    "special": ["10.8|106.6|5|km"],
}
NAMED = r"\br\.bucket = (any\(array\[)?(\$|w\.bucket)"
"""A search's own row; a further table that is joined to it by its bucket does not name it."""
AN = "Patient/benh-nhan-0001"


def value_of(parameter: SearchParameter, number: int) -> str:
    if parameter.type == "composite":
        parts = (VALUES[each.type][number % len(VALUES[each.type])] for each in parameter.components)
        return "$".join(parts).replace(",", " ")
    return VALUES[parameter.type][number % len(VALUES[parameter.type])]


def statements(store: Store, type_: str, *pairs: tuple[str, str], counted: Counted | None = None) -> list[Statement]:
    query, tokens = parse_search(type_, pairs), store.workshop.tokens
    number, order = TYPE_NUMBERS[type_], native_order(type_)
    expression = Compiler(R4, store.workshop.ids, Asking(MORNING)).all_of(query.criteria, type_)
    made: list[Statement] = []
    if isinstance(expression, Nothing):  # a reference of a type that the parameter never points to: nobody is asked
        return made
    for known in [counted] if counted is not None else [Counted(), Counted(True, 1e6, {number: 1e6}, {}, 5.0)]:
        plan = choose(expression, type_, order, 21, known, tokens)
        made += [
            select(Asked(number, expression, plan.path), tokens, order, limit=21),
            count(Asked(number, expression, plan.path), tokens),
        ]
    return made


async def test_every_parameter_of_every_type_makes_a_statement_that_names_the_bucket_or_says_why_not(
    store: Store,
) -> None:
    tried = fanning = 0
    for type_ in sorted(resource_types() & TYPE_NUMBERS.keys()):
        for name, parameter in parameters_of(type_).items():
            if name == "_id":
                continue
            for value in (value_of(parameter, 0), value_of(parameter, 1)):
                for each in statements(store, type_, (name, value)):
                    assert each.fan_out == ("" if re.search(NAMED, each.sql) else FAN_OUT), (type_, name, each.sql)
                    assert set(without_bucket(each.sql)) <= {"resource"}, (type_, name, each.sql)
                    tried += 1
                    fanning += each.fan_out == FAN_OUT
    assert tried > fanning > 2_000


async def test_a_search_of_one_patient_looks_into_that_patients_bucket_only(store: Store) -> None:
    bucket = bucket_of(store.workshop.ids.rid_of("Patient", AN.removeprefix("Patient/")))
    tried = set()
    for name, parameter in parameters_of("DiagnosticReport").items():
        if name in ("subject", "patient", "_id"):
            continue
        tried.add(parameter.type)
        for value in (value_of(parameter, 0), value_of(parameter, 1)):
            for asked in ("subject", "patient"):
                for each in statements(store, "DiagnosticReport", (asked, AN), (name, value)):
                    assert each.fan_out == ""
                    assert re.search(NAMED, each.sql)
                    assert bucket in each.values
    assert tried >= {"token", "reference", "date", "uri"}


async def test_a_search_by_ids_looks_into_their_buckets_only(store: Store) -> None:
    rids = [store.workshop.ids.rid_of("Observation", id_) for id_ in ("a", "b")]
    for each in statements(store, "Observation", ("_id", "a,b")):
        assert each.fan_out == ""
        assert re.search(NAMED, each.sql)
        assert sorted(bucket_of(rid) for rid in rids) in each.values or [bucket_of(rid) for rid in rids] in each.values


async def test_a_search_of_what_may_be_no_patient_looks_at_what_is_of_nobody_too(store: Store) -> None:
    for each in statements(store, "Observation", ("subject", "an-id-of-either")):
        assert each.fan_out == ""
        assert any(SHARED in buckets for buckets in each.values if isinstance(buckets, list))


async def test_a_search_of_what_is_no_patient_is_a_fan_out(store: Store) -> None:
    for value in (f"{AN},Group/b", "Group/1"):
        for each in statements(store, "Observation", ("subject", value)):
            assert each.fan_out == FAN_OUT
