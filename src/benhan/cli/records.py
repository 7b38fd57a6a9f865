"""`benhan records`: records taken out as packages, and packages taken in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, err, language, out, run, settings_of
from benhan.kernel.actors import system
from benhan.kernel.settings import Settings
from benhan.node.packages.arrivals import Received
from benhan.node.packages.making import Made
from benhan.node.records.destruction import Batch

app = typer.Typer(help="Hồ sơ bệnh án: xuất gói, nhận gói. (Records as packages.)", no_args_is_help=True)
ACTOR = system("cli")


@app.command("package")
def package(
    number: Annotated[str, typer.Argument(help="Số lưu trữ, hoặc mã hồ sơ (storage number, or id)")],
    folder: Annotated[Path, typer.Option("--to", help="Thư mục đích (folder)", file_okay=False)] = Path(),
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Xuất trọn một hồ sơ thành gói ZIP có chữ ký: FHIR, HoSoBenhAn, PDF, ảnh, bằng chứng. (A record as a package.)

    Phần bí mật đặc biệt không nằm trong gói. Tệp không mã hoá: giao tận tay hoặc qua kênh an toàn.
    """
    made = run(_package(settings_of("node", config, data=data, database=database), number))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / made.name
    target.write_bytes(made.content)
    out.print(f"{target}: {made.files} tệp (files), {len(made.content):,} byte", highlight=False)


@app.command("take")
def take(
    files: Annotated[list[Path], typer.Argument(help="Gói ZIP (packages)", exists=True, dir_okay=False)],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Nhận gói hồ sơ từ nơi khác vào danh sách chờ; người có quyền xem rồi mới ghép. (Take packages in, to wait.)"""
    settings = settings_of("node", config, data=data, database=database)
    failed = False
    for path, received in run(_take(settings, files)):
        if received.fault is None:
            out.print(f"{path}: /packages/{received.number}", highlight=False)
            continue
        failed = True
        err.print(f"{path}: {received.fault.code} {received.fault.text.in_language(language())}", highlight=False)
    if failed:
        raise typer.Exit(2)


@app.command("destroy")
def destroy(
    batch: Annotated[int, typer.Argument(help="Số đợt tiêu huỷ đã duyệt (an approved batch)", min=1)],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Tiêu huỷ các hồ sơ của một đợt đã duyệt, rồi thay khoá bọc khoá. KHÔNG khôi phục được. (Destroy a batch.)

    Sau đó sao lưu lại khoá và huỷ mọi bản sao cũ của khoá bọc khoá, kể cả trên băng, đĩa ở nơi khác. Dừng giữa chừng
    thì chạy lại.
    """
    done = run(_destroy(settings_of("node", config, data=data, database=database), batch))
    for each in done.items:
        out.print(f"{each.storage_number}: {each.state} {each.why}".rstrip(), highlight=False)
    out.print("Khoá cũ đã huỷ: sao lưu khoá lại ngay. (Old keys are gone: back the keys up now.)")


async def _destroy(settings: Settings, number: int) -> Batch:
    from benhan.cli.common import progress
    from benhan.node.records.destruction import Destruction
    from benhan.store.key_rotation import rotate_kek
    from benhan.wiring import open_node

    async with open_node(settings) as node:
        destruction = Destruction(node.records)
        batch = await destruction.read(number)
        with progress("Tiêu huỷ (destroying)", len(batch.items)) as tell:
            done = await destruction.carry_out(number, ACTOR, tell)
        store = node.store
        await rotate_kek(store.database, store.keyring, store.random, store.clock, ACTOR)
    return done


async def _package(settings: Settings, number: str) -> Made:
    from benhan.node.records.faults import NO_SUCH_RECORD
    from benhan.wiring import open_node, packages_of

    async with open_node(settings) as node:
        records = node.records
        found = await records.rows.of_storage_number(number)
        if len(found) > 1:
            raise NO_SUCH_RECORD()
        return await packages_of(node, records).make(found[0].id if found else number, ACTOR)


async def _take(settings: Settings, files: list[Path]) -> list[tuple[Path, Received]]:
    from benhan.node.packages.arrivals import Arrivals
    from benhan.store.opening import open_store
    from benhan.wiring import trust_of

    async with open_store(settings, "node") as store:
        arrivals = Arrivals(store, trust_of(settings))
        return [(path, await arrivals.receive(path.read_bytes(), path.name, ACTOR)) for path in files]
