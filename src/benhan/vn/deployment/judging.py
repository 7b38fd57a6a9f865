"""How a hospital stands: every criterion judged by live figures and by papers, with what to do next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from benhan.kernel.texts import Text
from benhan.vn.deployment.criteria import Criterion, criteria
from benhan.vn.deployment.measures import MEASURES, Measured, Standing
from benhan.vn.deployment.signals import Signals

FRESH = timedelta(days=3)
"""So old may a report be that something is judged by."""

NO_REPORT = Text("chưa có số liệu sống từ hệ thống", "no live figures from the system yet")
OLD_REPORT = Text("số liệu sống đã cũ hơn ba ngày", "the live figures are older than three days")
PAPER_THERE = Text("có văn bản: {paper}", "paper at hand: {paper}")
PAPER_LACKS = Text("thiếu văn bản: {paper}", "paper lacks: {paper}")


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion, how it stands, and why in words."""

    criterion: Criterion
    standing: Standing
    reasons: tuple[Text, ...]

    @property
    def is_met(self) -> bool:
        return self.standing is Standing.MET


def judge(signals: Signals | None, papers: Collection[str] | None, now: datetime) -> list[Judged]:
    """Every criterion by the newest report (None: there is none) and the ids of criteria whose paper is there.

    Papers None: they are not looked at, and only what is measured is judged.

    A measured criterion is worth no more than the report is fresh; a paper replaces no measurement.
    """
    return [_judge(each, signals, papers, now) for each in criteria() if each.measures or papers is not None]


def _judge(criterion: Criterion, signals: Signals | None, papers: Collection[str] | None, now: datetime) -> Judged:
    found = _measured(criterion, signals, now)
    if criterion.paper is not None and papers is not None:
        has_paper = criterion.id in papers
        words = PAPER_THERE if has_paper else PAPER_LACKS
        told = Text(words.vi.format(paper=criterion.paper.vi), words.en.format(paper=criterion.paper.en))
        found.append(Measured(Standing.MET if has_paper else Standing.UNMET, told))
    return Judged(criterion, _together([each.standing for each in found]), tuple(each.words for each in found))


def _measured(criterion: Criterion, signals: Signals | None, now: datetime) -> list[Measured]:
    if not criterion.measures:
        return []
    if signals is None:
        return [Measured(Standing.UNSHOWN, NO_REPORT)]
    if now - signals.made_at > FRESH:
        return [Measured(Standing.UNSHOWN, OLD_REPORT)]
    return [MEASURES[name](signals) for name in criterion.measures]


def _together(found: list[Standing]) -> Standing:
    """All met is met; none is unmet; what lies between is partly. What is not shown keeps the rest from being met."""
    if all(each is Standing.MET for each in found):
        return Standing.MET
    if all(each is Standing.UNSHOWN for each in found):
        return Standing.UNSHOWN
    if all(each in (Standing.UNMET, Standing.UNSHOWN) for each in found):
        return Standing.UNMET
    return Standing.PARTLY


def next_things(judged: list[Judged], most: int = 5) -> list[Judged]:
    """What to do next: the law's points before practice, those farthest from being met first."""
    order = {Standing.UNMET: 0, Standing.UNSHOWN: 1, Standing.PARTLY: 2}
    open_ = [each for each in judged if not each.is_met]
    return sorted(open_, key=lambda each: (not each.criterion.is_law, order[each.standing]))[:most]


def counted(judged: list[Judged], set_: str) -> tuple[int, int]:
    """How many criteria of a set are met, and how many there are."""
    own = [each for each in judged if each.criterion.set == set_]
    return sum(each.is_met for each in own), len(own)
