"""Health check-ups of the demonstration's people, as a hospital's check-up program writes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from benhan.demo.accounts import PASSWORD
from benhan.demo.receivers import Credentials, gln_of
from benhan.kernel.clock import VIETNAM
from benhan.kernel.secrets import Secret
from benhan.node.sends.facility_signer import FacilitySigner
from benhan.synth.chance import chance_of
from benhan.synth.facilities import Facility
from benhan.synth.person import Person
from benhan.vn.ksk.check import age_group
from benhan.vn.ksk.document import CheckUp
from benhan.vn.ksk.signing_places import unsigned

PERIODIC, ON_EMPLOYER = "13", "4"


def check_up_of(hospital: Facility, person: Person, now: datetime) -> CheckUp:
    """A check-up of this morning."""
    chance = chance_of("check-up", hospital.code, person.key)
    begun = now.astimezone(VIETNAM) - timedelta(hours=2, minutes=chance.randrange(60))
    began, ended = (f"{at:%Y%m%d%H%M}" for at in (begun, begun + timedelta(minutes=75)))
    birth = f"{person.born:%Y%m%d}0000"
    group = age_group(birth, began)
    height, weight = 150 + chance.randrange(25), 48 + chance.randrange(25)
    return CheckUp(
        hospital.code,
        began[:8],
        {
            "XML1": {
                "HO_TEN": person.name.text.upper(),
                "GIOI_TINH": "1" if person.sex == "M" else "2",
                "NGAY_SINH": birth,
                "MA_DAN_TOC": person.ethnic_group,
                "SO_CCCD": person.citizen_number,
                "DIA_CHI": person.home.text,
                "MATINH_CU_TRU": person.home.province.code,
                "MAXA_CU_TRU": person.home.commune.code,
                "MA_NGHE_NGHIEP": "99",
                **({"NGUOI_GIAM_HO": person.name.family.upper()} if group and group.value != "Adult" else {}),
            },
            "XML2": {
                "MA_LK": f"KSK{hospital.code}{person.key}",
                "MA_CSKCB": hospital.code,
                "TYPE": group.value if group is not None else "",
                "MA_GTIN_CSKCB": gln_of(hospital),
                "DOI_TUONG": PERIODIC,
                "NGUON_CHI_TRA": ON_EMPLOYER,
                "MA_LOAI_KCB": "01",
                "LY_DO_VV": "Khám sức khoẻ định kỳ",
                "NGAY_VAO": began,
                "NGAY_RA": ended,
            },
            "XML3": {"MACH": str(64 + chance.randrange(24)), "HUYET_AP": f"{110 + chance.randrange(25)}/75"},
            "XML4": {
                "CHIEU_CAO": str(height),
                "CAN_NANG": str(weight),
                "BMI": f"{weight / (height / 100) ** 2:.1f}",
            },
            "XML8": {"PHAN_LOAI_SK": str(1 + chance.randrange(3)), "KET_LUAN_BENH": "I10"},
        },
    )


def signed_by_doctor(check: CheckUp, credentials: Credentials) -> bytes:
    """The file as the check-up program hands it in: the doctor's signature is there, the facility's is not."""
    file = unsigned(check)
    doctor = FacilitySigner.load(credentials.certificate, Secret(PASSWORD))
    return file.with_doctor(doctor.signature_of(file.to_sign)).to_sign


def handed_in(hospital: Facility, people: list[Person], now: datetime, credentials: Credentials) -> list[bytes]:
    """The morning's files: one of them lacks the address's commune, as happens."""
    checks = [check_up_of(hospital, each, now) for each in people]
    if len(checks) > 1:
        del checks[-1].parts["XML1"]["MAXA_CU_TRU"]
    return [signed_by_doctor(each, credentials) for each in checks]
