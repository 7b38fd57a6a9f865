"""Standard to standard, pure: HL7 v2 to FHIR, FHIR to the Ministry's formats."""
