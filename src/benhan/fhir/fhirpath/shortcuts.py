"""Rules on the JSON of a known type, without an Element for every step: what invariants mostly ask.

The type of the focus tells, before any resource is read, in which member each element stands; `exists`, `empty`, `all`,
comparisons with constants and the like then read the JSON itself. Whatever else an expression asks is left to the
closures of `compiler.py`, part by part, so that the answer is always theirs; a test holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from benhan.fhir.fhirpath.comparison import values_order
from benhan.fhir.fhirpath.compiler import as_items, compile_node
from benhan.fhir.fhirpath.elements import Element, truth
from benhan.fhir.fhirpath.environment import NO_SERVICES, STEPS_MAX, Environment, Services
from benhan.fhir.fhirpath.model import SYSTEM_OF, UNKNOWN, FhirType, Option
from benhan.fhir.fhirpath.nodes import Call, Literal, Member, Node, Operation, Sign, Special, Variable
from benhan.fhir.fhirpath.patterns import compile_pattern
from benhan.fhir.fhirpath.temporals import Temporal
from benhan.kernel.faults import Fault

Json = dict[str, Any]
Answer = bool | None
Predicate = Callable[[Json, "Run"], Answer]
Reader = Callable[[Json, "Run"], list[Any]]
Counter = Callable[[Json, "Run"], int]

ONLY_EXTENSIONS = object()
"""A primitive without a value: it is there, and equal to nothing."""

_ABSTRACT = frozenset({"Resource", "DomainResource", "Element", "BackboneElement"})
_NUMBERS = frozenset({"integer", "positiveInt", "unsignedInt", "decimal"})
_TEMPORALS = frozenset({"date", "dateTime", "instant", "time"})
QUIET = frozenset(
    {
        "where",
        "select",
        "all",
        "exists",
        "empty",
        "trace",
        "count",
        "not",
        "first",
        "last",
        "tail",
        "distinct",
        "isDistinct",
    }
)
"""Functions that give the same on nothing, whatever their arguments say."""


class Run:
    """One evaluation; its Environment is made only where a part of the expression needs it."""

    __slots__ = ("_env", "focus", "resource", "root", "services", "steps_max", "variables")

    def __init__(
        self,
        focus: Element,
        resource: Any,
        root: Any,
        variables: Mapping[str, Any],
        services: Services = NO_SERVICES,
        steps_max: int = STEPS_MAX,
    ) -> None:
        self.focus = focus
        self.resource = resource
        self.root = root
        self.variables = variables
        self.services = services
        self.steps_max = steps_max
        self._env: Environment | None = None

    @property
    def steps(self) -> int:
        """How many steps were counted."""
        return 0 if self._env is None else self.steps_max - self._env.steps

    def env(self) -> Environment:
        if self._env is None:
            items = [self.focus]
            within = items if self.resource is None else as_items(self.resource)
            root = within if self.root is None else as_items(self.root)
            self._env = Environment(items, within, root, self.variables, self.services, self.steps_max)
        return self._env


def shortcut_of(tree: Node, type_: FhirType) -> Predicate | None:
    """The rule for the JSON of an element of `type_`, or None where nothing would be gained."""
    if type_.is_primitive or type_ is UNKNOWN or type_.name in _ABSTRACT or _asks_place(tree):
        return None
    found = _Builder(type_).predicate(tree)
    return None if isinstance(found, _Whole) else found


def rule_of(tree: Node, type_: FhirType) -> Predicate:
    """The rule for the JSON of an element of `type_`, whatever Run it is given: by shortcut where there is one."""
    rule = shortcut_of(tree, type_) or _Whole(tree, type_)
    if not _occurs(tree, lambda node: isinstance(node, Variable) and node.name == "context"):
        return rule

    def run_in_context(value: Json, run: Run) -> Answer:
        own = Run(Element(value, type_), run.resource, run.root, run.variables, run.services, run.steps_max)
        return rule(value, own)

    return run_in_context


def _asks_place(tree: Node) -> bool:
    """Whether `$index` or `$total` occurs: they are known to the closures only."""
    return _occurs(tree, lambda node: isinstance(node, Special) and node.name != "this")


def _occurs(node: Any, is_wanted: Callable[[Any], bool]) -> bool:
    if is_wanted(node):
        return True
    inner = node if isinstance(node, tuple) else [getattr(node, name) for name in getattr(node, "__slots__", ())]
    return any(_occurs(each, is_wanted) for each in inner)


class _Whole:
    """A part of the expression as the closures answer it."""

    __slots__ = ("closure", "type")

    def __init__(self, node: Node, type_: FhirType) -> None:
        self.closure = compile_node(node)
        self.type = type_

    def __call__(self, value: Any, run: Run) -> Answer:
        return truth(self.closure(run.env(), [Element(value, self.type)]))


@dataclass(frozen=True, slots=True)
class _Path:
    """How the items of a path are read, and their one type (None: of a choice or of a resource)."""

    read: Reader
    type: FhirType | None


class _Builder:
    """Makes the shortcuts of expressions whose `$this` is of one type."""

    def __init__(self, type_: FhirType) -> None:
        self.type = type_

    def predicate(self, node: Node) -> Predicate:
        whole = _Whole(node, self.type)
        if isinstance(node, Operation):
            build = _OPERATIONS.get(node.operator)
            found = build(self, node, whole) if build is not None else None
        elif isinstance(node, Call):
            call = _CALLS.get(node.name)
            found = call(self, node, whole) if call is not None else None
        else:
            found = self.truth_of(node, whole)
        return found or self.guarded(node, whole) or whole

    def truth_of(self, node: Node, whole: _Whole) -> Predicate | None:
        path = self.path(node)
        if path is None:
            return None
        read = path.read

        def run_truth(value: Json, run: Run) -> Answer:
            items = read(value, run)
            if len(items) > 1:
                return whole(value, run)
            return (items[0] if type(items[0]) is bool else True) if items else None

        return run_truth

    def guarded(self, node: Node, whole: _Whole) -> Predicate | None:
        """Where the first element of the path is absent, the answer is always the same."""
        name = self.first_element(node)
        options = self.type.steps.get(name)
        if options is None:
            return None
        try:
            nothing = whole({}, Run(Element({}, self.type), None, None, {}))
        except Fault:
            return None
        names = _names(options)
        return lambda value, run: nothing if names.isdisjoint(value) else whole(value, run)

    def first_element(self, node: Node | None) -> str:
        while isinstance(node, Member | Call):
            if isinstance(node, Call) and node.name not in QUIET:
                return ""
            if isinstance(node, Member) and (node.source is None or self.is_root(node.source)):
                return node.name
            node = node.source
        return ""

    def is_root(self, node: Node) -> bool:
        if isinstance(node, Special):
            return node.name == "this"
        return isinstance(node, Member) and node.source is None and node.name in self.type.names

    def path(self, node: Node) -> _Path | None:
        """How the items of `node` are read, or None where that is not known beforehand."""
        if self.is_root(node):
            return _Path(lambda value, _run: [value], self.type)
        if isinstance(node, Member):
            return self.member(node)
        if isinstance(node, Call) and node.source is not None:
            build = _PATHS.get(node.name)
            return build(self, node) if build is not None else None
        return None

    def member(self, node: Member) -> _Path | None:
        if node.source is None or self.is_root(node.source):
            options = self.type.steps.get(node.name)
            return None if options is None else _first_path(options)
        source = self.path(node.source)
        if source is None or source.type is None or source.type.is_primitive:
            return None
        options = source.type.steps.get(node.name)
        return None if options is None else _next_path(source.read, options)

    def of_items(self, source: _Path | None, node: Node) -> Predicate | None:
        """The criteria for the items of a path, whatever they hold."""
        if source is None or source.type is None or source.type.is_primitive or source.type is UNKNOWN:
            return None
        inner = _Builder(source.type).predicate(node)
        whole = _Whole(node, source.type)
        return lambda item, run: inner(item, run) if type(item) is dict else whole(item, run)

    def where(self, node: Call) -> _Path | None:
        assert node.source is not None
        source = self.path(node.source)
        criteria = self.of_items(source, node.arguments[0])
        if source is None or criteria is None:
            return None
        read = source.read
        return _Path(lambda value, run: [item for item in read(value, run) if criteria(item, run)], source.type)

    def of_type(self, node: Call) -> _Path | None:
        """A choice of the focus itself, taken as one of its types."""
        member, argument = node.source, node.arguments[0]
        if not isinstance(member, Member) or not isinstance(argument, Member) or argument.source is not None:
            return None
        if member.source is not None and not self.is_root(member.source):
            return None
        options = self.type.steps.get(member.name, ())
        kept = tuple(option for option in options if option.type.name == argument.name)
        return _first_path(kept) if len(options) > 1 and kept else None

    def traced(self, node: Call) -> _Path | None:
        return None if node.source is None else self.path(node.source)

    def logic(self, node: Operation, _: _Whole) -> Predicate | None:
        left, right = self.predicate(node.left), self.predicate(node.right)
        if isinstance(left, _Whole) and isinstance(right, _Whole):
            return None
        return _LOGIC[node.operator](left, right)

    def negated(self, node: Call, _: _Whole) -> Predicate | None:
        if node.source is None:
            return None
        inner = self.predicate(node.source)
        if isinstance(inner, _Whole):
            return None

        def run_not(value: Json, run: Run) -> Answer:
            found = inner(value, run)
            return None if found is None else not found

        return run_not

    def exists(self, node: Call, _: _Whole) -> Predicate | None:
        if node.source is None:
            return None
        if node.arguments:
            return self.exists_one(node)
        return self.existence(node.source, is_wanted=True)

    def empty(self, node: Call, _: _Whole) -> Predicate | None:
        return None if node.source is None else self.existence(node.source, is_wanted=False)

    def existence(self, source: Node, *, is_wanted: bool) -> Predicate | None:
        if isinstance(source, Member) and (source.source is None or self.is_root(source.source)):
            options = self.type.steps.get(source.name)
            return None if options is None else _existence(options, is_wanted=is_wanted)
        path = self.path(source)
        if path is None:
            return None
        read = path.read
        return lambda value, run: bool(read(value, run)) is is_wanted

    def exists_one(self, node: Call) -> Predicate | None:
        assert node.source is not None
        source = self.path(node.source)
        criteria = self.of_items(source, node.arguments[0])
        if source is None or criteria is None:
            return None
        read = source.read
        return lambda value, run: bool([item for item in read(value, run) if criteria(item, run)])

    def all(self, node: Call, _: _Whole) -> Predicate | None:
        source = None if node.source is None else self.path(node.source)
        criteria = self.of_items(source, node.arguments[0])
        if source is None or criteria is None:
            return None
        read = source.read

        def run_all(value: Json, run: Run) -> Answer:
            answers = [criteria(item, run) for item in read(value, run)]  # all are asked: a Fault is not passed over
            return all(answers)

        return run_all

    def has_value(self, node: Call, _: _Whole) -> Predicate | None:
        path = None if node.source is None else self.path(node.source)
        if path is None or path.type is None:
            return None
        read, is_primitive = path.read, path.type.is_primitive

        def run_has_value(value: Json, run: Run) -> Answer:
            items = read(value, run)
            return is_primitive and len(items) == 1 and items[0] is not ONLY_EXTENSIONS

        return run_has_value

    def text_test(self, node: Call, whole: _Whole) -> Predicate | None:
        path = None if node.source is None else self.path(node.source)
        wanted = _constant(node.arguments[0])
        if path is None or not _is_text(path.type) or type(wanted) is not str:
            return None
        read, test = path.read, _TEXT_TESTS[node.name]

        def run_text_test(value: Json, run: Run) -> Answer:
            items = read(value, run)
            if len(items) == 1 and type(items[0]) is str:
                return test(items[0], wanted)
            return whole(value, run) if items else None

        return run_text_test

    def equality(self, node: Operation, _: _Whole) -> Predicate | None:
        path, wanted = self.path(node.left), _constant(node.right)
        if path is None:
            path, wanted = self.path(node.right), _constant(node.left)
        is_text = type(wanted) is str and path is not None and _is_text(path.type)
        is_boolean = type(wanted) is bool and path is not None and path.type is not None and path.type.name == "boolean"
        if path is None or not (is_text or is_boolean):
            return self.number_equality(node) or self.answers_equality(node)
        read, is_equal, kind = path.read, node.operator == "=", type(wanted)

        def run_equality(value: Json, run: Run) -> Answer:
            items = read(value, run)
            if not items:
                return None
            return (len(items) == 1 and type(items[0]) is kind and bool(items[0] == wanted)) is is_equal

        return run_equality

    def number_equality(self, node: Operation) -> Predicate | None:
        numbers = self.numbers(node)
        if numbers is None:
            return None
        (left, right), is_equal = numbers, node.operator == "="
        return lambda value, run: (left(value, run) == right(value, run)) is is_equal

    def numbers(self, node: Operation) -> tuple[Counter, Counter] | None:
        """Both sides, where each is a count, a constant integer or a sum of them."""
        left, right = self.number(node.left), self.number(node.right)
        return None if left is None or right is None else (left, right)

    def number(self, node: Node) -> Counter | None:
        constant = _constant(node)
        if type(constant) is int:
            return lambda _value, _run: constant
        if isinstance(node, Operation) and node.operator == "+":
            both = self.numbers(node)
            return None if both is None else lambda value, run: both[0](value, run) + both[1](value, run)
        if not isinstance(node, Call) or node.name != "count" or node.source is None:
            return None
        if isinstance(node.source, Call) and node.source.name == "children" and node.source.source is None:
            return _children_counter(self.type)
        path = self.path(node.source)
        if path is None:
            return None
        read = path.read
        return lambda value, run: len(read(value, run))

    def answers_equality(self, node: Operation) -> Predicate | None:
        """`a.exists() = b.exists()`: both sides are answers themselves."""
        if not (_is_answer(node.left) and _is_answer(node.right)):
            return None
        left, right, is_equal = self.predicate(node.left), self.predicate(node.right), node.operator == "="

        def run_equality(value: Json, run: Run) -> Answer:
            first, second = left(value, run), right(value, run)
            return None if first is None or second is None else (first == second) is is_equal

        return run_equality

    def comparison(self, node: Operation, whole: _Whole) -> Predicate | None:
        test, numbers = _ORDERS[node.operator], self.numbers(node)
        if numbers is not None:
            return _numbers_comparison(*numbers, test)
        left, right = self.operand(node.left), self.operand(node.right)
        if left is None or right is None:
            return None

        def run_comparison(value: Json, run: Run) -> Answer:
            first, second = left(value, run), right(value, run)
            if not first or not second:
                return None
            if len(first) > 1 or len(second) > 1 or first[0] is ONLY_EXTENSIONS or second[0] is ONLY_EXTENSIONS:
                return whole(value, run)
            found = values_order(first[0], second[0])
            return None if found is None else test(found)

        return run_comparison

    def operand(self, node: Node) -> Reader | None:
        """The system values of a number or date: of a constant or of an element."""
        constant = _constant(node)
        if isinstance(constant, int | Decimal | Temporal) and type(constant) is not bool:
            return lambda _value, _run: [constant]
        path = self.path(node)
        if path is None or path.type is None or path.type.name not in _NUMBERS | _TEMPORALS:
            return None
        read, convert = path.read, path.type.convert
        if convert is None:
            return read
        return lambda value, run: [item if item is ONLY_EXTENSIONS else convert(item) for item in read(value, run)]

    def membership(self, node: Operation, whole: _Whole) -> Predicate | None:
        path, wanted = self.path(node.left), _constants(node.right)
        if path is None or wanted is None or not _is_text(path.type):
            return None
        read = path.read

        def run_membership(value: Json, run: Run) -> Answer:
            items = read(value, run)
            if len(items) == 1 and type(items[0]) is str:
                return items[0] in wanted
            return whole(value, run) if items else None

        return run_membership


def _numbers_comparison(left: Counter, right: Counter, test: Callable[[int], bool]) -> Predicate:
    def run_comparison(value: Json, run: Run) -> Answer:
        return test(left(value, run) - right(value, run))

    return run_comparison


def _children_counter(type_: FhirType) -> Counter:
    """How many children an element has: `children().count()`."""
    members = {
        name: option for options in type_.steps.values() for option in options for name in (option.name, option.twin)
    }

    def count(value: Json, _run: Run) -> int:
        total = 0
        for name, inner in value.items():
            option = members.get(name)
            if option is None or (name != option.name and option.name in value):
                continue
            if type(inner) is str and option.twin not in value:
                total += 1
            else:
                total += len(_items(value.get(option.name), value.get(option.twin) if option.twin else None))
        return total

    return count


def _names(options: tuple[Option, ...]) -> frozenset[str]:
    return frozenset(name for option in options for name in (option.name, option.twin) if name)


def _is_text(type_: FhirType | None) -> bool:
    return type_ is not None and any(SYSTEM_OF.get(name) == "String" for name in type_.names)


def _is_answer(node: Node) -> bool:
    """Whether the node can give only true, false or nothing."""
    if isinstance(node, Operation):
        return node.operator in _OPERATIONS
    return isinstance(node, Call) and node.name in _CALLS and node.name not in _TEXT_TESTS


def _constant(node: Node) -> Any:
    """The one value of a constant, or None."""
    if isinstance(node, Literal) and len(node.values) == 1:
        return node.values[0]
    if isinstance(node, Sign) and node.sign == "-":
        value = _constant(node.operand)
        return -value if isinstance(value, int | Decimal) and type(value) is not bool else None
    return None


def _constants(node: Node) -> frozenset[str] | None:
    """The texts of a union of constants, or None."""
    if isinstance(node, Operation) and node.operator == "|":
        left, right = _constants(node.left), _constants(node.right)
        return None if left is None or right is None else left | right
    value = _constant(node)
    return frozenset({value}) if type(value) is str else None


def _existence(options: tuple[Option, ...], *, is_wanted: bool) -> Predicate:
    """Whether an element of the focus is there."""
    if len(options) > 1:
        return _existence_of_choice(options, is_wanted=is_wanted)
    name, _, twin = options[0]

    def is_there(value: Json, _run: Run) -> Answer:
        inner = value.get(name)
        if inner is not None and type(inner) is not list:
            return is_wanted
        told = value.get(twin) if twin else None
        if inner is None and told is None:
            return not is_wanted
        return bool(_items(inner, told)) is is_wanted

    return is_there


def _existence_of_choice(options: tuple[Option, ...], *, is_wanted: bool) -> Predicate:
    names, read = _names(options), _first_path(options).read

    def is_one_there(value: Json, run: Run) -> Answer:
        for name in value:
            if name in names:
                return bool(read(value, run)) is is_wanted
        return not is_wanted

    return is_one_there


def _first_path(options: tuple[Option, ...]) -> _Path:
    """The path from the focus to one of its elements."""
    if len(options) > 1:
        return _Path(_read_choice(options), None)
    name, type_, twin = options[0]

    def read_one(value: Json, _run: Run) -> list[Any]:
        inner = value.get(name)
        told = value.get(twin) if twin else None
        if inner is None and told is None:
            return []
        if told is None and type(inner) is not list:
            return [inner]
        return _items(inner, told)

    return _Path(read_one, None if type_.name in _ABSTRACT else type_)


def _read_choice(options: tuple[Option, ...]) -> Reader:
    reads = [(option.name, option.twin, _first_path((option,)).read) for option in options]

    def read_choice(value: Json, run: Run) -> list[Any]:
        found = list[Any]()
        for name, twin, read in reads:
            if name in value or (twin and twin in value):
                found += read(value, run)
        return found

    return read_choice


def _next_path(before: Reader, options: tuple[Option, ...]) -> _Path:
    """The path from the items of another to their elements."""
    inner = _first_path(options)
    read = inner.read

    def read_next(value: Json, run: Run) -> list[Any]:
        return [each for item in before(value, run) if type(item) is dict for each in read(item, run)]

    return _Path(read_next, inner.type)


def _items(inner: Any, twin: Any) -> list[Any]:
    """The items of a member and its twin, as `elements.py` pairs them."""
    if type(inner) is not list and type(twin) is not list:
        return [] if inner is None and twin is None else [ONLY_EXTENSIONS if inner is None else inner]
    values, twins = inner if type(inner) is list else [], twin if type(twin) is list else []
    if not twins:
        return [each for each in values if each is not None]
    found = list[Any]()
    for index in range(max(len(values), len(twins))):
        each = values[index] if index < len(values) else None
        if each is not None:
            found.append(each)
        elif index < len(twins) and twins[index] is not None:
            found.append(ONLY_EXTENSIONS)
    return found


def _and(left: Predicate, right: Predicate) -> Predicate:
    def run_and(value: Json, run: Run) -> Answer:
        first = left(value, run)
        if first is False:
            return False
        second = right(value, run)
        return False if second is False else True if first and second else None

    return run_and


def _or(left: Predicate, right: Predicate) -> Predicate:
    def run_or(value: Json, run: Run) -> Answer:
        first = left(value, run)
        if first:
            return True
        second = right(value, run)
        return True if second else None if first is None or second is None else False

    return run_or


def _xor(left: Predicate, right: Predicate) -> Predicate:
    def run_xor(value: Json, run: Run) -> Answer:
        first, second = left(value, run), right(value, run)
        return None if first is None or second is None else first != second

    return run_xor


def _implies(left: Predicate, right: Predicate) -> Predicate:
    def run_implies(value: Json, run: Run) -> Answer:
        first = left(value, run)
        if first is False:
            return True
        second = right(value, run)
        return True if second else None if first is None or second is None else False

    return run_implies


_LOGIC = {"and": _and, "or": _or, "xor": _xor, "implies": _implies}
_ORDERS: dict[str, Callable[[int], bool]] = {
    "<": lambda found: found < 0,
    ">": lambda found: found > 0,
    "<=": lambda found: found <= 0,
    ">=": lambda found: found >= 0,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
    "matches": lambda text, pattern: compile_pattern(pattern).is_in(text),
    "matchesFull": lambda text, pattern: compile_pattern(pattern).is_whole(text),
}
_OPERATIONS: dict[str, Callable[[_Builder, Operation, _Whole], Predicate | None]] = {
    **dict.fromkeys(_LOGIC, _Builder.logic),
    **dict.fromkeys(_ORDERS, _Builder.comparison),
    "=": _Builder.equality,
    "!=": _Builder.equality,
    "in": _Builder.membership,
}
_CALLS: dict[str, Callable[[_Builder, Call, _Whole], Predicate | None]] = {
    **dict.fromkeys(_TEXT_TESTS, _Builder.text_test),
    "not": _Builder.negated,
    "exists": _Builder.exists,
    "empty": _Builder.empty,
    "all": _Builder.all,
    "hasValue": _Builder.has_value,
}
_PATHS: dict[str, Callable[[_Builder, Call], _Path | None]] = {
    "where": _Builder.where,
    "ofType": _Builder.of_type,
    "as": _Builder.of_type,
    "trace": _Builder.traced,
}
