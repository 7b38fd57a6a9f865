"""The tables of the BHYT XML to FHIR and back, a file for each kind of thing."""
