"""FHIRPath for FHIR R4: rules of profiles, search parameters, patches, views.

Source: FHIRPath 2.0.0 (ANSI/HL7 normative release 1) with the additions of FHIR R4 fhirpath.html; of the 3.0 ballot
those functions that R4's tests use (sort, the boundaries, matchesFull, escape, encode, trim, split, join).
Not supported: elementDefinition, slice, checkModifiers, Long, and what `patterns.py` says of regular expressions.
"""

from benhan.fhir.fhirpath.elements import Element, Items, element_of, system
from benhan.fhir.fhirpath.environment import NO_SERVICES, STEPS_MAX, Services
from benhan.fhir.fhirpath.expression import Expression, compile_path
from benhan.fhir.fhirpath.quantities import Quantity
from benhan.fhir.fhirpath.shortcuts import Predicate, Run
from benhan.fhir.fhirpath.static import check_path
from benhan.fhir.fhirpath.temporals import Temporal

__all__ = [
    "NO_SERVICES",
    "STEPS_MAX",
    "Element",
    "Expression",
    "Items",
    "Predicate",
    "Quantity",
    "Run",
    "Services",
    "Temporal",
    "check_path",
    "compile_path",
    "element_of",
    "system",
]
