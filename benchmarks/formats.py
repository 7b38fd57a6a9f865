"""FHIR XML read to JSON and written from it, one core, beside what lxml takes for the bare tree; parts; packing.

The peer does less: its tree knows nothing of FHIR, refuses nothing and keeps no narrative byte for byte.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import orjson
from lxml import etree

from benhan.fhir.summary import Part, part_of_answer
from benhan.fhir.xml_format import parse_xml, to_xml
from benhan.fhir_api.compression import compressed, decompressed
from common import arguments, report
from crud import observation, patient

NARRATIVE = {
    "status": "generated",
    "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p><b>Huyết sắc tố</b> 132&#160;g/L</p></div>',
}


def resources() -> list[bytes]:
    """Small resources: patients and laboratory results, every second with a narrative."""
    plain = [patient(number) for number in range(50)] + [observation("a" * 13, number) for number in range(50)]
    return [orjson.dumps({**orjson.loads(each), "text": NARRATIVE}) if number % 2 else each
            for number, each in enumerate(plain)]  # fmt: skip


def rate(act: Callable[[Any], object], things: list[Any], seconds: float) -> float:
    """How many of `things` go through `act` a second, the median of five rounds."""
    rounds = []
    for _ in range(5):
        done, began = 0, time.process_time()
        while time.process_time() - began < seconds / 5:
            for each in things:
                act(each)
            done += len(things)
        rounds.append(done / (time.process_time() - began))
    return statistics.median(rounds)


def measure(quick: bool) -> dict[str, Any]:
    seconds = 2.0 if quick else 8.0
    json = resources()
    xml = [to_xml(each) for each in json]
    trees = [etree.fromstring(each) for each in xml]
    page = b'{"resourceType":"Bundle","type":"searchset","entry":[%s]}' % b",".join(
        b'{"resource":' + each + b"}" for each in json
    )
    read, parse = rate(parse_xml, xml, seconds), rate(etree.fromstring, xml, seconds)
    write, serialise = rate(to_xml, json, seconds), rate(etree.tostring, trees, seconds)
    return {
        "xml_bytes_per_resource": round(sum(map(len, xml)) / len(xml)),
        "xml_read_per_s": round(read),
        "xml_read_ratio_to_lxml": round(read / parse, 3),
        "xml_write_per_s": round(write),
        "xml_write_ratio_to_lxml": round(write / serialise, 3),
        "summary_per_s": round(len(json) * rate(lambda data: part_of_answer(data, Part("true")), [page], seconds)),
        "zstd_mb_per_s": round(len(page) / 1e6 * rate(lambda data: compressed(data, "zstd"), [page], seconds)),
        "gzip_mb_per_s": round(len(page) / 1e6 * rate(lambda data: compressed(data, "gzip"), [page], seconds)),
        "unpack_mb_per_s": round(
            len(page)
            / 1e6
            * rate(lambda data: decompressed(data, "gzip", len(page)), [compressed(page, "gzip")], seconds)
        ),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
