"""Terminology out of the store: large code systems in tables, resources of the API, packages, R4's own."""
