"""Who is registered where in a country, without what they fell ill of: records and their truth by the million, quickly.

People go to one to four facilities, are written down there with the mistakes of `registration`, some twice in one; one
woman in ten of the age has a newborn, whom two facilities at most write as its mother's child.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from benhan.synth.chance import chance_of
from benhan.synth.facilities import Facility, facilities_of
from benhan.synth.people import EPOCH, newborn_of, person_of
from benhan.synth.registration import DUPLICATE, Registration, register

VISITED = ((1, 2, 3, 4), (0.55, 0.25, 0.13, 0.07))
"""To how many facilities people go, and how many do."""
BEARS = 0.1


def registered(seed: int, people: range, facilities: int = 40) -> Iterator[Registration]:
    """The registrations of those people, each person's together; `Registration.person.key` is the truth."""
    everywhere = facilities_of(seed, facilities)
    for index in people:
        person = person_of(seed, index)
        chance = chance_of(seed, "registered", index)
        counts, shares = VISITED
        visited = chance.sample(everywhere, chance.choices(counts, shares)[0])
        on = EPOCH + timedelta(days=chance.randrange(365))
        for facility in visited:
            yield register(person, facility, 0, on, chance)
            if chance.random() < DUPLICATE:
                yield register(person, facility, 1, on, chance)
        if person.sex == "F" and 20 <= person.age(EPOCH) < 38 and chance.random() < BEARS:
            child = newborn_of(seed, person, on - timedelta(days=chance.randrange(30)), chance.choice("MF"))
            for facility in _two(visited, everywhere, chance.random()):
                yield register(child, facility, 0, on, chance)


def _two(visited: list[Facility], everywhere: tuple[Facility, ...], draw: float) -> list[Facility]:
    """Where a newborn is written down: where the mother was, and for one in three elsewhere too."""
    here = visited[:1]
    return here if draw > 1 / 3 else [*here, everywhere[int(draw * 3 * len(everywhere))]]


def told(one: Registration) -> dict[str, str]:
    """What a registration tells of who somebody is, as texts; a newborn's name is told whole."""
    name, home, is_child = one.name, one.person.home, one.person.is_newborn
    parts = {} if is_child else {"family": name.family, "middle": name.middle, "given": name.given}
    place = {"commune": home.commune.code, "line": home.line} if one.address else {}
    return {
        **parts,
        **place,
        "text": name.text,
        "birth": one.birth,
        "sex": {"M": "male", "F": "female"}[one.sex],
        "citizen_number": one.citizen_number,
        "card": one.card,
        "old_identity_card": one.old_identity_card,
        "phone": one.phone,
        "kin_phone": one.person.phone if is_child else "",
    }
