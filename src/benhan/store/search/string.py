"""String parameters: words by their beginnings, without accents or case. Source: FHIR R4 search.html#string."""

from __future__ import annotations

from benhan.fhir.folding import fold, words
from benhan.fhir.indexing import string_paths
from benhan.fhir.search_query import Criterion
from benhan.fhir.terms import PREFIX_LETTERS_MAX, exact_term, prefix_term, trigram_term, trigrams_of
from benhan.store.search.conditions import Conditions
from benhan.store.tokens import Tokens


def string(criterion: Criterion, tokens: Tokens, conditions: Conditions) -> None:
    """Every word of the value must begin a word of the element; `:exact` compares as written; `:contains` anywhere."""
    paths = [path for leaf in criterion.parameter.leaves for path in string_paths(leaf)]
    texts = [str(value) for value in criterion.values]
    if criterion.modifier == "exact":
        conditions.tokens.append([tokens.of(exact_term(path, text)) for text in texts for path in paths])
        return
    if len(texts) == 1:
        _all_of(texts[0], criterion.modifier, paths, tokens, conditions)
    else:
        _any_of(texts, criterion.modifier, paths, tokens, conditions)


def _all_of(text: str, modifier: str, paths: list[str], tokens: Tokens, conditions: Conditions) -> None:
    pieces = _pieces(text, modifier)
    if not pieces:
        conditions.impossible = True
    for piece in pieces:
        conditions.tokens.append([tokens.of(_term(path, piece, modifier)) for path in paths])
    if modifier == "contains":
        conditions.verify.append(((fold(text),), tuple(paths)))
    else:
        conditions.verify += [((piece,), tuple(paths)) for piece in pieces if len(piece) > PREFIX_LETTERS_MAX]


def _any_of(texts: list[str], modifier: str, paths: list[str], tokens: Tokens, conditions: Conditions) -> None:
    """Of one of the texts every piece must be there; what the terms cannot tell the opened content decides."""
    alternatives = [(text, pieces) for text in texts if (pieces := _pieces(text, modifier))]
    if not alternatives:
        conditions.impossible = True
        return
    parameters, matched = conditions.parameters, []
    for _, pieces in alternatives:
        found = [parameters.add([tokens.of(_term(path, piece, modifier)) for path in paths]) for piece in pieces]
        matched.append("(" + " and ".join(f"r.tokens && {each}::bigint[]" for each in found) + ")")
    conditions.texts.append("(" + " or ".join(matched) + ")")
    longest = tuple(fold(text) if modifier == "contains" else max(pieces, key=len) for text, pieces in alternatives)
    if modifier == "contains" or any(len(each) > PREFIX_LETTERS_MAX for each in longest):
        conditions.verify.append((longest, tuple(paths)))


def _pieces(text: str, modifier: str) -> list[str]:
    return trigrams_of(fold(text)) if modifier == "contains" else words(text)


def _term(path: str, piece: str, modifier: str) -> str:
    return trigram_term(path, piece) if modifier == "contains" else prefix_term(path, piece)
