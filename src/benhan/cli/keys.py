"""`benhan keys`: the key-encryption key, its rotation, and the destruction of a patient's record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    RoleOption,
    err,
    out,
    progress,
    run,
    settings_of,
)
from benhan.kernel.actors import system
from benhan.kernel.ids import SystemRandom
from benhan.kernel.settings import Settings
from benhan.store.key_rotation import Rotated
from benhan.store.key_status import KeyStatus

app = typer.Typer(help="Khoá mã hoá: tạo, thay, sao lưu, huỷ. (Encryption keys.)", no_args_is_help=True)

ACTOR = system("keys")


@app.command("init")
def init(config: ConfigOption = None, data: DataOption = None) -> None:
    """Tạo khoá bọc khoá (KEK) trong tệp hoặc trên token PKCS#11. (Make the key-encryption key.)

    Không bao giờ ghi đè khoá đã có. Hãy cất một bản sao của tệp khoá ở nơi khác với bản sao dữ liệu.
    """
    from benhan.store.key_encryption import init_kek

    settings = settings_of("", config, data=data)
    kek = init_kek(settings, SystemRandom())
    err.print(f"Đã tạo khoá (made): {kek.kek_id}", highlight=False)
    if not settings.pkcs11_module:
        err.print(f"Tệp (file): {settings.kek_path}. Mất tệp này là mất mọi hồ sơ: hãy cất một bản sao ở nơi an toàn.")
        err.print("(Losing this file loses every record: keep a copy in a safe place.)")


@app.command("status")
def status(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Khoá nào đang dùng, có bao nhiêu khoá dữ liệu. (Which key is in force, how many data keys.)"""
    told = run(_status(settings_of(role, config, data=data, database=database), role))
    rows = (
        ("Khoá bọc đang dùng (in force)", told.in_force),
        ("Khoá bọc của kho này (held)", ", ".join(told.held)),
        ("Khoá dữ liệu (data keys)", told.data_keys),
        ("Đã huỷ (shredded)", told.shredded),
        ("Còn bọc bằng khoá cũ (behind)", told.behind),
    )
    for name, value in rows:
        out.print(f"{name:<34} {value}", highlight=False)
    if told.behind:
        err.print(
            "Lần thay khoá trước chưa xong: chạy `benhan keys rotate`. (The last rotation did not end: rotate again.)"
        )


@app.command("rotate")
def rotate(
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    keep_old: Annotated[bool, typer.Option("--keep-old", help="Giữ lại khoá cũ (do not destroy the old key)")] = False,
) -> None:
    """Thay khoá bọc khoá (KEK) trong khi hệ thống vẫn chạy. (Replace the key-encryption key under load.)

    Bị ngắt thì chạy lại, việc làm tiếp từ chỗ dở. Xong, khoá cũ bị huỷ: bản sao khoá cũ hơn không mở được nữa, nên hãy
    sao lưu khoá ngay (benhan keys backup).
    """
    settings = settings_of(role, config, data=data, database=database)
    rotated = run(_rotate(settings, role, destroy_old=not keep_old))
    err.print(f"Đã bọc lại {rotated.count} khoá dữ liệu bằng {rotated.new}. (re-wrapped)", highlight=False)
    if rotated.old and not keep_old:
        err.print(f"Đã huỷ khoá cũ (destroyed): {', '.join(rotated.old)}. Hãy sao lưu khoá mới.", highlight=False)


@app.command("shred")
def shred(
    patient: Annotated[str, typer.Argument(help="Mã hồ sơ Patient (logical id of the Patient)")],
    confirmed: Annotated[
        str | None, typer.Option("--confirm", help="Gõ lại mã để xác nhận (repeat the id)", show_default=False)
    ] = None,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Huỷ vĩnh viễn hồ sơ của một người bệnh bằng cách huỷ khoá của hồ sơ. (Destroy a patient's record for good.)

    Số lượng và nhật ký vẫn nguyên vẹn; nội dung không ai mở được nữa, kể cả từ bản sao lưu dữ liệu. Sau đó chạy
    `benhan keys rotate` và `benhan keys backup` để bản sao khoá cũ cũng vô dụng.
    """
    again = confirmed or typer.prompt(f"Không thể hoàn tác. Gõ lại mã {patient} để huỷ (type the id again)")
    if again != patient:
        err.print("Mã không khớp; chưa huỷ gì. (The id differs; nothing was destroyed.)")
        raise typer.Exit(2)
    run(_shred(settings_of(role, config, data=data, database=database), role, patient))
    err.print("Đã huỷ. Nay hãy chạy (destroyed; now run): benhan keys rotate, benhan keys backup")


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="Tệp sao lưu (file to write)")],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ghi các khoá đã bọc ra một tệp riêng. (Write the wrapped keys to a file of their own.)

    Tệp này không mở được gì khi không có khoá bọc (KEK). Cất riêng với bản sao dữ liệu và bỏ các bản cũ.
    """
    count = run(_backup(settings_of(role, config, data=data, database=database), role, file))
    err.print(f"Đã ghi {count} khoá dữ liệu vào {file}. (data keys written)", highlight=False)


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="Tệp sao lưu khoá (key backup)", exists=True, dir_okay=False)],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Đưa khoá từ tệp sao lưu vào kho vừa khôi phục; khoá đã huỷ vẫn bị huỷ. (Restore keys; destroyed ones stay so.)

    Chạy khi hệ thống đang dừng.
    """
    count = run(_restore(settings_of(role, config, data=data, database=database), role, file))
    err.print(f"Đã khôi phục {count} khoá dữ liệu. (data keys restored)", highlight=False)


async def _status(settings: Settings, role: str) -> KeyStatus:
    from benhan.store.key_status import key_status
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        return await key_status(store.database, store.keyring)


async def _rotate(settings: Settings, role: str, *, destroy_old: bool) -> Rotated:
    from benhan.store.key_rotation import rotate_kek
    from benhan.store.key_status import key_status
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        total = (await key_status(store.database, store.keyring)).data_keys
        with progress("Thay khoá (rotating)", total) as tell:
            return await rotate_kek(
                store.database,
                store.keyring,
                store.random,
                store.clock,
                ACTOR,
                lambda done, _total: tell(done),
                destroy_old=destroy_old,
            )


async def _shred(settings: Settings, role: str, patient: str) -> None:
    from benhan.store.opening import open_store
    from benhan.store.shredding import shred_patient

    async with open_store(settings, role) as store:
        rid = store.workshop.ids.rid_of("Patient", patient)
        await shred_patient(store.database, store.keyring, store.clock, ACTOR, rid)


async def _backup(settings: Settings, role: str, file: Path) -> int:
    from benhan.store.key_backup import back_up_keys
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        return await back_up_keys(store.database, file)


async def _restore(settings: Settings, role: str, file: Path) -> int:
    from benhan.store.database import Database
    from benhan.store.key_backup import restore_keys
    from benhan.store.migrations import migrate
    from benhan.store.opening import database_url

    # not the whole store: what is restored may be wrapped by another key than the database now says
    database = await Database.connect(await database_url(settings, role), pool_size=2)
    try:
        await migrate(database)
        return await restore_keys(database, file)
    finally:
        await database.close()
