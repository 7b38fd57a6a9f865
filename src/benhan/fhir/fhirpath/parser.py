"""A FHIRPath expression as a tree. Source: FHIRPath 2.0.0, grammar and "Operator Precedence"."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from benhan.fhir.fhirpath.faults import SYNTAX, TOO_NESTED
from benhan.fhir.fhirpath.lexer import Token, tokens
from benhan.fhir.fhirpath.nodes import (
    Call,
    Index,
    Literal,
    Member,
    Node,
    Operation,
    Sign,
    Special,
    TypeTest,
    Variable,
)
from benhan.fhir.fhirpath.quantities import CALENDAR, Quantity
from benhan.fhir.fhirpath.temporals import parse_date, parse_date_time, parse_time

NESTING_MAX = 60
CHAIN_MAX = 250
"""How many steps and operators may follow each other on one level: each is one more call when it is run."""
INTEGER_MAX = 2**31 - 1

PRECEDENCE = {
    "implies": 1,
    "or": 2, "xor": 2,
    "and": 3,
    "in": 4, "contains": 4,
    "=": 5, "~": 5, "!=": 5, "!~": 5,
    "<": 6, ">": 6, "<=": 6, ">=": 6,
    "|": 7,
    "is": 8, "as": 8,
    "+": 9, "-": 9, "&": 9,
    "*": 10, "/": 10, "div": 10, "mod": 10,
}  # fmt: skip
_KEYWORDS = frozenset({"and", "or", "xor", "implies", "div", "mod", "true", "false"})


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises Incorrect: BA-2000 too long, BA-2001 wrong syntax, BA-2002 nested too deep.
    """
    parser = _Parser(tokens(text))
    tree = parser.expression(0)
    if parser.now.kind != "end":
        raise parser.wrong("an operator or the end is expected")
    return tree


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def wrong(self, reason: str) -> Exception:
        return SYNTAX(position=self.now.position + 1, reason=reason)

    def is_sign(self, sign: str) -> bool:
        return self.now.kind == "sign" and self.now.text == sign

    def take(self, sign: str) -> bool:
        if self.is_sign(sign):
            self.at += 1
            return True
        return False

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise self.wrong(f"{sign} is expected")

    def expression(self, lowest: int) -> Node:
        """Operators of at least `lowest` precedence, each binding to the left."""
        self.depth += 1
        if self.depth > NESTING_MAX:
            raise TOO_NESTED(limit=NESTING_MAX)
        left = self.signed()
        for _ in range(CHAIN_MAX):
            operator = self.now.text if self.now.kind in ("sign", "name") else ""
            strength = PRECEDENCE.get(operator, -1)
            if strength < lowest or strength < 0:
                self.depth -= 1
                return left
            self.at += 1
            if operator in ("is", "as"):
                left = TypeTest(operator, left, *self.type_name())
            else:
                left = Operation(operator, left, self.expression(strength + 1))
        raise TOO_NESTED(limit=CHAIN_MAX)

    def signed(self) -> Node:
        """A sign stands before the whole path that follows it, not before its first word."""
        if self.is_sign("-") or self.is_sign("+"):
            sign = self.now.text
            self.at += 1
            self.depth += 1
            if self.depth > NESTING_MAX:
                raise TOO_NESTED(limit=NESTING_MAX)
            operand = self.signed()
            self.depth -= 1
            return Sign(sign, operand)
        return self.path()

    def path(self) -> Node:
        node = self.term()
        for _ in range(CHAIN_MAX):
            if self.take("."):
                node = self.step(node)
            elif self.take("["):
                node = Index(node, self.expression(0))
                self.need("]")
            else:
                return node
        raise TOO_NESTED(limit=CHAIN_MAX)

    def term(self) -> Node:
        token = self.now
        if token.kind == "sign":
            if self.take("("):
                node = self.expression(0)
                self.need(")")
                return node
            if self.take("{"):
                self.need("}")
                return Literal(())
            raise self.wrong("a value, a name or ( is expected")
        if token.kind == "variable":
            self.at += 1
            return Variable(token.text, token.position)
        read = _LITERALS.get(token.kind)
        if read is not None:
            self.at += 1
            return read(self, token)
        if token.kind == "name" and token.text in ("true", "false"):
            self.at += 1
            return Literal((token.text == "true",))
        return self.step(None)

    def step(self, source: Node | None) -> Node:
        """A name or a function, or `$this` and its like."""
        token = self.now
        if token.kind == "special":
            self.at += 1
            return Special(token.text[1:])
        if token.kind not in ("name", "quoted") or (token.kind == "name" and token.text in _KEYWORDS):
            raise self.wrong("a name is expected")
        self.at += 1
        if not self.take("("):
            return Member(source, token.text)
        arguments = list[Node]()
        if not self.take(")"):
            arguments.append(self.expression(0))
            while self.take(","):
                arguments.append(self.expression(0))
            self.need(")")
        return Call(source, token.text, tuple(arguments), token.position)

    def type_name(self) -> tuple[str, str]:
        """Namespace and name of a type."""
        first = self.type_word()
        if self.take("."):
            return first, self.type_word()
        return "", first

    def type_word(self) -> str:
        token = self.now
        if token.kind not in ("name", "quoted"):
            raise self.wrong("a type is expected")
        self.at += 1
        return token.text

    def number(self, token: Token) -> Node:
        following = self.now
        is_decimal = "." in token.text
        if following.kind == "string":
            self.at += 1
            return Literal((Quantity(Decimal(token.text), following.text),))
        if following.kind == "name" and following.text in CALENDAR:
            self.at += 1
            return Literal((Quantity(Decimal(token.text), following.text, is_calendar=True),))
        if is_decimal:
            return Literal((Decimal(token.text),))
        if len(token.text) > 10 or int(token.text) > INTEGER_MAX:
            raise SYNTAX(position=token.position + 1, reason="an integer has at most 31 bits")
        return Literal((int(token.text),))

    def temporal(self, token: Token) -> Node:
        found = _TEMPORALS[token.kind](token.text)
        if found is None:
            raise SYNTAX(position=token.position + 1, reason="no such date or time")
        return Literal((found,))

    def string(self, token: Token) -> Node:
        return Literal((token.text,))


_TEMPORALS = {
    "date": lambda text: parse_date(text[1:]),
    "datetime": lambda text: parse_date_time(text[1:]),
    "time": lambda text: parse_time(text[2:]),
}
_LITERALS: dict[str, Callable[[_Parser, Token], Node]] = {
    "number": _Parser.number,
    "string": _Parser.string,
    "date": _Parser.temporal,
    "datetime": _Parser.temporal,
    "time": _Parser.temporal,
}
