"""String parameters: words by their beginnings, without accents or case. Source: FHIR R4 search.html#string."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benhan.fhir.emitters import has_trigrams, string_paths, texts_of_value
from benhan.fhir.folding import fold, words
from benhan.fhir.indexing import Json, values_at
from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_parameters import SearchParameter
from benhan.fhir.terms import PREFIX_LETTERS_MAX, exact_term, prefix_term, trigram_term, trigrams_of
from benhan.store.search.expressions import (
    AnyTerm,
    Candidate,
    Checked,
    Expression,
    Nothing,
    Present,
    all_of,
    any_of,
)

Test = Callable[[str, str], bool]
_TRIGRAMS_ASKED, WORDS_ASKED = 24, 12
"""Of a long value no more is asked of the index; the opened texts decide."""
_TESTS: dict[str, Test] = {
    "contains": lambda text, wanted: wanted in text,
    "equals": lambda text, wanted: text == wanted,
    "starts": lambda text, wanted: text.startswith(wanted),
    "ends": lambda text, wanted: text.endswith(wanted),
}
"""What the folded text is held against; the last three are of `_filter`."""


def string(criterion: Criterion) -> Expression:
    """Every word of the value must begin a word of the element; `:exact` compares as written; `:contains` anywhere."""
    parameter, modifier = criterion.parameter, criterion.modifier
    paths = [path for leaf in parameter.leaves for path in string_paths(leaf)]
    texts = [str(value) for value in criterion.values]
    if modifier == "exact":
        return AnyTerm(tuple(exact_term(path, text) for text in texts for path in paths))
    if modifier in _TESTS:
        return any_of([_tested(text, modifier, parameter, paths) for text in texts])
    return any_of([_by_words(text, parameter, paths) for text in texts])


def _by_words(text: str, parameter: SearchParameter, paths: list[str]) -> Expression:
    wanted = words(text)
    if not wanted:
        return Nothing()
    sure = all_of([AnyTerm(tuple(prefix_term(path, word) for path in paths)) for word in wanted])
    long = [word for word in wanted if len(word) > PREFIX_LETTERS_MAX]
    if not long:
        return sure

    def check(candidate: Candidate) -> bool:
        found = [word for each in texts_at(candidate.plain, parameter) for word in words(each)]
        return all(any(word.startswith(each) for word in found) for each in long)

    return Checked(sure, check)


def _tested(text: str, modifier: str, parameter: SearchParameter, paths: list[str]) -> Expression:
    wanted, test = fold(text), _TESTS[modifier]
    if not wanted:
        return Nothing()

    def check(candidate: Candidate) -> bool:
        return any(test(fold(each), wanted) for each in texts_at(candidate.plain, parameter))

    return Checked(all_of([Present(parameter.bit), *_narrowing(wanted, modifier, paths)]), check)


def _narrowing(wanted: str, modifier: str, paths: list[str]) -> list[Expression]:
    """What the index knows of a text that contains, equals, begins or ends so."""
    if modifier in ("equals", "starts"):
        return [AnyTerm(tuple(prefix_term(path, word) for path in paths)) for word in wanted.split()[:WORDS_ASKED]]
    if modifier == "contains" and all(has_trigrams(path) for path in paths):
        found = trigrams_of(wanted)[:_TRIGRAMS_ASKED]
        return [AnyTerm(tuple(trigram_term(path, each) for path in paths)) for each in found]
    return []


def texts_at(plain: Json, parameter: SearchParameter) -> Iterator[str]:
    """The texts that a string parameter looks at."""
    for leaf in parameter.leaves:
        for value in values_at(plain, [leaf]):
            yield from texts_of_value(leaf.type, value)
