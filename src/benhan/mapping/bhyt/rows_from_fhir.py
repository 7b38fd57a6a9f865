"""FHIR resources of an encounter to the rows of XML2 to XML5 and of the papers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from benhan.kernel.clock import VIETNAM
from benhan.mapping.bhyt import course, drugs, papers
from benhan.mapping.bhyt.charges import Charges
from benhan.mapping.bhyt.claim import TABLE
from benhan.mapping.bhyt.episode import kept_columns
from benhan.mapping.fhir_to_hoso_benh_an import Record, value_text
from benhan.mapping.mapped import Json
from benhan.vn import systems
from benhan.vn.bhyt.claim import Row
from benhan.vn.bhyt.rules.values import whole as whole_number
from benhan.vn.bhyt.tables import Table

Held = dict[str, Json]
_REQUESTS = ("1", "2", "3", "13")
GIA_TRI_MAX = 255


def minute(text: str) -> str:
    """A FHIR dateTime as yyyymmddHHMM of Vietnam, a date as yyyymmdd, what is unknown of it as zeros."""
    if "T" not in text:
        return text.replace("-", "").ljust(8, "0") if text else ""
    at = datetime.fromisoformat(text.replace("Z", "+00:00").replace(":60", ":59"))  # a leap second
    if 1 < at.year < 9999:
        at = at.astimezone(VIETNAM)
    return f"{at.year:04d}{at:%m%d%H%M}"


def digits(value: Any) -> str:
    """A number as it is written in JSON."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def code_of(concept: Json, system: str) -> str:
    """The code of `system` in a CodeableConcept, "" where there is none."""
    codes = (each.get("code", "") for each in concept.get("coding", []) if each.get("system") == system)
    return str(next(codes, ""))


def licence(reference: Json) -> str:
    """The practising licence that a reference names, "" for none."""
    return str(reference.get("identifier", {}).get("value", ""))


def whole(row: Row, table: Table, ma_lk: str, number: int) -> Row:
    """`row` with every column of its table in order, MA_LK and STT filled."""
    row = {"STT": str(number), **row, "MA_LK": ma_lk}
    return {column.name: row.get(column.name, "") for column in table.columns}


def by_number(rows: Iterable[Row]) -> list[Row]:
    """The rows in the order of their STT where they have one."""
    return sorted(rows, key=lambda row: whole_number(row.get("STT", "")) or 0)


def items(record: Record, table: str) -> list[tuple[Json, Json]]:
    """The rows of a table that the Claim of the encounter tells, each with the resource that it refers to."""
    held = {f"{each['resourceType']}/{each['id']}": each for each in record.resources}
    found = []
    claims: list[Json] = record.of("Claim") or [{}]
    for item in claims[0].get("item", []):
        if code_of(item.get("category", {}), TABLE) == table:
            links = [each for each in item.get("extension", []) if each.get("url") == systems.EXTENSION_BHYT_OF]
            reference = links[0].get("valueReference", {}).get("reference", "") if links else ""
            found.append((item, held.get(reference, {})))
    return found


def drug_rows(record: Record) -> list[Row]:
    """XML2: of the Claim's items, else of the requests alone."""
    given = {each.get("request", {}).get("reference", ""): each for each in record.of("MedicationAdministration")}
    pairs = items(record, "XML2") or [({}, each) for each in _ordered(record.of("MedicationRequest"), "authoredOn")]
    charges = Charges.of(record)
    rows = [_drug(item, request, given, charges.money(request, "DON_GIA")) for item, request in pairs]
    if not record.of("Claim"):
        rows += [_charged_drug(item, money) for item, money in charges.alone(are_drugs=True)]
    return rows


def _charged_drug(item: Json, money: Row) -> Row:
    """A row of XML2 that a charge alone tells."""
    code = item.get("code", {})
    return {
        "MA_THUOC": code_of(code, systems.bhyt_code("HOATCHAT")),
        "TEN_THUOC": code.get("text", ""),
        "DON_VI_TINH": item.get("quantity", {}).get("unit", ""),
        "NGAY_YL": minute(item.get("occurrenceDateTime", "")),
        **money,
    }


