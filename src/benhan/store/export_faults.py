"""What an export cannot narrow by."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Unsupported
from benhan.kernel.texts import Text

CHAIN_IN_FILTER = FaultCode(
    "BA-2378",
    Unsupported,
    Text(
        "_typeFilter của {type} không nhận điều kiện mà tài nguyên khác quyết định (chuỗi, _has, _list, bộ giá trị).",
        "_typeFilter of {type} takes no condition that other resources decide (chains, _has, _list, value sets).",
    ),
)
