"""FHIR operations: one file each, their names and permissions in `table`. Source: FHIR R4 operations.html."""
