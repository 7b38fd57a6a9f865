"""FHIR's own functions: extension, hasValue, getValue, resolve, memberOf, subsumes, conformsTo, htmlChecks; and the
keys of SQL on FHIR.

Source: FHIR R4 fhirpath.html, "Additional functions"; SQL on FHIR 2.0, "getResourceKey", "getReferenceKey".
Not supported: elementDefinition, slice, checkModifiers (they ask for the profile behind an element).
"""

from __future__ import annotations

from typing import Any

from benhan.fhir.fhirpath.elements import (
    Element,
    Items,
    children_named,
    element_of,
    one,
    system,
    text_of,
    type_name,
)
from benhan.fhir.fhirpath.environment import Environment
from benhan.fhir.fhirpath.faults import NO_SERVICE, WRONG_OPERANDS
from benhan.fhir.fhirpath.functions import function
from benhan.fhir.fhirpath.model import is_fhir_type
from benhan.fhir.fhirpath.narrative import is_good_narrative

_PROFILES = "http://hl7.org/fhir/StructureDefinition/"


@function("extension", 1)
def extension(env: Environment, items: Items, url: Items) -> Items:
    """The extensions of that url, of primitives too."""
    wanted = text_of(url, "extension()")
    found = Items()
    for item in items:
        children_named(item, "extension", found)
    env.spend(len(found))
    return [each for each in found if isinstance(each.value, dict) and each.value.get("url") == wanted]


@function("hasExtension", 1)
def has_extension(env: Environment, items: Items, url: Items) -> Items:
    """Not in the specification, but in a search parameter of R4 (QuestionnaireResponse item-subject)."""
    return [bool(extension(env, items, url))]


@function("hasValue")
def has_value(_: Environment, items: Items) -> Items:
    """Whether there is one item and it is a primitive with a value."""
    return [len(items) == 1 and _is_primitive(items[0])]


@function("getValue")
def get_value(_: Environment, items: Items) -> Items:
    """The system value of one primitive; nothing where `hasValue()` is false."""
    return [system(items[0])] if len(items) == 1 and _is_primitive(items[0]) else []


def _is_primitive(item: Any) -> bool:
    return not isinstance(item, Element) or (item.type.is_primitive and item.value is not None)


@function("resolve")
def resolve(env: Environment, items: Items) -> Items:
    """The resources that references, canonicals or uris name; what is not found is left out.

    Contained resources and entries of the Bundle are found here, others by the service. Without a service a literal
    reference is its type and id alone, which is what `resolve() is Patient` asks for.
    """
    env.spend(len(items))
    found = Items()
    for item in items:
        reference = _reference_of(item)
        target = _resolved(env, reference) if reference else None
        if isinstance(target, dict):
            found.append(element_of(target))
    return found


def _reference_of(item: Any) -> str:
    value = item.value.get("reference") if isinstance(item, Element) and isinstance(item.value, dict) else system(item)
    return value if isinstance(value, str) else ""


def _resolved(env: Environment, reference: str) -> Any:
    if reference.startswith("#"):
        return _contained(env, reference[1:])
    for root in env.root:
        entries = root.value.get("entry") if isinstance(root, Element) and isinstance(root.value, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("fullUrl") == reference:
                return entry.get("resource")
    if env.services.resolve is not None:
        return env.services.resolve(reference)
    type_, _, id_ = reference.split("/_history/", maxsplit=1)[0].rpartition("/")
    type_ = type_.rpartition("/")[2]
    return {"resourceType": type_, "id": id_} if is_fhir_type(type_) else None


def _contained(env: Environment, id_: str) -> Any:
    for holder in (*env.resource, *env.root):
        if not isinstance(holder, Element) or not isinstance(holder.value, dict):
            continue
        if not id_:
            return holder.value
        contained = holder.value.get("contained")
        for each in contained if isinstance(contained, list) else ():
            if isinstance(each, dict) and each.get("id") == id_:
                return each
    return None


@function("memberOf", 1)
def member_of(env: Environment, items: Items, value_set: Items) -> Items:
    """Whether the one code is in the value set; nothing where terminology does not know."""
    url = text_of(value_set, "memberOf()")
    item = items[0] if len(items) == 1 else None
    if url is None or item is None:
        one(items, "memberOf()")
        return []
    if env.services.member_of is None:
        raise NO_SERVICE(name="memberOf", reason="no terminology service")
    told = env.services.member_of(item.value if isinstance(item, Element) else item, url)
    return [] if told is None else [told]


@function("subsumes", 1)
def subsumes(env: Environment, items: Items, other: Items) -> Items:
    """Whether the code is the same as the other or more general; nothing where terminology does not know."""
    return _subsumption(env, items, other, "subsumes")


@function("subsumedBy", 1)
def subsumed_by(env: Environment, items: Items, other: Items) -> Items:
    """Whether the code is the same as the other or more special; nothing where terminology does not know."""
    return _subsumption(env, other, items, "subsumedBy")


def _subsumption(env: Environment, general: Items, special: Items, name: str) -> Items:
    if len(general) != 1 or len(special) != 1:
        return []
    if env.services.subsumes is None:
        raise NO_SERVICE(name=name, reason="no terminology service")
    told = env.services.subsumes(*(each.value if isinstance(each, Element) else each for each in (*general, *special)))
    return [] if told is None else [told]


@function("conformsTo", 1)
def conforms_to(env: Environment, items: Items, profile: Items) -> Items:
    """Whether the one element follows the profile; of FHIR's own types, whether it is of the type."""
    url = text_of(profile, "conformsTo()")
    item = items[0] if len(items) == 1 else None
    if url is None or not isinstance(item, Element):
        one(items, "conformsTo()")
        return []
    if env.services.conforms_to is not None:
        told = env.services.conforms_to(item.value, url)
        if told is not None:
            return [told]
    name = url.removeprefix(_PROFILES)
    if name == url or not is_fhir_type(name):
        raise NO_SERVICE(name="conformsTo", reason="the profile is not known here")
    return [name in item.type.names]


@function("htmlChecks")
def html_checks(env: Environment, items: Items) -> Items:
    """Whether the one XHTML text has only the elements and attributes that a narrative may have, and says something."""
    text = one(items, "htmlChecks()")
    if text is None:
        return []
    if type(text) is not str:
        raise WRONG_OPERANDS(what="htmlChecks()", types=type_name(items[0]))
    env.spend(len(text) // 20)
    return [is_good_narrative(text)]


@function("getResourceKey")
def resource_key(_: Environment, items: Items) -> Items:
    """Type and id of each resource, as `getReferenceKey` tells a reference to it."""
    return [
        f"{item.type.name}/{item.value['id']}"
        for item in items
        if isinstance(item, Element) and item.type.is_resource and isinstance(item.value.get("id"), str)
    ]


def reference_keys(items: Items, type_: str) -> Items:
    """Type and id that each reference names; only of one type where `type_` is not ""."""
    keys = []
    for item in items:
        parts = _reference_of(item).split("/_history/", maxsplit=1)[0].split("/")
        if len(parts) >= 2 and is_fhir_type(parts[-2]) and type_ in ("", parts[-2]):
            keys.append("/".join(parts[-2:]))
    return keys
