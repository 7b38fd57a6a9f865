"""`benhan hub`: the registry of the exchange network. The registry key comes by its file and is not left on the hub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, err, out, run, settings_of
from benhan.kernel.actors import system
from benhan.kernel.settings import Settings

if TYPE_CHECKING:
    from benhan.hub.members.members import Members
    from benhan.hub.members.rows import Known, State

app = typer.Typer(help="Trục điều phối: thành viên, khoá, cấu hình. (The hub's registry.)", no_args_is_help=True)
ACTOR = system("registry")

CodeArgument = Annotated[str, typer.Argument(help="Mã thành viên; cơ sở: MA_CSKCB (member)")]
RegistryOption = Annotated[Path, typer.Option("--registry", help="Tệp khoá đăng ký (registry key file)")]


@app.command("registry")
def registry(
    file: Annotated[Path, typer.Argument(help="Tệp khoá đăng ký, giữ ngoài máy trục (kept apart from the hub)")],
    anchor: Annotated[Path, typer.Argument(help="Tệp khoá công khai để phát cho các nút (for the nodes)")],
) -> None:
    """Tạo khoá đăng ký: chỉ khoá này ký được cấu hình mạng. (Make the registry key.)"""
    from benhan.hub.members.registry import make_registry
    from benhan.kernel.ids import SystemRandom

    make_registry(file, anchor, SystemRandom())
    err.print(f"Khoá đăng ký (registry key): {file}; khoá công khai (anchor): {anchor}", highlight=False)


@app.command("init")
def init(
    registry_file: RegistryOption,
    name: Annotated[str, typer.Option("--name", help="Tên trục (name of the hub)")] = "Trục điều phối",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ghi chính trục vào danh sách thành viên rồi ký cấu hình đầu tiên. (Register the hub itself and publish.)"""
    settings = settings_of("hub", config, data=data, database=database)
    version = run(_init(settings, registry_file, name))
    err.print(f"Cấu hình số (configuration) {version}", highlight=False)


