"""Test material from outside: it stays where it is, and tests that need it skip where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.conftest import (  # noqa: F401  # the same hospital as in the acceptance tests
    clock,
    hospital,
    kek,
    make_hospital,
    open_store,
    repository,
)
from tests.vectors import ABSENT, VECTORS


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of the test vectors."""
    if not VECTORS.is_dir():
        pytest.skip(ABSENT)
    return VECTORS
