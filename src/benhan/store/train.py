"""Training compression dictionaries on what a store holds; the shipped ones stay for the rows they packed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import zstandard

from benhan.store.content import FOLDER, ContentCodec, newest_version, train_dictionary, without_patient
from benhan.store.resource_types import TYPE_NAMES
from benhan.store.sql_texts import query
from benhan.store.store import Store

SAMPLES_MIN = 100

_TYPES = query(
    "train_types",
    "select type, count(*) from resource where until is null and content is not null group by type",
    fan_out="a dictionary serves a type wherever its resources live",
)
_SAMPLES = query(
    "train_samples",
    """
    select type, rid, version, patient, updated_at, content from resource
    where type = $1 and until is null and content is not null order by updated_at desc limit $2
    """,
    fan_out="a dictionary serves a type wherever its resources live",
)


async def train_dictionaries(
    store: Store, folder: Path, samples: int, progress: Callable[[int], None]
) -> list[tuple[str, int, float, float]]:
    """Train one dictionary for each type with enough resources, into `folder`, as the version after the newest.

    Gives type, size, and the mean packed bytes before and after. They are used from the next start on.
    """
    await asyncio.to_thread(_copy_shipped, folder)
    told = []
    async with store.database.connection() as connection:
        for done, row in enumerate(await connection.fetch(_TYPES), 1):
            progress(done)
            if row["count"] < SAMPLES_MIN:
                continue
            rows = await connection.fetch(_SAMPLES, row["type"], samples)
            opened = await store.opener.open_all(rows, connection)
            tails = [without_patient(each.tail, each.patient) for each in opened if each is not None]
            trained = await asyncio.to_thread(_train, TYPE_NAMES[row["type"]], tails, folder)
            told += [trained] if trained is not None else []
    return told


def _copy_shipped(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.dict"):
        if not (folder / path.name).exists():
            shutil.copy(path, folder / path.name)


def _train(type_: str, tails: list[bytes], folder: Path) -> tuple[str, int, float, float] | None:
    before = ContentCodec(folder)
    try:
        dictionary = train_dictionary(tails)
    except zstandard.ZstdError:
        return None  # too alike or too few to learn from: what is there stays in use
    packed = _mean(before, type_, tails)
    (folder / f"{type_}.{newest_version(folder, type_) + 1}.dict").write_bytes(dictionary)
    return type_, len(dictionary), packed, _mean(ContentCodec(folder), type_, tails)


def _mean(codec: ContentCodec, type_: str, tails: list[bytes]) -> float:
    chosen = tails[:500]
    return sum(len(codec.pack(type_, tail, 0)) for tail in chosen) / len(chosen)
