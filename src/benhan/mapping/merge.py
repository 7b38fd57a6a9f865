"""What a message says, laid over what is known: said replaces, unsaid stays, identifiers only gather."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_GATHERED = ("identifier",)
_ENDED = frozenset({"completed", "revoked", "entered-in-error"})
"""States of an order that nothing but another end changes."""


def merge(known: Json, said: Json) -> Json:
    """A new resource: `known` with every member of `said` in its place.

    Identifiers are gathered, so that a number once known is never lost. The same name in capitals alone does not
    replace one that tells its small letters. A finished Encounter stays finished, an ended order ended: a late
    update does not open it again.
    """
    merged = {**known, **said}
    for name in _GATHERED:
        merged[name] = _gathered(known.get(name, []), said.get(name, []))
    if _is_shouted(said.get("name"), known.get("name")):
        merged["name"] = known["name"]
    if known.get("status") == "finished" and said.get("resourceType") == "Encounter":
        merged["status"] = "finished"
        merged["period"] = {**said.get("period", {}), **known.get("period", {})}
    elif known.get("period") and said.get("period"):
        merged["period"] = {**known["period"], **said["period"]}
    if said.get("resourceType") == "Encounter":
        merged |= _stay(known, said)
    if _is_ended_order(known) and said.get("status") not in _ENDED:
        merged["status"] = known["status"]
    return {name: value for name, value in merged.items() if value not in ([], {})}


def _stay(known: Json, said: Json) -> Json:
    """What a message leaves of a stay that the house knows more of: where the patient lay before, who treats here.

    A message tells one place: the present one. Another than the known ends that; the same leaves the list as it is.
    """
    kept: Json = {}
    places, told = known.get("location", []), said.get("location", [])
    if len(told) == 1 and any("status" in each for each in places):
        present = [each for each in places if each.get("status") != "completed"]
        is_same = bool(present) and present[-1].get("location") == told[0].get("location")
        ended = [{**each, "status": "completed"} for each in places]
        kept["location"] = places if is_same else [*ended, {**told[0], "status": "active"}]
    own = [each for each in known.get("participant", []) if "period" in each]
    if own and "participant" in said:
        kept["participant"] = [*said["participant"], *own]
    return kept


def _is_ended_order(known: Json) -> bool:
    return known.get("resourceType") == "ServiceRequest" and known.get("status") in _ENDED


def _is_shouted(said: Any, known: Any) -> bool:
    """Whether the first name said is the one known, in capitals; known is not."""
    if not (isinstance(said, list) and isinstance(known, list) and said and known):
        return False
    new, old = str(said[0].get("text", "")), str(known[0].get("text", ""))
    return new != old and new.isupper() and new == old.upper()


def _gathered(known: list[Json], said: list[Json]) -> list[Json]:
    found = {(each.get("system", ""), each.get("value", "")): each for each in known}
    for each in said:
        found[each.get("system", ""), each.get("value", "")] = each
    return list(found.values())
