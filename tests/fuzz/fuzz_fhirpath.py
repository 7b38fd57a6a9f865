"""Any text as a FHIRPath expression on a patient: compiled and run, or refused."""

from __future__ import annotations

from tests.fuzz.targets import run

from benhan.fhir.fhirpath import compile_path
from benhan.kernel.faults import Fault

PATIENT = {"resourceType": "Patient", "name": [{"given": ["An", "Binh"], "use": "official"}], "birthDate": "1974-12"}
SEEDS = [
    b"name.where(use = 'official').given.first() & 'x'",
    b"birthDate + 7 days > today() or name.exists(given.matches('^[A-Z](a|b)*$'))",
    b"(1 | 2.5).aggregate($total + $this, 0) div 3 = 4 'mg' / 2 'm'",
    b"%resource.descendants().as(string).select(iif($this is code, 1, {}))",
]


def target(data: bytes) -> None:
    expression = compile_path(data.decode("utf-8", "replace"))
    try:
        told: object = len(expression.evaluate(PATIENT, steps_max=20_000))
    except Fault as fault:
        told = fault.code
    assert told is not None


if __name__ == "__main__":
    run(
        [f"benhan.fhir.fhirpath.{name}" for name in ("lexer", "parser", "compiler", "patterns", "pattern_program")],
        target,
        SEEDS,
    )
