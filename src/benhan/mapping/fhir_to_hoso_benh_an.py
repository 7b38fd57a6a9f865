"""FHIR resources of one encounter to `HoSoBenhAn`. Source: CV 365/TTYQG-GPQLCL, annex.

Filled from what the record holds: I patient, II admission, III treatment, V orders, VI imaging, VII laboratory. The
other groups are there and empty until the record holds what they carry.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from benhan.vn import systems
from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.fit import fitted

Json = dict[str, Any]
Held = dict[str, Json]
"""The resources of a record by their references."""

GENDERS = {"male": "Nam", "female": "Nữ", "other": "Khác", "unknown": "Chưa xác định"}
IMAGING = frozenset({"RAD", "RX", "CT", "MRI", "US", "NMR", "IMG", "RUS", "VUS", "XRC", "CUS"})


@dataclass(slots=True)
class Record:
    """What an encounter's record holds, as read (`json.loads(parse_float=Decimal)` keeps the digits)."""

    facility: str
    patient: Json
    encounter: Json
    resources: list[Json] = field(default_factory=list)

    def of(self, type_: str) -> list[Json]:
        return [each for each in self.resources if each["resourceType"] == type_]


@dataclass(frozen=True, slots=True)
class Exported:
    """The document and its manifest: what the format cannot carry, resource by resource."""

    document: HoSoBenhAn
    manifest: Json


def fhir_to_hoso_benh_an(record: Record) -> Exported:
    """The document of an encounter. Deterministic: the same record gives the same document."""
    visit = visit_number(record.encounter)
    reports = sorted(record.of("DiagnosticReport"), key=lambda each: (each.get("effectiveDateTime", ""), each["id"]))
    held = {f"{each['resourceType']}/{each['id']}": each for each in record.resources}
    imaging = [report for report in reports if _category(report) in IMAGING]
    laboratory = [report for report in reports if _category(report) not in IMAGING]
    document: HoSoBenhAn = {
        "ThongTinBenhNhan": _patient(record, visit),
        "ThongTinVaoVien": _admission(record, visit),
        "ThongTinDieuTri": _treatment(record),
        "YLenhThuocVatTu": {"sovaovien": visit},
        "PhieuChiDinh": {"sovaovien": visit, "danhsach": _orders(record)},
        "KetQuaChanDoanHinhAnh": {"sovaovien": visit, "danhsach": [_image(report, held) for report in imaging]},
        "KetQuaXetNghiem": {"sovaovien": visit, "danhsach": [_laboratory(report, held) for report in laboratory]},
        "GiayChuyenVien": {"sovaovien": visit},
        "HoSoCapCuu": {"sovaovien": visit},
        "PhieuThuThuat": {"sovaovien": visit},
        "PhieuPhauThuat": {"sovaovien": visit},
    }
    document, too_long = fitted(document)
    return Exported(document, {**_manifest(record), "too_long": too_long})


def visit_number(encounter: Json) -> str:
    """The sovaovien of an encounter: its number, else its id."""
    return _identifier(encounter, systems.encounter_number("")) or str(encounter["id"])


