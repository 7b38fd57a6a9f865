"""A synthetic country: people, hospitals and results that never were, for `make run` and the tests."""
