"""Templates of orders: lines that a doctor or a department orders again and again. They hold no patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg
import orjson

from benhan.kernel.actors import Actor
from benhan.kernel.permissions import Permission
from benhan.node.orders.faults import BAD_TEMPLATE, NO_SUCH_TEMPLATE
from benhan.node.orders.lines import OrderKind, OrderLine
from benhan.node.records.life import require
from benhan.store.sql_texts import query
from benhan.store.store import Store

NAME_MAX = 80
SHOWN = 100
OF_DEPARTMENT = "department:"

_LIST = query(
    "order_templates",
    """
    select id, owner, name, lines from order_template where bucket = 0 and owner = any($1::text[])
    order by used_at desc, id desc limit $2
    """,
)
_READ = query(
    "order_template",
    """
    update order_template set used_at = $3 where bucket = 0 and id = $1 and owner = any($2::text[])
    returning id, owner, name, lines
    """,
)
_PUT = query(
    "order_template_put",
    """
    insert into order_template (bucket, owner, name, lines, changed_at, used_at) values (0, $1, $2, $3::jsonb, $4, $4)
    on conflict (bucket, owner, name) do update set lines = excluded.lines, changed_at = excluded.changed_at
    returning id
    """,
)
_DROP = query(
    "order_template_drop", "delete from order_template where bucket = 0 and id = $1 and owner = any($2::text[])"
)


@dataclass(frozen=True, slots=True)
class Template:
    """Lines under a name; `is_shared` with a department."""

    id: int
    name: str
    is_shared: bool
    lines: tuple[OrderLine, ...]


class OrderTemplates:
    """The templates of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def listed(self, actor: Actor, department: str) -> list[Template]:
        """One's own and the department's, the one used last first."""
        rows = await self._store.database.fetch(_LIST, _owners(actor, department), SHOWN)
        return [_template(row) for row in rows]

    async def use(self, number: int, actor: Actor, department: str) -> Template:
        """A template that is used now. Raises NotFound BA-5367."""
        now = self._store.clock.now()
        row = await self._store.database.fetchrow(_READ, number, _owners(actor, department), now)
        if row is None:
            raise NO_SUCH_TEMPLATE()
        return _template(row)

    async def keep(self, name: str, lines: Sequence[OrderLine], actor: Actor, *, department: str = "") -> int:
        """Keep lines under a name, over what stood there; for a department where one is named, else for oneself.

        Raises Incorrect BA-5368; Forbidden BA-5213.
        """
        require(actor, Permission.ORDER_WRITE)
        name = name.strip()
        if not name or len(name) > NAME_MAX or not lines:
            raise BAD_TEMPLATE()
        owner = f"{OF_DEPARTMENT}{department}" if department else actor.id
        content = orjson.dumps([_told(each) for each in lines]).decode()
        number: int = await self._store.database.fetchval(_PUT, owner, name, content, self._store.clock.now())
        return number

    async def drop(self, number: int, actor: Actor, department: str) -> None:
        """Throw a template away; nothing happens where there is none."""
        require(actor, Permission.ORDER_WRITE)
        await self._store.database.execute(_DROP, number, _owners(actor, department))


def _owners(actor: Actor, department: str) -> list[str]:
    return [actor.id, *([f"{OF_DEPARTMENT}{department}"] if department else [])]


def _told(line: OrderLine) -> dict[str, Any]:
    dose = str(line.dose) if line.dose is not None else None
    return {
        "kind": line.kind.value, "words": line.words, "code": line.code, "atc": line.atc, "dose": dose,
        "unit": line.unit, "route": line.route, "times": list(line.times), "note": line.note,
    }  # fmt: skip


def _template(row: asyncpg.Record) -> Template:
    lines = tuple(
        OrderLine(
            OrderKind(each["kind"]), each["words"], each["code"], each["atc"],
            Decimal(each["dose"]) if each["dose"] is not None else None,
            each["unit"], each["route"], tuple(each["times"]), each["note"],
        )
        for each in orjson.loads(row["lines"])
    )  # fmt: skip
    return Template(row["id"], row["name"], row["owner"].startswith(OF_DEPARTMENT), lines)
