"""A synthetic inpatient stay as FHIR: six days and a surgery, with all that `HoSoBenhAn` has a place for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Json = dict[str, Any]
FACILITY = "01901"
HL7 = "http://terminology.hl7.org/CodeSystem"
LOINC, SNOMED, UCUM, ICD10 = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://unitsofmeasure.org",
    "http://hl7.org/fhir/sid/icd-10",
)
DAYS = 6
PANELS = {
    "CTM": ("Công thức máu", (
        ("718-7", "Huyết sắc tố", "g/L", "120-160", "132"), ("6690-2", "Bạch cầu", "G/L", "4.0-10.0", "13.2"),
        ("777-3", "Tiểu cầu", "G/L", "150-400", "251"), ("4544-3", "Hematocrit", "L/L", "0.35-0.50", "0.41"),
        ("789-8", "Hồng cầu", "T/L", "3.8-5.8", "4.61"), ("787-2", "MCV", "fL", "80-100", "88.7"),
        ("785-6", "MCH", "pg", "27-34", "29.1"), ("770-8", "Bạch cầu trung tính", "%", "45-75", "81.4"),
    )),
    "SHM": ("Sinh hoá máu", (
        ("14771-0", "Glucose", "mmol/L", "3.9-6.4", "6.10"), ("22664-7", "Urê", "mmol/L", "2.5-7.5", "5.2"),
        ("14682-9", "Creatinin", "µmol/L", "62-120", "84"), ("1920-8", "AST", "U/L", "<37", "28"),
        ("1742-6", "ALT", "U/L", "<40", "31"), ("2951-2", "Natri", "mmol/L", "135-145", "138"),
        ("2823-3", "Kali", "mmol/L", "3.5-5.0", "3.9"), ("1988-5", "CRP", "mg/L", "<5", "96.4"),
    )),
}  # fmt: skip
DRUGS = (
    ("40.155", "Ceftriaxon 1 g", "lọ", "Tiêm tĩnh mạch, 1 lọ × 2 lần/ngày"),
    ("40.212", "Metronidazol 500 mg/100 ml", "chai", "Truyền tĩnh mạch, 1 chai × 2 lần/ngày"),
    ("40.48", "Paracetamol 1 g/100 ml", "chai", "Truyền tĩnh mạch khi đau hoặc sốt trên 38,5 °C"),
    ("40.1021", "Natri clorid 0,9 % 500 ml", "chai", "Truyền tĩnh mạch XXX giọt/phút"),
)


def inpatient_stay(number: int = 1) -> list[Json]:
    """Patient, Encounter, then what belongs to them; another number is another person."""
    made = _Stay(number)
    made.person()
    made.encounter()
    made.history()
    made.diagnoses()
    made.examination()
    for day in range(DAYS):
        made.day(day)
    made.imaging()
    made.surgery()
    made.closing()
    return made.resources


def at(day: int, hour: int, minute: int = 0) -> str:
    """An instant of the stay."""
    return f"2026-03-{2 + day:02d}T{hour:02d}:{minute:02d}:00+07:00"


class _Stay:
    def __init__(self, number: int) -> None:
        self.number = number
        self.resources: list[Json] = []
        self.counts: dict[str, int] = {}

    def add(self, type_: str, **content: Any) -> Json:
        count = self.counts[type_] = self.counts.get(type_, 0) + 1
        made = {"resourceType": type_, "id": f"{type_.lower()}-{self.number}-{count:03d}", **content}
        self.resources.append(made)
        return made

    def of_visit(self, type_: str, **content: Any) -> Json:
        visit = {"reference": f"Encounter/encounter-{self.number}-001"}
        return self.add(type_, **content, subject=self.patient, encounter=visit)

    @property
    def patient(self) -> Json:
        return {"reference": f"Patient/patient-{self.number}-001"}

    def person(self) -> None:
        self.add(
            "Patient",
            extension=[
                {
                    "url": "urn:benhan:extension:nghe-nghiep",
                    "valueCodeableConcept": {
                        "coding": [{"system": "urn:benhan:code:nghe-nghiep", "code": "61", "display": "Nông dân"}],
                        "text": "Nông dân",
                    },
                },
                {
                    "url": "urn:benhan:extension:dan-toc",
                    "valueCodeableConcept": {
                        "coding": [{"system": "urn:benhan:code:dan-toc", "code": "01", "display": "Kinh"}],
                        "text": "Kinh",
                    },
                },
            ],
            identifier=[
                {"system": f"urn:benhan:id:ma-benh-nhan:{FACILITY}", "value": f"BN{self.number:06d}"},
                {"system": "urn:benhan:id:cccd", "value": f"001090{self.number:06d}"},
                {"system": "urn:benhan:id:bhyt", "value": f"GD401{self.number:010d}"},
            ],
            name=[{"text": "Nguyễn Văn Thử", "family": "Nguyễn", "given": ["Văn", "Thử"]}],
            telecom=[{"system": "phone", "value": "0900000000"}],
            gender="male",
            birthDate="1990-01-02",
            address=[
                {
                    "text": "12 Phố Thử, Phường Thử, Hà Nội",
                    "line": ["12 Phố Thử", "Tổ 3"],
                    "city": "Phường Thử",
                    "state": "Hà Nội",
                }
            ],
            contact=[
                {
                    "name": {"text": "Trần Thị Mẫu"},
                    "telecom": [{"system": "phone", "value": "0900000001"}],
                    "address": {"text": "12 Phố Thử"},
                },
                {
                    "relationship": [{"coding": [{"system": f"{HL7}/v2-0131", "code": "E"}]}],
                    "organization": {"display": "Hợp tác xã Thử"},
                },
            ],
            generalPractitioner=[{"identifier": {"system": "urn:benhan:id:ma-cskcb", "value": "01004"}}],
        )

    def encounter(self) -> None:
        uses = (("DD", 1, 1), ("AD", 2, 0), ("CM", 3, 1), ("CM", 4, 2))
        self.add(
            "Encounter",
            identifier=[
                {"system": f"urn:benhan:id:so-vao-vien:{FACILITY}", "value": f"V{self.number:08d}"},
                {"system": "urn:benhan:id:so-benh-an", "value": f"BA{self.number:08d}"},
                {"system": "urn:benhan:id:so-luu-tru", "value": f"26/{self.number:06d}"},
            ],
            status="finished",
            **{"class": {"system": f"{HL7}/v3-ActCode", "code": "IMP", "display": "inpatient encounter"}},
            subject=self.patient,
            participant=[
                {
                    "type": [{"coding": [{"system": f"{HL7}/v3-ParticipationType", "code": code, "display": display}]}],
                    "individual": doctor("004512", "Lê Minh Châu"),
                }
                for code, display in (("ATND", "attender"), ("ADM", "admitter"))
            ],
            period={"start": at(0, 7, 15), "end": at(5, 10)},
            reasonCode=[{"text": "Đau hố chậu phải, sốt"}],
            diagnosis=[
                {
                    "condition": {"reference": f"Condition/condition-{self.number}-{place:03d}"},
                    "use": {"coding": [{"system": f"{HL7}/diagnosis-role", "code": role}]},
                }
                | ({"rank": rank} if rank else {})
                for role, place, rank in uses
            ],
            location=[
                {
                    "location": {
                        "identifier": {"system": "urn:benhan:code:ma-khoa", "value": "K02"},
                        "display": "Khoa Cấp cứu",
                    },
                    "period": {"start": at(0, 7, 15), "end": at(0, 9)},
                },
                {
                    "location": {
                        "identifier": {"system": "urn:benhan:code:ma-khoa", "value": "K19"},
                        "display": "Khoa Ngoại tổng hợp · P203 · G5",
                    },
                    "period": {"start": at(0, 9), "end": at(5, 10)},
                },
            ],
            hospitalization={"admitSource": {"text": "Tự đến"}, "dischargeDisposition": {"text": "Khỏi"}},
            serviceProvider={"identifier": {"system": "urn:benhan:id:ma-cskcb", "value": FACILITY}},
        )

    def history(self) -> None:
        self.add(
            "Coverage",
            status="active",
            subscriberId=f"GD401{self.number:010d}",
            beneficiary=self.patient,
            period={"start": "2026-01-01", "end": "2026-12-31"},
            payor=[{"display": "Bảo hiểm xã hội Việt Nam"}],
        )
        self.add(
            "AllergyIntolerance",
            clinicalStatus=coded(f"{HL7}/allergyintolerance-clinical", "active"),
            code={"text": "Penicillin"},
            patient=self.patient,
        )
        self.add(
            "FamilyMemberHistory",
            status="partial",
            patient=self.patient,
            relationship={"text": "Bố"},
            condition=[
                {
                    "code": {
                        "coding": [{"system": ICD10, "code": "I10", "display": "Tăng huyết áp"}],
                        "text": "Tăng huyết áp",
                    }
                }
            ],
        )
        self.add(
            "Observation",
            status="final",
            category=[coded(f"{HL7}/observation-category", "laboratory")],
            code=loinc("883-9", "Nhóm máu ABO"),
            subject=self.patient,
            effectiveDateTime=at(0, 8),
            valueCodeableConcept={"text": "O"},
        )
        self.add(
            "Observation",
            status="final",
            category=[coded(f"{HL7}/observation-category", "laboratory")],
            code=loinc("10331-7", "Yếu tố Rh"),
            subject=self.patient,
            effectiveDateTime=at(0, 8),
            valueCodeableConcept={"text": "+"},
        )

    def diagnoses(self) -> None:
        for code, text in (
            ("K35.3", "Viêm ruột thừa cấp có viêm phúc mạc khu trú"),
            ("R10.4", "Đau bụng"),
            ("I10", "Tăng huyết áp vô căn"),
            ("E11.9", "Đái tháo đường típ 2 không biến chứng"),
        ):
            self.of_visit(
                "Condition",
                category=[coded(f"{HL7}/condition-category", "encounter-diagnosis")],
                code={"coding": [{"system": ICD10, "code": code, "display": text}], "text": text},
                recordedDate=at(0, 8),
            )

    def examination(self) -> None:
        self.exam(
            "10164-2", "Quá trình bệnh lý", "Đau quanh rốn từ 20 giờ hôm trước, sau khu trú hố chậu phải; sốt 38,5."
        )
        self.exam("10210-3", "Toàn thân", "Tỉnh, tiếp xúc tốt; da niêm mạc hồng; không phù.")
        for code, name, text in (
            ("11390-2", "Tuần hoàn", "Nhịp tim đều, không tiếng thổi"),
            ("11412-4", "Hô hấp", "Rì rào phế nang rõ hai bên"),
            ("11399-3", "Tiêu hoá", "Ấn đau hố chậu phải, phản ứng thành bụng (+), McBurney (+)"),
            ("10198-0", "Thận – tiết niệu", "Chạm thận âm tính"),
            ("10202-0", "Thần kinh", "Không có dấu hiệu thần kinh khu trú"),
            ("11410-8", "Cơ – xương – khớp", "Bình thường"),
            ("11393-6", "Tai – mũi – họng", "Bình thường"),
            ("10201-2", "Răng – hàm – mặt", "Bình thường"),
            ("29307-6", "Nội tiết, dinh dưỡng và các bệnh lý khác", "Bình thường"),
        ):
            self.exam(code, name, text)
        for side, name in (("18944008", "Mắt phải"), ("8966001", "Mắt trái")):
            self.exam("10197-2", "Mắt", "Thị lực 10/10", bodySite={**coded(SNOMED, side), "text": name})

    def exam(self, code: str, name: str, text: str, **more: Json) -> None:
        self.of_visit(
            "Observation",
            status="final",
            category=[coded(f"{HL7}/observation-category", "exam")],
            code=loinc(code, name),
            effectiveDateTime=at(0, 7, 15),
            valueString=text,
            **more,
        )

    def day(self, day: int) -> None:
        signs = (
            ("8867-4", "Mạch", str(98 - 3 * day), "lần/phút", "/min"),
            ("8310-5", "Nhiệt độ", f"{Decimal('38.5') - Decimal('0.3') * day}", "°C", "Cel"),
            ("9279-1", "Nhịp thở", "20", "lần/phút", "/min"),
            ("29463-7", "Cân nặng", "61.5", "kg", "kg"),
            ("8302-2", "Chiều cao", "165", "cm", "cm"),
        )
        for code, name, value, unit, ucum in signs:
            self.of_visit(
                "Observation",
                status="final",
                category=[coded(f"{HL7}/observation-category", "vital-signs")],
                code=loinc(code, name),
                effectiveDateTime=at(day, 8),
                valueQuantity=quantity(value, unit, ucum),
            )
        self.of_visit(
            "Observation",
            status="final",
            category=[coded(f"{HL7}/observation-category", "vital-signs")],
            code=loinc("85354-9", "Huyết áp"),
            effectiveDateTime=at(day, 8),
            component=[
                {"code": loinc("8480-6", "Huyết áp tâm thu"), "valueQuantity": quantity("120", "mmHg", "mm[Hg]")},
                {"code": loinc("8462-4", "Huyết áp tâm trương"), "valueQuantity": quantity("80", "mmHg", "mm[Hg]")},
            ],
        )
        for place, (code, name, unit, use) in enumerate(DRUGS[: 4 if day < 4 else 2]):
            placer = f"urn:benhan:id:placer:{FACILITY}"
            self.of_visit(
                "MedicationRequest",
                identifier=[{"system": placer, "value": f"M{self.number:06d}{day}{place}"}],
                groupIdentifier={"system": placer, "value": f"T{self.number:06d}{day}"},
                status="completed",
                intent="order",
                category=[{"text": "Thuốc"}],
                medicationCodeableConcept={
                    "coding": [{"system": "urn:benhan:code:thuoc", "code": code, "display": name}],
                    "text": name,
                },
                authoredOn=at(day, 8, 30),
                requester=doctor("004512", "Lê Minh Châu"),
                reasonCode=[{"text": "Viêm ruột thừa cấp"}],
                dosageInstruction=[{"sequence": day + 1, "text": use}],
                dispenseRequest={"quantity": {"value": Decimal(2), "unit": unit}},
            )
        if day % 2 == 0:
            for panel in PANELS:
                self.laboratory(day, panel)

    def laboratory(self, day: int, panel: str) -> None:
        name, analytes = PANELS[panel]
        order = self.order(day, panel, f"{name} ngày {day + 1}", "Xét nghiệm")
        specimen = self.add(
            "Specimen",
            identifier=[{"system": f"urn:benhan:id:benh-pham:{FACILITY}", "value": f"S{day}{panel}"}],
            subject=self.patient,
            receivedTime=at(day, 8, 50),
            collection={"collectedDateTime": at(day, 8, 40)},
        )
        results = [
            self.of_visit(
                "Observation",
                basedOn=[link(order)],
                status="final",
                category=[coded(f"{HL7}/observation-category", "laboratory")],
                code={"coding": [{"system": LOINC, "code": code, "display": analyte}], "text": analyte},
                effectiveDateTime=at(day, 8, 40),
                performer=[doctor("007001", "Trần Quốc Bảo")],
                valueQuantity={"value": Decimal(value), "unit": unit},
                interpretation=[
                    {"coding": [{"system": f"{HL7}/v3-ObservationInterpretation", "code": "N", "display": "Normal"}]}
                ],
                referenceRange=[{"text": band}],
            )
            for code, analyte, unit, band, value in analytes
        ]
        self.of_visit(
            "DiagnosticReport",
            basedOn=[link(order)],
            identifier=[{"system": f"urn:benhan:id:filler:{FACILITY}", "value": f"F{self.number:06d}{day}{panel}"}],
            status="final",
            category=[coded(f"{HL7}/v2-0074", "LAB")],
            code=order["code"],
            effectiveDateTime=at(day, 8, 40),
            performer=[{"display": "Khoa Xét nghiệm"}],
            specimen=[link(specimen)],
            result=[link(each) for each in results],
        )

    def order(self, day: int, code: str, name: str, kind: str) -> Json:
        return self.of_visit(
            "ServiceRequest",
            identifier=[{"system": f"urn:benhan:id:placer:{FACILITY}", "value": f"O{self.number:06d}{day}{code}"}],
            status="completed",
            intent="order",
            category=[{"text": kind}],
            priority="routine",
            code={"coding": [{"system": "urn:benhan:code:xet-nghiem", "code": code, "display": name}], "text": name},
            authoredOn=at(day, 8, 30),
            requester=doctor("004512", "Lê Minh Châu"),
            performer=[{"display": "Khoa Xét nghiệm"}],
            reasonCode=[{"text": "Viêm ruột thừa cấp"}],
        )

    def imaging(self) -> None:
        order = self.order(0, "SA-BUNG", "Siêu âm ổ bụng", "Chẩn đoán hình ảnh")
        seen = self.of_visit(
            "Observation",
            basedOn=[link(order)],
            status="final",
            category=[coded(f"{HL7}/observation-category", "imaging")],
            code=order["code"],
            effectiveDateTime=at(0, 9),
            valueString="Ruột thừa đường kính 11 mm, thành dày, thâm nhiễm mỡ quanh; dịch hố chậu phải lượng ít.",
        )
        self.of_visit(
            "DiagnosticReport",
            basedOn=[link(order)],
            identifier=[{"system": f"urn:benhan:id:filler:{FACILITY}", "value": f"FI{self.number:06d}"}],
            status="final",
            category=[coded(f"{HL7}/v2-0074", "RAD")],
            code=order["code"],
            effectiveDateTime=at(0, 9),
            issued=at(0, 9, 20),
            resultsInterpreter=[doctor("008123", "Phạm Thu Hà")],
            result=[link(seen)],
            media=[{"link": {"display": "Hình 1"}}],
            conclusion="Viêm ruột thừa cấp",
            presentedForm=[{"url": "https://pacs.vi-du.vn/xem/1"}],
        )

    def surgery(self) -> None:
        team = "urn:benhan:code:vai-tro-kip-mo"
        people = (
            ("PTV", "Phẫu thuật viên", doctor("004512", "Lê Minh Châu")),
            ("GMHS", "Bác sĩ gây mê hồi sức", doctor("006007", "Vũ Đức An")),
            ("PPT", "Phụ phẫu thuật", {"type": "Practitioner", "display": "Ngô Văn Bình"}),
        )
        performers = [
            {"function": {"coding": [{"system": team, "code": code}], "text": text}, "actor": who}
            for code, text, who in people
        ]
        whole = self.of_visit(
            "Procedure",
            identifier=[{"system": f"urn:benhan:id:filler:{FACILITY}", "value": f"PT{self.number:06d}"}],
            status="completed",
            category={"coding": [{"system": SNOMED, "code": "387713003"}], "text": "Phẫu thuật loại 1"},
            code={"text": "Phẫu thuật nội soi cắt ruột thừa"},
            performedDateTime=at(0, 14),
            performer=performers,
            reasonCode=[
                {
                    "coding": [{"system": ICD10, "code": "K35.3", "display": "Viêm ruột thừa cấp"}],
                    "text": "Viêm ruột thừa cấp",
                }
            ],
            note=[{"text": "Vào ổ bụng ba lỗ trocar; cắt ruột thừa; rửa bụng; dẫn lưu Douglas."}],
        )
        self.of_visit(
            "Procedure",
            status="completed",
            category={"text": "Thủ thuật loại 3"},
            identifier=[{"system": f"urn:benhan:id:filler:{FACILITY}", "value": f"TT{self.number:06d}"}],
            code={"text": "Rút dẫn lưu Douglas"},
            performedDateTime=at(3, 9),
            performer=performers[:1],
        )
        self.of_visit(
            "Procedure",
            partOf=[link(whole)],
            status="completed",
            code={"text": "Gây mê nội khí quản"},
            performedDateTime=at(0, 14),
            performer=performers[1:2],
        )

    def closing(self) -> None:
        self.of_visit(
            "ClinicalImpression",
            status="completed",
            summary="Mổ nội soi ngày đầu, hậu phẫu ổn định.",
            prognosisCodeableConcept=[{"text": "Tốt"}],
        )
        self.of_visit(
            "CarePlan",
            status="active",
            intent="plan",
            description="Ra viện, tái khám sau 7 ngày",
            note=[{"text": "Ăn mềm, tránh gắng sức hai tuần"}],
        )


def doctor(licence: str, name: str) -> Json:
    return {
        "type": "Practitioner",
        "identifier": {"system": "urn:benhan:id:gphn", "value": licence},
        "display": name,
    }


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def loinc(code: str, text: str) -> Json:
    return {"coding": [{"system": LOINC, "code": code}], "text": text}


def quantity(value: str, unit: str, code: str) -> Json:
    return {"value": Decimal(value), "unit": unit, "system": UCUM, "code": code}


def link(resource: Json) -> Json:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}
