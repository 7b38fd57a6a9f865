"""What an operation is to the API: its name, where it may be asked, how, and by whom. Source: operations.html."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi, Interaction
from benhan.fhir_api.operations.faults import NO_SUCH_OPERATION
from benhan.kernel.permissions import Permission

ANY_TYPE = ("*",)
Row = tuple[str, str, Interaction, Permission]
"""Method, path below the base, what answers, permission: as in the table of interactions."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the table.

    `types` and `instances` are the resource types it may be asked of (`ANY_TYPE` for all), `system` whether it may be
    asked of the whole server. `definition` is the canonical address of its OperationDefinition. What changes something
    takes POST alone.
    """

    name: str
    answer: Interaction
    permission: Permission
    definition: str
    system: bool = False
    types: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("GET", "POST")

    def is_of(self, type_: str) -> bool:
        """Whether it may be asked of `type_` or of one resource of it."""
        return type_ in self.types or type_ in self.instances or ANY_TYPE in (self.types, self.instances)

    def rows(self) -> Iterator[Row]:
        """Its rows among the routes."""
        levels = (
            ("", ANY_TYPE if self.system else ()),
            ("/{type}", self.types),
            ("/{type}/{id}", self.instances),
        )
        for path, types in levels:
            if types:
                for method in self.methods:
                    yield method, f"{path}/${self.name}", _of_types(self, types), self.permission


def _of_types(operation: Operation, types: tuple[str, ...]) -> Interaction:
    """The operation, refused for a type that it is not there for."""
    if types == ANY_TYPE:
        return operation.answer

    async def answer(api: FhirApi, request: Request) -> Response:
        if request.path_params.get("type") not in types:
            raise NO_SUCH_OPERATION(
                name=f"${operation.name}", valid=", ".join(f"{each}/…/${operation.name}" for each in types)
            )
        return await operation.answer(api, request)

    return answer


def operation_rows(operations: Iterable[Operation], further: Iterable[Row] = ()) -> list[Row]:
    """The rows of `operations`, then `further` ones, then those that say which operations there are."""
    known = tuple(operations)
    unknown = _unknown(known)
    levels = ("", "/{type}", "/{type}/{id}")
    return [
        *(row for operation in known for row in operation.rows()),
        *further,
        *(
            (method, f"{level}/${{operation}}", unknown, Permission.FHIR_READ)
            for level in levels
            for method in ("GET", "POST")
        ),
    ]


def _unknown(operations: tuple[Operation, ...]) -> Interaction:
    async def answer(_api: FhirApi, request: Request) -> Response:
        type_, asked = request.path_params.get("type"), request.path_params["operation"]
        there = [each for each in operations if (each.is_of(type_) if type_ else each.system)]
        _check_method(request, [each for each in there if each.name == asked])
        name = asked if asked.replace("-", "").isalnum() and len(asked) < 40 else "?"
        valid = ", ".join(sorted({f"${each.name}" for each in there}))
        raise NO_SUCH_OPERATION(name=f"${name}", valid=valid or "–")

    return answer


def _check_method(request: Request, named: list[Operation]) -> None:
    """Raises Unsupported BA-0912 where the operation is there and takes another method."""
    from benhan.access.faults import WRONG_METHOD

    if named and request.method not in named[0].methods:
        request.scope["state"]["allow"] = ", ".join(named[0].methods)
        raise WRONG_METHOD(method=request.method)
