"""Questionnaires and the answers to them, beyond their invariants.

Source: FHIR R4 questionnaire.html, questionnaireresponse.html#item (linkId, required, repeats, types, options,
enableWhen, maxLength; minValue and maxValue by HL7's extensions).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benhan.fhir.validation import texts
from benhan.fhir.validation.bindings import is_in
from benhan.fhir.validation.matching import has_pattern
from benhan.fhir.validation.report import Path
from benhan.fhir.validation.scope import Scope

Json = dict[str, Any]

CORE = "http://hl7.org/fhir/StructureDefinition/"
ANSWERED = ("completed", "amended")
"""States in which what is required must be there."""

ANSWERS: dict[str, tuple[str, ...]] = {
    "boolean": ("valueBoolean",),
    "decimal": ("valueDecimal", "valueInteger"),
    "integer": ("valueInteger",),
    "date": ("valueDate",),
    "dateTime": ("valueDateTime",),
    "time": ("valueTime",),
    "string": ("valueString",),
    "text": ("valueString",),
    "url": ("valueUri",),
    "choice": ("valueCoding", "valueString", "valueDate", "valueTime", "valueInteger", "valueReference"),
    "open-choice": ("valueCoding", "valueString", "valueDate", "valueTime", "valueInteger", "valueReference"),
    "attachment": ("valueAttachment",),
    "reference": ("valueReference",),
    "quantity": ("valueQuantity",),
}
"""Item type to the members an answer may have. Source: questionnaire.html, item-type."""


def check_questionnaire(questionnaire: Json, path: Path, scope: Scope) -> None:
    """Note linkIds that stand twice, and conditions that ask for none."""
    known: set[str] = set()
    items = list(_items(questionnaire, path))
    for item, place in items:
        link = item.get("linkId")
        if link in known:
            scope.report.error("invariant", (*place, "linkId"), texts.LINK_ID_TWICE, texts.QUESTIONNAIRE_CLAUSE)
        if isinstance(link, str):
            known.add(link)
    for item, place in items:
        for number, each in enumerate(item.get("enableWhen") or ()):
            if isinstance(each, dict) and each.get("question") not in known:
                scope.report.error(
                    "invariant", (*place, "enableWhen", number), texts.LINK_ID_NOWHERE, texts.QUESTIONNAIRE_CLAUSE
                )


def _items(holder: Json, path: Path) -> Iterator[tuple[Json, Path]]:
    """Every item of a questionnaire at any depth, with its place."""
    for number, item in enumerate(holder.get("item") or ()):
        if isinstance(item, dict):
            place = (*path, "item", number)
            yield item, place
            yield from _items(item, place)


@dataclass(slots=True)
class _Held:
    """A response held against its questionnaire."""

    scope: Scope
    questions: dict[str, Json]
    contained: dict[str, Json]
    is_final: bool
    answers: dict[str, list[Json]] = field(default_factory=dict)


def check_response(response: Json, path: Path, scope: Scope) -> None:
    """Hold a QuestionnaireResponse against its Questionnaire, where that is known."""
    url = response.get("questionnaire")
    if not isinstance(url, str):
        return
    inside = scope.contained_ids.get(url[1:]) if url.startswith("#") else None
    questionnaire = inside or scope.judge.definitions.questionnaire(url)
    if questionnaire is None:
        scope.report.inform((*path, "questionnaire"), texts.QUESTIONNAIRE_UNKNOWN, texts.RESPONSE_CLAUSE)
        return
    questions = {item["linkId"]: item for item, _ in _items(questionnaire, ()) if isinstance(item.get("linkId"), str)}
    held = _Held(scope, questions, _contained(questionnaire), response.get("status") in ANSWERED)
    held.answers = _answers(response)
    _check_items(held, questionnaire, response, path)


def _contained(questionnaire: Json) -> dict[str, Json]:
    return {f"#{each.get('id')}": each for each in questionnaire.get("contained") or () if isinstance(each, dict)}


def _answers(response: Json) -> dict[str, list[Json]]:
    """All answers by linkId."""
    found: dict[str, list[Json]] = {}
    waiting = [response]
    while waiting:
        holder = waiting.pop()
        for item in holder.get("item") or ():
            if isinstance(item, dict):
                listed = [each for each in item.get("answer") or () if isinstance(each, dict)]
                found.setdefault(str(item.get("linkId")), []).extend(listed)
                waiting += [item, *listed]
    return found


def _check_items(held: _Held, asked: Json, answered: Json, path: Path) -> None:
    """The items right below `answered` against those right below `asked`."""
    report = held.scope.report
    here = {each["linkId"]: each for each in asked.get("item") or () if isinstance(each.get("linkId"), str)}
    given: dict[str, list[tuple[Json, Path]]] = {}
    for number, item in enumerate(answered.get("item") or ()):
        report.spend()
        link, place = item.get("linkId"), (*path, "item", number)
        if link not in held.questions:
            report.error("not-found", (*place, "linkId"), texts.UNKNOWN_LINK_ID, texts.RESPONSE_CLAUSE)
        elif link not in here:
            report.error("structure", (*place, "linkId"), texts.LINK_ID_MISPLACED, texts.RESPONSE_CLAUSE)
        else:
            given.setdefault(link, []).append((item, place))
    for link, question in here.items():
        _check_question(held, question, given.get(link, []), path)


def _check_question(held: _Held, question: Json, given: list[tuple[Json, Path]], path: Path) -> None:
    report = held.scope.report
    is_enabled = _is_enabled(question, held)
    if not given:
        if question.get("required") is True and is_enabled and held.is_final and question.get("type") != "display":
            report.error(
                "required", (*path, "item"), texts.ANSWER_MISSING, texts.RESPONSE_CLAUSE, link=_shown(question)
            )
        return
    if not is_enabled and any(item.get("answer") or item.get("item") for item, _ in given):
        report.error("business-rule", given[0][1], texts.NOT_ENABLED, texts.RESPONSE_CLAUSE)
    is_group = question.get("type") == "group"
    count = len(given) if is_group else sum(len(item.get("answer") or ()) for item, _ in given)
    if count > 1 and question.get("repeats") is not True:
        report.error("structure", given[-1][1], texts.NOT_REPEATED, texts.RESPONSE_CLAUSE)
    for item, place in given:
        _check_item(held, question, item, place, is_enabled=is_enabled)


def _check_item(held: _Held, question: Json, item: Json, path: Path, *, is_enabled: bool) -> None:
    report = held.scope.report
    listed = item.get("answer") or []
    if question.get("type") in ("group", "display"):
        if listed:
            report.error("structure", (*path, "answer"), texts.NO_ANSWERS_HERE, texts.RESPONSE_CLAUSE)
        _check_items(held, question, item, path)
        return
    if not listed and question.get("required") is True and is_enabled and held.is_final:
        report.error("required", path, texts.ANSWER_MISSING, texts.RESPONSE_CLAUSE, link=_shown(question))
    for number, answer in enumerate(listed):
        place = (*path, "answer", number)
        _check_answer(held, question, answer, place)
        _check_items(held, question, answer, place)


def _check_answer(held: _Held, question: Json, answer: Json, path: Path) -> None:
    report = held.scope.report
    member = next((name for name in answer if name.startswith("value")), "")
    allowed = ANSWERS.get(str(question.get("type")), ())
    if not member:
        return
    if member not in allowed:
        report.error("value", path, texts.WRONG_ANSWER, texts.RESPONSE_CLAUSE, type=str(question.get("type")))
        return
    value = answer[member]
    limit = question.get("maxLength")
    if isinstance(limit, int) and isinstance(value, str) and len(value) > limit:
        report.error("value", path, texts.TOO_LONG, texts.RESPONSE_CLAUSE, limit=limit)
    if _is_out_of_range(question, value):
        report.error("value", path, texts.OUT_OF_RANGE, texts.RESPONSE_CLAUSE)
    if question.get("type") in ("choice", "open-choice") or "answerOption" in question:
        _check_option(held, question, member, value, path)


def _check_option(held: _Held, question: Json, member: str, value: Any, path: Path) -> None:
    if question.get("type") == "open-choice" and member == "valueString":
        return
    options = [each for each in question.get("answerOption") or () if isinstance(each, dict)]
    if options and not any(member in each and _is_same(value, each[member]) for each in options):
        held.scope.report.error("code-invalid", path, texts.NOT_AN_OPTION, texts.RESPONSE_CLAUSE)
    value_set = question.get("answerValueSet")
    if not isinstance(value_set, str) or member != "valueCoding" or value_set.startswith("#"):
        return
    codes = held.scope.judge.definitions.codes(value_set)
    verdict = None if codes is None else is_in(value, codes)
    if verdict is False:
        held.scope.report.error("code-invalid", path, texts.NOT_AN_OPTION, texts.RESPONSE_CLAUSE)
    elif verdict is None:
        held.scope.report.inform(path, texts.SET_UNKNOWN, texts.STRENGTH_CLAUSE, set=value_set)


def _is_same(value: Any, option: Any) -> bool:
    """Codings are the same by system and code; other values as a whole."""
    if isinstance(option, dict) and "code" in option:
        return isinstance(value, dict) and all(value.get(name) == option.get(name) for name in ("system", "code"))
    return has_pattern(value, option)


def _is_out_of_range(question: Json, value: Any) -> bool:
    for each in question.get("extension") or ():
        name = str(each.get("url", "")).removeprefix(CORE)
        if name not in ("minValue", "maxValue"):
            continue
        bound = next((inner for member, inner in each.items() if member.startswith("value")), None)
        numbers = isinstance(value, int | float) and isinstance(bound, int | float)
        if not numbers and not (isinstance(value, str) and isinstance(bound, str) and len(value) == len(bound)):
            continue
        if value < bound if name == "minValue" else value > bound:
            return True
    return False


def _is_enabled(question: Json, held: _Held) -> bool:
    """Whether the conditions of a question hold. Source: questionnaire.html, item.enableWhen, enableBehavior."""
    conditions = [each for each in question.get("enableWhen") or () if isinstance(each, dict)]
    if not conditions:
        return True
    verdicts = [_holds(each, held.answers.get(str(each.get("question")), [])) for each in conditions]
    return all(verdicts) if question.get("enableBehavior") == "all" else any(verdicts)


def _holds(condition: Json, answers: list[Json]) -> bool:
    wanted = next((value for name, value in condition.items() if name.startswith("answer")), None)
    operator = condition.get("operator")
    values = [value for each in answers for name, value in each.items() if name.startswith("value")]
    if operator == "exists":
        return bool(values) == (wanted is True)
    if operator == "!=":
        return bool(values) and not any(_is_same(each, wanted) for each in values)
    if operator == "=":
        return any(_is_same(each, wanted) for each in values)
    return any(_compares(each, str(operator), wanted) for each in values)


def _compares(value: Any, operator: str, wanted: Any) -> bool:
    if isinstance(value, dict) and isinstance(wanted, dict):
        if value.get("code") != wanted.get("code") or value.get("unit") != wanted.get("unit"):
            return False
        value, wanted = value.get("value"), wanted.get("value")
    numbers = isinstance(value, int | float) and isinstance(wanted, int | float)
    if not numbers and not (isinstance(value, str) and isinstance(wanted, str)):
        return False
    match operator:
        case ">":
            return bool(value > wanted)
        case "<":
            return bool(value < wanted)
        case ">=":
            return bool(value >= wanted)
        case "<=":
            return bool(value <= wanted)
        case _:
            return False


def _shown(question: Json) -> str:
    """The linkId of a questionnaire's item, which is no personal data, where it is short."""
    link = str(question.get("linkId", ""))
    return link if len(link) <= 80 and link.isprintable() else "?"
