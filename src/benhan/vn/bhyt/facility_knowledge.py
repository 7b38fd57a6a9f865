"""What a facility knows when it checks claims: the hour, the country's communes, the lists that it loaded as a whole.

A list that is shipped in part or as an example says nothing of a code that it has not, so it is not asked. Nor does a
list say what held before it was loaded: its first rows count as of old, else each claim of last month would be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache

from benhan.kernel.clock import VIETNAM
from benhan.vn.bhyt.rules.context import Approved, DrugTerms, Icd10, Knowledge, Staff
from benhan.vn.bhyt.rules.values import parts
from benhan.vn.catalogues.catalogue import Catalogue, Content, Entry
from benhan.vn.catalogues.maps import MINISTRY
from benhan.vn.places.units import wards_now

LISTS = ("ICD10", "YHCT", "CSKCB", "MA_KHOA", "NHANVIEN", "THIET_BI", "THUOC", "DICH_VU", "VTYT")
"""The catalogues that rules ask for, by their names here."""
NOWHERE = {"99999": "99"}
"""The commune and province of test files (`samples/`): no unit has these codes, and no person lives there."""


def knowledge(now: datetime, lists: Iterable[Catalogue] = ()) -> Knowledge:
    """What the rules may ask at an instant, with those of `lists` (`LISTS`) that are whole."""
    whole = {each.head.name: each for each in lists if each.head.content is Content.WHOLE and not each.is_empty}

    def codes(name: str) -> frozenset[str] | None:
        return frozenset(whole[name].by_code) if name in whole else None

    return Knowledge(
        now=f"{now.astimezone(VIETNAM):%Y%m%d%H%M}",
        communes=_communes(),
        facilities=codes("CSKCB"),
        departments=codes("MA_KHOA"),
        machines=codes("THIET_BI"),
        yhct=codes("YHCT"),
        icd10=_diseases(whole["ICD10"]) if "ICD10" in whole else None,
        staff=_staff(whole["NHANVIEN"]) if "NHANVIEN" in whole else None,
        drugs=_approved(whole["THUOC"]) if "THUOC" in whole else None,
        services=_approved(whole["DICH_VU"]) if "DICH_VU" in whole else None,
        supplies=_approved(whole["VTYT"]) if "VTYT" in whole else None,
        drug_terms=_terms(whole["THUOC"]) if "THUOC" in whole else None,
    )


@cache
def _communes() -> Mapping[str, str]:
    return {**{each.code: each.parent for each in wards_now()}, **NOWHERE}


def _diseases(known: Catalogue) -> dict[str, Icd10]:
    return {code: Icd10(*_days(known, rows)) for code, rows in known.by_code.items()}


def _staff(known: Catalogue) -> dict[str, Staff]:
    """By licence number. The list does not tell who may sign for the facility, so that each in it may."""
    found = {}
    for code, rows in known.by_code.items():
        since, until = _days(known, rows)
        found[code] = Staff(since, until, is_head=True)
    return found


def _approved(known: Catalogue) -> dict[str, list[Approved]]:
    """Rows by the Ministry's code where a row has one; columns beyond the name as the tables of a claim call them."""
    found: dict[str, list[Approved]] = {}
    for row in known.entries:
        since, until = _days(known, (row,))
        told = row.properties
        found.setdefault(told.get(MINISTRY) or row.code, []).append(
            Approved(
                row.display,
                unit=told.get("don_vi_tinh", ""),
                price_dong=told.get("don_gia", ""),
                tender=told.get("tt_thau", ""),
                registration=told.get("so_dang_ky", ""),
                strength=told.get("ham_luong", ""),
                route=told.get("duong_dung", ""),
                form=told.get("dang_bao_che", ""),
                valid_from=since,
                valid_to=until,
            )
        )
    return found


def _terms(known: Catalogue) -> dict[str, DrugTerms] | None:
    """The terms of payment of the drugs whose rows tell a ratio or diseases; of several rows the widest hold."""
    found: dict[str, DrugTerms] = {}
    for row in known.entries:
        told = row.properties
        ratio, diseases = told.get("tyle_tt_bh", ""), parts(told.get("ma_benh", ""))
        code = told.get(MINISTRY) or row.code
        terms = DrugTerms(int(ratio) if ratio.isdecimal() else 100, tuple(filter(None, diseases)))
        other = found.get(code)
        if other is not None:
            both = (*other.diagnoses, *terms.diagnoses) if other.diagnoses and terms.diagnoses else ()
            terms = DrugTerms(max(other.ratio, terms.ratio), both)
        found[code] = terms
    return {code: terms for code, terms in found.items() if terms != DrugTerms()} or None


def _days(known: Catalogue, rows: Iterable[Entry]) -> tuple[str, str]:
    """From the first day of the rows to the last, yyyymmdd; "" where there is no such day."""
    rows = tuple(rows)
    since, until = [each.since for each in rows], [each.until for each in rows]
    first = min((each for each in since if each is not None), default=None)
    begins = "" if None in since or first is None or first <= _beginning(known) else f"{first:%Y%m%d}"
    ends = "" if None in until else f"{max(each for each in until if each) - timedelta(days=1):%Y%m%d}"
    return begins, ends


def _beginning(known: Catalogue) -> date:
    """The first day that the list names: the day of its first load, mostly."""
    return next((each for each in known.changes if each > date.min), date.min)
