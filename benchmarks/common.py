"""The common form of the benchmarks.

Each script stands alone: it starts what it needs on an empty data folder, stops it, prints a table, and with `--json`
one object as its last line with keys named measure_unit. `--quick` ends within 40 s.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORDS_MAX = 4000
"""Characters of a server's log that are shown when it does not start."""
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode; so has what is measured


def arguments(description: str) -> argparse.Namespace:
    """`--json` and `--quick`, as every benchmark takes them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="end within 40 s")
    return parser.parse_args()


def report(results: dict[str, Any], options: argparse.Namespace) -> None:
    """Print the numbers as a table, or as one JSON object on the last line."""
    for name, value in results.items():
        print(f"{name:<32} {value}")
    if options.json:
        print(json.dumps(results))


def median(measure: Callable[[], float], rounds: int) -> float:
    return statistics.median(measure() for _ in range(rounds))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="benhan-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Server:
    """A role running as its own process on `data`."""

    role: str
    data: Path
    http_port: int
    mllp_port: int
    process: subprocess.Popen[bytes]
    start_s: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def token(self) -> str:
        """A fresh bearer token of a machine with every machine permission."""
        return benhan("accounts", "token", "benchmark", "--role", self.role, "--data", str(self.data)).strip()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def benhan(*command: str) -> str:
    """What `benhan command` writes to standard output; raises CalledProcessError when it fails."""
    told = subprocess.run(
        [sys.executable, "-m", "benhan.cli.main", *command], check=True, stdout=subprocess.PIPE, cwd=ROOT
    )
    return told.stdout.decode()


@contextlib.contextmanager
def serving(data: Path, role: str = "node", **environment: str) -> Iterator[Server]:
    """`benhan serve role` on `data`, ready; stopped afterwards."""
    server = start(data, role, **environment)
    try:
        yield server
    finally:
        server.stop()


def start(data: Path, role: str = "node", **environment: str) -> Server:
    """Start a role and wait until /readyz answers 200.

    Raises RuntimeError with the server's own last words when it ends, or has not answered within 60 s.
    """
    http_port, mllp_port = free_port(), free_port()
    command = [sys.executable, "-m", "benhan.cli.main", "serve", role, "--data", str(data), "--port", str(http_port)]
    if role == "node":
        command += ["--mllp-port", str(mllp_port)]
    began = time.perf_counter()
    data.mkdir(parents=True, exist_ok=True)
    words = data / f"{role}.log"
    with words.open("ab") as log:
        process = subprocess.Popen(
            command, stderr=log, cwd=ROOT, env={**os.environ, "BENHAN_LOG_LEVEL": "warning", **environment}
        )
    try:
        wait_ready(f"http://127.0.0.1:{http_port}", process, words)
    except RuntimeError:
        process.terminate()
        process.wait()
        raise
    return Server(role, data, http_port, mllp_port, process, time.perf_counter() - began)


def wait_ready(url: str, process: subprocess.Popen[bytes], words: Path, timeout_s: float = 60.0) -> None:
    """Return when `url`/readyz answers 200.

    Raises RuntimeError with the last of what the server wrote into `words` when it ends, or has not answered in time.
    """
    until, reason = time.perf_counter() + timeout_s, f"{url}/readyz did not answer 200 within {timeout_s} s"
    while time.perf_counter() < until:
        if process.poll() is not None:
            reason = f"the server ended with exit code {process.returncode}"
            break
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.02)
    raise RuntimeError(f"{reason}; it said:\n{words.read_text(encoding='utf-8', errors='replace')[-WORDS_MAX:]}")
