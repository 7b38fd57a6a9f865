"""Code systems, value sets and concept maps as pure functions. Source: FHIR R4 terminology-module.html."""
