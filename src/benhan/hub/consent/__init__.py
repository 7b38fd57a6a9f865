"""Consents and refusals that members took, and their revocation."""
