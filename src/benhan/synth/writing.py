"""How doctors put things: sentences filled in, in full, in abbreviations, or without accents."""

from __future__ import annotations

from random import Random

from benhan.synth.facilities import Staff
from benhan.synth.registration import bare
from benhan.synth.visit import Vitals

_SHORT = (
    ("Bệnh nhân", "BN"), ("bệnh nhân", "BN"), ("huyết áp", "HA"), ("Huyết áp", "HA"), ("bình thường", "bt"),
    ("không", "ko"), ("Không", "Ko"), ("tiếp xúc", "tx"), ("nhịp thở", "NT"), ("Nhịp thở", "NT"), ("nhiệt độ", "T"),
    ("điều trị", "đtrị"), ("Tăng huyết áp", "THA"), ("tái khám", "tk"), ("phương pháp", "pp"),
)  # fmt: skip
_GENERAL = {
    "well": (
        "Bệnh nhân tỉnh, tiếp xúc tốt, da niêm mạc hồng.",
        "Tỉnh táo, tự đi lại, ăn ngủ được.",
        "Toàn trạng ổn, không sốt.",
    ),
    "ill": (
        "Bệnh nhân tỉnh, mệt, ăn kém.",
        "Tỉnh, mệt mỏi, tiếp xúc được.",
        "Thể trạng mệt, da niêm mạc kém tươi.",
    ),
    "grave": (
        "Bệnh nhân mệt nhiều, tiếp xúc chậm.",
        "Tình trạng nặng, thở nhanh, theo dõi sát.",
        "Tri giác giảm, chi lạnh.",
    ),
}


def filled(template: str, n: int, side: str) -> str:
    """A sentence with its number and its side."""
    if "{" not in template:
        return template
    return template.replace("{n}", str(n)).replace("{side}", side)


def as_typed(text: str, by: Staff) -> str:
    """`text` in the way somebody types."""
    if by.writing == "short":
        for long, short in _SHORT:
            text = text.replace(long, short)
        return text
    return bare(text) if by.writing == "bare" else text


def general(severity: float, chance: Random) -> str:
    """The first sentence of a note."""
    return chance.choice(_GENERAL["grave" if severity > 0.78 else "ill" if severity > 0.35 else "well"])


def signs(vitals: Vitals) -> str:
    """Vital signs as a sentence."""
    return (
        f"Mạch {vitals.pulse} lần/phút, nhiệt độ {vitals.temperature:.1f} °C, "
        f"huyết áp {vitals.systolic}/{vitals.diastolic} mmHg, nhịp thở {vitals.breaths} lần/phút, "
        f"SpO2 {vitals.oxygen} %."
    )


def amount_of(number: float) -> str:
    """An amount as it is written on a prescription: ½, ¼ and whole numbers."""
    whole, rest = divmod(number, 1)
    part = {0.0: "", 0.25: "1/4", 0.5: "1/2", 0.75: "3/4"}.get(rest)
    if part is None:
        return f"{number:g}".replace(".", ",")
    return f"{int(whole)} {part}".strip() if whole else part or "0"


def shortened(text: str, characters_max: int) -> str:
    """`text`, cut at a word where it is too long."""
    if len(text) <= characters_max:
        return text
    return text[: characters_max - 1].rsplit(" ", 1)[0] + "…"