def _patient(record: Record, visit: str) -> Json:
    patient, encounter = record.patient, record.encounter
    address = (patient.get("address") or [{}])[0]
    contact = (patient.get("contact") or [{}])[0]
    coverage = (record.of("Coverage") or [{}])[0]
    ward, room, bed = _location(encounter)
    start = encounter.get("period", {}).get("start", "")
    return {
        "loaiba": encounter.get("class", {}).get("display", ""),
        "sovaovien": visit,
        "soba": visit,
        "makhoa": ward,
        "tenkhoa": ward,
        "thoigianvaovien": date_time(start),
        "mabenhnhan": _identifier(patient, systems.patient_number("")),
        "buong": room,
        "giuong": bed,
        "cccd_so": _identifier(patient, systems.CCCD),
        "hochieu_so": _identifier(patient, systems.PASSPORT),
        "hoten": name_of(patient),
        "ngaysinh": date_time(patient.get("birthDate", "")),
        "tuoi": age(patient.get("birthDate", ""), start),
        "gioitinh": GENDERS.get(patient.get("gender", ""), ""),
        "tungaybhyt": date_time(coverage.get("period", {}).get("start", "")),
        "denngaybhyt": date_time(coverage.get("period", {}).get("end", "")),
        "mabhyt": coverage.get("subscriberId", "") or _identifier(patient, systems.BHYT_CARD),
        "diachi": address.get("text", ""),
        "sonha": (address.get("line") or [""])[0],
        "tinhthanh": address.get("state", ""),
        "sodienthoai": _phone(patient),
        "hotennguoithan": contact.get("name", {}).get("text", ""),
        "diachinguoithan": contact.get("address", {}).get("text", ""),
        "sodienthoainguoithan": _phone(contact),
        "lydotiepnhan": (encounter.get("reasonCode") or [{}])[0].get("text", ""),
    }


def _admission(record: Record, visit: str) -> Json:
    encounter = record.encounter
    doctor, licence = _participant(encounter, ("ADM", "ATND"))
    diagnosis = _diagnoses(record)
    ward, _room, _bed = _location(encounter)
    return {
        "sovaovien": visit,
        "bacsikhambenh": doctor,
        "mabacsikhambenh": licence,
        "chandoanvaovien": diagnosis[0][1] if diagnosis else "",
        "khambenh_chandoanvaovienmaicd": diagnosis[0][0] if diagnosis else "",
        "dieutritaikhoa": ward,
        "madieutritaikhoa": ward,
        "chuky_hoten": doctor,
        "denkhambenhluc": date_time(encounter.get("period", {}).get("start", "")),
        "lydovaovien": (encounter.get("reasonCode") or [{}])[0].get("text", ""),
    }


def _treatment(record: Record) -> Json:
    encounter = record.encounter
    doctor, licence = _participant(encounter, ("ATND", "ADM"))
    diagnosis = _diagnoses(record)
    others = diagnosis[1:]
    ward, _room, bed = _location(encounter)
    period = encounter.get("period", {})
    days = stay_days(period.get("start", ""), period.get("end", ""))
    outcome = encounter.get("hospitalization", {}).get("dischargeDisposition", {}).get("text", "")
    return {
        "bacsidieutri": doctor,
        "bacsidieutri_ma": licence,
        "khoadieutri_ma": ward,
        "khoadieutri": ward,
        "giuong": bed,
        "khoavaovien_ma": ward,
        "khoavaovien": ward,
        "ngaynhapkhoa": date_time(period.get("start", "")),
        "songaydieutri": days,
        "ngayravien": date_time(period.get("end", "")),
        "tongsongaydieutri": days,
        "chandoan": diagnosis[0][1] if diagnosis else "",
        "chandoan_ma": diagnosis[0][0] if diagnosis else "",
        "maicd": diagnosis[0][0] if diagnosis else "",
        "tenicd": diagnosis[0][1] if diagnosis else "",
        "maicd_khac": ";".join(code for code, _ in others if code)[:100],
        "tenicd_khac": "; ".join(text for _, text in others),
        "danhsachchuyenkhoa": [{"khoa": ward, "tungay": date_time(period.get("start", ""))}] if ward else [],
        "tinhtrangravien": {"ketquadieutri": outcome},
    }


def _orders(record: Record) -> list[Json]:
    """One phiếu an order: its number, who asked, what for."""
    found = []
    for request in sorted(record.of("ServiceRequest"), key=lambda each: (each.get("authoredOn", ""), each["id"])):
        code, text = _code(request.get("code", {}))
        requester = request.get("requester", {})
        found.append(
            {
                "sophieu": _identifier(request, systems.order_number("", "placer")) or request["id"],
                "bacsichidinh": requester.get("display", ""),
                "mabacsichidinh": requester.get("identifier", {}).get("value", ""),
                "danhsach": [
                    {
                        "machidinh": code,
                        "ngaychidinh": date_time(request.get("authoredOn", "")),
                        "soluong": "1",
                        "tenchidinh": text,
                    }
                ],
            }
        )
    return found


