"""Numbers, priority and times of an order, as ORC, OBR and TQ1 tell them; what orders and results share.

Source: HL7 v2.5.1 4.5.1 ORC, 4.5.3 OBR, 4.5.4 TQ1; HL7 v2-to-FHIR segment maps ORC, OBR and TQ1 [ServiceRequest].
"""

from __future__ import annotations

from benhan.hl7v2.datatypes import entity, first_coded
from benhan.hl7v2.message import Segment
from benhan.mapping.mapped import Context, IdentifierKey, Json, Mapped, identifier, source_key
from benhan.mapping.v2_tables import PRIORITY
from benhan.vn import systems


def numbers(obr: Segment, orc: Segment | None) -> tuple[str, str]:
    """The placer's and the filler's number of an order: OBR-2 and OBR-3, else those of ORC; "" where unsaid."""
    placer = entity(obr, 2).value or (entity(orc, 2).value if orc is not None else "")
    filler = entity(obr, 3).value or (entity(orc, 3).value if orc is not None else "")
    return placer, filler


def order_keys(context: Context, patient: Mapped, obr: Segment, placer: str, filler: str) -> list[IdentifierKey]:
    """What makes an order one of its patient: either number with the service, by each code that OBR-4 gives it.

    A number alone does not: one slip of a hospital often orders several services under one number.
    """
    code = first_coded(obr, 4)
    names = [each for each in (code.code, code.alternate_code) if each] or [code.text or code.alternate_text]
    sides: list[tuple[str, ...]] = [(placer,)] if placer else []
    if filler:
        sides.append(("filler", filler))
    scope = ("ServiceRequest", context.facility, *patient.identities[0])
    return [source_key(*scope, *side, name) for side in sides for name in names if name]


def order_identifiers(context: Context, placer: str, filler: str, keys: list[IdentifierKey]) -> list[Json]:
    """The identifiers of a ServiceRequest: its numbers, then what it is known again by."""
    known = (("placer", placer), ("filler", filler))
    told = [{"system": systems.order_number(context.facility, side), "value": value} for side, value in known if value]
    return [*told, *map(identifier, keys)]


def priority(orc: Segment | None, obr: Segment, tq1: Segment | None) -> str | None:
    """request-priority by table 0485: of TQ1-9, ORC-7.6, OBR-27.6 or OBR-5, whichever is written; None for none."""
    written = (
        tq1.text(9) if tq1 is not None else "",
        orc.text(7, 6) if orc is not None else "",
        obr.text(27, 6),
        obr.text(5),
    )
    first = next((each for each in written if each), "")
    return PRIORITY.get(first.upper()[:1] if first.upper() != "PRN" else "")


def start_time(orc: Segment | None, obr: Segment, tq1: Segment | None) -> str:
    """When the service is wanted, as written: TQ1-7, ORC-7.4, OBR-27.4, OBR-36, else OBR-6."""
    written = (
        tq1.text(7) if tq1 is not None else "",
        orc.text(7, 4) if orc is not None else "",
        obr.text(27, 4),
        obr.text(36),
        obr.text(6),
    )
    return next((each for each in written if each), "")
