"""FHIR R4 (4.0.1) as pure functions: no I/O, no clock, no database."""
