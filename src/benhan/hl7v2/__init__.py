"""HL7 v2 (2.3 to 2.8) as pure functions: framing, ER7, datatypes, acknowledgements."""
