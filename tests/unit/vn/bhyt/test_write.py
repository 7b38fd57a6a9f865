"""Writing a BHYT file: the same claims give the same bytes, and what is read is what was written."""

from __future__ import annotations

from base64 import b64decode
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.tries import tries
from tests.unit.vn.bhyt.samples import CASES, claim_of, read

from benhan.kernel.faults import Fault
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.tables import generations, latest
from benhan.vn.bhyt.write import checkin_to_bytes, claims_to_bytes

MADE_ON = date(2026, 11, 30)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"]), max_size=15)


@pytest.mark.parametrize("case", CASES)
def test_a_file_read_and_written_is_read_the_same(case: str) -> None:
    claim = claim_of(case)
    head, claims = read(claims_to_bytes("99001", MADE_ON, [claim], latest()))
    assert (head.facility, head.made_on, head.count, head.signed, head.faults) == ("99001", "20261130", "1", False, [])
    assert claims == [claim]


def test_the_bytes_have_the_shape_that_the_portal_takes() -> None:
    data = claims_to_bytes("99001", MADE_ON, [claim_of("B_inpatient")], latest())
    assert data.startswith(b"<GIAMDINHHS>")
    assert data.endswith(b"<CHUKYDONVI></CHUKYDONVI>\n</GIAMDINHHS>")
    for content in etree.fromstring(data).iter("NOIDUNGFILE"):
        assert content.text
        assert not any(space in content.text for space in " \r\n\t")
        inner = b64decode(content.text)
        assert inner.startswith(b'<?xml version="1.0" encoding="utf-8"?><')
        assert b">\r\n<" in inner


def test_a_check_in_is_written_with_the_place_of_its_signature_last() -> None:
    rows = [{"MA_LK": "LK1", "TEN_DICH_VU": "Khám <nội> & ngoại"}]
    data = checkin_to_bytes(rows, latest())
    root = etree.fromstring(data)
    assert root[-1].tag == "CHUKYDONVI"
    _, [claim] = read(data)
    assert claim.rows("XML0")[0]["TEN_DICH_VU"] == "Khám <nội> & ngoại"
    assert list(claim.rows("XML0")[0]) == [column.name for column in latest().tables["XML0"].columns]


def test_a_column_of_another_decision_is_refused_with_its_place() -> None:
    claim = Claim("LK1", {"XML1": [{"MA_LK": "LK1"}], "XML13": [{"MA_LK": "LK1", "MA_NOI_DI": "99001"}]})
    with pytest.raises(Fault) as refused:
        claims_to_bytes("99001", MADE_ON, [claim], latest())
    assert refused.value.code == "BA-3401"
    assert [issue.place for issue in refused.value.issues] == ["XML13[1].MA_NOI_DI"]


def test_a_table_of_a_later_decision_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        claims_to_bytes("99001", MADE_ON, [claim_of("A_outpatient")], generations()[0])
    assert "XML14" in [issue.place for issue in refused.value.issues]


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    ma_lk = draw(st.text("ABC0123-", min_size=1, max_size=8))
    claim = Claim(ma_lk)
    for name in ["XML1", *sorted(draw(st.sets(st.sampled_from(["XML2", "XML3", "XML5", "XML7", "XML13"]))))]:
        table = latest().tables[name]
        count = draw(st.integers(1, 3)) if table.repeats else 1
        texts = draw(st.lists(TEXT, min_size=1, max_size=4))
        claim.tables[name] = [
            {column.name: texts[(place + row) % len(texts)] for place, column in enumerate(table.columns)}
            | {"MA_LK": ma_lk}
            for row in range(count)
        ]
    return claim


@settings(max_examples=tries(100), deadline=None)
@given(st.lists(claims(), min_size=1, max_size=3))
def test_any_claims_written_are_read_back(given_claims: list[Claim]) -> None:
    data = claims_to_bytes("99001", MADE_ON, given_claims, latest())
    _, found = read(data)
    order = list(latest().tables)
    expected = [
        Claim(each.ma_lk, {name: each.tables[name] for name in order if name in each.tables}) for each in given_claims
    ]
    assert found == expected
    assert claims_to_bytes("99001", MADE_ON, found, latest()) == data
