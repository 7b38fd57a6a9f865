"""`_explain`: the statements of a search, why each path was chosen, and PostgreSQL's plan. Shows no value."""

from __future__ import annotations

import orjson

from benhan.store.search.session import Session


async def explained(session: Session) -> list[dict[str, object]]:
    """For each statement that ran: path, expected rows, SQL, plan."""
    told: list[dict[str, object]] = []
    for plan, statement in list(session.statements)[:20]:
        rows = await session.connection.fetch(f"explain (format json) {statement.sql}", *statement.values)
        told.append(
            {
                "path": plan.path.name.lower(),
                "reason": plan.path.value,
                "expected_rows": round(plan.expected_rows),
                "rows_of_type": round(plan.rows_of_type),
                "sql": statement.sql,
                "plan": _without_values(orjson.loads(rows[0][0])),
            }
        )
    return told


_VALUED = ("Index Cond", "Filter", "Recheck Cond", "Function Call", "Hash Cond", "Join Filter", "Order By")


def _without_values(plan: object) -> object:
    """The plan without its conditions, in which hashes of what was asked stand."""
    if isinstance(plan, dict):
        return {name: _without_values(value) for name, value in plan.items() if name not in _VALUED}
    if isinstance(plan, list):
        return [_without_values(each) for each in plan]
    return plan
