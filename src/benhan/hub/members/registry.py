"""The registry key: who has it can make members. It is kept apart from the hub; nodes and hub have its public half."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from benhan.kernel.ids import RandomSource
from benhan.network.keys import signing_key


def make_registry(file: Path, anchor: Path, random: RandomSource) -> None:
    """Write a new registry key, which only its owner can read, and the anchor. Raises FileExistsError, OSError."""
    key = signing_key(random.bytes(32))
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(orjson.dumps(key.key.as_dict(private=True)))
    anchor.write_bytes(orjson.dumps(key.public.jwk))
