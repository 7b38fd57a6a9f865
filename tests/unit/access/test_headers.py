"""Headers by their names, as RFC 9110 5.3 puts several lines of one name together."""

from __future__ import annotations

from benhan.access.headers import header, header_map, headers_of


def test_lines_of_one_name_are_one_value_in_their_order() -> None:
    sent = [(b"accept", b"text/html"), (b"prefer", b"a"), (b"accept", b"*/*;q=0.1"), (b"accept", b"x/y")]
    assert header_map(sent) == {b"accept": b"text/html, */*;q=0.1, x/y", b"prefer": b"a"}


def test_cookies_that_http2_sent_apart_are_put_together_as_cookies() -> None:
    assert header_map([(b"cookie", b"a=1"), (b"cookie", b"benhan=2")]) == {b"cookie": b"a=1; benhan=2"}


def test_two_credentials_are_none_that_is_known() -> None:
    assert header_map([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")]) == {
        b"authorization": b"Bearer a, Bearer b"
    }


def test_what_was_not_sent_is_none_and_the_map_is_made_once() -> None:
    scope = {"headers": [(b"prefer", b"return=minimal")]}
    assert header(scope, b"prefer") == "return=minimal"
    assert header(scope, b"if-match") is None
    assert headers_of(scope) is headers_of(scope)
