"""Validation on a store: definitions, value sets and questionnaires out of it; the gate that writes pass."""
