"""One small country for all tests of the package: made once."""

from __future__ import annotations

from datetime import date

import pytest

from benhan.synth.country import Country, country_of
from benhan.synth.life import Life

SEED = 7


@pytest.fixture(scope="session")
def country() -> Country:
    return country_of(SEED, 10, 260, date(2025, 7, 1), date(2026, 6, 30))


@pytest.fixture(scope="session")
def lives(country: Country) -> list[Life]:
    return list(country.lives())
