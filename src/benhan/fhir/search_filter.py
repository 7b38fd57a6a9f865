"""`_filter`: an expression of conditions joined by and, or, not.

Source: FHIR R4 search_filter.html. Parsed to the same criteria as other parameters. Not offered: a condition on an
element in square brackets; it is refused by its place. and and or are read from the left without precedence, as the
page says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.fhir.search_criteria import Both, Chain, Criterion, Either, Negated, Wanted
from benhan.fhir.search_names import Mistake, kind_of, parameter_of, parse_wanted, targets_of, values_of
from benhan.fhir.search_parameters import SearchParameter, SearchRegistry
from benhan.fhir.search_texts import BAD_FILTER, CLAUSE, unknown_parameter
from benhan.kernel.issues import error
from benhan.kernel.texts import Text

FILTER_CHARACTERS_MAX, FILTER_DEPTH_MAX, CONDITIONS_MAX = 2_000, 10, 50

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[^\s()\[\]\"]+")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
OPERATORS = (
    "eq",
    "ne",
    "co",
    "sw",
    "ew",
    "gt",
    "lt",
    "ge",
    "le",
    "ap",
    "sa",
    "eb",
    "pr",
    "po",
    "ss",
    "sb",
    "in",
    "ni",
    "re",
)
_COMPARED = ("eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb")
_BY_KIND: dict[str, tuple[str, ...]] = {
    "string": ("eq", "ne", "co", "sw", "ew"),
    "uri": ("eq", "ne", "co", "sw", "ew"),
    "token": ("eq", "ne", "ss", "sb", "in", "ni"),
    "reference": ("eq", "ne", "re"),
    "date": (*_COMPARED, "po"),
    "number": _COMPARED,
    "quantity": _COMPARED,
    "special": (),
    "composite": ("eq", "ne"),
}
"""The operators of each kind, besides `pr`."""

BRACKETS = Text("điều kiện trong ngoặc vuông chưa có", "conditions in square brackets are not offered")
WORD_MISSING = Text("thiếu tên, toán tử hoặc giá trị", "a name, an operator or a value is missing")
NO_OPERATOR = Text("toán tử ở đây phải là một trong: {valid}", "the operator here must be one of: {valid}")
NOT_CLOSED = Text("thiếu dấu ngoặc", "a bracket is missing")
LEFT_OVER = Text("sau đây phải là and hoặc or", "here must stand and or or")
TOO_LONG = Text("quá dài hoặc lồng quá sâu", "too long, or nested too deeply")


def parse_filter(type_: str, text: str, registry: SearchRegistry) -> Wanted:
    """What a filter asks of a resource of `type_`. Raises Mistake that tells the place."""
    if len(text) > FILTER_CHARACTERS_MAX:
        raise _wrong(FILTER_CHARACTERS_MAX, TOO_LONG)
    reader = _Reader(type_, text, registry)
    found = reader.expression(0)
    if reader.position < len(text):
        raise _wrong(reader.position, LEFT_OVER)
    return found


def _wrong(position: int, reason: Text) -> Mistake:
    told = Text(
        BAD_FILTER.vi.format(position=position + 1, reason=reason.vi),
        BAD_FILTER.en.format(position=position + 1, reason=reason.en),
    )
    return Mistake(error("value", "_filter", told, CLAUSE))


@dataclass(slots=True)
class _Reader:
    type: str
    text: str
    registry: SearchRegistry
    position: int = 0
    conditions: int = 0

    def expression(self, depth: int) -> Wanted:
        """A condition, and what and or or join to it."""
        if depth > FILTER_DEPTH_MAX:
            raise _wrong(self.position, TOO_LONG)
        found = self._operand(depth)
        while True:
            start = self.position
            word = self._word().lower()
            if word == "and":
                found = Both((found, self._operand(depth)))
            elif word == "or":
                found = Either((found, self._operand(depth)))
            else:
                self.position = start
                return found

    def _operand(self, depth: int) -> Wanted:
        self._skip()
        if self._peek() == "(":
            self.position += 1
            inner = self.expression(depth + 1)
            self._close()
            return inner
        start = self.position
        name = self._word()
        self._skip()
        if name.lower() == "not" and self._peek() == "(":
            self.position += 1
            inner = self.expression(depth + 1)
            self._close()
            return Negated(inner)
        return self._condition(name, start)

    def _condition(self, name: str, start: int) -> Wanted:
        if self._peek() == "[":
            raise _wrong(self.position, BRACKETS)
        self.conditions += 1
        if self.conditions > CONDITIONS_MAX:
            raise _wrong(start, TOO_LONG)
        self._skip()
        at = self.position
        operator = self._word().lower()
        if not name or operator not in OPERATORS:
            raise _wrong(at, _filled(NO_OPERATOR, OPERATORS) if name else WORD_MISSING)
        self._skip()
        value = self._value()
        return _condition(self.type, name, operator, value, self.registry, at)

    def _value(self) -> str:
        match = _STRING.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
            text = re.sub(r"\\(.)", r"\1", match[1])
            return re.sub(r"([\\,$])", r"\\\1", text)
        value = self._word()
        if not value:
            raise _wrong(self.position, WORD_MISSING)
        return value

    def _word(self) -> str:
        self._skip()
        match = _WORD.match(self.text, self.position)
        if match is None:
            return ""
        self.position = match.end()
        return match[0]

    def _close(self) -> None:
        self._skip()
        if self._peek() != ")":
            raise _wrong(self.position, NOT_CLOSED)
        self.position += 1
        self._skip()

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.position)
        assert match is not None
        self.position = match.end()


def _filled(text: Text, valid: tuple[str, ...]) -> Text:
    return text.filled(valid=" ".join(valid))


def _condition(type_: str, name: str, operator: str, value: str, registry: SearchRegistry, at: int) -> Wanted:
    """One condition as a criterion; `ne` is the contrary of `eq` but for what is ordered, which has its own."""
    head, dot, rest = name.partition(".")
    code, _, modifier = head.partition(":")
    if dot:
        return _chained(type_, code, modifier, rest, operator, value, registry, at)
    if modifier or code in ("_text", "_content", "_list"):
        if operator not in ("eq", "ne"):
            raise _wrong(at, _filled(NO_OPERATOR, ("eq", "ne")))
        wanted = parse_wanted(type_, head, value, registry)
        return Negated(wanted) if operator == "ne" else wanted
    parameter = parameter_of(type_, code, registry)
    kind = kind_of(parameter)
    valid = (*_BY_KIND[kind], "pr")
    if operator not in valid:
        raise _wrong(at, _filled(NO_OPERATOR, valid))
    if operator == "pr":
        missing = {"true": "false", "false": "true"}.get(value, value)
        return _criterion(parameter, "missing", missing)
    if kind in ("date", "number", "quantity"):
        return (
            _criterion(parameter, "", f"{'ap' if operator == 'po' else operator}{value}")
            if operator != "po"
            else (_overlapping(parameter, value))
        )
    wanted = _by_kind(parameter, kind, operator, value)
    return Negated(wanted) if operator == "ne" else wanted


def _criterion(parameter: SearchParameter, modifier: str, value: str) -> Criterion:
    return Criterion(parameter, modifier, values_of(parameter, modifier, value))


def _overlapping(parameter: SearchParameter, value: str) -> Wanted:
    """`po`: the periods overlap, so neither is wholly before nor wholly after the other."""
    apart = Either((_criterion(parameter, "", f"sa{value}"), _criterion(parameter, "", f"eb{value}")))
    return Both((_criterion(parameter, "missing", "false"), Negated(apart)))


def _by_kind(parameter: SearchParameter, kind: str, operator: str, value: str) -> Wanted:
    if kind in ("string", "uri"):
        modifier = {"eq": "equals", "ne": "equals", "co": "contains", "sw": "starts", "ew": "ends"}[operator]
        return Criterion(parameter, modifier, values_of(parameter, "", value))
    modifier = {"ss": "below", "sb": "above", "in": "in", "ni": "not-in"}.get(operator, "")
    return _criterion(parameter, modifier, value)


def _chained(
    type_: str, code: str, target: str, rest: str, operator: str, value: str, registry: SearchRegistry, at: int
) -> Chain:
    parameter = parameter_of(type_, code, registry)
    if kind_of(parameter) != "reference":
        raise Mistake(unknown_parameter(type_, f"{code}.{rest}", ()))
    inner: list[tuple[str, Wanted]] = []
    mistakes: list[Mistake] = []
    for each in [target] if target else targets_of(parameter):
        try:
            inner.append((each, _condition(each, rest, operator, value, registry, at)))
        except Mistake as mistake:
            mistakes.append(mistake)
    if not inner:
        raise mistakes[0]
    return Chain(parameter, tuple(inner))
