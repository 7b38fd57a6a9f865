"""`benhan serve`: run one role, or all of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, settings_of, tell_fault
from benhan.kernel.logs import start_logging

if TYPE_CHECKING:
    from benhan.serving.supervisor import GivenUp


class ServedRole(StrEnum):
    """What can be served."""

    NODE = "node"
    REPOSITORY = "repository"
    HEALTHBOOK = "healthbook"
    PORTAL = "portal"
    HUB = "hub"
    ALL = "all"


def serve(
    role: Annotated[
        ServedRole,
        typer.Argument(
            help="node: bệnh viện · repository: kho quốc gia · healthbook: sổ sức khoẻ"
            " · portal: cổng theo dõi triển khai · hub: trục điều phối · all: mọi vai trò trừ trục, trên máy này"
        ),
    ],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    host: Annotated[str | None, typer.Option(help="Địa chỉ nghe HTTP (listen address)", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="Cổng HTTP (port)", show_default=False)] = None,
    mllp_port: Annotated[int | None, typer.Option(help="Cổng HL7 v2 (MLLP port)", show_default=False)] = None,
) -> None:
    """Chạy một vai trò cho đến khi có Ctrl-C. (Run a role until Ctrl-C.)

    Thiết lập lấy từ benhan.toml, biến môi trường BENHAN_…, rồi các tuỳ chọn dưới đây.
    """
    flags = {"data": data, "database": database, "http_host": host, "http_port": port, "mllp_port": mllp_port}
    settings = settings_of("" if role is ServedRole.ALL else role.value, config, **flags)
    start_logging(settings.log_level)
    if role is ServedRole.ALL:
        from benhan.serving.all_roles import run_all

        _end(run_all(settings, config))
        return
    from benhan.serving.supervisor import is_supervised
    from benhan.serving.workers import run_workers, worker_count

    if worker_count(role.value, settings) > 1 and not is_supervised():
        _end(run_workers(role.value, settings))
        return
    from benhan.serving.role_server import run_role
    from benhan.serving.roles import ROLES

    run_role(role.value, settings, ROLES[role.value])


def _end(given_up: GivenUp | None) -> None:
    """Tell what could not be started and end with its exit code; nothing where all was stopped in order."""
    if given_up is not None:
        tell_fault(given_up.fault)
        raise typer.Exit(given_up.exit_code)
