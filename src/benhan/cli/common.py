"""What the commands share: settings from flags, progress, and how a Fault ends a process."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benhan.kernel.faults import Fault
from benhan.kernel.settings import Settings, load_settings
from benhan.kernel.texts import Language

Result = TypeVar("Result")

out = Console()
err = Console(stderr=True)

EXIT_CODES = {
    "incorrect": 2,
    "forbidden": 3,
    "unsupported": 4,
    "not_found": 5,
    "conflict": 6,
    "busy": 7,
    "unavailable": 7,
    "interrupted": 7,
    "broken": 70,
}

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Tệp thiết lập (settings file); mặc định benhan.toml", show_default=False),
]
DataOption = Annotated[Path | None, typer.Option("--data", help="Thư mục dữ liệu (data folder)", show_default=False)]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", help="Địa chỉ PostgreSQL (URL); không ghi: bản nhúng (embedded)", show_default=False),
]
RoleOption = Annotated[
    str, typer.Option("--role", help="Vai trò có cơ sở dữ liệu cần dùng (whose database): node hoặc repository")
]


def settings_of(role: str, config: Path | None, **flags: Any) -> Settings:
    """The settings of `role` from the file, the environment and the flags that were given."""
    return load_settings(role, file=config, flags=flags)


def language() -> Language:
    """English where the terminal's locale is English, Vietnamese otherwise."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if locale.startswith("en") else "vi"


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`, run to its end; Ctrl-C ends it cleanly with exit code 130."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        err.print("Đã dừng theo yêu cầu (stopped). Chạy lại lệnh để làm tiếp (run it again to go on).")
        raise SystemExit(130) from None


def tell_fault(fault: Fault) -> int:
    """Write `fault` and its issues for a person; gives the exit code of its category."""
    speech = language()
    err.print(f"[bold red]{fault.code}[/] {fault.text.in_language(speech)}", highlight=False)
    for issue in fault.issues[:50]:
        err.print(f"  • {issue.place}: {issue.text.in_language(speech)}", highlight=False, markup=False)
    return EXIT_CODES[fault.category]


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar; the function it gives takes how much is done in all. Silent where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)
