"""The systems of identifiers and codes that Vietnam uses.

Neither of the two FHIR drafts (the Ministry's, HL7 Vietnam's) is adopted by a legal text, so identifiers carry names of
our own under `urn:benhan:`, one place to change; LOINC, UCUM and ICD-10 carry their official ones.
Source: NĐ 102/2025/NĐ-CP Đ6 (số định danh cá nhân as mã định danh y tế); QĐ 130/QĐ-BYT and its amendments.
"""

from __future__ import annotations

from benhan.fhir.terms import SOURCE_KEY as _SOURCE_KEY

CCCD = "urn:benhan:id:cccd"
"""Số định danh cá nhân, 12 digits."""
BHYT_CARD = "urn:benhan:id:bhyt"
"""Số thẻ bảo hiểm y tế."""
PASSPORT = "urn:benhan:id:ho-chieu"
FACILITY_CODE = "urn:benhan:id:ma-cskcb"
"""MA_CSKCB, 5 characters."""
PRACTITIONER_LICENCE = "urn:benhan:id:gphn"
"""Giấy phép hành nghề."""
SOURCE_KEY = _SOURCE_KEY
"""Our own name of a thing in a sender's message, so that the same thing sent again is the same resource."""
STORAGE_NUMBER = "urn:benhan:id:so-luu-tru"
CMND = "urn:benhan:id:cmnd"
"""Chứng minh nhân dân, 9 digits, out of use since 2025."""
SOCIAL_INSURANCE_NUMBER = "urn:benhan:id:bhxh"
GLN = "urn:benhan:id:gln"
"""The facility's Global Location Number, 13 digits."""
BIRTH_NOTICE = "urn:benhan:id:giay-chung-sinh"
RECORD_NUMBER = "urn:benhan:id:so-benh-an"
"""Số bệnh án (MA_HSBA)."""
VISIT_NUMBER = "urn:benhan:id:ma-lk"
"""MA_LK. One facility's are under `encounter_number`."""
TEMPORARY_IDENTITY = "urn:benhan:id:tam"
EXTERNAL = "urn:benhan:id:ho-so-ngoai"
"""A resource of another facility's record: MA_CSKCB there, type and id."""
SOURCE_TAG = "urn:benhan:code:nguon"
"""`meta.tag` of what came from outside: `external`."""

DEPARTMENT = "urn:benhan:code:ma-khoa"
ETHNIC_GROUP = "urn:benhan:code:dan-toc"
OCCUPATION = "urn:benhan:code:nghe-nghiep"
ADMINISTRATIVE_UNIT = "urn:benhan:code:don-vi-hanh-chinh"
"""Codes of provinces, districts and communes; the version says of which days: a code alone means nothing."""
LOCAL_TEST = "urn:benhan:code:xet-nghiem"
"""Codes of tests as a laboratory sends them, without a system of their own."""

DRUG = "urn:benhan:code:thuoc"
"""Mã thuốc, vật tư of the Ministry's list (MA_THUOC, mathuocvattu_byt)."""
LOCAL_DRUG = "urn:benhan:code:thuoc-benh-vien"
"""The facility's own codes of drugs and supplies."""
LABORATORY_INDEX = "urn:benhan:code:chi-so-cls"
"""Mã chỉ số, seven digits. Source: QĐ 1227/QĐ-BYT 2025."""
CLINICAL_TERM = "urn:benhan:code:thuat-ngu-lam-sang"
"""Mã dùng chung thuật ngữ lâm sàng (VNCODE), seven digits. Source: QĐ 2427, 2493, 2805/QĐ-BYT."""
DIAGNOSIS_ROLE = "urn:benhan:code:vai-tro-chan-doan"
"""Roles of a diagnosis that http://terminology.hl7.org/CodeSystem/diagnosis-role does not have."""
TEAM_ROLE = "urn:benhan:code:vai-tro-kip-mo"
RELATED_TRAIT = "urn:benhan:code:dac-diem-lien-quan-benh"
"""Đặc điểm liên quan bệnh: 02 ma tuý to 06 khác. Source: TT 32/2023/TT-BYT, the forms' history."""

CHECK_UP = "urn:benhan:code:ksk"
"""What an Observation of a check-up says, by part and field of its file (`XML8.PHAN_LOAI_SK`), where no other code
does. Source: QĐ 1551/QĐ-BYT 2026 PL01."""
CHECK_UP_GROUP, CHECK_UP_PAYER = "urn:benhan:code:ksk-doi-tuong", "urn:benhan:code:ksk-nguon-chi-tra"
"""DOI_TUONG, which makes an Encounter a check-up, and NGUON_CHI_TRA, in `Encounter.type`."""

NOTICE = "urn:benhan:code:thong-bao"
"""What a Communication to the patient is about: emergency-doctor, emergency-nurse."""

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
SNOMED = "http://snomed.info/sct"

EXTENSION_ETHNIC_GROUP = "urn:benhan:extension:dan-toc"
EXTENSION_ADMINISTRATIVE_UNIT = "urn:benhan:extension:don-vi-hanh-chinh"
"""On `Address.city`, `.district` and `.state`: the unit's code."""
EXTENSION_OCCUPATION = "urn:benhan:extension:nghe-nghiep"
EXTENSION_IDENTIFIER_HISTORY = "urn:benhan:extension:lich-su-so"
"""What became of an identifier, who told it, what holds in its place; and of a newborn, the mother's."""


def patient_number(facility: str) -> str:
    """The system of the patient numbers (mã bệnh nhân) of a facility."""
    return f"urn:benhan:id:ma-benh-nhan:{facility}"


def encounter_number(facility: str) -> str:
    """The system of the encounter numbers (số vào viện, MA_LK) of a facility."""
    return f"urn:benhan:id:so-vao-vien:{facility}"


def order_number(facility: str, side: str) -> str:
    """The system of order numbers of a facility; `side` is `placer` or `filler`."""
    return f"urn:benhan:id:{side}:{facility}"


def specimen_number(facility: str) -> str:
    """The system of specimen numbers (mã số bệnh phẩm) of a facility."""
    return f"urn:benhan:id:benh-pham:{facility}"


CMND = "urn:benhan:id:cmnd"
"""Chứng minh nhân dân, 9 digits."""
OTHER_PAPER = "urn:benhan:id:giay-to-khac"
"""What stands in SO_CCCD in none of the known forms."""
ICD9CM = "http://hl7.org/fhir/sid/icd-9-cm"
EXTENSION_BHYT = "urn:benhan:extension:bhyt"
"""Columns of the BHYT XML that FHIR has no element for, each under its own name."""
EXTENSION_BHYT_MEMBERS = "urn:benhan:extension:bhyt-members"
"""What an episode's file has made, so that the next one can take back what it no longer says."""
EXTENSION_BHYT_OF = "urn:benhan:extension:bhyt-of"
"""Of an item of a BHYT Claim: the request or procedure that the same row told."""


def bhyt_code(code_list: str) -> str:
    """The system of a code list of the BHYT XML, such as `MA_LOAI_KCB`."""
    return _CODE_LISTS.get(code_list) or f"urn:benhan:code:{code_list.lower().replace('_', '-')}"


_CODE_LISTS = {
    "DANTOC": ETHNIC_GROUP,
    "NGHENGHIEP": OCCUPATION,
    "MA_KHOA": DEPARTMENT,
    "HOATCHAT": "urn:benhan:code:thuoc",
    "CLS_CHISO": "urn:benhan:code:chi-so-cls",
}
"""Lists that have a name of their own beyond the BHYT XML."""
