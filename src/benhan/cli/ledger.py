"""`benhan ledger`: whether it is whole, its daily roots, proofs, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from benhan.kernel.clock import VIETNAM
from benhan.kernel.settings import Settings
from benhan.store.ids import encode_rid
from benhan.store.ledger.canonical import Recorded
from benhan.store.ledger.proofs import Inclusion
from benhan.store.ledger.read import Page
from benhan.store.ledger.roots import DayRoot
from benhan.store.ledger.verify import Verdict

if TYPE_CHECKING:
    from benhan.node.evidence.keeping import Renewed, Standing

app = typer.Typer(help="Nhật ký không sửa được. (The append-only ledger.)", no_args_is_help=True)


@app.command("verify")
def verify(
    role: RoleOption = "node", config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Kiểm tra toàn bộ nhật ký: từng mã băm, từng số thứ tự, gốc của từng ngày. (Verify the whole ledger.)

    Thoát với mã 70 và nêu mục hỏng đầu tiên nếu nhật ký bị sửa, mất hay đảo dòng.
    """
    verdict = run(_verify(settings_of(role, config, data=data, database=database), role))
    told = f"{verdict.entries} mục (entries), {verdict.roots} gốc ngày (roots), {verdict.pending} đang chờ (pending)"
    out.print(f"[green]Nguyên vẹn (whole)[/]: {told}", highlight=False)
    out.print(f"Mã băm cuối (last hash): {verdict.head.hex()}", highlight=False, soft_wrap=True)


@app.command("root")
def root(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Bao nhiêu ngày gần nhất (how many days)")] = 31,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ký gốc của các ngày đã hết và liệt kê. (Sign the roots of the days that are over, and list them.)

    Khoá công khai in ở cuối: công bố và cất nó ở ngoài hệ thống này.
    """
    roots, key = run(_roots(settings_of(role, config, data=data, database=database), role, count))
    for each in roots:
        line = f"{each.day}  {each.first_seq}–{each.last_seq}  {each.root.hex()}"
        out.print(line, highlight=False, soft_wrap=True)
    out.print(f"Khoá công khai (public key): {key.hex()}", highlight=False, soft_wrap=True)


@app.command("prove")
def prove(
    seq: Annotated[int, typer.Argument(min=1, help="Số của mục (number of the entry)")],
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """In bằng chứng rằng một mục nằm trong gốc đã ký của ngày đó. (Prove that an entry is in its day's root.)"""
    typer.echo(run(_prove(settings_of(role, config, data=data, database=database), role, seq)))


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="Tệp bằng chứng (proof)", exists=True, dir_okay=False)],
    key: Annotated[
        str,
        typer.Option("--key", help="Khoá công khai đã công bố, dạng hex (published public key)", show_default=False),
    ] = "",
) -> None:
    """Kiểm tra một bằng chứng, không cần kho dữ liệu. (Check a proof, without the store.)

    Không có --key thì chỉ biết bằng chứng nhất quán, chưa biết ai lập ra nó.
    """
    from benhan.store.ledger.proofs import parse_proof, verify_inclusion

    proof = parse_proof(file.read_bytes())
    found = verify_inclusion(proof, key_of(key) if key else None)
    if found is not Inclusion.PROVEN:
        err.print(f"[bold red]Không chứng minh được (not proven)[/]: {found.value}")
        raise typer.Exit(70)
    when = proof.entry.at.astimezone(VIETNAM).isoformat(sep=" ", timespec="seconds")
    out.print(f"[green]Đúng (proven)[/]: {proof.entry.seq} · {when} · {proof.entry.label} · {proof.entry.actor}")
    if not key:
        err.print("Chưa đối chiếu với khoá đã công bố. (Not compared with a published key.)")


