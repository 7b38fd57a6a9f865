"""The quick way and the tree give the same rows wherever the quick way gives any."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.unit.vn.bhyt.samples import CASES, claim_of

from benhan.vn.bhyt.plain_rows import plain_rows
from benhan.vn.bhyt.tables import latest
from benhan.vn.bhyt.write import table_to_bytes

TABLES = latest().tables
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12).filter(
    lambda text: "\r" not in text
)


def by_tree(data: bytes, table: str) -> list[dict[str, str]]:
    root = etree.fromstring(data)
    records = [root] if root.tag == TABLES[table].record else root.findall(f"*/{TABLES[table].record}")
    return [{child.tag: child.text or "" for child in record} for record in records]


def test_the_files_of_life_go_the_quick_way() -> None:
    for case in CASES:
        for name, rows in claim_of(case).tables.items():
            assert plain_rows(table_to_bytes(rows, TABLES[name]), name) is not None or any(
                set("&<>") & set("".join(row.values())) for row in rows
            )


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(TABLES)), st.lists(VALUES, min_size=1, max_size=5))
def test_what_is_written_plain_is_read_alike(table: str, values: list[str]) -> None:
    names = [column.name for column in TABLES[table].columns]
    row = {name: values[place % len(values)] for place, name in enumerate(names)}
    data = table_to_bytes([row], TABLES[table])
    quick = plain_rows(data, table)
    assert quick is None or quick == by_tree(data, table)


def test_two_roots_are_no_file() -> None:
    rows = [{column.name: "x" for column in TABLES["XML14"].columns}]
    data = table_to_bytes(rows, TABLES["XML14"])
    assert plain_rows(data + data.partition(b"?>")[2], "XML14") is None


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["XML4", "XML5", "XML14"]),
    st.integers(0, 10**6),
    st.integers(0, 3),
    st.sampled_from(["", "<", ">", "&", "]]>", "<![CDATA[a<b]]>", "<!-- -->", "\x01", " ", "\r\n", "/", "\ufffe"]),
)
@example("XML5", 400, 0, "<![CDATA[]]>")
def test_what_is_accepted_is_well_formed_and_the_same(table: str, at: int, cut: int, put: str) -> None:
    rows = [{column.name: "x" for column in TABLES[table].columns}] * (2 if TABLES[table].repeats else 1)
    text = table_to_bytes(rows, TABLES[table]).decode()
    at %= len(text)
    data = (text[:at] + put + text[at + cut :]).encode()
    quick = plain_rows(data, table)
    assert quick is None or quick == by_tree(data, table)
