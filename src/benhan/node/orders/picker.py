"""What can be ordered, found by code or by words without accents, out of the hospital's lists of drugs and services.

The lists are kept ready in memory by the beginnings of their words, and made anew when one is loaded; so a picker
answers while somebody types. Source: CV 365/TTYQG-GPQLCL III.1.1 h (the shared catalogues).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from benhan.fhir.folding import words
from benhan.kernel.clock import Clock, day_in_vietnam
from benhan.node.orders.lines import CARE_LEVELS, OrderKind
from benhan.node.orders.warnings import Knowledge, knowledge_of
from benhan.store.catalogues import Catalogues

SHOWN = 12
TEXT_MAX = 100
WORDS_MAX = 8
START = 4
"""Letters of a word that the index knows; further ones are compared."""
LOOK_S = 30.0
"""How long a list may be shown as it was before it was loaded anew."""
LISTS = ("THUOC", "DICH_VU", "TUONG_TAC", "NHOM_DI_UNG")
_GROUPS = {"XN": OrderKind.LAB, "GPB": OrderKind.LAB, "CDHA": OrderKind.IMAGING}


class Offer(NamedTuple):
    """Something that can be ordered, with what a drug is usually given by."""

    kind: OrderKind
    code: str
    words: str
    unit: str = ""
    route: str = ""
    atc: str = ""


@dataclass(frozen=True)
class Offers:
    """The offers of one edition of the lists, by the beginnings of their words; what speaks against them."""

    edition: tuple[object, ...]
    offers: tuple[Offer, ...]
    folded: tuple[tuple[str, ...], ...]
    by_start: dict[str, frozenset[int]]
    by_code: dict[tuple[OrderKind, str], Offer]
    knowledge: Knowledge

    def find(self, text: str, count: int = SHOWN) -> list[Offer]:
        """The offers that have a word beginning with each word of `text`; what begins with the first word first."""
        asked = words(text[:TEXT_MAX])[:WORDS_MAX]
        if not asked:
            return []
        sets = [self.by_start.get(each[:START], frozenset()) for each in asked]
        found = [
            place
            for place in frozenset.intersection(*sets)
            if all(any(own.startswith(each) for own in self.folded[place]) for each in asked)
        ]
        found.sort(key=lambda place: (not self.folded[place][0].startswith(asked[0]), self.offers[place].words, place))
        return [self.offers[place] for place in found[:count]]


class OrderPicker:
    """Keeps the offers of today ready."""

    def __init__(self, catalogues: Catalogues, clock: Clock) -> None:
        self._catalogues = catalogues
        self._clock = clock
        self._offers: Offers | None = None
        self._looked_s = float("-inf")

    async def offers(self) -> Offers:
        """What can be ordered today."""
        now_s, day = self._clock.monotonic_s(), day_in_vietnam(self._clock.now())
        known = self._offers
        if known is not None and known.edition[0] == day and now_s - self._looked_s < LOOK_S:
            return known
        loaded = {each.head.name: each.changed_at for each in await self._catalogues.loaded()}
        edition = (day, *(loaded.get(name) for name in LISTS))
        if known is None or known.edition != edition:
            known = await self._read(edition, day)
        self._offers, self._looked_s = known, now_s
        return known

    async def _read(self, edition: tuple[object, ...], day: date) -> Offers:
        drugs, services, interactions, classes = [(await self._catalogues.catalogue(each)).on(day) for each in LISTS]
        offers = [Offer(OrderKind.CARE_LEVEL, code, text) for code, text in CARE_LEVELS.items()]
        for each in drugs.values():
            told = each.properties
            offers.append(
                Offer(
                    OrderKind.DRUG,
                    each.code,
                    each.display,
                    told.get("unit", ""),
                    told.get("route", ""),
                    told.get("atc", ""),
                )
            )
        for each in services.values():
            group = each.properties.get("group", "")
            if group != "GIUONG":
                offers.append(Offer(_GROUPS.get(group.partition(".")[0], OrderKind.SERVICE), each.code, each.display))
        return indexed(edition, offers, knowledge_of(interactions, classes))


def indexed(edition: tuple[object, ...], offers: Iterable[Offer], knowledge: Knowledge) -> Offers:
    """Offers made ready for looking up."""
    kept = tuple(offers)
    folded = tuple((*words(each.words), *words(each.code)) for each in kept)
    by_start: dict[str, set[int]] = defaultdict(set)
    for place, own in enumerate(folded):
        for word in own:
            for length in range(1, START + 1):
                by_start[word[:length]].add(place)
    starts = {start: frozenset(places) for start, places in by_start.items()}
    return Offers(edition, kept, folded, starts, {(each.kind, each.code): each for each in kept}, knowledge)
