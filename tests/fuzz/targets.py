"""How an atheris target is run: the corpus begins from valid input; only declared Faults are passed over.

`python tests/fuzz/fuzz_er7.py -max_total_time=600` runs one for ten minutes; libFuzzer's options are taken.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent


def _functions(module: ModuleType) -> Iterator[Callable[..., object]]:
    """The functions of a module, and the methods of its classes."""
    own = [each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__]
    for each in own:
        inner = vars(each).values() if isinstance(each, type) else (each,)
        yield from (one for one in inner if hasattr(one, "__code__"))


def run(module_names: Iterable[str], target: Callable[[bytes], object], seeds: Iterable[bytes]) -> None:
    """Fuzz `target` with the named modules of the package measured, until libFuzzer's options end it."""
    import importlib

    import atheris

    from benhan.kernel.faults import Fault

    for name in module_names:
        for each in _functions(importlib.import_module(name)):
            with contextlib.suppress(Exception):  # what cannot be measured is run as it is
                atheris.instrument_func(each)

    def one(data: bytes) -> None:
        with contextlib.suppress(Fault):
            target(data)

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *sys.argv[1:], corpus], one)
        atheris.Fuzz()
