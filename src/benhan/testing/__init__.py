"""Fakes of the systems that the house talks to, for tests of the house and of those who build on it."""
