"""`benhan export`: records in the Ministry's format, everything as NDJSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import ConfigOption, DatabaseOption, DataOption, RoleOption, err, out, progress, run, settings_of
from benhan.kernel.settings import Settings
from benhan.node.dump.writing import DumpManifest
from benhan.node.exports import Export, Format

app = typer.Typer(help="Xuất hồ sơ và dữ liệu. (Export records and data.)", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(help="Thư mục đích (folder)", file_okay=False)]


@app.command("records")
def records(
    folder: FolderArgument,
    encounter: Annotated[
        list[str] | None, typer.Option("--encounter", help="Mã lượt điều trị (logical id); không ghi: tất cả (all)")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="Dạng tệp (format)")] = Format.HOSO_XML,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Xuất từng lượt điều trị thành HoSoBenhAn (XML, JSON) hoặc tài liệu FHIR. (Export encounters.)

    Dừng giữa chừng thì chạy lại: tệp đã có được bỏ qua. Lượt nào không xuất được thì nêu lý do, các lượt khác vẫn xuất.
    """
    settings = settings_of("node", config, data=data, database=database)
    folder.mkdir(parents=True, exist_ok=True)
    written, there, failed = run(_records(settings, folder, encounter or [], format_))
    out.print(f"Đã xuất (exported): {written}; đã có từ trước (there already): {there}; không xuất được: {len(failed)}")
    for place, reason in failed:
        err.print(f"  • {place}: {reason}", highlight=False, markup=False)
    if failed:
        raise typer.Exit(2)


@app.command("ndjson")
def ndjson(
    folder: FolderArgument,
    types: Annotated[list[str] | None, typer.Option("--type", help="Loại tài nguyên; không ghi: tất cả (all)")] = None,
    role: RoleOption = "node",
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Xuất mọi tài nguyên FHIR, mỗi loại một tệp NDJSON; `benhan import` đọc lại được. (Export all resources.)

    Dừng giữa chừng thì chạy lại: loại đã xong được bỏ qua. Tệp không được mã hoá: cất ở nơi an toàn.
    """
    settings = settings_of(role, config, data=data, database=database)
    folder.mkdir(parents=True, exist_ok=True)
    for type_, count in run(_ndjson(settings, role, folder, types or [])):
        out.print(f"{type_}: {count}", highlight=False)


@app.command("hospital")
def hospital(
    folder: FolderArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Xuất toàn bộ dữ liệu của bệnh viện kèm đặc tả: mọi phiên bản, giấy tờ, nhật ký, danh mục. (The whole hospital.)

    Dừng giữa chừng thì chạy lại: tệp đã xong được giữ. Kiểm tra bằng `benhan check-dump`. Tệp KHÔNG mã hoá: cất nơi an
    toàn.
    """
    settings = settings_of("node", config, data=data, database=database)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = run(_hospital(settings, folder))
    lines = sum(each.lines for each in manifest.files)
    out.print(f"{folder}: {len(manifest.files)} tệp (files), {lines:,} dòng (lines)", highlight=False)


async def _hospital(settings: Settings, folder: Path) -> DumpManifest:
    from benhan.kernel.actors import system
    from benhan.node.dump.writing import Dump
    from benhan.node.records.life import Facility
    from benhan.node.signatures.opening import open_blobs
    from benhan.store.check import count_versions
    from benhan.store.opening import open_store

    async with open_store(settings, "node") as store:
        seen: dict[str, int] = {}
        with progress("Xuất (dumping)", await count_versions(store)) as advance:

            def tell(path: str, lines: int) -> None:
                seen[path] = lines
                advance(sum(seen.values()))

            facility = Facility(settings.facility_code, settings.facility_name)
            dump = Dump(store, facility, folder, open_blobs(settings, store))
            return await dump.write(system("dump"), tell)


async def _records(
    settings: Settings, folder: Path, wanted: list[str], format_: Format
) -> tuple[int, int, list[tuple[str, str]]]:
    import orjson

    from benhan.cli.common import language
    from benhan.kernel.actors import outgoing
    from benhan.kernel.faults import Fault
    from benhan.node.exports import Exports
    from benhan.node.records.content import is_external
    from benhan.store.bulk_export import export_type
    from benhan.store.opening import open_store

    written = there = 0
    failed: list[tuple[str, str]] = []
    async with open_store(settings, "node") as store:
        exports = Exports(store, settings.facility_code, settings.facility_name, f"{settings.base_url}/fhir")
        if not wanted:
            stays = [orjson.loads(each) async for batch in export_type(store, "Encounter") for each in batch]
            wanted = [str(each["id"]) for each in stays if not is_external(each)]
        with progress("Xuất (exporting)", len(wanted)) as advance:
            for done, id_ in enumerate(wanted, 1):
                try:
                    if exports.path_in(folder, id_, format_).exists():
                        there += 1
                    else:
                        _write(folder, await exports.export(id_, format_, outgoing("export")))
                        written += 1
                except Fault as fault:
                    failed.append((f"Encounter/{id_}", f"{fault.code} {fault.text.in_language(language())}"))
                advance(done)
    return written, there, failed


def _write(folder: Path, export: Export) -> None:
    """The manifest first, the file last and whole: a file that is there is finished."""
    if export.manifest:
        (folder / f"{export.name}.manifest.json").write_bytes(export.manifest)
    part = folder / f"{export.name}.part"
    part.write_bytes(export.content)
    part.replace(folder / export.name)


async def _ndjson(settings: Settings, role: str, folder: Path, wanted: list[str]) -> list[tuple[str, int]]:
    from benhan.store.bulk_export import export_type, types_held
    from benhan.store.opening import open_store

    told = []
    async with open_store(settings, role) as store:
        held = [(type_, count) for type_, count in await types_held(store) if not wanted or type_ in wanted]
        for type_, count in held:
            target, part, written = folder / f"{type_}.ndjson", folder / f"{type_}.ndjson.part", 0
            if target.exists():
                continue
            with part.open("wb") as file, progress(type_, count) as advance:
                async for batch in export_type(store, type_):
                    file.writelines(each + b"\n" for each in batch)
                    written += len(batch)
                    advance(written)
            part.replace(target)
            told.append((type_, written))
    return told
