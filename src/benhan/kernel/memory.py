"""Fewer rounds of Python's cyclic collector, for processes that make many short-lived objects without cycles."""

from __future__ import annotations

import gc


def settle_memory() -> None:
    """Take what start has built out of the collector's rounds, and make the rounds rare."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
