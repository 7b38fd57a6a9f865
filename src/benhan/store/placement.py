"""Where a resource lives whose rid names another bucket than its patient's."""

from __future__ import annotations

from collections.abc import Sequence

from benhan.store.database import Connection
from benhan.store.sql_texts import query

_PLACE = query(
    "place",
    """
    insert into placement (bucket, type, rid, at_bucket)
    select * from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::smallint[])
    on conflict (bucket, type, rid) do update set at_bucket = excluded.at_bucket
    """,
)

_PLACE_NEW = query(
    "place_new",
    """
    insert into placement (bucket, type, rid, at_bucket)
    select * from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::smallint[])
    """,
)


async def place(connection: Connection, placed: Sequence[tuple[int, int, int, int]], *, new: bool) -> None:
    """Note for each (home bucket, type, rid) the bucket it is in now.

    A `new` resource that another process has placed meanwhile is a unique violation: it must not be in two buckets.
    """
    homes, types, rids, buckets = zip(*sorted(placed), strict=True)
    await connection.execute(_PLACE_NEW if new else _PLACE, homes, types, rids, buckets)
