"""FHIRPath: rules of R4 answered in a second on one core, all those of Observation and Patient on real resources.

Resources are Synthea's (test vectors); without them, synthetic ones. Every rule that R4 puts on the two types and on
the data types inside them is asked at every element that it is for: as a validator asks (`rule`), as anyone asks
(`holds`), and by the closures alone (`evaluate`).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benhan.fhir.fhirpath import Element, Run, compile_path, element_of
from benhan.fhir.fhirpath.elements import children, truth
from common import ROOT, arguments, report

VECTORS = Path(os.environ.get("BENHAN_VECTORS", ROOT.parent / "shared" / "vectors")) / "synthea"
RESOURCES_MAX = 400
_REFERRED = (
    "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) |"
    " %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#')"
    ".exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()"
)
_NAMED = (
    "reference.startsWith('#').not() or"
    " (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))"
)
RULES: dict[str, list[str]] = {
    "Element": ["hasValue() or (children().count() > id.count())"],
    "Extension": ["extension.exists() != value.exists()"],
    "DomainResource": [
        "contained.contained.empty()",
        _REFERRED,
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
    "Reference": [_NAMED],
    "ContactPoint": ["value.empty() or system.exists()"],
    "Attachment": ["data.empty() or contentType.exists()"],
}
"""R4's rules (CC0) of severity error and warning on these types. txt-1 and txt-2 (htmlChecks) are XML parsing."""


def main() -> None:
    options = arguments(__doc__ or "")
    resources = list(_resources())[: RESOURCES_MAX // 4 if options.quick else RESOURCES_MAX]
    asked = [(element_of(each), list(_elements(element_of(each)))) for each in resources]
    rules = sum(len(_rules(element)) for _, elements in asked for element in elements)
    results: dict[str, Any] = {
        "fhirpath_resources": len(resources),
        "fhirpath_rules_a_resource": round(rules / len(resources), 1),
    }
    for name, check in (("rule", _by_rule), ("holds", _by_holds), ("evaluate", _by_evaluate)):
        seconds = min(_timed(check, asked) for _ in range(3))
        results[f"fhirpath_{name}_resources_per_s"] = round(len(resources) / seconds)
        results[f"fhirpath_{name}_rules_per_s"] = round(rules / seconds)
    report(results, options)


def _resources() -> Iterator[Any]:
    for path in sorted(VECTORS.glob("*.json")):
        for entry in json.loads(path.read_bytes())["entry"]:
            if entry["resource"]["resourceType"] in ("Observation", "Patient"):
                yield entry["resource"]
    if not VECTORS.is_dir():
        for number in range(RESOURCES_MAX):
            yield _observation(number)


def _observation(number: int) -> Any:
    return {
        "resourceType": "Observation",
        "id": str(number),
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin"}]},
        "subject": {"reference": f"Patient/{number}"},
        "effectivePeriod": {"start": "2026-01-05T10:00:00+07:00", "end": "2026-01-05T10:05:00+07:00"},
        "valueQuantity": {"value": 120.5, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
    }


def _elements(item: Element) -> Iterator[Element]:
    """The element and the complex ones below it; primitives have only ele-1, which structure tells already."""
    yield item
    for child in children(item):
        if isinstance(child.value, dict):
            yield from _elements(child)


def _rules(element: Element) -> list[str]:
    return [text for name in element.type.names for text in RULES.get(name, ())]


Asked = list[tuple[Element, list[Element]]]


def _timed(check: Callable[[Asked], Callable[[], None]], asked: Asked) -> float:
    run = check(asked)
    start = time.process_time()
    run()
    return time.process_time() - start


def _by_rule(asked: Asked) -> Callable[[], None]:
    compiled = {
        element.type: [compile_path(text).rule(element.type.name) for text in _rules(element)]
        for _, elements in asked
        for element in elements
    }

    def check() -> None:
        for resource, elements in asked:
            run = Run(resource, None, None, {})
            for element in elements:
                value = element.value
                for rule in compiled[element.type]:
                    rule(value, run)

    return check


def _by_holds(asked: Asked) -> Callable[[], None]:
    compiled = {
        element.type: [compile_path(text) for text in _rules(element)] for _, elements in asked for element in elements
    }

    def check() -> None:
        for resource, elements in asked:
            for element in elements:
                for expression in compiled[element.type]:
                    expression.holds(element, resource=resource)

    return check


def _by_evaluate(asked: Asked) -> Callable[[], None]:
    compiled = {
        element.type: [compile_path(text) for text in _rules(element)] for _, elements in asked for element in elements
    }

    def check() -> None:
        for resource, elements in asked:
            for element in elements:
                for expression in compiled[element.type]:
                    truth(expression.evaluate(element, resource=resource))

    return check


if __name__ == "__main__":
    main()
