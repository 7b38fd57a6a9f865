"""The parameters of an address are read and written as the standard library does, without its detours."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir_api.asked import query_of, query_text

ADDRESSES = st.text(alphabet="ab=&%+20C3é;|:_-. \x00", max_size=40)
ANY = st.characters(codec="utf-8")
TEXTS = st.text(ANY, min_size=1, max_size=12)


def scope_of(address: str) -> dict[str, Any]:
    return {"query_string": address.encode("latin-1")}


@given(ADDRESSES)
def test_an_address_is_read_as_its_standard_says(address: str) -> None:
    assert [*query_of(scope_of(address))] == parse_qsl(address, keep_blank_values=True)


@given(st.lists(st.tuples(TEXTS, st.text(ANY, max_size=12))))
def test_what_is_written_is_read_again(pairs: list[tuple[str, str]]) -> None:
    text = query_text(pairs)
    assert text == urlencode(pairs)
    assert [*query_of(scope_of(text))] == pairs
