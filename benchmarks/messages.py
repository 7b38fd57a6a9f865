"""HL7 v2 messages for the benchmarks: synthetic, small, each with its own control id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
ANALYTES = [
    ("718-7", "HGB", "g/L", "120-160", 138),
    ("6690-2", "WBC", "G/L", "4.0-10.0", 7.25),
    ("777-3", "PLT", "G/L", "150-400", 251),
    ("2345-7", "GLU", "mmol/L", "3.9-6.4", 5.6),
]


def adt_a01(number: int, patient: int) -> bytes:
    """An admission of synthetic patient `patient`, control id `A<number>`."""
    at = (START + timedelta(seconds=number)).strftime("%Y%m%d%H%M%S")
    lines = [
        f"MSH|^~\\&|HIS|01234|BENHAN|01234|{at}||ADT^A01^ADT_A01|A{number:09d}|P|2.5.1||||||UNICODE UTF-8",
        f"EVN||{at}",
        f"PID|1||BN{patient:08d}^^^01234^PI||NGUYỄN^VĂN THỬ {patient % 97}||19{patient % 80 + 10:02d}0215|M",
        f"PV1|1|I|K01^P1^G{patient % 40}||||||||||||||||VV{patient:08d}|||||||||||||||||||||||||{at}",
    ]
    return ("\r".join(lines) + "\r").encode()


def oru_r01(number: int, patient: int) -> bytes:
    """A blood count and glucose of synthetic patient `patient`, control id `R<number>`."""
    at = (START + timedelta(seconds=number)).strftime("%Y%m%d%H%M%S")
    lines = [
        f"MSH|^~\\&|LIS|01234|BENHAN|01234|{at}||ORU^R01^ORU_R01|R{number:09d}|P|2.5.1||||||UNICODE UTF-8",
        f"PID|1||BN{patient:08d}^^^01234^PI||NGUYỄN^VĂN THỬ {patient % 97}||19{patient % 80 + 10:02d}0215|M",
        f"PV1|1|I|K01^P1^G{patient % 40}||||||||||||||||VV{patient:08d}",
        f"ORC|RE|O{number:09d}|F{number:09d}",
        f"OBR|1|O{number:09d}|F{number:09d}|CTM^Công thức máu^L|||{at}",
    ]
    for index, (code, local, unit, band, value) in enumerate(ANALYTES, 1):
        shown = f"{value + number % 7 * 0.1:.2f}"
        lines.append(f"OBX|{index}|NM|{code}^{local}^LN||{shown}|{unit}|{band}||||F|||{at}")
    return ("\r".join(lines) + "\r").encode()


def message(number: int, patients: int) -> bytes:
    """One admission for nine results, spread over `patients` patients."""
    patient = number % patients
    return adt_a01(number, patient) if number % 10 == 0 else oru_r01(number, patient)


def framed(content: bytes) -> bytes:
    """The message in its MLLP frame."""
    return b"\x0b" + content + b"\x1c\r"