def _laboratory(report: Json, held: Held) -> Json:
    results = _referred(report.get("result", []), held)
    specimen = next(iter(_referred(report.get("specimen", []), held)), {})
    _, panel = _code(report.get("code", {}))
    performer: Json = next((each["performer"][0] for each in results if each.get("performer")), {})
    return {
        "sophieu": _number(report),
        "nguoithuchienxetnghiem": performer.get("display", ""),
        "manguoithuchienxetnghiem": performer.get("identifier", {}).get("value", ""),
        "giolaymau": date_time(report.get("effectiveDateTime", "")),
        "masobenhpham": _identifier(specimen, systems.specimen_number("")),
        "noithuchienchidinh": (report.get("performer") or [{}])[0].get("display", ""),
        "ghichu": report.get("conclusion", ""),
        "danhsach": [_result(each, panel) for each in results],
    }


def _referred(links: list[Json], held: Held) -> list[Json]:
    return [held[link["reference"]] for link in links if link.get("reference") in held]


def _result(observation: Json, panel: str) -> Json:
    code, text = _code(observation.get("code", {}))
    flag = (observation.get("interpretation") or [{}])[0]
    return {
        "machiso": code,
        "pkqxn_tenxetnghiem": text,
        "ketqua": value_text(observation),
        "ketquabatthuong": (flag.get("coding") or [{}])[0].get("code", "") or flag.get("text", ""),
        "donvi": observation.get("valueQuantity", {}).get("unit", ""),
        "trisothamchieu": (observation.get("referenceRange") or [{}])[0].get("text", ""),
        "nhom": panel,
        "loaixetnghiem": panel,
    }


def _image(report: Json, held: Held) -> Json:
    results = _referred(report.get("result", []), held)
    code, text = _code(report.get("code", {}))
    reader = (report.get("resultsInterpreter") or [{}])[0]
    return {
        "sophieu": _number(report),
        "bacsithuchien": reader.get("display", ""),
        "mabacsithuchien": reader.get("identifier", {}).get("value", ""),
        "ngayketqua": date_time(report.get("issued", "")),
        "ngaythuchien": date_time(report.get("effectiveDateTime", "")),
        "machidinh": code,
        "tenchidinh": text,
        "kqcls_mota": "\n".join(value_text(each) for each in results),
        "kqcls_ketluan": report.get("conclusion", ""),
    }


