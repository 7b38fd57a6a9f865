"""HL7 v2 messages to map, and what they are mapped to, made easy to look at."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from benhan.fhir.resource import to_bytes
from benhan.hl7v2.er7 import parse_er7
from benhan.mapping.fhir_to_hoso_benh_an import Record
from benhan.mapping.mapped import Context, Mapped, MappedMessage
from benhan.mapping.message_to_fhir import message_to_fhir

Json = dict[str, Any]
FACILITY = "01901"
PID = "PID|1||BN1^^^01901^MR~001090000001^^^CCCD^NI||Nguyễn^Thử^Văn||19900102|M|||1 Phố^Phường^^Hà Nội^^VNM||0900000000"
PV1 = "PV1|1|I|Nội^P1^G2||||004512^Lê^Châu^Minh||||||||||||V1|||||||||||||||||||||||||20260105070000"
OBR = "OBR|1|O1|F1|SHM^Sinh hoá máu^L|||20260105073000|||||||||004512^Lê^Châu^Minh||||||20260105080000+0700||LAB|F"


def message(kind: str, *lines: str, control_id: str = "C1") -> bytes:
    head = f"MSH|^~\\&|LIS|{FACILITY}|BENHAN|{FACILITY}|20260105080000||{kind}|{control_id}|P|2.5.1||||||UNICODE UTF-8"
    return "\r".join([head, *lines, ""]).encode()


def mapped(kind: str, *lines: str) -> MappedMessage:
    return message_to_fhir(parse_er7(message(kind, *lines)), Context(FACILITY))


def of(result: MappedMessage, type_: str) -> list[Mapped]:
    return [each for each in result.resources if each.resource["resourceType"] == type_]


def result(*obx: str, obr: str = OBR) -> MappedMessage:
    return mapped("ORU^R01^ORU_R01", PID, PV1, "ORC|RE|O1|F1", obr, *obx)


def observed(*obx: str) -> Json:
    """The one Observation of a result message."""
    (one,) = of(result(*obx), "Observation")
    return one.resource


def read_back(resources: list[Mapped]) -> list[Json]:
    """The resources as a store would give them: with ids, real references, and exact decimals."""
    found = []
    for number, each in enumerate(resources, 1):
        content = {**each.resource, "id": f"{each.resource['resourceType'].lower()}-{number}"}
        found.append((each, content))
    text = to_bytes([content for _, content in found]).decode()
    for each, content in found:
        text = text.replace(f'"urn:mapped:{each.key}"', f'"{content["resourceType"]}/{content["id"]}"')
    read: list[Json] = json.loads(text, parse_float=Decimal)
    return read


def record(*results: MappedMessage) -> Record:
    """The record of one encounter out of an ADT message and its result messages."""
    patient, encounter, *rest = read_back(results[0].resources)
    for each in results[1:]:
        for content in read_back(each.resources):
            if content["resourceType"] not in ("Patient", "Encounter"):
                text = to_bytes(content).decode()
                for head in (patient, encounter):
                    name = head["resourceType"]
                    number = {"Patient": 1, "Encounter": 2}[name]
                    text = text.replace(f"{name}/{name.lower()}-{number}", f"{name}/{head['id']}")
                rest.append(json.loads(text, parse_float=Decimal))
    return Record(FACILITY, patient, encounter, rest)
