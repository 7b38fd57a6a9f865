"""All rules, in the order of the table."""

from __future__ import annotations

from benhan.vn.bhyt.rules import (
    beds,
    card,
    catalogue,
    check_in,
    completeness,
    diagnosis,
    drugs,
    entitlement,
    file,
    money,
    papers,
    person,
    services,
    times,
)
from benhan.vn.bhyt.rules.rule import Rule, rule_rows

_MODULES = (
    file, person, card, entitlement, diagnosis, times, completeness, catalogue, drugs, services, beds, money, papers,
    check_in,
)  # fmt: skip
_FOUND = {each.code: each for module in _MODULES for each in vars(module).values() if isinstance(each, Rule)}

RULES: tuple[Rule, ...] = tuple(_FOUND[code] for code in rule_rows())
"""Every row of the table has its function; a row without one does not start (KeyError)."""
