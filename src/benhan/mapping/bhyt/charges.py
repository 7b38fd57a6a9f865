"""What a line cost, of ChargeItem and Invoice, where no Claim tells it; and lines that stand in a ChargeItem alone.

Order of preference, column by column: the item of the Claim; the line of an Invoice that names the ChargeItem; the
ChargeItem itself (`priceOverride` is the price of the whole charge, as R4 defines it). Amounts that are not in đồng are
left out. What the insurance pays of it only the Claim tells: nothing is reckoned that would have to be guessed.
Source: FHIR R4 chargeitem.html, invoice.html; QĐ 130/QĐ-BYT (DON_GIA, DON_GIA_BV, THANH_TIEN_BV, SO_LUONG).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from benhan.mapping.bhyt.claim import CURRENCY
from benhan.mapping.fhir_to_hoso_benh_an import Record
from benhan.mapping.mapped import Json
from benhan.vn import systems
from benhan.vn.bhyt.claim import Row

_LESS = frozenset({"deduction", "discount"})
_MORE = frozenset({"base", "surcharge", "tax"})
_NOT_CHARGED = frozenset({"aborted", "entered-in-error", "not-billable"})
_THOUSANDTH = Decimal("0.001")
AMOUNT_MAX = 10**15
"""No column holds more."""


@dataclass(slots=True)
class Charges:
    """The charges of a record, each with the amount of its line in an invoice where there is one."""

    items: Sequence[Json]
    _amounts: dict[str, Decimal] = field(default_factory=dict)
    _held: frozenset[str] = frozenset()
    """References to what the record holds."""

    @classmethod
    def of(cls, record: Record) -> Charges:
        """Those that are to be paid, in the order of their time."""
        items = [each for each in record.of("ChargeItem") if each.get("status") not in _NOT_CHARGED]
        items.sort(key=lambda each: (str(each.get("occurrenceDateTime", "")), each["id"]))
        held = frozenset(f"{each['resourceType']}/{each['id']}" for each in record.resources)
        found = cls(items, _held=held)
        for invoice in record.of("Invoice"):
            if invoice.get("status") not in ("cancelled", "entered-in-error"):
                for line in invoice.get("lineItem", []):
                    reference, amount = line.get("chargeItemReference", {}).get("reference", ""), _of_line(line)
                    if amount is not None:
                        found._amounts[reference] = amount
        return found

    def money(self, resource: Json, unit_price: str) -> Row:
        """The money columns of the line that `resource` is: a request, or a procedure and what it is based on.

        `unit_price` names the column of the price of one.
        """
        wanted = {f"{resource.get('resourceType', '')}/{resource.get('id', '')}"}
        if resource.get("resourceType") == "Procedure":
            wanted |= {link.get("reference", "") for link in resource.get("basedOn", [])}
        return self._columns([each for each in self.items if not wanted.isdisjoint(_services(each))], unit_price)

    def alone(self, *, are_drugs: bool) -> Iterator[tuple[Json, Row]]:
        """The charges of nothing that the record holds, of drugs or of all else, with their money columns."""
        for each in self.items:
            if self._held.isdisjoint(_services(each)) and is_drug(each) is are_drugs:
                yield each, self._columns([each], "DON_GIA" if are_drugs else "DON_GIA_BV")

    def _columns(self, items: Sequence[Json], unit_price: str) -> Row:
        quantities = [_decimal(each.get("quantity", {}).get("value")) for each in items]
        amounts = [self._amount(each) for each in items]
        row: Row = {}
        quantity = sum((each for each in quantities if each is not None), Decimal(0))
        if items and None not in quantities:
            row["SO_LUONG"] = _digits(quantity)
        if items and None not in amounts:
            amount = sum((each for each in amounts if each is not None), Decimal(0))
            row["THANH_TIEN_BV"] = _digits(amount)
            if "SO_LUONG" in row and quantity and abs(price := amount / quantity) < AMOUNT_MAX:
                row[unit_price] = _digits(price.quantize(_THOUSANDTH))
        return row

    def _amount(self, item: Json) -> Decimal | None:
        invoiced = self._amounts.get(f"ChargeItem/{item['id']}")
        return invoiced if invoiced is not None else _money(item.get("priceOverride", {}))


def _services(item: Json) -> list[str]:
    return [link.get("reference", "") for link in item.get("service", [])]


def is_drug(item: Json) -> bool:
    """Whether a charge is of a drug: by its code of the Ministry's list."""
    drug = systems.bhyt_code("HOATCHAT")
    return any(each.get("system") == drug for each in item.get("code", {}).get("coding", []))


def total(rows: Sequence[Row]) -> str:
    """The sum of THANH_TIEN_BV, "" where a row does not tell it."""
    amounts = [_decimal(row.get("THANH_TIEN_BV", "")) for row in rows]
    if not amounts or None in amounts:
        return ""
    return _digits(sum((each for each in amounts if each is not None), Decimal(0)))


def _of_line(line: Json) -> Decimal | None:
    """The price of a line of an invoice: base, surcharges and taxes, less deductions and discounts."""
    amount, is_told = Decimal(0), False
    for each in line.get("priceComponent", []):
        part, kind = _money(each.get("amount", {})), each.get("type", "")
        if part is None and kind in _MORE | _LESS:
            return None
        if part is not None and kind in _MORE | _LESS:
            amount, is_told = (amount - part if kind in _LESS else amount + part), True
    return amount if is_told else None


def _money(money: Json) -> Decimal | None:
    return _decimal(money.get("value")) if money.get("currency", CURRENCY) == CURRENCY else None


def _decimal(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value)) if value not in (None, "") else None
    except ArithmeticError:
        return None
    return found if found is None or abs(found) < AMOUNT_MAX else None


def _digits(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
