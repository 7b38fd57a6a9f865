"""What the one pass writes and finds is what a tree of elements and the check field by field give, of any document."""

from __future__ import annotations

import copy
from itertools import permutations
from typing import Any

import pytest
from benchmarks.stays import FACILITY, inpatient_stay
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.vn.hoso_benh_an.check import check_hoso_benh_an, checked_xml
from benhan.vn.hoso_benh_an.document import as_written
from benhan.vn.hoso_benh_an.fields import GROUPS, ROOT, Field, group_fields
from benhan.vn.hoso_benh_an.shapes import SHAPES_MAX, written

PATIENT, ENCOUNTER, *REST = inpatient_stay()
WHOLE = fhir_to_hoso_benh_an(Record(FACILITY, PATIENT, ENCOUNTER, REST)).document
SMALL = fhir_to_hoso_benh_an(Record(FACILITY, PATIENT, ENCOUNTER, REST[::6])).document
TEXTS = [
    "", None, "x<y & z>", "a\r\nb", "\x01", "\ufffe", "\ud800", "\u00a0", "31/02/2026", "05/03/2026 10:00:00.000",
    "Z99", "Z9", "12;A00", "9" * 300, 5, True, {"la": "1"}, ["a", "<"],
]  # fmt: skip
PARTS: list[Any] = ["", None, {}, [], {"la": "1"}, [{"la": "x"}], [{}, {}], "abc", [["a"]]]


def parts_of(value: Any) -> list[tuple[Any, Any]]:
    """Every member and item as (what holds it, its name or number)."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, each in inner for found in ((value, name), *parts_of(each))]


def spoil(document: dict[str, Any], data: st.DataObject) -> None:
    """Put a few odd values into a document; make some names missing, unknown or the last."""
    for _ in range(data.draw(st.integers(0, 5))):
        holder, name = data.draw(st.sampled_from(parts_of(document)))
        how = data.draw(st.sampled_from(["odd", "odd", "unknown", "drop", "last"]))
        if how == "odd":
            holder[name] = copy.deepcopy(data.draw(st.sampled_from(TEXTS if isinstance(holder[name], str) else PARTS)))
        elif how == "unknown" and isinstance(holder, dict):
            holder["la"] = data.draw(st.sampled_from(TEXTS))
        elif isinstance(holder, dict):
            value = holder.pop(name)
            if how == "last":
                holder[name] = value


def by_a_tree(document: dict[str, Any]) -> bytes:
    """The XML as lxml writes it."""
    root = etree.Element(ROOT)
    for name, value in as_written(document).items():
        add(root, group_fields()[name], value)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def add(parent: etree._Element, field: Field, value: Any) -> None:
    for each in value or [""] if field.repeats else [value]:
        element = etree.SubElement(parent, field.name)
        if isinstance(each, dict):
            for name, inner in field.inner.items():
                add(element, inner, each[name])
        else:
            element.text = each or None


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_document_is_written_and_checked_in_one_pass_as_part_by_part(data: st.DataObject) -> None:
    document = copy.deepcopy(SMALL)
    spoil(document, data)
    made = checked_xml(document)
    assert made.xml == by_a_tree(document)
    assert made.issues == check_hoso_benh_an(document)


def test_a_right_document_leaves_no_doubt() -> None:
    assert written(WHOLE)[1] == []


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("ThongTinBenhNhan", "ngaysinh", "31/02/1990"),
        ("ThongTinBenhNhan", "cccd_so", "0" * 16),
        ("ThongTinDieuTri", "tenicd", "x" * 256),
        ("ThongTinDieuTri", "maicd", ["A00"]),
        ("ThongTinDieuTri", "la", "1"),
        ("KetQuaXetNghiem", "danhsach", {"sophieu": "1"}),
        ("KetQuaXetNghiem", "danhsach", ["1"]),
    ],
)
def test_a_value_that_may_be_wrong_is_doubted(group: str, name: str, value: Any) -> None:
    assert written({**WHOLE, group: {**WHOLE[group], name: value}})[1] != []


def test_objects_of_more_shapes_than_are_kept_are_written_alike() -> None:
    document = copy.deepcopy(WHOLE)
    lines = [line for sheet in document["KetQuaXetNghiem"]["danhsach"] for line in sheet["danhsach"]]
    assert len(lines) > SHAPES_MAX
    for line, names in zip(lines, permutations(lines[0]), strict=False):
        told = dict(line)
        line.clear()
        line.update({name: told[name] for name in names})
    assert len({tuple(line) for line in lines}) > SHAPES_MAX
    made = checked_xml(document)
    assert (made.xml, made.issues) == (by_a_tree(document), [])


def test_all_groups_are_written_of_an_empty_document() -> None:
    made = checked_xml({})
    assert made.xml == by_a_tree({})
    assert [issue.place for issue in made.issues][: len(GROUPS)] == list(GROUPS)
