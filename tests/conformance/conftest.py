"""Test material from outside: it stays where it is, and tests that need it skip where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.acceptance.conftest import (  # noqa: F401  # the same hospital as in the acceptance tests
    clock,
    hospital,
    kek,
    make_hospital,
    open_store,
    postgres,
    repository,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of the test vectors: `BENHAN_VECTORS`, or `shared/vectors` beside the project."""
    folder = Path(os.environ.get("BENHAN_VECTORS") or ROOT.parent / "shared" / "vectors")
    if not folder.is_dir():
        pytest.skip(f"the test vectors are not there ({folder.name}); set BENHAN_VECTORS to their folder")
    return folder
