"""Inpatient stays from FHIR to checked XML of the Ministry a second on one core, beside lxml writing the same tree.

A stay of six days with a surgery: some 150 resources, 56 kB of XML. The peer only writes a tree that is there already.
`from_json` begins with the resources' stored bytes, as an export of the node does.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from lxml import etree

from benhan.fhir.resource import read_own, to_bytes
from benhan.kernel.memory import settle_memory
from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.mapping.hoso_benh_an_to_fhir import hoso_benh_an_to_fhir
from benhan.mapping.mapped import Context
from benhan.vn.hoso_benh_an.check import check_hoso_benh_an
from benhan.vn.hoso_benh_an.reading import read_hoso_xml
from common import arguments, report
from stays import FACILITY, inpatient_stay

STAYS = 5
AGAIN = 4
ROUNDS = 7


def checked_xml(record: Record) -> bytes:
    """What an export is: the document, checked, written."""
    made = fhir_to_hoso_benh_an(record).checked
    assert made.issues == []
    return made.xml


def _read(contents: list[bytes]) -> Record:
    patient, encounter, *rest = map(read_own, contents)
    return Record(FACILITY, patient, encounter, rest)


def seconds(act: Callable[[Any], object], things: list[Any]) -> float:
    """The processor's time for one of `things`."""
    began = time.process_time()
    for each in things * AGAIN:
        act(each)
    return (time.process_time() - began) / (len(things) * AGAIN)


def measure(quick: bool) -> dict[str, Any]:
    records = []
    for number in range(STAYS):
        patient, encounter, *rest = inpatient_stay(number)
        records.append(Record(FACILITY, patient, encounter, rest))
    stored = [[to_bytes(each) for each in (one.patient, one.encounter, *one.resources)] for one in records]
    files = [checked_xml(each) for each in records]
    trees = [etree.fromstring(each) for each in files]
    context = Context(FACILITY)
    acts: dict[str, tuple[Callable[[Any], object], list[Any]]] = {
        "write": (checked_xml, records),
        "from_json": (lambda contents: checked_xml(_read(contents)), stored),
        "lxml_write": (lambda tree: etree.tostring(tree, xml_declaration=True, encoding="UTF-8"), trees),
        "read": (lambda data: check_hoso_benh_an(read_hoso_xml(data).document), files),
        "lxml_parse": (etree.fromstring, files),
        "to_fhir": (lambda data: hoso_benh_an_to_fhir(read_hoso_xml(data).document, context), files),
        "manifest": (lambda record: fhir_to_hoso_benh_an(record).manifest, records),
    }
    settle_memory()  # as every process of the house does after its start
    took: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS if quick else 3 * ROUNDS):  # in turns, so that a busy moment of the machine meets all alike
        for name, (act, things) in acts.items():
            took[name].append(seconds(act, things))
    middle = {name: statistics.median(each) for name, each in took.items()}
    return {
        "hoso_xml_bytes": round(sum(map(len, files)) / STAYS),
        "stays_per_s": round(1 / middle["write"]),
        "ratio_to_limit": round(middle["lxml_write"] / middle["write"], 3),
        "stays_from_json_per_s": round(1 / middle["from_json"]),
        "hoso_read_and_checked_per_s": round(1 / middle["read"]),
        "hoso_read_ratio_to_lxml_parse": round(middle["lxml_parse"] / middle["read"], 3),
        "hoso_to_fhir_per_s": round(1 / middle["to_fhir"]),
        "hoso_with_manifest_per_s": round(1 / middle["manifest"]),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
