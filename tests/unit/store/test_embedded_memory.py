"""The embedded server takes of the memory what the machine, or the container, can spare."""

from __future__ import annotations

from pathlib import Path

import pytest

from benhan.store import embedded
from benhan.store.embedded import SHARED_BUFFERS_MB, shared_buffers_mb, tuning

GB = 1024**3


@pytest.mark.parametrize(
    ("memory_bytes", "expected_mb"),
    [(GB // 2, SHARED_BUFFERS_MB[0]), (4 * GB, 512), (8 * GB, 1024), (256 * GB, SHARED_BUFFERS_MB[1])],
)
def test_the_buffers_are_an_eighth_of_the_memory_within_bounds(memory_bytes: int, expected_mb: int) -> None:
    assert shared_buffers_mb(memory_bytes) == expected_mb


@pytest.mark.parametrize(("told", "expected_mb"), [(str(2 * GB), 256), (str(GB // 4), 96)])
def test_the_limit_of_a_container_counts_and_not_the_memory_of_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, expected_mb: int
) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{told}\n", encoding="ascii")
    monkeypatch.setattr(embedded, "CGROUP_LIMITS", (limit, tmp_path / "not there"))
    assert f"shared_buffers = '{expected_mb}MB'" in tuning()


def test_a_container_without_a_limit_has_the_memory_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "CGROUP_LIMITS", ())
    of_the_machine = tuning()
    limit = tmp_path / "memory.max"
    limit.write_text("max\n", encoding="ascii")
    monkeypatch.setattr(embedded, "CGROUP_LIMITS", (limit,))
    assert tuning() == of_the_machine
