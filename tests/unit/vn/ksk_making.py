"""A health check-up of a synthetic person, right in every field."""

from __future__ import annotations

from benhan.vn.ksk.document import CheckUp

GLN = "8934285008135"


def check_up(number: int = 1) -> CheckUp:
    return CheckUp(
        "01901",
        "20260302",
        {
            "XML1": {
                "HO_TEN": "NGUYỄN VĂN THỬ",
                "GIOI_TINH": "1",
                "NGAY_SINH": "199001020000",
                "MA_DAN_TOC": "01",
                "SO_CCCD": f"001090{number:06d}",
                "DIA_CHI": "12 Phố Thử, Phường Thử, Hà Nội",
                "MATINH_CU_TRU": "01",
                "MAXA_CU_TRU": "00004",
                "MA_NGHE_NGHIEP": "99",
            },
            "XML2": {
                "MA_LK": f"KSK{number:06d}",
                "MA_CSKCB": "01901",
                "TYPE": "Adult",
                "MA_GTIN_CSKCB": GLN,
                "DOI_TUONG": "13",
                "NGUON_CHI_TRA": "4",
                "MA_LOAI_KCB": "01",
                "LY_DO_VV": "Khám sức khoẻ định kỳ",
                "NGAY_VAO": "202603020800",
                "NGAY_RA": "202603021000",
            },
            "XML3": {"MACH": "72", "HUYET_AP": "120/80"},
            "XML4": {"CHIEU_CAO": "165", "CAN_NANG": "61.5", "BMI": "22.6"},
            "XML5": {"TSBT_TANG_HUYET_AP": "0"},
            "XML8": {"PHAN_LOAI_SK": "2", "KET_LUAN_BENH": "I10;E11.9"},
        },
        [{"MA_DICH_VU": "23.0075.1494", "MA_CHI_SO": "14771-0", "GIA_TRI": "5.6", "DON_VI_DO": "mmol/L"}],
    )
