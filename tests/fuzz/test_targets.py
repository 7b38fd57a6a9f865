"""Each coverage-guided target runs for a while and finds nothing but declared Faults."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGETS = sorted(path.stem for path in HERE.glob("fuzz_*.py"))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris (group fuzz) is not installed")
@pytest.mark.parametrize("name", TARGETS)
def test_a_target_finds_nothing_but_declared_faults(name: str, tmp_path: Path) -> None:
    paths = [str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-m", f"tests.fuzz.{name}", "-max_total_time=20", "-timeout=10", "-rss_limit_mb=1024"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done" in done.stderr
