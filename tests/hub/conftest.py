"""One hub for all tests of a file: a database and members take time to make."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.hub.hub_house import HubHouse, open_house


@pytest.fixture(scope="module")
async def house(embedded_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubHouse]:
    """A hub with its members."""
    async with open_house(embedded_url, tmp_path_factory.mktemp("hub")) as found:
        yield found
