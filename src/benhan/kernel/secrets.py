"""Secret values that do not print and compare in constant time."""

from __future__ import annotations

import hmac


class Secret:
    """Bytes that stay out of logs, tracebacks and reprs; `reveal()` is the one way to them."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes | str) -> None:
        self._value = value.encode() if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(Secret)  # equal for all: a hash must not tell secrets apart

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")
