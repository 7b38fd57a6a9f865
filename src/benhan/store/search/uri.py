"""Uri parameters. Source: FHIR R4 search.html#uri."""

from __future__ import annotations

from benhan.fhir.indexing import values_at
from benhan.fhir.search_criteria import Criterion
from benhan.fhir.terms import uri_term
from benhan.store.search.expressions import AnyTerm, Candidate, Checked, Expression, Present, any_of

_ENDS = "/#|.:"
"""Where a part of a uri may end."""


def uri(criterion: Criterion) -> Expression:
    """The same uri, letter for letter; `:below` what begins with it, `:above` what it begins with, by whole parts."""
    parameter, modifier = criterion.parameter, criterion.modifier
    texts = [str(value) for value in criterion.values]
    if modifier == "above":
        texts = [part for text in texts for part in ancestors(text)]
    if modifier in ("", "above"):
        return AnyTerm(tuple(uri_term(path, text) for text in texts for path in parameter.paths))
    tests = {"below": is_below, "equals": str.__eq__, "starts": str.startswith, "ends": str.endswith}
    test = tests.get(modifier, str.__contains__)

    def check(candidate: Candidate) -> bool:
        found = [each for each in values_at(candidate.plain, parameter.leaves) if isinstance(each, str)]
        return any(test(each, text) for each in found for text in texts)

    return any_of([Checked(Present(parameter.bit), check)])


def ancestors(text: str) -> list[str]:
    """The uri itself and each of its beginnings that ends with a whole part, with and without the closing slash."""
    cuts = [index for index, letter in enumerate(text) if letter == "/" and index > text.find("://") + 2]
    return list(dict.fromkeys([text, *(part for cut in cuts for part in (text[:cut], text[: cut + 1]))]))


def is_below(text: str, top: str) -> bool:
    """Whether `text` is `top` or begins with it and goes on with a new part."""
    if not text.startswith(top):
        return False
    rest = text[len(top) :]
    return not rest or rest[0] in _ENDS or top[-1] in _ENDS
