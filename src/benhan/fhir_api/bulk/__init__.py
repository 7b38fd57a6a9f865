"""Bulk data: exports and imports as jobs, their state, their files. Source: HL7 Bulk Data Access 2.0."""