@app.command("add")
def add(
    code: CodeArgument,
    name: Annotated[str, typer.Option("--name", help="Tên (name)")],
    kind: Annotated[str, typer.Option("--kind", help="facility, book, repository, authority")] = "facility",
    live: Annotated[bool, typer.Option("--live/--sandbox", help="Thật hay thử (live or on trial)")] = False,
    gln: Annotated[str, typer.Option("--gln", help="GLN 13 chữ số")] = "",
    province: Annotated[str, typer.Option("--province", help="Mã tỉnh (province)")] = "",
    level: Annotated[str, typer.Option("--level", help="Cấp chuyên môn (level)")] = "",
    can: Annotated[list[str] | None, typer.Option("--can", help="ask, hold, push; ghi được nhiều (repeat)")] = None,
    attests: Annotated[
        list[str] | None, typer.Option("--attests", help="book, oidc, otp, paper; ghi được nhiều (repeat)")
    ] = None,
    contact: Annotated[str, typer.Option("--contact", help="Đầu mối liên hệ của tổ chức (contact)")] = "",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Thêm một thành viên; có hiệu lực sau khi ký cấu hình. (Add a member; it counts once published.)"""
    from benhan.network.configuration import Environment, Kind, Member

    environment = Environment.LIVE if live else Environment.SANDBOX
    try:
        member = Member(code, name, Kind(kind), environment, gln, province, level,
                        capabilities=tuple(can or ()), attests=tuple(attests or ()))  # fmt: skip
    except ValueError as cause:
        raise typer.BadParameter(kind, param_hint="--kind") from cause

    async def work(settings: Settings) -> None:
        async with _members(settings) as members:
            await members.add(member, {"contact": contact} if contact else {}, ACTOR)

    run(work(settings_of("hub", config, data=data, database=database)))
    err.print(f"Đã thêm (added): {code}", highlight=False)


@app.command("key")
def key(
    code: CodeArgument,
    file: Annotated[Path, typer.Argument(help="Tệp khoá công khai của thành viên: một JWK hoặc danh sách (JWK)")],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Đăng ký khoá của thành viên, bên cạnh khoá đang có. (Register keys of a member, beside those that are there.)"""
    from benhan.network.faults import BAD_KEY_FILE

    try:
        told = orjson.loads(file.read_bytes())
    except (OSError, ValueError) as cause:
        raise BAD_KEY_FILE(path=file.name) from cause

    async def work(settings: Settings) -> None:
        async with _members(settings) as members:
            for each in told if isinstance(told, list) else [told]:
                made = await members.add_key(code, each, ACTOR)
                out.print(f"{made.use.value} {made.public.kid} → {made.until:%d/%m/%Y}", highlight=False)

    run(work(settings_of("hub", config, data=data, database=database)))


@app.command("revoke-key")
def revoke_key(
    code: CodeArgument,
    kid: Annotated[str, typer.Argument(help="Dấu khoá (thumbprint)")],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Thu hồi một khoá ngay. (Revoke a key at once.)"""

    async def work(settings: Settings) -> None:
        async with _members(settings) as members:
            await members.revoke_key(code, kid, ACTOR)

    run(work(settings_of("hub", config, data=data, database=database)))
    err.print("Đã thu hồi (revoked)")


@app.command("state")
def state(
    code: CodeArgument,
    wanted: Annotated[str, typer.Argument(help="active, suspended, revoked")],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Tạm dừng, thu hồi hoặc cho vào lại một thành viên; có hiệu lực ngay. (Suspend, revoke, let in again.)"""
    from benhan.hub.members.rows import State

    try:
        found: State = State(wanted)
    except ValueError as cause:
        raise typer.BadParameter(wanted, param_hint="STATE") from cause

    async def work(settings: Settings) -> None:
        async with _members(settings) as members:
            await members.set_state(code, found, ACTOR)

    run(work(settings_of("hub", config, data=data, database=database)))
    err.print(f"{code}: {found.value}", highlight=False)


@app.command("publish")
def publish(
    registry_file: RegistryOption,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ký cấu hình mạng bằng khoá đăng ký và phát hành. (Sign the configuration and make it the newest.)"""
    version = run(_publish(settings_of("hub", config, data=data, database=database), registry_file))
    err.print(f"Cấu hình số (configuration) {version}", highlight=False)


@app.command("list")
def list_(config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None) -> None:
    """Các thành viên, trạng thái và khoá. (Members, their state and keys.)"""

    async def work(settings: Settings) -> list[Known]:
        async with _members(settings) as members:
            return await members.rows.every()

    for each in run(work(settings_of("hub", config, data=data, database=database))):
        member = each.member
        keys = ", ".join(f"{one.use.value} {one.public.kid[:8]} → {one.until:%d/%m/%Y}" for one in member.keys)
        told = (member.code, member.name, member.kind.value, member.environment.value, each.state.value, keys)
        out.print(" · ".join(told), highlight=False, markup=False, soft_wrap=True)


@app.command("own-keys")
def own_keys(
    file: Annotated[Path, typer.Argument(help="Tệp sẽ ghi, để gửi cho nơi vận hành trục (for the hub's operator)")],
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ghi khoá công khai của cơ sở này, để đăng ký ở trục. (Write this facility's public keys, to be registered.)"""

    async def work(settings: Settings) -> list[dict[str, object]]:
        from benhan.node.exchange.party import public_keys
        from benhan.store.opening import open_store

        async with open_store(settings, "node") as store:
            return public_keys(store, settings.hub_key_generation)

    file.write_bytes(orjson.dumps(run(work(settings_of("node", config, data=data, database=database)))))
    err.print(f"Đã ghi (written): {file}", highlight=False)


@app.command("authority")
def authority(
    file: Annotated[Path, typer.Argument(help="Tệp CA: chứng thư và khoá (certificate and key)")],
    name: Annotated[str, typer.Option("--name", help="Tên CA (name)")] = "CA mạng trao đổi y tế",
) -> None:
    """Tạo CA của mạng, cấp chứng thư TLS cho thành viên; giữ ngoài máy trục. (Make the network's CA for TLS.)"""
    import os

    from benhan.hub.members.authority import Authority
    from benhan.kernel.clock import SystemClock
    from benhan.kernel.ids import SystemRandom

    made = Authority.make(name, SystemClock().now(), SystemRandom())
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(made.to_pem(b""))
    err.print(f"Đã tạo CA (made): {file}", highlight=False)


@app.command("certificate")
def certificate(
    code: CodeArgument,
    request: Annotated[Path, typer.Argument(help="Tệp yêu cầu PEM (CSR)")],
    file: Annotated[Path, typer.Argument(help="Tệp chứng thư sẽ ghi (written to)")],
    ca: Annotated[Path, typer.Option("--authority", help="Tệp CA (file of the CA)")],
    host: Annotated[list[str] | None, typer.Option("--host", help="Tên máy; ghi được nhiều (repeat)")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Cấp chứng thư TLS cho thành viên từ yêu cầu của họ. (Issue a member's TLS certificate from its request.)"""
    from benhan.hub.members.authority import Authority
    from benhan.kernel.clock import SystemClock
    from benhan.kernel.ids import SystemRandom

    made = Authority.load(ca.read_bytes(), b"", SystemRandom()).issue(
        request.read_bytes(), code, tuple(host or ()), SystemClock().now()
    )

    async def work(settings: Settings) -> None:
        async with _members(settings) as members:
            await members.keep_certificate(code, made, ACTOR)

    run(work(settings_of("hub", config, data=data, database=database)))
    file.write_text(made.pem, encoding="ascii")
    err.print(f"Chứng thư (certificate) {made.serial} → {made.until:%d/%m/%Y}: {file}", highlight=False)


async def _init(settings: Settings, registry_file: Path, name: str) -> int:
    from benhan.network.configuration import Environment, Kind, Member

    async with _members(settings) as members:
        await members.add(Member(members.code, name, Kind.HUB, Environment.LIVE), {}, ACTOR)
        await members.add_key(members.code, members.signer.key.public.jwk, ACTOR)
    return await _publish(settings, registry_file)


async def _publish(settings: Settings, registry_file: Path) -> int:
    from benhan.kernel.ids import SystemRandom
    from benhan.network.configuration import REGISTRY
    from benhan.network.keys import read_private_key_file
    from benhan.network.messages import Signer

    registry_key = Signer(REGISTRY, read_private_key_file(registry_file), SystemRandom())
    async with _members(settings) as members:
        return await members.publish(registry_key, ACTOR)


@asynccontextmanager
async def _members(settings: Settings) -> AsyncIterator[Members]:
    from benhan.hub.members.members import Members
    from benhan.store.opening import open_store
    from benhan.wiring import anchor_of

    async with open_store(settings, "hub") as store:
        yield Members(store, settings.hub_code, anchor_of(settings))
