"""Waiting that ends early when a task is told to stop."""

from __future__ import annotations

import asyncio


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait until `stop` is set, `seconds` at most; whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


async def woken(stop: asyncio.Event, arrived: asyncio.Event, seconds: float) -> None:
    """Wait until something arrives or `stop` is set, `seconds` at most."""
    waits = [asyncio.ensure_future(each.wait()) for each in (stop, arrived)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
