"""Names compared, pairs a second on one core: one with many (as a matcher does), and one by one.

The names are made of 1,500 given, 600 middle and 120 family names, each as frequent as its rank tells (Zipf). A third
are as life writes them: without accents, shortened, without the middle name, with a wrong key, swapped. Each round
begins with nothing remembered. The limit of a Python loop over pairs is rapidfuzz's Jaro–Winkler similarity of two
texts, compiled, which knows nothing of names; measured in turns with ours.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from rapidfuzz.distance import JaroWinkler

from benhan.fhir.folding import fold
from benhan.vn.person_names.compare import NameBlock, NameComparer, compare
from benhan.vn.person_names.name import parse_name
from benhan.vn.person_names.prepared import PreparedName, prepare
from benhan.vn.person_names.short_forms import shortened
from benhan.vn.syllables import TONES, is_syllable, written
from common import arguments, report

NAMES = 4_000
ASKED = 500


def main() -> None:
    options = arguments(__doc__ or "")
    chance = random.Random(4)
    texts = [_as_life_writes(text, chance) for text in _texts(NAMES, chance)]
    start = time.process_time()
    names = [prepare(text) for text in texts]
    prepare_s = time.process_time() - start
    folded = [fold(text) for text in texts]
    measures: dict[str, Callable[[], int]] = {
        "ours": lambda: _block(names),
        "limit": lambda: _limit(folded),
        "alone": lambda: _one_by_one(names),
    }
    rates: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(2 if options.quick else 5):
        for name, measure in measures.items():
            start = time.process_time()
            pairs = measure()
            rates[name].append(pairs / (time.process_time() - start))
    ours, limit, alone = (statistics.median(rates[name]) for name in measures)
    results: dict[str, Any] = {
        "pairs_per_s": round(ours),
        "pairs_one_by_one_per_s": round(alone),
        "names_limit_pairs_per_s": round(limit),
        "names_prepared_per_s": round(len(texts) / prepare_s),
        "ratio_to_limit": round(ours / limit, 3),
    }
    report(results, options)


def _texts(count: int, chance: random.Random) -> list[str]:
    """Full names of syllables that the language has, more kinds of them than of real names."""
    syllables = [
        written(onset + rhyme, tone).capitalize()
        for onset in ("", "b", "c", "d", "đ", "h", "kh", "l", "m", "n", "ng", "nh", "ph", "s", "t", "th", "tr", "v")
        for rhyme in ("a", "ac", "ai", "an", "ang", "anh", "âm", "ân", "iên", "inh", "oa", "oan", "ông", "ương", "uy")
        for tone in ("", *TONES)
        if is_syllable(written(onset + rhyme, tone))
    ]
    chance.shuffle(syllables)
    given, middle, family = syllables[:1500], syllables[-600:], syllables[600:720]
    drawn = [
        chance.choices(words, [1 / rank for rank in range(1, len(words) + 1)], k=count)
        for words in (family, middle, given)
    ]
    return [" ".join(words) for words in zip(*drawn, strict=True)]


def _block(names: list[PreparedName]) -> int:
    comparer = NameComparer()
    asked, block = names[:ASKED], NameBlock(names)
    for one in asked:
        comparer.compare_with_all(one, block)
    return len(asked) * len(names)


def _one_by_one(names: list[PreparedName]) -> int:
    pairs = list(pairwise(names))
    for one, other in pairs:
        compare(one, other)
    return len(pairs)


def _limit(folded: list[str]) -> int:
    similarity = JaroWinkler.similarity
    asked = folded[:ASKED]
    for one in asked:
        _ = [similarity(one, other) for other in folded]
    return len(asked) * len(folded)


def _as_life_writes(text: str, chance: random.Random) -> str:
    name = parse_name(text)
    place = chance.randrange(1, len(text))
    mistakes = (
        lambda: fold(text).title(),
        lambda: shortened(name),
        lambda: f"{name.family} {name.given}",
        lambda: text[:place] + chance.choice("aeghinout") + text[place + 1 :],
        lambda: f"{name.given} {name.family} {name.middle}",
    )
    return chance.choice(mistakes)() if chance.random() < 1 / 3 else text


if __name__ == "__main__":
    main()