def _manifest(record: Record) -> Json:
    """What the format has no place for: code systems, versions, signatures, with a hash of each resource."""
    return {
        "format": "CV 365/TTYQG-GPQLCL HoSoBenhAn",
        "not_carried": ["code systems", "resource versions", "signatures", "authors of single values"],
        "resources": [
            {
                "reference": f"{each['resourceType']}/{each['id']}",
                "version": each.get("meta", {}).get("versionId", ""),
                "sha256": hashlib.sha256(orjson.dumps(each, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest(),
                "systems": sorted(_systems(each)),
            }
            for each in [record.patient, record.encounter, *record.resources]
        ],
    }


def _systems(value: Any) -> set[str]:
    """The code systems that a resource uses."""
    found: set[str] = set()
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            if "code" in each and isinstance(each.get("system"), str):
                found.add(each["system"])
            left += each.values()
        elif isinstance(each, list):
            left += each
    return found


def value_text(observation: Json) -> str:
    """The value of an Observation as a person reads it, its digits as they were sent."""
    quantity = observation.get("valueQuantity")
    if quantity is not None:
        return f"{quantity.get('comparator', '')}{digits(quantity.get('value', ''))}"
    concept = observation.get("valueCodeableConcept")
    if concept is not None:
        return str(concept.get("text") or (concept.get("coding") or [{}])[0].get("display", ""))
    for name in ("valueString", "valueDateTime", "valueInteger", "valueBoolean"):
        if name in observation:
            return str(observation[name])
    return ""


def digits(value: Any) -> str:
    """A number as it is written in JSON."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def date_time(text: str) -> str:
    """A FHIR date or dateTime as the annex writes it; a month or a year alone gets its first day."""
    if not text:
        return ""
    day = [*text[:10].split("-"), "01", "01"]
    written = f"{day[2]}/{day[1]}/{day[0]}"
    if "T" not in text:
        return written
    at = datetime.fromisoformat(text.replace("Z", "+00:00").replace(":60", ":59"))  # a leap second
    return f"{written} {at:%H:%M:%S}.{at.microsecond // 1000:03d}"


def age(birth: str, on: str) -> str:
    """Whole years from a birth date to a day, "" where one is not known."""
    if len(birth) < 4 or len(on) < 10:
        return ""
    year, month, day = (int(part) for part in [*birth.split("-"), "1", "1"][:3])
    at = date.fromisoformat(on[:10])
    return str(max(0, at.year - year - ((at.month, at.day) < (month, day))))


def stay_days(start: str, end: str) -> str:
    """The days of treatment: the day out less the day in, and one."""
    if len(start) < 10 or len(end) < 10:
        return ""
    return str((date.fromisoformat(end[:10]) - date.fromisoformat(start[:10])).days + 1)


def name_of(patient: Json) -> str:
    """The name as it is read: family, middle, given."""
    name = (patient.get("name") or [{}])[0]
    return str(name.get("text") or " ".join(part for part in (name.get("family"), *name.get("given", [])) if part))


def _identifier(resource: Json, prefix: str) -> str:
    return next(
        (
            str(each["value"])
            for each in resource.get("identifier", [])
            if "value" in each and each.get("system", "").startswith(prefix)
        ),
        "",
    )


def _number(report: Json) -> str:
    return next(
        (
            str(each["value"])
            for each in report.get("identifier", [])
            if ":filler:" in each.get("system", "") and "value" in each
        ),
        report["id"],
    )


def _phone(person: Json) -> str:
    return next((str(each.get("value", "")) for each in person.get("telecom", []) if each.get("system") == "phone"), "")


def _category(report: Json) -> str:
    return str(((report.get("category") or [{}])[0].get("coding") or [{}])[0].get("code", ""))


def _code(concept: Json) -> tuple[str, str]:
    coding = (concept.get("coding") or [{}])[0]
    return coding.get("code", ""), concept.get("text") or coding.get("display", "")


def _participant(encounter: Json, kinds: tuple[str, ...]) -> tuple[str, str]:
    by_kind: dict[str, Json] = {}
    for each in encounter.get("participant", []):
        code = ((each.get("type") or [{}])[0].get("coding") or [{}])[0].get("code", "")
        by_kind.setdefault(code, each.get("individual", {}))
    found = next((by_kind[kind] for kind in kinds if kind in by_kind), {})
    return found.get("display", ""), found.get("identifier", {}).get("value", "")


def _location(encounter: Json) -> tuple[str, str, str]:
    """Ward, room and bed, as `v2_encounter` joined them."""
    location = (encounter.get("location") or [{}])[0].get("location", {})
    parts = [*str(location.get("display", "")).split(" · "), "", "", ""]
    return parts[0], parts[1], parts[2]


def _diagnoses(record: Record) -> list[tuple[str, str]]:
    """(ICD code, text), the first recorded first."""
    conditions = sorted(record.of("Condition"), key=lambda each: (each.get("recordedDate", ""), each["id"]))
    return [_code(each.get("code", {})) for each in conditions]
