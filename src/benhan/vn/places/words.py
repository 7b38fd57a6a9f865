"""The words of an address one by one, and what they announce: "P.", "Q.3", "TP.HCM", "ngõ", "tổ", "đường"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from benhan.vn.places.keys import place_key

WARD_PREFIXES = {
    "phuong": "Phường", "p": "Phường", "f": "Phường", "ph": "Phường",
    "xa": "Xã", "x": "Xã",
    "thi tran": "Thị trấn", "tt": "Thị trấn",
    "dac khu": "Đặc khu", "dk": "Đặc khu",
}  # fmt: skip
DISTRICT_PREFIXES = {
    "quan": "Quận", "q": "Quận",
    "huien": "Huyện", "h": "Huyện",
    "thi xa": "Thị xã", "tx": "Thị xã",
    "thanh pho": "Thành phố", "tp": "Thành phố",
}  # fmt: skip
PROVINCE_PREFIXES = {"tinh": "Tỉnh", "t": "Tỉnh", "thanh pho": "Thành phố", "tp": "Thành phố"}
"""Words that announce a unit, by their keys (`y` is `i` in a key)."""

STREET_WORDS = frozenset({"duong", "pho", "dai lo", "quoc lo", "ql", "tinh lo", "tl", "huong lo", "hl", "d"})
LANE_WORDS = frozenset({"ngo", "ngach", "hem", "kiet", "hem so", "ngo so"})
NUMBER_WORDS = frozenset({"so nha", "so", "sn", "nha so", "nha"})
BUILDING_WORDS = frozenset(
    {
        "chung cu", "cc", "toa", "toa nha", "can ho", "phong", "tang", "lo", "khu do thi", "kdt", "khu tap the", "ktt",
        "tap the", "khu dan cu", "kdc", "khu cong nghiep", "kcn", "block", "can",
    }
)  # fmt: skip
HAMLET_WORDS = frozenset(
    {
        "thon", "ap", "ban", "buon", "lang", "soc", "khom", "khu pho", "kp", "khu", "to dan pho", "tdp", "to", "doi",
        "xom", "cum", "plei", "phum", "tieu khu",
    }
)  # fmt: skip
ACCENTED = {
    "ap": "ấp", "ban": "bản", "lang": "làng", "to": "tổ", "doi": "đội", "cum": "cụm", "khu": "khu", "buon": "buôn",
    "soc": "sóc", "khom": "khóm", "xom": "xóm", "thon": "thôn", "ngo": "ngõ", "so": "số", "pho": "phố", "lo": "lô",
    "can": "căn", "d": "đ", "nha": "nhà", "tang": "tầng", "phong": "phòng", "hem": "hẻm",
}  # fmt: skip
"""How a word that is also a name's folded form is written where the address has accents."""

_GLUED_CITY = re.compile(r"\b(t)\s*\.\s*(p)\b\.?|\b(tp)\.", re.IGNORECASE)
_LETTER_NUMBER = re.compile(r"(kp|tdp|[pqf])\.?([0-9]{1,3})", re.IGNORECASE)
_DOTTED = re.compile(r"(?<=[^\W\d_])\.(?=[^\W_])")
_WRITTEN = re.compile(r"[,;|()]|[^\s,;|()]+|[\n\r\t]")
_MARK = re.compile(r"[,;|()\n\r\t–—-]")
_TONES = "\u0300\u0301\u0303\u0309\u0323"


@dataclass(frozen=True, slots=True)
class Word:
    """One word: as written, its key, and whether it begins a part: a comma or the like stands before it.

    `after_dash`: only a dash, which also stands inside names ("Bà Rịa - Vũng Tàu").
    """

    text: str
    key: str
    begins: bool
    after_dash: bool = False

    @property
    def is_number(self) -> bool:
        return self.text[:1].isdigit()


def words_of(text: str) -> list[Word]:
    """The words of an address; marks between them are kept only as `begins`."""
    text = unicodedata.normalize("NFC", text)
    text = _GLUED_CITY.sub("TP ", text)
    text = _DOTTED.sub(". ", text)
    found: list[Word] = []
    begins, after_dash = True, False
    for written in _WRITTEN.findall(text):
        if _MARK.fullmatch(written):
            after_dash = written in "-–—" and not begins
            begins = True
            continue
        for piece in _pieces(written):
            key = place_key(piece)
            if key:
                found.append(Word(piece, key, begins, after_dash))
                begins = after_dash = False
    return found


def _pieces(written: str) -> list[str]:
    """A word as it is meant: "P.12" and "P12" are two, "Rang-Tháp" are two, "12/3A" and "45-47" are one."""
    glued = _LETTER_NUMBER.fullmatch(written.rstrip("."))
    if glued is not None:
        return [glued[1], glued[2]]
    if "-" in written and not any(each.isdigit() for each in written):
        return [each for each in written.split("-") if each]
    return [written.rstrip(".:")] if written.rstrip(".:") else []


def joined(words: list[Word]) -> str:
    """The words as written."""
    return " ".join(each.text for each in words)


@lru_cache(maxsize=65_536)
def spelling(name: str) -> str:
    """`name` with the tone of each syllable at its end, in small letters: hòa and hoà are the same, hóa is another."""
    found = []
    for word in re.split(r"[\s\-]+", unicodedata.normalize("NFD", name.casefold()).replace("y", "i")):
        tones = "".join(each for each in word if each in _TONES)
        found.append(unicodedata.normalize("NFC", "".join(each for each in word if each not in _TONES)) + tones)
    return re.sub(r"['’`]", "", " ".join(found))
