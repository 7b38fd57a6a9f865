"""The synthetic country as HL7 v2.5.1 messages: ADT^A01, A03, A04 of the HIS, ORM^O01 of orders, ORU^R01 of results.

Source: HL7 v2.5.1 chapters 3, 4, 7; the fields are those that the node's listener reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from benhan.hl7v2.message import Delimiters, escape
from benhan.synth.catalogue import Finding, Imaging, Panel
from benhan.synth.facilities import Staff
from benhan.synth.life import Life
from benhan.synth.names import Name
from benhan.synth.registration import Registration
from benhan.synth.visit import EMERGENCY, INPATIENT, LabOrder, Result, Study, Visit

_MARKS = Delimiters()
_CLASSES = {INPATIENT: "I", EMERGENCY: "E"}


@dataclass(frozen=True, slots=True)
class Message:
    """A message without its frame: when it is sent, by whom (HIS, LIS, RIS), what it holds."""

    at: datetime
    sender: str
    content: bytes


def life_messages(life: Life) -> Iterator[Message]:
    """The messages of a person, visit by visit; within one not in the order of time."""
    for visit in life.visits:
        yield from visit_messages(visit)


def visit_messages(visit: Visit) -> Iterator[Message]:
    """Arrival, orders, results with their corrections, departure."""
    pid, pv1 = _pid(visit.registration), _pv1(visit, is_over=False)
    yield _adt(visit, "A01" if visit.kind == INPATIENT else "A04", visit.start, pid, pv1)
    for order in visit.laboratory:
        yield _order(visit, pid, pv1, order)
        if not order.results:
            continue
        if order.corrected_at is None:
            yield _laboratory(visit, order, pid, pv1, order.issued_at, is_first=False)
        else:
            yield _laboratory(visit, order, pid, pv1, order.issued_at, is_first=True)
            yield _laboratory(visit, order, pid, pv1, order.corrected_at, is_first=False)
    for study in visit.studies:
        yield _order(visit, pid, pv1, study)
        yield _reading(visit, study, pid, pv1)
    if not visit.is_open:
        death = f"{'|' * 16}{_ts(visit.end)}|Y" if visit.died_here else ""  # PID-29, PID-30
        yield _adt(visit, "A03", visit.end, pid + death, _pv1(visit, is_over=True))


def _adt(visit: Visit, event: str, at: datetime, pid: str, pv1: str) -> Message:
    structure = "ADT_A03" if event == "A03" else "ADT_A01"
    lines = [
        _msh(visit, "HIS", f"ADT^{event}^{structure}", at, f"H{visit.number}{event}"),
        f"EVN|{event}|{_ts(at)}",
        pid,
        pv1,
        f"PV2|||^{_text(visit.reason)}",
    ]
    for place, each in enumerate(visit.diagnoses, 1):
        kind = "A" if event != "A03" else "F"
        lines.append(f"DG1|{place}||{each.icd}^{_text(each.name)}^I10||{_ts(visit.start)}|{kind}")
    registration = visit.registration
    if registration.card:
        span = f"{visit.start.year}0101|{visit.end.year}1231"
        lines.append(f"IN1|1|BHYT|BHXH|Bảo hiểm xã hội Việt Nam{'|' * 8}{span}{'|' * 23}{registration.card}")
    return _message(at, "HIS", lines)


def _laboratory(visit: Visit, order: LabOrder, pid: str, pv1: str, at: datetime, *, is_first: bool) -> Message:
    is_correction = order.corrected_at is not None and not is_first
    status = "C" if is_correction else "F"
    panel = order.panel
    lines = [
        _msh(visit, "LIS", "ORU^R01^ORU_R01", at, f"L{order.number}{'C' if is_correction else ''}"),
        pid,
        pv1,
        f"ORC|RE|{order.number}|F{order.number}",
        _obr(order.number, panel, (order.ordered_at, order.sampled_at, at), order.by, "LAB", status),
        f"SPM|1|{order.number}B||BLD^{_text(panel.specimen)}^L|||||||||||||{_ts(order.sampled_at)}",
    ]
    for place, result in enumerate(order.results, 1):
        lines.append(_obx(visit, order, place, result, is_first=is_first, is_correction=is_correction))
    return _message(at, "LIS", lines)


def _obx(visit: Visit, order: LabOrder, place: int, result: Result, *, is_first: bool, is_correction: bool) -> str:
    of = result.of
    name = _text(of.name)
    local = f"{of.code}^{name}^L"
    code = f"{of.loinc}^{name}^LN" if of.loinc else local
    if of.loinc and visit.facility.own_test_codes:
        code += f"^{local}"
    tail = f"||{'C' if is_correction and result.first else 'F'}|||{_ts(order.sampled_at)}||{_xcn(order.performer)}"
    if isinstance(of, Finding):
        return f"OBX|{place}|CWE|{code}||^{_text(result.text)}|||{result.flag}|{tail}"
    text = result.first if is_first and result.first else result.text
    band = f"{result.low:g}-{result.high:g}"
    return f"OBX|{place}|NM|{code}||{text}|{_text(of.unit)}|{band}|{result.flag}|{tail}"


def _reading(visit: Visit, study: Study, pid: str, pv1: str) -> Message:
    kind = study.kind
    times = (study.ordered_at, study.done_at, study.issued_at)
    lines = [
        _msh(visit, "RIS", "ORU^R01^ORU_R01", study.issued_at, f"R{study.number}"),
        pid,
        pv1,
        f"ORC|RE|{study.number}|F{study.number}",
        f"{_obr(study.number, kind, times, study.by, kind.section, 'F')}{'|' * 7}{_xcn(study.reader)}",
        f"NTE|1||{_text(study.conclusion)}",  # before the first OBX it is the report's
        f"OBX|1|TX|{kind.code}^{_text(kind.name)}^L||{_text(study.described)}||||||F|||{_ts(study.done_at)}",
    ]
    return _message(study.issued_at, "RIS", lines)


def _obr(
    number: str, of: Panel | Imaging, times: tuple[datetime, datetime, datetime], by: Staff, section: str, status: str
) -> str:
    """`times`: ordered, sampled or done, issued."""
    ordered, sampled, issued = map(_ts, times)
    head = f"OBR|1|{number}|F{number}|{of.code}^{_text(of.name)}^L||{ordered}|{sampled}{'|' * 9}{_xcn(by)}"
    return f"{head}{'|' * 6}{issued}||{section}|{status}"


def _order(visit: Visit, pid: str, pv1: str, order: LabOrder | Study) -> Message:
    of = order.panel if isinstance(order, LabOrder) else order.kind
    at, by = _ts(order.ordered_at), _xcn(order.by)
    lines = [
        _msh(visit, "HIS", "ORM^O01^ORM_O01", order.ordered_at, f"O{order.number}"),
        pid,
        pv1,
        f"ORC|NW|{order.number}|||||||{at}|||{by}",
        f"OBR|1|{order.number}||{of.code}^{_text(of.name)}^L||{at}{'|' * 10}{by}",
    ]
    return _message(order.ordered_at, "HIS", lines)


def _msh(visit: Visit, application: str, type_: str, at: datetime, control_id: str) -> str:
    code = visit.facility.code
    return f"MSH|^~\\&|{application}|{code}|BENHAN|{code}|{_ts(at)}||{type_}|{control_id}|P|2.5.1||||||UNICODE UTF-8"


def _pid(registration: Registration) -> str:
    code = registration.facility.code
    numbers = [f"{registration.number}^^^{code}^MR"]
    if registration.citizen_number:
        numbers.append(f"{registration.citizen_number}^^^CCCD^NI")
    if registration.card:
        numbers.append(f"{registration.card}^^^BHYT^HC")
    name, home = registration.name, registration.person.home
    address = ""
    if registration.address:
        address = f"{_text(home.line)}^{_text(home.commune.name)}^^{_text(home.province.name)}^^VNM"
    born = registration.birth.replace("-", "")
    return f"PID|1||{'~'.join(numbers)}||{_name(name)}||{born}|{registration.sex}|||{address}||{registration.phone}"


def _pv1(visit: Visit, *, is_over: bool) -> str:
    fields = [""] * 46
    fields[1], fields[2], fields[7], fields[19] = "1", _CLASSES.get(visit.kind, "O"), _xcn(visit.doctor), visit.number
    fields[3] = "^".join((_text(visit.ward), *visit.bed)).rstrip("^")
    fields[44] = _ts(visit.start)
    if is_over:
        fields[36], fields[45] = _text(visit.outcome), _ts(visit.end)
    return "PV1|" + "|".join(fields[1:]).rstrip("|")


def _xcn(staff: Staff) -> str:
    return f"{staff.licence}^{_name(staff.name)}"


def _name(name: Name) -> str:
    return f"{_text(name.family)}^{_text(name.given)}^{_text(name.middle)}".rstrip("^")


def _message(at: datetime, sender: str, lines: list[str]) -> Message:
    return Message(at, sender, ("\r".join(lines) + "\r").encode())


def _ts(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S%z")


def _text(text: str) -> str:
    return escape(text, _MARKS)
