"""Names of persons: taken apart in Vietnamese order, shortened, brought to FHIR and back, compared by degrees.

One folding serves the whole house (`benhan.fhir.folding`): without accents, case or the place of a tone.
"""