@app.command("show")
def show(
    patient: Annotated[str, typer.Option("--patient", help="Mã hồ sơ Patient (logical id)")] = "",
    trace: Annotated[str, typer.Option("--trace", help="Mã theo dõi (trace id)")] = "",
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=10_000, help="Bao nhiêu mục (entries)")] = 50,
    before: Annotated[
        int | None, typer.Option("--before", help="Chỉ các mục trước số này (older than)", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Mỗi mục một dòng JSON (JSON lines)")] = False,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ai đã làm gì, mới nhất trước. (Who did what, newest first.)"""
    settings = settings_of(role, config, data=data, database=database)
    page = run(_show(settings, role, patient, trace, count, before))
    if as_json:
        for entry in page.entries:
            typer.echo(json.dumps({**entry.to_json(), "event": entry.label}, ensure_ascii=False))
    else:
        for entry in page.entries:
            out.print(_line(entry), highlight=False, markup=False, soft_wrap=True)
    if page.next is not None:
        err.print(f"Còn nữa (more): --before {page.next}")


@app.command("evidence")
def evidence(config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None) -> None:
    """Bằng chứng lưu trữ (RFC 4998): đã chứng minh gì, còn chờ gì, bao giờ phải gia hạn. (Evidence records: worklist.)

    Thoát với mã 10 khi có việc phải làm: chạy `benhan ledger renew`.
    """
    found = run(_evidence(settings_of("node", config, data=data, database=database)))
    for line in _standing(found):
        out.print(line, highlight=False, soft_wrap=True)
    if found.unstamped or any(found.due.values()):
        raise typer.Exit(10)


@app.command("renew")
def renew(config: ConfigOption = None, data: DataOption = None, database: DatabaseOption = None) -> None:
    """Lập, đóng dấu và gia hạn bằng chứng lưu trữ; băm lại tài liệu khi thuật toán sắp hết tin cậy. (Renew evidence.)

    Dừng giữa chừng thì chạy lại: việc đã xong không làm lại. Nút đang chạy vẫn làm việc bình thường.
    """
    done = run(_renew(settings_of("node", config, data=data, database=database)))
    out.print(
        f"{done.gathered} tệp mới (new files), {done.stamped} cây được đóng dấu (trees stamped),"
        f" {done.renewed} cây gia hạn (trees renewed), {done.digested.files} tệp băm lại (digested anew)",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    if done.digested.gone:
        err.print(f"{done.digested.gone} tệp đã huỷ hoặc có bản nhiều chữ ký hơn (destroyed or replaced)")
    if done.digested.damaged:
        err.print(f"[bold red]{done.digested.damaged} tệp HỎNG (damaged)[/]: benhan verify")
        raise typer.Exit(70)


def _standing(found: Standing) -> list[str]:
    """How evidence stands, in words."""
    from benhan.signing.ageing import Weakness

    lines = [
        f"{found.trees} cây (trees), {found.leaves} tệp (files), {found.stamps} dấu thời gian (time-stamps)",
        f"Chờ vào cây (wait for a tree): {found.unproven} tệp (files)",
        f"Chờ dấu thời gian (wait for a time-stamp): {found.unstamped} cây (trees)",
    ]
    words = {
        Weakness.CERTIFICATE: "chứng thư hoặc khoá dấu thời gian (time-stamp's certificate or key)",
        Weakness.DIGEST: "thuật toán băm (digest)",
    }
    lines += [
        f"[red]Phải gia hạn (due): {count} cây (trees) · {words[each]}[/]" for each, count in found.due.items() if count
    ]
    if found.next is not None:
        day = found.next.at.date().isoformat()
        lines.append(f"Hết tin cậy sớm nhất (ages first): {day} · {words[found.next.by]}")
    return lines


def key_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as cause:
        raise typer.BadParameter("64 chữ số hex (64 hexadecimal digits)") from cause


def _line(entry: Recorded) -> str:
    when = entry.at.astimezone(VIETNAM).isoformat(sep=" ", timespec="milliseconds")
    patient = f"Patient/{encode_rid(entry.patient)}" if entry.patient else "–"
    seq = str(entry.seq) if entry.seq else "…"
    return f"{seq:>8}  {when}  {entry.label:<28} {entry.actor} ({entry.role})  {patient}  {entry.detail}".rstrip()


async def _verify(settings: Settings, role: str) -> Verdict:
    from benhan.store.ledger.ledger_faults import LEDGER_BROKEN
    from benhan.store.ledger.read import chain_length
    from benhan.store.ledger.verify import verify_ledger
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        with progress("Kiểm tra (verifying)", await chain_length(store.database)) as tell:
            verdict = await verify_ledger(store.database, store.keyring, tell)
    if verdict.broken is not None:
        raise LEDGER_BROKEN(seq=verdict.broken.seq, damage=verdict.broken.damage.value)
    return verdict


async def _roots(settings: Settings, role: str, count: int) -> tuple[list[DayRoot], bytes]:
    from benhan.store.ledger.roots import public_key, roots, sign_days
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        await sign_days(store.database, store.keyring, store.clock.now())
        return await roots(store.database, count), public_key(store.keyring)


async def _prove(settings: Settings, role: str, seq: int) -> str:
    from benhan.store.ledger.proofs import prove
    from benhan.store.opening import open_store

    async with open_store(settings, role) as store:
        return (await prove(store.database, store.keyring, seq)).to_json()


async def _evidence(settings: Settings) -> Standing:
    from benhan.wiring import open_node

    async with open_node(settings) as node:
        return await node.signing.evidence.standing()


async def _renew(settings: Settings) -> Renewed:
    from benhan.node.evidence.keeping import Renewed
    from benhan.node.signatures.faults import NO_SERVICES
    from benhan.store.ledger.chain import chain_all
    from benhan.store.ledger.roots import sign_days
    from benhan.wiring import open_node

    async with open_node(settings) as node:
        if node.signing.signatures.services is None:
            raise NO_SERVICES()
        store, kept = node.store, node.signing.evidence
        await chain_all(store.database)
        await sign_days(store.database, store.keyring, store.clock.now())
        gathered, stamped, renewed = await kept.gather(), await kept.stamp(), await kept.renew()
        with progress("Băm lại (digesting anew)", len(await kept.to_digest())) as tell:
            return Renewed(gathered, stamped, renewed, await kept.digest_anew(tell))


async def _show(settings: Settings, role: str, patient: str, trace: str, count: int, before: int | None) -> Page:
    from benhan.kernel.trace import is_trace_id
    from benhan.store.ledger.read import entries_of_patient, entries_of_trace, recent_entries
    from benhan.store.opening import open_store

    if trace and not is_trace_id(trace):
        raise typer.BadParameter("--trace: 32 chữ số hex (32 hexadecimal digits)")
    async with open_store(settings, role) as store:
        if patient:
            rid = store.workshop.ids.rid_of("Patient", patient)
            return await entries_of_patient(store.database, rid, count=count, before=before)
        if trace:
            return await entries_of_trace(store.database, trace, count=count, before=before)
        return await recent_entries(store.database, count=count, before=before)
