"""The words of the pages, in both languages, and how times and numbers are written."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path

from benhan.kernel.clock import VIETNAM
from benhan.kernel.texts import Language, Text

_FOLDER = Path(__file__).parent / "i18n"
_POINT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_BETWEEN = re.compile(r"(?<=[0-9])\s*-\s*(?=[0-9.])")


UNITS = {
    "1": Text("", ""),
    "{score}": Text("điểm", "points"),
    "a": Text("tuổi", "years"),
    "mo": Text("tháng", "months"),
    "wk": Text("tuần", "weeks"),
    "d": Text("ngày", "days"),
    "min": Text("phút", "min"),
    "/min": Text("lần/phút", "/min"),
    "Cel": Text("°C", "°C"),
    "mm[Hg]": Text("mmHg", "mmHg"),
    "kg/m2": Text("kg/m²", "kg/m²"),
}
"""UCUM units whose code is not what people write."""


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Every text by its key (`patients.title`)."""
    told = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{key}": text for section, texts in told.items() for key, text in texts.items()}


def say(language: Language, key: str, **params: object) -> str:
    """The text of a key with its places filled; a code that the catalogue does not know is shown as it is.

    Where `n` is 1 and the catalogue has `<key>_one`, that is the text.
    """
    texts = catalogue(language)
    if params.get("n") == 1:
        key = f"{key}_one" if f"{key}_one" in texts else key
    text = texts.get(key, key.partition(".")[2] or key)
    return text.format(**params) if params else text


def clock_and_day(at: datetime | None) -> str:
    """`14:05 22/11/2026` in Vietnam's time; "" for None."""
    return at.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y") if at is not None else ""


def clock(at: datetime | None) -> str:
    """`14:05`."""
    return at.astimezone(VIETNAM).strftime("%H:%M") if at is not None else ""


def exact_time(at: datetime | None) -> str:
    """`14:05:12,345`."""
    return at.astimezone(VIETNAM).strftime("%H:%M:%S,%f")[:-3] if at is not None else ""


def instant(text: str) -> datetime | None:
    """A FHIR instant as a time; None for ""."""
    return datetime.fromisoformat(text) if text else None


def date_of(at: datetime) -> str:
    """`22/11/2026`, the day in Vietnam."""
    return at.astimezone(VIETNAM).strftime("%d/%m/%Y")


def day(text: str) -> str:
    """A FHIR date or dateTime as `22/11/2026`, as far as it is known."""
    return "/".join(reversed(text[:10].split("-"))) if text else ""


def number(text: str, language: Language) -> str:
    """A number with a comma in Vietnamese; anything else as it is."""
    if language != "vi" or not text or "." not in text:
        return text
    return text.replace(".", ",") if text.replace(".", "", 1).lstrip("<>=- ").isdigit() else text


def count(value: int, language: Language) -> str:
    """A whole number in groups of three: `12.345` in Vietnamese, `12,345` in English."""
    text = f"{value:,}"
    return text.replace(",", ".") if language == "vi" else text


def band(text: str, language: Language) -> str:
    """A reference range as it is read: `4,0–10,0`."""
    text = _BETWEEN.sub("–", text)
    return _POINT.sub(",", text) if language == "vi" else text


def elapsed(since: datetime | None, until: datetime | None, language: Language) -> str:
    """How long something took, in two units at most: `0,07 s`, `3 phút 5 s`, `2 giờ 10 phút`; "" where not known."""
    if since is None or until is None:
        return ""
    seconds = max(0.0, (until - since).total_seconds())
    minute, hour, days = ("phút", "giờ", "ngày") if language == "vi" else ("min", "h", "d")
    if seconds < 60:
        return number(f"{seconds:.2f}" if seconds < 10 else f"{seconds:.1f}", language) + " s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} {minute} {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} {hour} {whole % 3600 // 60} {minute}"
    return f"{whole // 86400} {days} {whole % 86400 // 3600} {hour}"


def waited(since: datetime | None, now: datetime | None, language: Language) -> str:
    """How long somebody or something waits, as people count it: `dưới 1 phút`, `35 phút`, `2 giờ 10 phút`."""
    if since is None or now is None:
        return ""
    minutes = int(max(0.0, (now - since).total_seconds()) // 60)
    if minutes < 60:
        few, minute = ("dưới 1", "phút") if language == "vi" else ("under 1", "min")
        return f"{minutes or few} {minute}"
    return elapsed(since, now, language)


def unit(code: str, language: Language) -> str:
    """A unit as people write it; one that is no code of UCUM is as it is."""
    return UNITS[code].in_language(language) if code in UNITS else code
