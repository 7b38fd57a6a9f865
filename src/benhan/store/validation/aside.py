"""A thread for validations that take long, so that the event loop goes on serving meanwhile.

One at a time in each process: Python runs one at a time anyway, and two would only take the loop's time twice.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from benhan.fhir.validation.faults import TOO_MANY_VALIDATIONS

Result = TypeVar("Result")

WAITING_MAX = 16
SWITCH_S = 0.0005
"""How long the thread keeps the interpreter from the event loop, which gives it up at each turn: with Python's 5 ms
a read took twice as long while something was validated."""


class Aside:
    """Runs functions in a thread of its own, in the order they came. The thread starts with the first."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(
            1, thread_name_prefix="validation", initializer=sys.setswitchinterval, initargs=(SWITCH_S,)
        )
        self._waiting = 0

    async def run(self, act: Callable[[], Result]) -> Result:
        """What `act` gives. Raises Busy BA-3090 where too many wait already."""
        if self._waiting >= WAITING_MAX:
            raise TOO_MANY_VALIDATIONS()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, act)
        finally:
            self._waiting -= 1

    def stop(self) -> None:
        """Take no more; what has not begun is not run."""
        self._executor.shutdown(wait=False, cancel_futures=True)
