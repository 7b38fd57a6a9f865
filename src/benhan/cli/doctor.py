"""`benhan doctor`: what is well and what is not on this machine, and what to do."""

from __future__ import annotations

import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, language, out, run, settings_of
from benhan.kernel.settings import Settings

EXIT_ILL = 70
MARKS = {"well": "[green]✓[/]", "watch": "[yellow]![/]", "ill": "[bold red]✗[/]"}


def doctor(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Khám máy này: đĩa, cơ sở dữ liệu, khoá, nhật ký, hàng chờ, đường tới kho. (Check this machine.)

    ✓ tốt, ! cần để ý, ✗ phải sửa; thoát với mã 70 nếu có ✗.
    """
    if run(_tell(settings_of(role, config, data=data, database=database), role)):
        raise typer.Exit(EXIT_ILL)


async def _tell(settings: Settings, role: str) -> bool:
    """Write each finding as it is made; gives whether any is ill."""
    from benhan.serving.diagnosis import Health, diagnose

    speech, is_ill = language(), False
    async for finding in diagnose(settings, role):
        out.print(f"{MARKS[finding.health.value]} [bold]{finding.name.in_language(speech)}[/]: ", end="")
        out.print(finding.seen, highlight=False, markup=False, soft_wrap=True)
        if finding.health is not Health.WELL and finding.remedy is not None:
            out.print(f"    → {finding.remedy.in_language(speech)}", highlight=False, markup=False, soft_wrap=True)
        is_ill |= finding.health is Health.ILL
    return is_ill
