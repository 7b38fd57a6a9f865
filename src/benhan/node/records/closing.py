"""The check before a record is submitted: what is missing, unfinished, doubled, open, uncoded. Pure.

Source: TT 32/2023/TT-BYT Đ52; NĐ 90 Đ40 k1a (what is required is enforced when the record is closed); requirement 61
(forms not created, unsigned papers, duplicates). What blocks and what only warns is told by each finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from benhan.fhir.folding import fold
from benhan.kernel.texts import Text
from benhan.node.records.models import Paper, PaperState
from benhan.node.records.order import Order, is_main
from benhan.node.signatures.chain import Chains, usual_chains
from benhan.vn import systems
from benhan.vn.forms.answers import Codes, check_closing
from benhan.vn.forms.form import Form, Kind
from benhan.vn.forms.typeset import Answers

Json = dict[str, Any]


class Lack(Enum):
    """The kinds of what a check finds."""

    MISSING_FORM = "missing-form"
    EMPTY_FIELD = "empty-field"
    WRONG_VALUE = "wrong-value"
    UNFINISHED = "unfinished"
    UNSIGNED = "unsigned"
    DOUBLED = "doubled"
    OPEN_ORDER = "open-order"
    UNCODED = "uncoded"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: kind, words, the number of the paper (0: none), the field on it, and whether it blocks."""

    lack: Lack
    text: Text
    paper: int = 0
    field: str = ""
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A paper on a form, with what is written on it."""

    paper: Paper
    form: Form
    answers: Answers


@dataclass(frozen=True, slots=True)
class Signing:
    """Which papers need signatures, and whether one that is missing blocks."""

    chains: Chains
    blocks: bool = False


STORAGE_NUMBER = "ThongTinBenhNhan.soluutru"

_MISSING = Text("Chưa có {form}.", "There is no {form}.")
_UNFINISHED = Text("{form} còn đang viết.", "{form} is still being written.")
_UNSIGNED = Text("{form} chưa ký.", "{form} is not signed.")
_DOUBLED = Text("{form} có {count} bản.", "There are {count} of {form}.")
_OPEN = Text("Y lệnh còn mở: {what}.", "An order is open: {what}.")
_UNCODED = Text("Chẩn đoán chưa có mã ICD-10: {what}.", "A diagnosis has no ICD-10 code: {what}.")

_OPEN_STATES = frozenset(("active", "draft", "on-hold"))
_ORDERS = frozenset(("ServiceRequest", "MedicationRequest"))


def check_record(
    number: str,
    papers: Sequence[Paper],
    filled: Sequence[FilledForm],
    resources: Iterable[Json],
    order: Order,
    names: Mapping[str, str],
    codes: Codes | None = None,
    signing: Signing | None = None,
) -> list[Finding]:
    """What a record of the bệnh án `number` still lacks, in the order of its papers; cancelled papers do not count.

    `names` are the names of forms by number.
    """
    here = [each for each in papers if not each.is_cancelled]
    forms = Counter(each.form_number for each in here if each.form)
    told: list[Finding] = []
    for wanted in [number, *order.required_of(number)]:
        if not forms[wanted]:
            told.append(Finding(Lack.MISSING_FORM, _MISSING.filled(form=names.get(wanted, wanted))))
    for each in filled:
        if not each.paper.is_cancelled:
            told += _of_paper(each, codes, signing or Signing(usual_chains()))
    told += _doubled(filled)
    told += _of_resources(resources)
    return told


def lacks_signature(paper: Paper, chains: Chains) -> bool:
    """Whether a paper needs signatures and has not all of them."""
    needs = bool(paper.form) and not paper.is_cancelled and chains.of(paper.form_number) is not None
    return needs and paper.state is not PaperState.SIGNED


def _of_paper(filled: FilledForm, codes: Codes | None, signing: Signing) -> Iterator[Finding]:
    paper, form = filled.paper, filled.form
    if paper.state is PaperState.WRITING:
        yield Finding(Lack.UNFINISHED, _UNFINISHED.filled(form=form.name), paper.number)
    elif lacks_signature(paper, signing.chains):
        yield Finding(Lack.UNSIGNED, _UNSIGNED.filled(form=form.name), paper.number, blocks=signing.blocks)
    for issue in check_closing(form, filled.answers, codes):
        if issue.kind == "required" and _is_given_later(form, issue.place):
            continue
        lack = Lack.EMPTY_FIELD if issue.kind == "required" else Lack.WRONG_VALUE
        yield Finding(lack, issue.text, paper.number, issue.place.rpartition(" ")[2])


def _is_given_later(form: Form, place: str) -> bool:
    """Whether a field is filled after the check: signatures by signing, the storage number in the archive."""
    field = form.fields[place.rpartition(" ")[2]]
    return field.kind is Kind.SIGNATURE or field.source.cv365 == STORAGE_NUMBER


def _doubled(filled: Sequence[FilledForm]) -> Iterator[Finding]:
    count = Counter(each.form.number for each in filled if is_main(each.form) and not each.paper.is_cancelled)
    for each in filled:
        many = count.pop(each.form.number, 0)
        if many > 1:
            yield Finding(Lack.DOUBLED, _DOUBLED.filled(form=each.form.name, count=many), each.paper.number)


def _of_resources(resources: Iterable[Json]) -> Iterator[Finding]:
    listed = list(resources)
    coded = {fold(_words(each)) for each in listed if each["resourceType"] == "Condition" and _has_icd10(each)}
    for each in listed:
        type_ = each["resourceType"]
        if type_ in _ORDERS and each.get("status") in _OPEN_STATES:
            yield Finding(Lack.OPEN_ORDER, _OPEN.filled(what=_words(each)), blocks=False)
        elif type_ == "Condition" and not _has_icd10(each) and fold(_words(each)) not in coded:
            yield Finding(Lack.UNCODED, _UNCODED.filled(what=_words(each)), blocks=False)


def _has_icd10(condition: Json) -> bool:
    return any(each.get("system") == systems.ICD10 for each in condition.get("code", {}).get("coding", ()))


def _words(resource: Json) -> str:
    code = resource.get("code") or resource.get("medicationCodeableConcept") or {}
    coding = (code.get("coding") or [{}])[0]
    return str(code.get("text") or coding.get("display") or coding.get("code") or "?")