def _drug(item: Json, request: Json, given: Held, money: Row) -> Row:
    medication = request.get("medicationCodeableConcept", {})
    dosage = (request.get("dosageInstruction") or [{}])[0]
    quantity = request.get("dispenseRequest", {}).get("quantity", {})
    administered = given.get(f"MedicationRequest/{request.get('id', '')}", {})
    names = {each.get("system"): each.get("display", "") for each in medication.get("coding", [])}
    return {
        "MA_THUOC": code_of(medication, systems.bhyt_code("HOATCHAT")),
        "TEN_THUOC": medication.get("text", ""),
        "HAM_LUONG": names.get(drugs.STRENGTH, ""),
        "DANG_BAO_CHE": names.get(drugs.FORM, ""),
        "SO_DANG_KY": code_of(medication, systems.bhyt_code("SO_DANG_KY")),
        "DON_VI_TINH": quantity.get("unit", ""),
        "SO_LUONG": digits(quantity["value"]) if "value" in quantity else "",
        "DUONG_DUNG": code_of(dosage.get("route", {}), systems.bhyt_code("DUONG_DUNG")),
        "LIEU_DUNG": dosage.get("text", ""),
        "CACH_DUNG": dosage.get("patientInstruction", ""),
        "MA_BAC_SI": licence(request.get("requester", {})),
        "NGAY_YL": minute(request.get("authoredOn", "")),
        "NGAY_TH_YL": minute(administered.get("effectiveDateTime", "")),
        **money,
        **kept_columns(item),
    }


def service_rows(record: Record) -> list[Row]:
    """XML3: of the Claim's items, else of procedures and of the requests that no procedure is based on."""
    held = {f"{each['resourceType']}/{each['id']}": each for each in record.resources}
    pairs = items(record, "XML3")
    if not pairs:
        procedures = _ordered(record.of("Procedure"), "performedPeriod")
        based = {each["reference"] for one in procedures for each in one.get("basedOn", []) if "reference" in each}
        requests = _ordered(record.of("ServiceRequest"), "authoredOn")
        alone = [each for each in requests if f"ServiceRequest/{each['id']}" not in based]
        pairs = [({}, each) for each in [*alone, *procedures]]
    charges = Charges.of(record)
    rows = [_service(item, resource, held, charges.money(resource, "DON_GIA_BV")) for item, resource in pairs]
    if not record.of("Claim"):
        rows += [_charged_service(item, money) for item, money in charges.alone(are_drugs=False)]
    return rows


def _charged_service(item: Json, money: Row) -> Row:
    """A row of XML3 that a charge alone tells: a service, or a supply by its code."""
    code = item.get("code", {})
    supply = code_of(code, systems.bhyt_code("VTYT"))
    named = {"MA_VAT_TU": supply, "TEN_VAT_TU": code.get("text", "")} if supply else {}
    service = {"MA_DICH_VU": code_of(code, systems.bhyt_code("DVKT")), "TEN_DICH_VU": code.get("text", "")}
    return {
        **(named or service),
        "DON_VI_TINH": item.get("quantity", {}).get("unit", ""),
        "NGAY_YL": minute(item.get("occurrenceDateTime", "")),
        **money,
    }


def _service(item: Json, resource: Json, held: Held, money: Row) -> Row:
    is_procedure = resource.get("resourceType") == "Procedure"
    order = held.get((resource.get("basedOn") or [{}])[0].get("reference", ""), {}) if is_procedure else resource
    span = resource.get("performedPeriod" if is_procedure else "occurrencePeriod", {})
    people = [each.get("actor", {}) if is_procedure else each for each in resource.get("performer", [])]
    code = resource.get("code", {})
    icd9 = [each["code"] for each in code.get("coding", []) if each.get("system") == systems.ICD9CM and "code" in each]
    group = resource.get("category", {})
    group = group if isinstance(group, dict) else (group or [{}])[0]
    return {
        "MA_DICH_VU": code_of(code, systems.bhyt_code("DVKT")),
        "TEN_DICH_VU": code.get("text", ""),
        "MA_NHOM": code_of(group, systems.bhyt_code("MA_NHOM")),
        "MA_PTTT_QT": ";".join(icd9),
        "MA_BAC_SI": licence(order.get("requester", {})),
        "NGUOI_THUC_HIEN": ";".join(filter(None, (licence(each) for each in people))),
        "MA_BENH": ";".join(filter(None, (code_of(each, systems.ICD10) for each in resource.get("reasonCode", [])))),
        "NGAY_YL": minute(order.get("authoredOn", "")),
        "NGAY_TH_YL": minute(span.get("start", "")),
        "NGAY_KQ": minute(span.get("end", "")),
        **money,
        **kept_columns(item),
    }


