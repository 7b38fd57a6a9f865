"""Rules of R4's own definitions (CC0), by the type they stand at: what the engine is asked on every write."""

from __future__ import annotations

_CONTAINED_IS_REFERRED_TO = (
    "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical)"
    " | %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#')"
    ".exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()"
)
RULES: dict[str, list[str]] = {
    "Element": ["hasValue() or (children().count() > id.count())"],
    "Extension": ["extension.exists() != value.exists()"],
    "DomainResource": [
        "contained.contained.empty()",
        _CONTAINED_IS_REFERRED_TO,
        "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()",
        "contained.meta.security.empty()",
        "text.`div`.exists()",
    ],
    "Observation": [
        "dataAbsentReason.empty() or value.empty()",
        "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()",
    ],
    "Observation.referenceRange": ["low.exists() or high.exists() or text.exists()"],
    "Patient.contact": ["name.exists() or telecom.exists() or address.exists() or organization.exists()"],
    "Quantity": ["code.empty() or system.exists()"],
    "Period": ["start.hasValue().not() or end.hasValue().not() or (start <= end)"],
    "Range": ["low.empty() or high.empty() or (low <= high)"],
    "Ratio": ["(numerator.empty() xor denominator.exists()) and (numerator.exists() or extension.exists())"],
    "Reference": [
        "reference.startsWith('#').not() or (reference.substring(1).trace('') in %rootResource.contained.id.trace(''))"
    ],
    "ContactPoint": ["value.empty() or system.exists()"],
    "Attachment": ["data.empty() or contentType.exists()"],
    "Narrative": ["`div`.htmlChecks()"],
    "Timing.repeat": [
        "duration.empty() or durationUnit.exists()",
        "duration.exists() implies duration >= 0",
        "(when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not())) implies offset.empty()",
        "durationMax.empty() or duration.exists()",
    ],
    "Bundle": [
        "total.empty() or (type = 'searchset') or (type = 'history')",
        "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction'))",
        "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()",
        "type = 'document' implies entry.first().resource.is(Composition)",
    ],
    "Questionnaire": ["descendants().linkId.isDistinct()", "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')"],
    "StructureDefinition": [
        "abstract = true or baseDefinition.exists()",
        "snapshot.element.all(id.exists()) and snapshot.element.id.trace('ids').isDistinct()",
        "(snapshot | differential).element.all(path.contains('.').not() implies sliceName.empty())",
    ],
    "ElementDefinition": [
        "min.empty() or max.empty() or (max = '*') or iif(max != '*', min <= max.toInteger())",
        "fixed.empty() or (type.count() <= 1)",
        "(isModifier.exists() and isModifier) implies isModifierReason.exists()",
        "type.select(code).isDistinct()",
        "path.matches('[A-Za-z][A-Za-z0-9]*(\\\\.[a-z][A-Za-z0-9]*(\\\\[x])?)*')",
    ],
    "CapabilityStatement": [
        "(description.count() + software.count() + implementation.count()) > 0",
        "document.select(profile&mode).isDistinct()",
        "(kind != 'instance') or implementation.exists()",
    ],
}
