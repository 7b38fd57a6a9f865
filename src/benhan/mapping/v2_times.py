"""Times of a message that are none: found before mapping, so that no wrong day is taken for a missing one.

Source: HL7 v2.5.1 2A.22 DTM; the fields are those the mappings read.
"""

from __future__ import annotations

from collections import Counter

from benhan.hl7v2.datatypes import date_time
from benhan.hl7v2.message import Message
from benhan.kernel.issues import Issue, error
from benhan.mapping import faults

CLAUSE = "HL7 v2.5.1 2A.22 DTM"
TIME_FIELDS = {
    "PID": (7, 29),
    "PV1": (44, 45),
    "DG1": (5,),
    "AL1": (6,),
    "IN1": (12, 13),
    "ORC": (9,),
    "TQ1": (7,),
    "OBR": (6, 7, 14, 22, 36),
    "SPM": (17, 18),
    "OBX": (14,),
}


def wrong_times(message: Message) -> list[Issue]:
    """An issue for each field that should hold a time and holds something else, in the order of the message."""
    many = Counter(segment.name for segment in message.segments)
    seen: Counter[str] = Counter()
    issues = []
    for segment in message.segments:
        seen[segment.name] += 1
        for field in TIME_FIELDS.get(segment.name, ()):
            if segment.raw(field) and segment.text(field) and date_time(segment.text(field)) is None:
                place = segment.name if many[segment.name] == 1 else f"{segment.name}[{seen[segment.name]}]"
                issues.append(error("value", f"{place}-{field}", faults.NOT_A_DATE, CLAUSE))
    return issues
