"""`benhan import` as a command: several processes share out the lines of its files."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import psutil

from benhan.kernel.actors import system
from benhan.kernel.settings import Settings
from benhan.store.opening import open_store

LINES = 1_300


async def imported(path: Path, tmp_path: Path, url: str, *more: str) -> tuple[int | None, str]:
    """The exit code of the command and what it says."""
    command = ["-m", "benhan.cli.main", "import", str(path), "--data", str(tmp_path), "--database", url, *more]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await process.communicate()
    return process.returncode, told.decode()


async def test_three_processes_take_in_every_line_once_and_tell_what_is_set_aside(
    fresh_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "patients.ndjson"
    lines = [json.dumps({"resourceType": "Patient", "id": f"p{number}"}) for number in range(LINES)]
    for number in (3, 600, 1_200):  # one for each process
        lines[number] = "wrong"
    file.write_text("\n".join(lines))
    exit_code, told = await imported(file, tmp_path, fresh_url, "--workers", "3")
    assert exit_code == 0, told
    assert f"{LINES - 3}" in told
    assert "(set aside): 3" in told
    async with open_store(Settings(data=tmp_path, database=fresh_url, pool_size=2)) as store:
        assert await store.database.fetchval("select count(distinct content) from resource") == LINES - 3
        assert (await store.resources.read("Patient", f"p{LINES - 1}", system("test"))).version == 1
    again = await imported(file, tmp_path, fresh_url, "--workers", "2")
    assert again == (exit_code, told)


async def test_a_worker_that_fails_is_told_by_the_exit_code(fresh_url: str, tmp_path: Path) -> None:
    async with open_store(Settings(data=tmp_path, database=fresh_url, pool_size=2)) as store:
        await store.database.execute(
            "create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;"
            "create trigger refused before insert on bulk_import for each row when (new.source like '%:1/2')"
            " execute function refuse()"
        )
    file = tmp_path / "patients.ndjson"
    file.write_text("\n".join(json.dumps({"resourceType": "Patient", "id": f"p{number}"}) for number in range(600)))
    exit_code, told = await imported(file, tmp_path, fresh_url)
    assert exit_code == 7, told
    assert "512" in told


async def test_the_workers_of_a_command_that_is_killed_end_with_it(fresh_url: str, tmp_path: Path) -> None:
    file = tmp_path / "patients.ndjson"
    file.write_text("\n".join(json.dumps({"resourceType": "Patient", "id": f"p{number}"}) for number in range(6_000)))
    command = ["-m", "benhan.cli.main", "import", str(file), "--data", str(tmp_path), "--database", fresh_url]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(60):
        while not (workers := psutil.Process(process.pid).children()):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)
        process.kill()
        await process.wait()
        while any(is_alive(each) for each in workers):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
