"""A picker on a list of 100,000 codes: `$expand` with what a person has typed so far, over HTTP, one at a time.

The limit it is compared with: the same client reading one small resource by its id.
"""

from __future__ import annotations

import asyncio
import csv
import random
import statistics
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from benhan.fhir.folding import fold
from common import Server, arguments, benhan, report, scratch_folder, serving
from http_client import Connection, drive, request

CODES = 100_000
SYSTEM = "http://danh-muc.example/benh"


def _words(text: str) -> list[str]:
    return text.split()


ORGANS = _words("phổi gan thận tim dạ dày ruột mắt tai mũi họng da xương khớp cơ não tuỷ máu hạch lách tuyến giáp")
KINDS = _words("viêm u ung thư loét sỏi suy nhiễm khuẩn chấn thương dị tật xơ áp xe tắc hẹp giãn xuất huyết")
MORE = _words("cấp mạn tính tái phát do virus vi nấm không xác định hai bên trái phải giai đoạn muộn sớm kèm")


def write_list(path: Path, count: int) -> list[str]:
    """A list of synthetic diseases, three levels deep; gives the displays."""
    chance = random.Random(7)
    displays = []
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["code", "display", "display:en", "parent", "chapter"])
        for number in range(count):
            parent = f"X{number // 10:05d}" if number >= 1_000 else ""
            words = [chance.choice(KINDS), chance.choice(ORGANS), *chance.sample(MORE, 3), f"thể {number % 997}"]
            displays.append(" ".join(words))
            rows.writerow([f"X{number:05d}", displays[-1], f"disease {number}", parent, f"{number % 22}"])
    return displays


def typed(displays: list[str], count: int) -> list[str]:
    """What people type: beginnings of one to three words of a display, in any order, half of them without accents."""
    chance = random.Random(11)
    found = []
    for _ in range(count):
        words = chance.sample(chance.choice(displays).split(), chance.randint(1, 3))
        text = " ".join(word[: chance.randint(1, 5)] for word in words)
        found.append(fold(text) if chance.random() < 0.5 else text)
    return found


async def ask(server: Server, token: str, paths: list[str], member: bytes) -> list[float]:
    """Milliseconds of each question; every answer must hold `member`."""
    took: list[float] = []

    async def work(connection: Connection, _number: int) -> None:
        for path in paths:
            began = time.perf_counter()
            status, body = await connection.ask(request("GET", path, token))
            took.append((time.perf_counter() - began) * 1000)
            assert status == 200, body
            assert member in body, path

    await drive(server.http_port, 1, work)
    return took


def picks(texts: list[str]) -> list[str]:
    """The question of a picker for each text."""
    return [f"/fhir/ValueSet/$expand?url={quote(SYSTEM)}%3Ffhir_vs&filter={quote(text)}&count=20" for text in texts]


async def a_resource(server: Server, token: str) -> str:
    """The path of a small resource."""
    found = []

    async def work(connection: Connection, _number: int) -> None:
        body = b'{"resourceType":"ValueSet","status":"active","url":"http://vs.example/a"}'
        _, answer = await connection.ask(request("POST", "/fhir/ValueSet", token, body))
        found.append(f"/fhir/ValueSet/{orjson.loads(answer)['id']}")

    await drive(server.http_port, 1, work)
    return found[0]


def measure(quick: bool) -> dict[str, Any]:
    with scratch_folder() as data, serving(data) as server:
        displays = write_list(data / "list.csv", CODES)
        began = time.perf_counter()
        benhan("terminology", "load", str(data / "list.csv"), "--system", SYSTEM, "--data", str(data))
        load_s = time.perf_counter() - began
        texts = typed(displays, 300 if quick else 2_000)
        token = server.token()
        asyncio.run(ask(server, token, picks(texts[:20]), b'"contains"'))
        took = asyncio.run(ask(server, token, picks(texts), b'"contains"'))
        path = asyncio.run(a_resource(server, token))
        read = asyncio.run(ask(server, token, [path] * len(texts), b"vs.example"))
    return {
        "picker_codes": CODES,
        "picker_p50_ms": round(statistics.median(took), 2),
        "picker_p95_ms": round(statistics.quantiles(took, n=20)[-1], 2),
        "picker_max_ms": round(max(took), 2),
        "picker_ratio_to_read": round(statistics.median(took) / statistics.median(read), 2),
        "terminology_load_per_s": round(CODES / load_s),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
