"""Valid messages and resources to begin from: what a fuzzer mutates."""

from __future__ import annotations

ADT = (
    "MSH|^~\\&|HIS|01901|BENHAN|01901|20260105070000+0700||ADT^A01^ADT_A01|H1|P|2.5.1||||||UNICODE UTF-8\r"
    "EVN|A01|20260105070000+0700\r"
    "PID|1||BN1^^^01901^MR~001090000001^^^CCCD^NI||Nguyễn^Thử^Văn||19900102|M|||1 Phố^Phường^^Hà Nội^^VNM||0900000000\r"
    "NK1|1|Nguyễn^Mẫu|MTH^Mẹ|1 Phố|0900000001\r"
    "PV1|1|I|Nội^P1^G2||||004512^Lê^Châu^Minh||||||||||||V1|||||||||||||||||||||||||20260105070000|20260109\r"
    "DG1|1||E11.9^Đái tháo đường^I10||20260105|A\r"
    "AL1|1||PEN^Penicillin^L|SV|Nổi mề đay|20200101\r"
    "IN1|1|BHYT|BHXH|BHXH Việt Nam||||||||20260101|20261231|||||||||||||||||||||||GD4010123456789\r"
).encode()

ORU = (
    "MSH|^~\\&|LIS|01901|BENHAN|01901|20260105080000+0700||ORU^R01^ORU_R01|L1|P|2.5.1||||||UNICODE UTF-8\r"
    "PID|1||BN1^^^01901^MR||Nguyễn^Thử^Văn||19900102|M\r"
    "PV1|1|I|Nội^P1^G2||||004512^Lê^Châu^Minh||||||||||||V1\r"
    "ORC|RE|O1|F1\r"
    "OBR|1|O1|F1|SHM^Sinh hoá máu^L|||202601050730|||||||||004512^Lê^Châu^Minh||||||20260105080000+0700||LAB|F\r"
    "SPM|1|O1S||BLD^Máu^L|||||||||||||20260105073000\r"
    "OBX|1|NM|14771-0^Glucose^LN||6.10|mmol/L|3.9-6.4|N|||F|||20260105073000||^Trần^Bảo^Quốc\r"
    "OBX|2|SN|1988-5^CRP^LN||<^5|mg/L|<= 5|N|||F\r"
    "OBX|3|CE|882-1^ABO^LN||A^A^L||||||C\r"
    "OBX|4|ST|X^Nhận xét^L||Tốt\\.br\\hơn||||||P\r"
    "NTE|1||Mẫu hơi vỡ hồng cầu\r"
    "OBX|5|TS|Y^Giờ^L||20260105||||||F\r"
    "OBX|6|ED|Z^Ảnh^L||^IM^PNG^Base64^iVBORw0KGgo=||||||F\r"
).encode()

ORM = (
    "MSH|^~\\&|HIS|01901|BENHAN|01901|20260105070000+0700||OML^O21^OML_O21|O1|P|2.5.1||||||UNICODE UTF-8\r"
    "PID|1||BN1^^^01901^MR||Nguyễn^Thử^Văn||19900102|M\r"
    "PV1|1|I|Nội^P1^G2||||004512^Lê^Châu^Minh||||||||||||V1\r"
    "ORC|RU|O0|F0|P1||SC||^^^20260105080000^^S||20260105073000|||004512^Lê^Châu^Minh||||^Đổi xét nghiệm\r"
    "OBR|1|O0|F0|GLU^Glucose^L\r"
    "ORC|RO|O1|F1|P1\r"
    "TQ1|1||||||20260105080000||A\r"
    "OBR|2|O1|F1|SHM^Sinh hoá máu^L^24323-8^CMP^LN||20260105073000|||||||Nhịn đói|||||||||||LAB|||||||^Sốt\r"
    "NTE|1||Lấy tại giường\r"
    "DG1|1||E11^Đái tháo đường^I10\r"
    "PV1|1|O\r"
    "ORC|PR\r"
    "OBR|1|O9||GLU^Glucose^L\r"
    "OBX|1|NM|GLU^Glucose^L||5|g/L|||||F\r"
).encode()

PATIENT = (
    '{"resourceType":"Patient","id":"p-1","meta":{"tag":[{"system":"urn:t","code":"x"}]},"name":[{"family":"Nguyễn",'
    '"given":["Văn","Thử"]}],"gender":"male","birthDate":"1990-01-02","active":true,"extension":[{"url":"urn:x",'
    '"valueDecimal":1.00}]}'
).encode()

QUERIES = (
    ("Patient", "name", "nguyen,tran"),
    ("Patient", "name:exact", "Nguyễn"),
    ("Patient", "birthdate", "ge1990-01-02"),
    ("Patient", "identifier", "urn:x|1"),
    ("Observation", "subject", "Patient/1"),
    ("Observation", "code", "http://loinc.org|718-7"),
    ("Observation", "_include", "Observation:subject:Patient"),
    ("Observation", "_sort", "-_lastUpdated"),
    ("Observation", "_count", "10"),
    ("Observation", "_lastUpdated", "2026-01-01T00:00:00+07:00"),
    ("Encounter", "_total", "accurate"),
)
