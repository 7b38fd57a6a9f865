"""The end of a process whose parent has ended."""

from __future__ import annotations

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """From now on end at once when the process that started this one has ended, even where it was killed.

    For processes of `multiprocessing`; nothing happens in another.
    """
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
