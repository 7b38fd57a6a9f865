"""Bring `uv` into .tools/ on a machine that has Python 3.11 and nothing else prepared.

Three ways, the first that works: pip of this Python; pip inside a fresh virtual environment; the wheel itself,
named and verified by its digest in PyPI's own index (a bare Debian has neither pip nor ensurepip).
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

VERSION = "0.13.9"
TOOLS = Path(__file__).resolve().parent.parent / ".tools"
PLATFORM = {"x86_64": "manylinux_2_17_x86_64", "aarch64": "manylinux_2_17_aarch64"}


def main() -> int:
    TOOLS.mkdir(exist_ok=True)
    return 0 if any(way() for way in (by_pip, by_venv, by_wheel)) else 1


def by_pip() -> bool:
    return _quietly(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(TOOLS / "uv"), f"uv=={VERSION}")


def by_venv() -> bool:
    venv = TOOLS / "uv-venv"
    if not _quietly(sys.executable, "-m", "venv", str(venv)):
        return False
    if not _quietly(str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", f"uv=={VERSION}"):
        return False
    return _link(venv / "bin" / "uv")


def by_wheel() -> bool:
    wanted = PLATFORM.get(platform.machine())
    if wanted is None:
        print(f"uv: no wheel known for {platform.machine()}; install uv yourself", file=sys.stderr)
        return False
    index = urllib.request.Request(
        "https://pypi.org/simple/uv/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(index, timeout=60) as answer:
        files = json.load(answer)["files"]
    wheel = next(f for f in files if f["filename"].startswith(f"uv-{VERSION}-") and wanted in f["filename"])
    with urllib.request.urlopen(wheel["url"], timeout=300) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != wheel["hashes"]["sha256"]:
        print("uv: the wheel that arrived is not the one the index names", file=sys.stderr)
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/scripts/uv"))
        binary = TOOLS / "uv-wheel"
        binary.write_bytes(archive.read(name))
    binary.chmod(0o755)
    return _link(binary)


def _link(binary: Path) -> bool:
    place = TOOLS / "uv" / "bin" / "uv"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(binary)
    return True


def _quietly(*command: str) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
