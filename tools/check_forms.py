"""`check_forms.py FILE…`: the same as `benhan forms check FILE…`."""

from __future__ import annotations

import sys
from pathlib import Path

from benhan.cli.forms import check

if __name__ == "__main__":
    check([Path(name) for name in sys.argv[1:]])
