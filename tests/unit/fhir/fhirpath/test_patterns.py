"""Regular expressions: what they find is what `re` finds, and no pattern takes longer than its text is long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benhan.fhir.fhirpath.patterns import compile_pattern
from benhan.kernel.faults import Fault

FOUND = [
    ("abc", "a.c", True),
    ("a\nc", "a.c", True),
    ("xabcx", "abc", True),
    ("xabcx", "^abc", False),
    ("abc", "^abc$", True),
    ("abc\n", "^abc$", False),
    ("", "", True),
    ("", "a*", True),
    ("aaa", "a{3}", True),
    ("aa", "^a{3}", False),
    ("aaaa", "^a{2,3}$", False),
    ("ab12", r"^\w+$", True),
    ("Huế", r"^\w+$", False),
    ("Huế", r"^\p{L}+$", True),
    ("huế", r"\p{Lu}", False),
    ("a b", r"\s", True),
    ("x1", r"\D\d", True),
    ("a]b", "[]]", True),
    ("a-b", "[a-]b", True),
    ("b", "[^a-z]", False),
    ("B", "[^a-z]", True),
    ("\t", r"[\t]", True),
    ("word", r"\bword\b", True),
    ("swordfish", r"\bword\b", False),
    ("swordfish", r"\Bword\B", True),
    ("é", r"\u00e9", True),
    ("A", r"\x41", True),
    ("a{b", "a{b", True),
    ("colour", "colou?r", True),
    ("😀😀", "^😀{2}$", True),
    ("2026", r"[0-9]{4}(-(0[1-9]|1[0-2]))?", True),
]
REFUSED = [
    "(",
    ")",
    "a)",
    "[a",
    "*",
    "a**",
    "a++",
    "(?=a)",
    r"(a)\1",
    r"\q",
    "a{2,1}",
    "a{5000}",
    "[z-a]",
    "\\",
]
REFUSED += ["(" * 60, "((a{900}){900}){900}", "((){1000}){1000}", r"\x4", "(?<=a)b"]


@pytest.mark.parametrize(("text", "pattern", "is_found"), FOUND)
def test_a_pattern_finds_what_it_says(text: str, pattern: str, *, is_found: bool) -> None:
    for _ in range(2):  # the second time out of what was remembered
        assert compile_pattern(pattern).is_in(text) is is_found


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_cannot_be_run_in_linear_time_is_refused(pattern: str) -> None:
    with pytest.raises(Fault, match="BA-2014"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 20_000 + "b"),
        ("^(a|aa)+$", "a" * 20_000 + "b"),
        ("(.*)(.*)(.*)(.*)(.*)x$", "a" * 20_000),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 20_000),
        ("a{0,900}b", "a" * 2_000),
    ],
)
def test_no_pattern_is_a_bomb(pattern: str, text: str) -> None:
    start = time.process_time()
    compiled = compile_pattern(pattern)
    assert compiled.is_in(text) is False
    assert compiled.is_whole(text) is False
    assert time.process_time() - start < 10


def test_replacing_takes_no_longer() -> None:
    start = time.process_time()
    assert compile_pattern("(a|b|ab)*c").replaced("ab" * 20_000, "x") == "ab" * 20_000
    assert time.process_time() - start < 10


REPLACED = [
    ("abcabc", "b", "x", "axcaxc"),
    ("abc", "(a)(b)", "$2$1", "bac"),
    ("abc", "(a)(b)", "${2}${1}", "bac"),
    ("11/30/1972", r"\b(\d{1,2})/(\d{1,2})/(\d{2,4})\b", "$2-$1-$3", "30-11-1972"),
    ("aaa", "a*?", "x", "xaxaxax"),
    ("abc", "$", "!", "abc!"),
    ("a.b", r"\..*", "", "a"),
    ("ab", "a|ab", "x", "xb"),
    ("ab", "ab|a", "x", "x"),
    ("a", "(a)|(b)", "[$1$2]", "[a]"),
    ("a", "a", r"\$1", "$1"),
    ("cost", "cost", "$", "$"),
]


@pytest.mark.parametrize(("text", "pattern", "by", "result"), REPLACED)
def test_parts_are_replaced_as_pcre_would(text: str, pattern: str, by: str, result: str) -> None:
    assert compile_pattern(pattern).replaced(text, by) == result


atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(a|b)", "(ab)", "(a*)", "(?:b|ab)", r"\w", "^", "$", r"\b"])
patterns = st.lists(st.tuples(atoms, st.sampled_from(["", "*", "+", "?", "{2}", "{1,2}", "*?", "+?"])), max_size=5).map(
    lambda parts: "".join(atom + ("" if atom in ("^", "$", r"\b") else times) for atom, times in parts)
)


@settings(max_examples=300)
@given(st.lists(patterns, min_size=1, max_size=3).map("|".join), st.text("ab c", max_size=8))
def test_a_pattern_by_chance_finds_what_re_finds(pattern: str, text: str) -> None:
    theirs = re.compile(pattern.replace("$", r"\Z"), re.DOTALL | re.ASCII)
    ours = compile_pattern(pattern)
    assert ours.is_in(text) is (theirs.search(text) is not None)
    assert ours.is_whole(text) is (theirs.fullmatch(text) is not None)


@settings(max_examples=300)
@given(patterns, st.text("ab c", max_size=8))
def test_what_is_replaced_is_the_first_and_preferred(pattern: str, text: str) -> None:
    theirs = re.compile(pattern.replace("$", r"\Z"), re.DOTALL | re.ASCII)
    found = theirs.search(text)
    ours = compile_pattern(pattern)._compiled.search(text)
    assert (None if ours is None else ours.span()) == (None if found is None else found.span())


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_pattern_is_run_or_refused(pattern: str, text: str) -> None:
    try:
        compiled = compile_pattern(pattern)
    except Fault:
        return
    assert compiled.is_in(text) in (True, False)
    assert isinstance(compiled.replaced(text, pattern), str)
