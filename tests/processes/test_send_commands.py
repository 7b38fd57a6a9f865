"""`benhan send` beside a node: list, look, take the file, send again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.unit.vn.ksk_making import check_up
from typer.testing import CliRunner, Result

from benhan.cli.main import app
from benhan.kernel.actors import system
from benhan.kernel.settings import Settings
from benhan.vn.ksk.signing_places import unsigned
from benhan.wiring import open_desk


def content_and_mode(path: Path) -> tuple[bytes, int]:
    return path.read_bytes(), path.stat().st_mode & 0o777


async def test_the_commands_tell_and_do_what_the_pages_do(fresh_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database=fresh_url, emrhub_send="file", pool_size=2)
    file = unsigned(check_up()).to_sign
    async with open_desk(settings) as desk:
        (handed,) = await desk.receive("emrhub", [("kham.xml", file)], system("test"))

    async def benhan(*words: str) -> Result:
        environment = {"BENHAN_DATA": str(tmp_path), "BENHAN_DATABASE": fresh_url, "BENHAN_EMRHUB_SEND": "file"}
        return await asyncio.to_thread(
            CliRunner().invoke, app, ["send", *words], env={**environment, "COLUMNS": "200"}, catch_exceptions=True
        )

    told = await benhan("list", "emrhub", "--state", "parked")
    assert told.exit_code == 0
    assert handed.key in told.stdout
    assert "BA-3992" in told.stdout
    shown = await benhan("show", "emrhub", handed.key)
    assert "parked" in shown.stdout
    assert "system:test" in shown.stdout
    written = await benhan("file", "emrhub", handed.key, "--to", str(tmp_path / "ra"))
    assert content_and_mode(Path(written.stdout.strip())) == (file, 0o600)
    again = await benhan("retry", "emrhub", handed.key)
    assert again.exit_code == 0
    assert again.stdout.strip() not in ("", handed.key)
    twice = await benhan("retry", "emrhub", handed.key)
    assert getattr(twice.exception, "code", "") == "BA-3998"
    assert getattr((await benhan("list", "bhxh")).exception, "code", "") == "BA-3997"
