"""The synthetic country's insured visits as claims of the BHYT XML, money and all: tables 1 to 5, 7 to 9 and 13.

A claim is made by the decision that governs the day of its end. Amounts follow the formulas of QĐ 3176; what one visit
costs is of an order of magnitude, since no price list is shipped.
Source: QĐ 130/QĐ-BYT with 4750, 3176; the spec's bhyt-xml.md §8 (money).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from benhan.synth.catalogue import Analyte
from benhan.synth.facilities import COMMUNE, Facility
from benhan.synth.life import Life
from benhan.synth.people import EPOCH
from benhan.synth.registration import Registration
from benhan.synth.visit import (
    EMERGENCY,
    INPATIENT,
    LEAVINGS,
    OUTCOMES,
    Delivery,
    DrugOrder,
    LabOrder,
    Operation,
    Study,
    Visit,
)
from benhan.synth.writing import amount_of, shortened
from benhan.vn.bhyt.claim import Claim, Row
from benhan.vn.bhyt.dose import Dose, dose_text
from benhan.vn.bhyt.tables import Table, tables_on

NOT_PAID = ("check_up",)
"""Diseases whose visits the insurance does not pay."""
FULL = Decimal(100)
_BENEFITS = {"1": FULL, "2": FULL, "3": Decimal(95), "4": Decimal(80), "5": FULL}
"""MUC_HUONG by the third character of a card."""
FREE_BELOW = Decimal(351_000)
"""15 % of the base salary of 2,340,000 đồng: a visit that costs less is paid in full."""
_ROUTES = {
    "Uống": "1.01",
    "Tiêm bắp": "2.05",
    "Tiêm dưới da": "2.07",
    "Tiêm tĩnh mạch": "2.10",
    "Truyền tĩnh mạch": "2.15",
    "Bôi ngoài da": "3.05",
    "Khí dung": "5.04",
    "Hít": "5.06",
    "Nhỏ mắt": "6.01",
}
_LICENCES_SINCE = date(2025, 1, 1)
_EXAM_PRICES = {1: 36_500, 2: 39_800, 3: 45_000, 4: 50_600}
_BED_PRICES = {1: 0, 2: 245_700, 3: 273_800, 4: 327_100}
_ACT_PRICES = {"D": 4_500_000, "1": 2_600_000, "2": 1_500_000, "3": 180_000}
_FUNCTIONAL = frozenset(("ECG", "EEG", "ES"))


@dataclass(frozen=True, slots=True)
class _Money:
    """What a line costs, and who pays it; no other sources, all of it within the benefit."""

    price: Decimal
    quantity: Decimal
    level: Decimal

    @property
    def total(self) -> Decimal:
        return _rounded(self.price * self.quantity)

    @property
    def paid(self) -> Decimal:
        return _rounded(self.total * self.level / 100)


def claimed(life: Life) -> Iterator[Visit]:
    """The visits of a person that have ended, at which a card was shown and which the insurance pays."""
    for visit in life.visits:
        registration = visit.registration
        if registration.card and registration.address and not visit.is_open and visit.disease.key not in NOT_PAID:
            yield visit


def claim_of(visit: Visit) -> Claim:
    """The claim of an ended visit."""
    day = visit.end.date()
    tables = tables_on(day).tables
    level = _level(visit)
    drugs = [_drug(visit, each, level) for each in visit.drug_orders]
    services = _services(visit, level)
    rows: dict[str, list[Row]] = {
        "XML1": [_summary(visit, drugs, services)],
        "XML2": drugs,
        "XML3": services,
        "XML4": _results(visit),
        "XML5": [
            {
                "DIEN_BIEN_LS": shortened(each.text, 2000),
                "THOI_DIEM_DBLS": _minute(each.at),
                "NGUOI_THUC_HIEN": each.by.licence,
            }
            for each in visit.notes
        ],
    }
    if visit.kind == INPATIENT:
        rows["XML7"] = [_discharge_paper(visit)]
        rows["XML8"] = [_summary_paper(visit)]
    if visit.delivered:
        rows["XML9"] = [_birth_paper(visit, each) for each in visit.delivered]
    if visit.sent_to is not None:
        rows["XML13"] = [_transfer_paper(visit, visit.sent_to)]
    claim = Claim(visit.number)
    for name, found in rows.items():
        if found:
            claim.tables[name] = [_whole(row, tables[name], visit, place) for place, row in enumerate(found, 1)]
    return claim


def _whole(row: Row, table: Table, visit: Visit, place: int) -> Row:
    row = {"STT": str(place), **row, "MA_LK": visit.number}
    return {column.name: row.get(column.name, "") for column in table.columns}


def _level(visit: Visit) -> Decimal:
    """MUC_HUONG of the visit: that of the card, all of it at a station and for who costs little."""
    card = visit.registration.person.card
    costs = [_Money(Decimal(each.drug.price), _quantity(each), FULL) for each in visit.drug_orders]
    costs += [money for _, money in _service_money(visit, FULL)]
    total = sum((money.total for money in costs), Decimal(0))
    if visit.facility.level == COMMUNE or total < FREE_BELOW:
        return FULL
    return _BENEFITS[card[2]]


def _quantity(order: DrugOrder) -> Decimal:
    return Decimal(str(order.amount)) * order.drug.times * order.days


def _drug(visit: Visit, order: DrugOrder, level: Decimal) -> Row:
    drug = order.drug
    money = _Money(Decimal(drug.price), _quantity(order), level)
    amount = Decimal(str(order.amount))
    a_day = amount * drug.times
    dose = Dose(drug.unit, amount, "lần", drug.times, order.days, total_per_day=a_day, total_unit=drug.unit)
    return {
        "MA_THUOC": f"40.{900 + sum(drug.code.encode()) % 90}",
        "MA_NHOM": "4",
        "TEN_THUOC": drug.ingredient,
        "DON_VI_TINH": drug.unit.capitalize(),
        "HAM_LUONG": drug.strength,
        "DUONG_DUNG": _ROUTES[drug.route],
        "DANG_BAO_CHE": drug.unit.capitalize(),
        "LIEU_DUNG": dose_text(dose),
        "CACH_DUNG": f"{drug.route}, {drug.when or amount_of(order.amount) + ' ' + drug.unit}",
        "SO_DANG_KY": f"VN-9{sum(drug.code.encode()) % 10_000:04d}-26",
        "TT_THAU": f"57/QĐ-TTMS;G1;N4;{visit.end.year}",
        "PHAM_VI": "1",
        "TYLE_TT_BH": "100",
        "SO_LUONG": _three(money.quantity),
        "DON_GIA": _three(money.price),
        **_paid(money),
        "MA_KHOA": visit.department.code,
        "MA_BAC_SI": order.by.licence,
        "NGAY_YL": _minute(order.at),
        "NGAY_TH_YL": _minute(order.at),
        "MA_PTTT": "1",
        "NGUON_CTRA": "1",
    }


def _paid(money: _Money) -> Row:
    total, paid = money.total, money.paid
    return {
        "THANH_TIEN_BV": _plain(total),
        "THANH_TIEN_BH": _plain(total),
        **dict.fromkeys(("T_NGUONKHAC_NSNN", "T_NGUONKHAC_VTNN", "T_NGUONKHAC_VTTN", "T_NGUONKHAC_CL"), "0"),
        "T_NGUONKHAC": "0",
        "MUC_HUONG": _plain(money.level),
        "T_BNTT": "0",
        "T_BNCCT": _plain(total - paid),
        "T_BHTT": _plain(paid),
    }


_Line = tuple[Row, _Money]


def _services(visit: Visit, level: Decimal) -> list[Row]:
    return [{**row, **_paid(money)} for row, money in _service_money(visit, level)]


def _service_money(visit: Visit, level: Decimal) -> list[_Line]:
    """The examination, the bed, then everything that was ordered and done."""
    level_of = visit.facility.level
    seen_at = visit.notes[0].at if visit.notes else visit.end
    exam = _times(visit.doctor.licence, visit.start, visit.start, seen_at)
    exam["MA_KHOA"] = "K01" if visit.kind == INPATIENT else visit.department.code
    lines = [_line(visit, "13.0000", "Khám bệnh", "13", _EXAM_PRICES[level_of], 1, level, exam)]
    if visit.kind == INPATIENT:
        bed = {"MA_GIUONG": visit.bed[1], **_times(visit.doctor.licence, visit.start, visit.start, visit.end)}
        name = f"Giường {visit.ward}"
        lines.append(_line(visit, "15.0000", name, "15", _BED_PRICES[level_of], bed_days(visit), level, bed))
    lines += [_of_panel(visit, each, level) for each in visit.laboratory if each.results]
    lines += [_of_study(visit, each, level) for each in visit.studies]
    lines += [_of_operation(visit, each, level) for each in visit.operations]
    return lines


def bed_days(visit: Visit) -> int:
    """The days of treatment: the day out less the day in, and one where somebody dies or is sent on."""
    days = (visit.end.date() - visit.start.date()).days
    return max(1, days + (visit.died or visit.sent_to is not None))


def _of_panel(visit: Visit, order: LabOrder, level: Decimal) -> _Line:
    panel = order.panel
    known_at = _known_at(visit, order)
    more = _times(order.performer.licence, order.ordered_at, order.sampled_at, known_at, order.by.licence)
    machine = {"MA_MAY": f"XN.1.SN{sum(panel.analyser.encode()) % 1000:04d}"}
    return _line(visit, panel.code, panel.name, "1", panel.price, 1, level, {**more, **machine})


def _known_at(visit: Visit, order: LabOrder) -> datetime:
    """When a result is there: one that comes after the visit is claimed at its end."""
    return max(min(order.issued_at, visit.end), order.sampled_at)


def _of_study(visit: Visit, study: Study, level: Decimal) -> _Line:
    kind = study.kind
    group = "3" if kind.modality in _FUNCTIONAL else "2"
    more = _times(study.reader.licence, study.ordered_at, study.done_at, study.issued_at, study.by.licence)
    machine = {"MA_MAY": f"HA.1.SN{sum(kind.code.encode()) % 1000:04d}"}
    return _line(visit, kind.code, kind.name, group, kind.price, 1, level, {**more, **machine})


def _of_operation(visit: Visit, each: Operation, level: Decimal) -> _Line:
    act = each.act
    more = _times(each.by.licence, visit.start, each.at, each.until)
    if act.kind == "P":
        more["PP_VO_CAM"] = "1"
    group = "8" if act.kind == "P" else "18"
    return _line(visit, act.code, each.name, group, _ACT_PRICES[act.grade], 1, level, more)


def _line(
    visit: Visit, code: str, name: str, group: str, price: int, quantity: int, level: Decimal, more: Row
) -> _Line:
    money = _Money(Decimal(price), Decimal(quantity), level)
    row = {
        "MA_DICH_VU": code,
        "MA_NHOM": group,
        "TEN_DICH_VU": name,
        "DON_VI_TINH": "Ngày" if group == "15" else "Lần",
        "PHAM_VI": "1",
        "SO_LUONG": _three(money.quantity),
        "DON_GIA_BV": _three(money.price),
        "DON_GIA_BH": _three(money.price),
        "TYLE_TT_DV": "100",
        "TYLE_TT_BH": "100",
        "MA_KHOA": visit.department.code,
        "MA_BENH": visit.disease.icd,
        "MA_PTTT": "1",
        **more,
    }
    return row, money


def _times(licence: str, ordered: datetime, done: datetime, result: datetime, by: str = "") -> Row:
    return {
        "MA_BAC_SI": by or licence,
        "NGUOI_THUC_HIEN": licence,
        "NGAY_YL": _minute(ordered),
        "NGAY_TH_YL": _minute(done),
        "NGAY_KQ": _minute(result),
    }


def _results(visit: Visit) -> list[Row]:
    """XML4: numbers that have a unit (QĐ 3176), findings, and what pictures showed."""
    rows = []
    for order in visit.laboratory:
        for result in order.results:
            is_number = isinstance(result.of, Analyte)
            if isinstance(result.of, Analyte) and not result.of.unit:
                continue
            rows.append(
                {
                    "MA_DICH_VU": order.panel.code,
                    "MA_CHI_SO": result.of.code,
                    "TEN_CHI_SO": result.of.name,
                    "GIA_TRI": result.text,
                    "DON_VI_DO": result.of.unit if isinstance(result.of, Analyte) else "",
                    "KET_LUAN": "" if is_number else result.text,
                    "NGAY_KQ": _minute(_known_at(visit, order)),
                    "MA_BS_DOC_KQ": order.performer.licence,
                }
            )
    for study in visit.studies:
        rows.append(
            {
                "MA_DICH_VU": study.kind.code,
                "MO_TA": study.described,
                "KET_LUAN": study.conclusion,
                "NGAY_KQ": _minute(study.issued_at),
                "MA_BS_DOC_KQ": study.reader.licence,
            }
        )
    return rows


def _summary(visit: Visit, drugs: list[Row], services: list[Row]) -> Row:
    lines = [*drugs, *services]

    def total(column: str, rows: list[Row]) -> str:
        return _plain(sum((Decimal(row[column]) for row in rows), Decimal(0)))

    main, *others = visit.diagnoses
    is_stay = visit.kind == INPATIENT
    paid = total("T_BHTT", lines)
    return {
        **_person(visit.registration, visit),
        "LY_DO_VV": visit.reason,
        "LY_DO_VNT": visit.reason if is_stay else "",
        "CHAN_DOAN_VAO": main.name,
        "CHAN_DOAN_RV": "; ".join(each.name for each in visit.diagnoses),
        "MA_BENH_CHINH": main.icd,
        "MA_BENH_KT": ";".join(each.icd for each in others),
        "MA_DOITUONG_KCB": _route(visit),
        "MA_NOI_DI": visit.sent_from.code if visit.sent_from else "",
        "MA_NOI_DEN": visit.sent_to.code if visit.sent_to else "",
        "GIAY_CHUYEN_TUYEN": f"CT{visit.number}" if visit.sent_from else "",
        "MA_TAI_NAN": "1" if any(each.icd.startswith("V") for each in others) else "0",
        "NGAY_VAO": _minute(visit.start),
        "NGAY_VAO_NOI_TRU": _minute(visit.start) if is_stay else "",
        "NGAY_RA": _minute(visit.end),
        "SO_NGAY_DTRI": str((visit.end.date() - visit.start.date()).days + 1),
        "PP_DIEU_TRI": _treated(visit),
        "KET_QUA_DTRI": OUTCOMES[visit.outcome],
        "MA_LOAI_RV": LEAVINGS[visit.leaving],
        "NGAY_TTOAN": _minute(visit.end),
        "T_THUOC": total("THANH_TIEN_BV", drugs),
        "T_VTYT": "0",
        "T_TONGCHI_BV": total("THANH_TIEN_BV", lines),
        "T_TONGCHI_BH": total("THANH_TIEN_BH", lines),
        "T_BNTT": total("T_BNTT", lines),
        "T_BNCCT": total("T_BNCCT", lines),
        "T_BHTT": paid,
        "T_NGUONKHAC": "0",
        "T_BHTT_GDV": paid,
        "NAM_QT": str(visit.end.year),
        "THANG_QT": f"{visit.end.month:02d}",
        "MA_LOAI_KCB": "03" if is_stay else "01",
        "MA_KHOA": visit.department.code,
        "MA_CSKCB": visit.facility.code,
        "CAN_NANG": f"{visit.vitals[0].weight:.2f}",
        "CAN_NANG_CON": ";".join(str(each.grams) for each in visit.delivered),
        "MA_HSBA": visit.number,
        "MA_TTDV": _head(visit),
    }


def _person(registration: Registration, visit: Visit) -> Row:
    person = registration.person
    home = person.home
    born = registration.birth.replace("-", "").ljust(8, "0")
    return {
        "MA_BN": registration.number,
        "HO_TEN": registration.name.text.upper(),
        "SO_CCCD": registration.citizen_number or registration.old_identity_card,
        "NGAY_SINH": f"{born}0000",
        "GIOI_TINH": "1" if registration.sex == "M" else "2",
        "MA_QUOCTICH": "000",
        "MA_DANTOC": person.ethnic_group,
        "MA_NGHE_NGHIEP": person.occupation,
        "DIA_CHI": home.text,
        "MATINH_CU_TRU": home.province.code,
        "MAXA_CU_TRU": home.commune.code,
        "DIEN_THOAI": registration.phone,
        "MA_THE_BHYT": registration.card,
        "MA_DKBD": visit.facility.code if not visit.sent_from else visit.sent_from.code,
        "GT_THE_TU": f"{min(EPOCH.year, visit.start.year)}0101",
        "GT_THE_DEN": f"{visit.end.year}1231",
    }


def _route(visit: Visit) -> str:
    """MA_DOITUONG_KCB: at a station, sent on, in an emergency, else where one is registered. Source: QĐ 3276/QĐ-BYT."""
    if visit.facility.level == COMMUNE:
        return "1.2"
    if visit.sent_from is not None:
        return "1.3"
    return "2" if visit.kind == EMERGENCY else "1.1"


def _treated(visit: Visit) -> str:
    surgery = [each.name for each in visit.operations if each.act.kind == "P"]
    return shortened("; ".join(surgery) if surgery else "Điều trị nội khoa", 500)


def _head(visit: Visit) -> str:
    """Who signs for the facility, the first doctor of the first department: by licence, before 2025 by mã số BHXH."""
    licence = next(iter(visit.facility.departments.values())).doctors[0].licence
    return licence if visit.end.date() >= _LICENCES_SINCE else f"99{licence.partition('/')[0]}"


def _discharge_paper(visit: Visit) -> Row:
    return {
        "SO_LUU_TRU": visit.number,
        "MA_YTE": visit.registration.number,
        "MA_KHOA_RV": visit.department.code,
        "NGAY_VAO": _minute(visit.start),
        "NGAY_RA": _minute(visit.end),
        "MA_DINH_CHI_THAI": "0",
        "CHAN_DOAN_RV": "; ".join(each.name for each in visit.diagnoses),
        "PP_DIEUTRI": _treated(visit),
        "GHI_CHU": visit.disease.row.advice,
        "MA_TTDV": _head(visit),
        "MA_BS": visit.doctor.licence,
        "TEN_BS": visit.doctor.name.text.upper(),
        "NGAY_CT": f"{visit.end:%Y%m%d}",
    }


def _summary_paper(visit: Visit) -> Row:
    return {
        "MA_LOAI_KCB": "03",
        "NGAY_VAO": _minute(visit.start),
        "NGAY_RA": _minute(visit.end),
        "CHAN_DOAN_VAO": visit.disease.name,
        "CHAN_DOAN_RV": "; ".join(each.name for each in visit.diagnoses),
        "QT_BENHLY": visit.history,
        "TOMTAT_KQ": _told_results(visit),
        "PP_DIEUTRI": _treated(visit),
        "KET_QUA_DTRI": OUTCOMES[visit.outcome],
        "MA_TTDV": _head(visit),
        "NGAY_CT": f"{visit.end:%Y%m%d}",
    }


def _birth_paper(visit: Visit, delivery: Delivery) -> Row:
    """Giấy chứng sinh. Source: TT 22/2025/TT-BYT."""
    mother, child = visit.registration.person, delivery.child
    return {
        "MA_BHXH_NND": mother.insurance_number,
        "MA_THE_NND": visit.registration.card,
        "HO_TEN_NND": visit.registration.name.text.upper(),
        "NGAYSINH_NND": f"{mother.born:%Y%m%d}",
        "MA_DANTOC_NND": mother.ethnic_group,
        "SO_CCCD_NND": visit.registration.citizen_number or mother.citizen_number,
        "NGAYCAP_CCCD_NND": "20220101",
        "NOICAP_CCCD_NND": "Cục Cảnh sát QLHC về TTXH",
        "NOI_CU_TRU_NND": mother.home.text,
        "MA_QUOCTICH": "000",
        "MATINH_CU_TRU": mother.home.province.code,
        "MAXA_CU_TRU": mother.home.commune.code,
        "MA_THE_TAM": f"TE1{mother.home.province.code}{child.insurance_number}",
        "HO_TEN_CON": child.name.text.upper(),
        "GIOI_TINH_CON": "1" if child.sex == "M" else "2",
        "SO_CON": str(len(visit.delivered)),
        "LAN_SINH": str(len(mother.children) + 1),
        "SO_CON_SONG": str(len(mother.children) + 1),
        "CAN_NANG_CON": str(delivery.grams),
        "NGAY_SINH_CON": _minute(delivery.at),
        "NOI_SINH_CON": f"{visit.facility.name}, {visit.facility.province.name}",
        "TINH_TRANG_CON": "Khỏe mạnh" if delivery.grams >= 2500 else "Nhẹ cân",
        "SINHCON_PHAUTHUAT": "1" if any(each.act.kind == "P" for each in visit.operations) else "0",
        "SINHCON_DUOI32TUAN": "0",
        "NGUOI_DO_DE": visit.doctor.name.text.upper(),
        "NGUOI_GHI_PHIEU": visit.nurse.name.text.upper(),
        "NGAY_CT": f"{visit.end:%Y%m%d}",
        "SO": visit.number[-6:],
        "QUYEN_SO": f"{visit.end.year}",
        "MA_TTDV": _head(visit),
    }


def _told_results(visit: Visit) -> str:
    """What was out of its range, the first time that it was measured."""
    found: dict[str, str] = {}
    for order in visit.laboratory:
        for each in order.results:
            if each.flag != "N" and isinstance(each.of, Analyte):
                found.setdefault(each.of.code, f"{each.of.code} {each.text} {each.of.unit}".strip())
    return shortened("; ".join(found.values()) or "Các xét nghiệm trong giới hạn bình thường", 1000)


def _transfer_paper(visit: Visit, to: Facility) -> Row:
    person = _person(visit.registration, visit)
    main, *others = visit.diagnoses
    names = "HO_TEN NGAY_SINH GIOI_TINH MA_QUOCTICH MA_DANTOC MA_NGHE_NGHIEP DIA_CHI MA_THE_BHYT GT_THE_DEN"
    return {
        **{name: person[name] for name in names.split()},
        "SO_HOSO": visit.number,
        "SO_CHUYENTUYEN": f"CT{visit.number}",
        "GIAY_CHUYEN_TUYEN": f"CT{visit.number}",
        "MA_CSKCB": visit.facility.code,
        "MA_CSKCB_DI": visit.facility.code,
        "MA_CSKCB_DEN": to.code,
        "NGAY_VAO": _minute(visit.start),
        "NGAY_VAO_NOI_TRU": _minute(visit.start),
        "NGAY_RA": _minute(visit.end),
        "DAU_HIEU_LS": shortened("; ".join(found for _, found in visit.examined), 1000),
        "CHAN_DOAN_RV": "; ".join(each.name for each in visit.diagnoses),
        "QT_BENHLY": visit.history,
        "TOMTAT_KQ": _told_results(visit),
        "PP_DIEUTRI": _treated(visit),
        "MA_BENH_CHINH": main.icd,
        "MA_BENH_KT": ";".join(each.icd for each in others),
        "TINH_TRANG_CT": "Mệt, huyết động tạm ổn định",
        "MA_LOAI_RV": LEAVINGS[visit.leaving],
        "MA_LYDO_CT": "1",
        "HUONG_DIEU_TRI": "Chuyển cơ sở chuyên sâu điều trị tiếp",
        "PHUONGTIEN_VC": "Xe cứu thương",
        "HOTEN_NGUOI_HT": visit.nurse.name.text.upper(),
        "CHUCDANH_NGUOI_HT": "Điều dưỡng",
        "MA_BAC_SI": visit.doctor.licence,
        "MA_TTDV": _head(visit),
    }


def _minute(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M}"


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _plain(amount: Decimal) -> str:
    """An amount without zeros that say nothing."""
    text = f"{amount:.2f}".rstrip("0").rstrip(".")
    return text or "0"


def _three(amount: Decimal) -> str:
    return f"{amount:.3f}"
