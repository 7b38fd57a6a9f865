"""What a later file of the same MA_LK no longer says: it is marked as entered in error, never deleted.

Source: TT 48/2017/TT-BYT (a file sent again replaces the one before).
"""

from __future__ import annotations

from benhan.mapping.bhyt.episode import hl7
from benhan.mapping.mapped import IdentifierKey, Json
from benhan.vn import systems

Member = tuple[str, IdentifierKey]
"""Resource type, and the identity within it."""


def left_over(before: Json, now: Json) -> list[Member]:
    """What the Claim `before` names and the Claim `now` does not."""
    kept = set(_members(now))
    return [each for each in _members(before) if each not in kept]


def _members(claim: Json) -> list[Member]:
    found = []
    for extension in claim.get("extension", []):
        if extension.get("url") == systems.EXTENSION_BHYT_MEMBERS:
            for each in extension.get("extension", []):
                type_, _, identity = each["valueString"].partition("|")
                system, _, value = identity.rpartition("|")
                found.append((type_, (system, value)))
    return found


def taken_back(resource: Json) -> Json:
    """The resource as one that was entered in error."""
    if resource["resourceType"] == "Condition":
        rest = {name: value for name, value in resource.items() if name != "clinicalStatus"}  # con-5
        return {**rest, "verificationStatus": hl7("condition-ver-status", "entered-in-error")}
    return {**resource, "status": "entered-in-error"}
