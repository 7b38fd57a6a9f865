"""Any text as a FHIRPath expression on a patient: compiled and run, or refused; by shortcut as by the closures."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.targets import run

import benhan.fhir.fhirpath
from benhan.fhir.fhirpath import compile_path, element_of
from benhan.fhir.fhirpath.elements import truth
from benhan.kernel.faults import Fault

PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "name": [{"given": ["An", "Binh"], "use": "official"}, {"text": "An", "period": {"start": "2001"}}],
    "birthDate": "1974-12",
    "_birthDate": {"extension": [{"url": "http://x.vn", "valueInteger": 3}]},
    "multipleBirthInteger": 2,
}
STEPS_MAX = 20_000
SEEDS = [
    b"name.where(use = 'official').given.first() & 'x'",
    b"birthDate + 7 days > today() or name.exists(given.matches('^[A-Z](a|b)*$'))",
    b"(1 | 2.5).aggregate($total + $this, 0) div 3 = 4 'mg' / 2 'm'",
    b"%resource.descendants().as(string).select(iif($this is code, 1, {}))",
    b"name.period.all(start.empty() or end.empty() or start <= end) and name.count() >= 1",
    b"active implies multipleBirth.ofType(integer) > 1 xor birthDate.hasValue().not()",
    b"birthDate.toString().length() >= 8 and name.text.lowBoundary(3).escape('html').toDecimal() in (1|2)",
    b"birthDate.extension('http://x.vn').value.toQuantity('mg').round(2).split(',').join('-').encode('base64')",
]
MODULES = sorted(path.stem for path in Path(benhan.fhir.fhirpath.__file__).parent.glob("[a-z]*.py"))


def target(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    expression = compile_path(text)
    focus = element_of(PATIENT)
    try:
        wanted = truth(expression.evaluate(focus, steps_max=STEPS_MAX))
    except Fault:
        wanted = "fault"  # another order of asking may find another fault, or the answer before it
    try:
        told = expression.holds(focus, steps_max=STEPS_MAX)
    except Fault:
        return
    assert wanted == "fault" or told == wanted or "now()" in text, (text, told, wanted)


if __name__ == "__main__":
    run([f"benhan.fhir.fhirpath.{name}" for name in MODULES], target, SEEDS)
