"""A regular expression read into a program for `patterns.py`: places that take a character, and ways between them."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable
from typing import Any

from benhan.fhir.fhirpath.faults import BAD_PATTERN

CHARACTER, SPLIT, JUMP, SAVE, ASSERTION, MATCH = range(6)
Instruction = tuple[int, Any, int]
Test = Callable[[str], bool]

PATTERN_MAX = 5_000
PROGRAM_MAX = 5_000
NESTING_MAX = 50
REPEATS_MAX = 1_000

WORD = frozenset(string.ascii_letters + string.digits + "_")
_DIGITS = frozenset(string.digits)
_SPACES = frozenset(" \t\n\r\f\v")
_CLASSES = {"d": _DIGITS, "w": WORD, "s": _SPACES}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0", "e": "\x1b", "a": "\a"}
_CATEGORIES = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cn",
    ]
)

_Tree = tuple[Any, ...]
"""("char", test), ("cat", trees), ("alt", trees), ("repeat", tree, low, high or None, greedy), ("group", number, tree),
("assert", sign)."""


def program_of(text: str) -> tuple[list[Instruction], int]:
    """The program of a pattern, and how many groups it has. Raises Incorrect BA-2014."""
    if len(text) > PATTERN_MAX:
        raise BAD_PATTERN(reason=f"longer than {PATTERN_MAX} characters")
    reader = _Reader(text)
    tree = reader.alternatives()
    if reader.at < len(text):
        raise BAD_PATTERN(reason="a ) without its (")
    program = list[Instruction]()
    _emit(program, ("group", 0, tree))
    program.append((MATCH, None, 0))
    return program, reader.groups


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0
        self.depth = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> bool:
        if self.text.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def one(self) -> str:
        if self.at >= len(self.text):
            raise BAD_PATTERN(reason="it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def alternatives(self) -> _Tree:
        branches = [self.sequence()]
        while self.take("|"):
            branches.append(self.sequence())
        return branches[0] if len(branches) == 1 else ("alt", branches)

    def sequence(self) -> _Tree:
        trees = list[_Tree]()
        while self.at < len(self.text) and self.peek() not in "|)":
            trees.append(self.repeated(self.atom()))
        return ("cat", trees)

    def repeated(self, tree: _Tree) -> _Tree:
        times = 0
        while (bounds := self.bounds()) is not None:
            times += 1
            if self.peek() == "+" or times > 1:
                raise BAD_PATTERN(reason="a quantifier behind a quantifier")
            tree = ("repeat", tree, *bounds, not self.take("?"))
        return tree

    def bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return bounds
        end = self.text.find("}", self.at)
        if self.peek() != "{" or end < 0:
            return None
        low, comma, high = self.text[self.at + 1 : end].partition(",")
        if not (_is_number(low) and (not high or _is_number(high))):
            return None
        self.at = end + 1
        most = int(high) if high else None if comma else int(low)
        if max(int(low), most or 0) > REPEATS_MAX or (most is not None and most < int(low)):
            raise BAD_PATTERN(reason=f"repeated more than {REPEATS_MAX} times, or backwards")
        return int(low), most

    def atom(self) -> _Tree:
        sign = self.one()
        if sign == "(":
            return self.group()
        if sign == "[":
            return ("char", self.set())
        if sign in "^$":
            return ("assert", sign)
        if sign == ".":
            return ("char", lambda _: True)
        if sign in "*+?":
            raise BAD_PATTERN(reason="a quantifier with nothing before it")
        if sign == "\\":
            return self.escape()
        return ("char", sign.__eq__)

    def group(self) -> _Tree:
        self.depth += 1
        if self.depth > NESTING_MAX:
            raise BAD_PATTERN(reason=f"nested deeper than {NESTING_MAX} levels")
        is_kept = not self.take("?:")
        if is_kept and self.take("?"):
            if not self.take("<") or self.peek() in "=!" or ">" not in self.text[self.at :]:
                raise BAD_PATTERN(reason="looking ahead or behind, or flags")
            self.at = self.text.index(">", self.at) + 1
        number = 0
        if is_kept:
            self.groups += 1
            number = self.groups
        tree = self.alternatives()
        if not self.take(")"):
            raise BAD_PATTERN(reason="a ( without its )")
        self.depth -= 1
        return ("group", number, tree) if is_kept else tree

    def escape(self) -> _Tree:
        sign = self.peek()
        if sign in ("b", "B"):
            self.at += 1
            return ("assert", sign)
        if sign.isdigit() and sign != "0":
            raise BAD_PATTERN(reason="a reference back to a group")
        return ("char", self.escaped()[0])

    def escaped(self) -> tuple[Test, str]:
        """The test of what follows a backslash, and the one character that it is, "" for a class."""
        sign = self.one()
        if sign.lower() in _CLASSES:
            members = _CLASSES[sign.lower()]
            return (members.__contains__ if sign.islower() else lambda one: one not in members), ""
        if sign in "pP":
            return self.category(is_inside=sign == "p"), ""
        character = sign
        if sign in "xu":
            size = 2 if sign == "x" else 4
            digits = self.text[self.at : self.at + size]
            if len(digits) < size or not all(digit in string.hexdigits for digit in digits):
                raise BAD_PATTERN(reason="a broken \\x or \\u")
            self.at += size
            character = chr(int(digits, 16))
        elif sign in _CONTROLS:
            character = _CONTROLS[sign]
        elif sign.isalpha() and sign.isascii():
            raise BAD_PATTERN(reason="an unknown escape")
        return character.__eq__, character

    def category(self, *, is_inside: bool) -> Test:
        if self.take("{"):
            end = self.text.find("}", self.at)
            name = self.text[self.at : max(end, self.at)]
            self.at = end + 1
        else:
            name = self.one()
        if name not in _CATEGORIES:
            raise BAD_PATTERN(reason="an unknown category of characters")
        return lambda one: unicodedata.category(one).startswith(name) == is_inside

    def set(self) -> Test:
        is_negated = self.take("^")
        singles, ranges, tests = set[str](), list[tuple[str, str]](), list[Test]()
        start = self.at
        while self.at == start or not self.take("]"):  # a ] right at the beginning stands for itself
            first = self.member(tests)
            if first and self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                last = self.member(tests)
                if not last or last < first:
                    raise BAD_PATTERN(reason="a range of characters backwards")
                ranges.append((first, last))
            elif first:
                singles.add(first)
        return _set_test(frozenset(singles), tuple(ranges), tuple(tests), is_negated=is_negated)

    def member(self, tests: list[Test]) -> str:
        """One character of a set; "" where it was a class, which is then among `tests`."""
        sign = self.one()
        if sign == "[" and self.peek() in (":", "=", "."):
            raise BAD_PATTERN(reason="a POSIX class")
        if sign != "\\":
            return sign
        if self.take("b"):
            return "\b"
        test, character = self.escaped()
        if not character:
            tests.append(test)
        return character


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6


def _set_test(
    singles: frozenset[str], ranges: tuple[tuple[str, str], ...], tests: tuple[Test, ...], *, is_negated: bool
) -> Test:
    def is_member(one: str) -> bool:
        found = one in singles or any(low <= one <= high for low, high in ranges) or any(test(one) for test in tests)
        return found != is_negated

    return is_member


def _emit(program: list[Instruction], tree: _Tree) -> None:
    """Append the instructions of a tree. Raises Incorrect BA-2014 where they are too many."""
    if len(program) > PROGRAM_MAX:
        raise BAD_PATTERN(reason=f"more than {PROGRAM_MAX} places, repetitions unfolded")
    kind = tree[0]
    if kind == "char":
        program.append((CHARACTER, tree[1], 0))
    elif kind == "assert":
        program.append((ASSERTION, tree[1], 0))
    elif kind == "cat":
        if not tree[1]:  # something to count even for nothing, repeated
            program.append((JUMP, len(program) + 1, 0))
        for part in tree[1]:
            _emit(program, part)
    elif kind == "group":
        program.append((SAVE, 2 * tree[1], 0))
        _emit(program, tree[2])
        program.append((SAVE, 2 * tree[1] + 1, 0))
    elif kind == "alt":
        _emit_alternatives(program, tree[1])
    else:
        _emit_repeat(program, *tree[1:])


def _emit_alternatives(program: list[Instruction], branches: list[_Tree]) -> None:
    ends = list[int]()
    for branch in branches[:-1]:
        split = len(program)
        program.append((SPLIT, split + 1, 0))
        _emit(program, branch)
        ends.append(len(program))
        program.append((JUMP, 0, 0))
        program[split] = (SPLIT, split + 1, len(program))
    _emit(program, branches[-1])
    for end in ends:
        program[end] = (JUMP, len(program), 0)


def _emit_repeat(program: list[Instruction], tree: _Tree, low: int, high: int | None, is_greedy: bool) -> None:  # noqa: FBT001
    for _ in range(low):
        _emit(program, tree)
    if high is None:
        split = len(program)
        program.append((SPLIT, 0, 0))
        _emit(program, tree)
        program.append((JUMP, split, 0))
        program[split] = _split(split + 1, len(program), is_greedy=is_greedy)
        return
    splits = list[int]()
    for _ in range(high - low):
        splits.append(len(program))
        program.append((SPLIT, 0, 0))
        _emit(program, tree)
    for split in splits:
        program[split] = _split(split + 1, len(program), is_greedy=is_greedy)


def _split(inside: int, behind: int, *, is_greedy: bool) -> Instruction:
    return (SPLIT, inside, behind) if is_greedy else (SPLIT, behind, inside)
