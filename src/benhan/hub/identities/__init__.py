"""Identities (MPI): which records of which members are of one person, and how sure."""
