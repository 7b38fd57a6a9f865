"""Names to FHIR HumanName and back. In `given`, middle names stand before the given name, as they are written.

Source: FHIR R4 datatypes.html#HumanName (`given` holds given and middle names in their order).
"""

from __future__ import annotations

from typing import Any

from benhan.vn.person_names.family_names import is_family_name
from benhan.vn.person_names.name import Name, Standing, is_highland, parse_name

Json = dict[str, Any]


def name_to_human_name(name: Name) -> Json:
    """The HumanName; {} where nothing is written.

    Of a child under its mother's name it has no parts, for they are hers.
    """
    if name.standing is Standing.MOTHERS:
        return {"use": "temp", "text": f"Con bà {name.text}"}
    given = [part for part in (name.middle, name.given) if part]
    found: Json = {"text": name.text, "family": name.family, "given": given}
    if name.title:
        found["prefix"] = [name.title]
    return {key: value for key, value in found.items() if value}


def human_name_to_name(human: Json) -> Name:
    """The name of a HumanName: by its parts where it has them, else by its text.

    Where the family name is one of Vietnam, or stands first in the text, the last of `given` is the given name; else
    it is the first.
    """
    family, given = human.get("family", ""), human.get("given", [])
    title = " ".join(human.get("prefix", []))
    if not family or not given:
        taken = parse_name(human.get("text", "") or " ".join([family, *given]))
        return Name(taken.family, taken.middle, taken.given, title or taken.title, taken.standing)
    if is_highland(given[0]) and not human.get("text", "").startswith(family):
        return Name(family, "", " ".join(given), title, is_family_last=True)
    is_family_first = is_family_name(family) or human.get("text", "").startswith(family)
    if len(given) == 1 and is_family_first:
        *middle, last = given[0].split()
        return Name(family, " ".join(middle), last, title)
    if is_family_first:
        return Name(family, " ".join(given[:-1]), given[-1], title)
    return Name(family, " ".join(given[1:]), given[0], title)
