"""Fewer rounds of Python's cyclic collector, for processes that make many short-lived objects without cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def settle_memory() -> None:
    """Take what start has built out of the collector's rounds, and make the rounds rare."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@contextmanager
def start_of_a_program() -> Iterator[None]:
    """No rounds meanwhile: what modules build when they are brought in stays, and is gone over a hundred times else."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
