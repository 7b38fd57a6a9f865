"""Where the test material from outside lies; tests that need it skip where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

VECTORS = Path(os.environ.get("BENHAN_VECTORS") or Path(__file__).resolve().parents[2] / "shared" / "vectors")
"""The folder that `BENHAN_VECTORS` names, or `shared/vectors` beside the project."""
ABSENT = "the test vectors are not here; name their folder in BENHAN_VECTORS"