def result_rows(record: Record) -> list[Row]:
    """XML4: the results of the reports, in their order."""
    held = {f"{each['resourceType']}/{each['id']}": each for each in record.resources}
    rows = []
    for report in _ordered(record.of("DiagnosticReport"), "issued"):
        results = [held[each["reference"]] for each in report.get("result", []) if each.get("reference") in held]
        rows += [_result(each, report) for each in results]
    return by_number(rows)


def _result(observation: Json, report: Json) -> Row:
    columns = kept_columns(observation)
    quantity = observation.get("valueQuantity", {})
    service, code = report.get("code", {}), observation.get("code", {})
    note = "\n".join(each.get("text", "") for each in observation.get("note", []))
    text = str(observation.get("valueString", ""))
    is_own = bool(columns)
    """Whether a row of XML4 was this result; it then has its columns beside it."""
    value = value_text(observation) if quantity or not is_own else ""
    if text and (not columns.get("GIA_TRI") if is_own else len(text) > GIA_TRI_MAX):
        value, note = "", text
    performer = (observation.get("performer") or report.get("resultsInterpreter") or [{}])[0]
    return {
        "MA_DICH_VU": code_of(service, systems.bhyt_code("DVKT")) or _first_code(service),
        "MA_CHI_SO": code_of(code, systems.bhyt_code("CLS_CHISO")) or ("" if is_own else _first_code(code)),
        "TEN_CHI_SO": code.get("text", "") if code != service else "",
        "GIA_TRI": value,
        "DON_VI_DO": quantity.get("unit", ""),
        "MO_TA": note,
        "KET_LUAN": "" if is_own else report.get("conclusion", ""),
        "NGAY_KQ": minute(observation.get("effectiveDateTime", "") or report.get("issued", "")),
        "MA_BS_DOC_KQ": licence(performer),
        **columns,
    }


def _first_code(concept: Json) -> str:
    return str((concept.get("coding") or [{}])[0].get("code", ""))


def course_rows(record: Record) -> list[Row]:
    """XML5: the notes of the course."""
    rows = []
    for note in _ordered(record.of("ClinicalImpression"), "effectiveDateTime"):
        row = {
            "DIEN_BIEN_LS": note.get("summary", "") or note.get("description", ""),
            "THOI_DIEM_DBLS": minute(note.get("effectiveDateTime", "")),
            "NGUOI_THUC_HIEN": licence(note.get("assessor", {})),
        }
        for each in note.get("note", []):
            for name, mark in course.NOTES.items():
                if each.get("text", "").startswith(mark):
                    row[name] = each["text"].removeprefix(mark)
        rows.append({**row, **kept_columns(note)})
    return by_number(rows)


def paper_rows(record: Record, table: str) -> list[Row]:
    """The rows of a paper's table."""
    rows = []
    for paper in sorted(record.of("Composition"), key=lambda each: str(each.get("date", ""))):
        if code_of(paper.get("type", {}), papers.PAPER) == table:
            rows.append({**papers.sections(paper, papers.COLUMN), **kept_columns(paper)})
    return by_number(rows)


def _ordered(resources: Sequence[Json], member: str) -> list[Json]:
    def when(resource: Json) -> tuple[str, str]:
        value: Any = resource.get(member, "")
        return (value if isinstance(value, str) else value.get("start", "")), resource["id"]

    return sorted(resources, key=when)
