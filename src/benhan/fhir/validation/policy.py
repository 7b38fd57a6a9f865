"""What is done about a resource that breaks a profile it claims when it is written: by profile and by sender.

Written as `[sender@]what=mode`, entries parted by commas or spaces. `what` is the url of a profile, `*` for every
profile, `R4` for the invariants and bindings of R4 itself, `references` for whether targets exist, `extensions` for
extensions that are not known; `mode` is off,
observe (told in the log), warn (told to the sender) or enforce (refused). `sender` is an actor's id, as
`machine:lis-01`. Of the entries that fit, one with the sender comes before one without, a profile before `*`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from benhan.fhir.validation.faults import BAD_POLICY

ENTRIES_MAX = 1_000
EVERY = "*"
R4 = "R4"
REFERENCES = "references"
EXTENSIONS = "extensions"


class Mode(Enum):
    """How much a finding weighs, lightest first."""

    OFF = "off"
    OBSERVE = "observe"
    WARN = "warn"
    ENFORCE = "enforce"


_MODES = {each.value: each for each in Mode}


@dataclass(frozen=True, slots=True)
class Policy:
    """The modes by (sender, what); sender "" for everyone."""

    modes: dict[tuple[str, str], Mode] = field(default_factory=dict)

    @property
    def is_off(self) -> bool:
        """Whether nothing is ever asked."""
        return all(mode is Mode.OFF for mode in self.modes.values())

    def of_profile(self, sender: str, profile: str) -> Mode:
        """The mode of a profile (with or without `|version`) for a sender."""
        bare = profile.partition("|")[0]
        for who in (sender, ""):
            for what in (profile, bare, EVERY):
                mode = self.modes.get((who, what))
                if mode is not None:
                    return mode
        return Mode.OFF

    def of_rule(self, sender: str, rule: str) -> Mode:
        """The mode of `R4`, `references` or `extensions` for a sender."""
        return self.modes.get((sender, rule)) or self.modes.get(("", rule)) or Mode.OFF


def parse_policy(text: str) -> Policy:
    """The policy of a setting. Raises Incorrect BA-2204 with the number of the entry that is wrong."""
    entries = text.replace(",", " ").split()
    if len(entries) > ENTRIES_MAX:
        raise BAD_POLICY(number=ENTRIES_MAX + 1)
    modes: dict[tuple[str, str], Mode] = {}
    for number, entry in enumerate(entries, 1):
        named, _, mode = entry.rpartition("=")
        sender, mark, what = named.rpartition("@")
        if mode not in _MODES or not what or (mark and not sender):
            raise BAD_POLICY(number=number)
        modes[sender, what] = _MODES[mode]
    return Policy(modes)
