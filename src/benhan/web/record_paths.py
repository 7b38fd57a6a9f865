"""What addresses of records say: the number of a paper, a department."""

from __future__ import annotations

from starlette.requests import Request

from benhan.kernel.faults import Fault
from benhan.node.records.faults import NO_SUCH_PAPER


def number_in(request: Request) -> int:
    """The number of the paper of the address. Raises NotFound BA-5206."""
    return number_or(request, NO_SUCH_PAPER())


def number_or(request: Request, missing: Fault) -> int:
    """The number of the address, small enough for every column. Raises `missing` where there is none."""
    text: str = request.path_params["number"]
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise missing
    return int(text)


def department_in(text: str) -> str:
    """What was typed as a department: a short line, without what no line has."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:20]


def whole_number(text: str) -> int:
    """A whole number; 0 where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
