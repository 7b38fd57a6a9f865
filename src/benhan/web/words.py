"""The words of the pages, in both languages, and how times and numbers are written."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

from benhan.kernel.texts import Language

_FOLDER = Path(__file__).parent / "i18n"
VIETNAM = timezone(timedelta(hours=7))


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Every text by its key (`patients.title`)."""
    told = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{key}": text for section, texts in told.items() for key, text in texts.items()}


def say(language: Language, key: str, **params: object) -> str:
    """The text of a key with its places filled; an unknown key is shown as it is."""
    text = catalogue(language).get(key, key.partition(".")[2] or key)
    return text.format(**params) if params else text


def clock_and_day(at: datetime | None) -> str:
    """`14:05 22/11/2026` in Vietnam's time; "" for None."""
    return at.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y") if at is not None else ""


def exact_time(at: datetime | None) -> str:
    """`14:05:12,345`."""
    return at.astimezone(VIETNAM).strftime("%H:%M:%S,%f")[:-3] if at is not None else ""


def day(text: str) -> str:
    """A FHIR date or dateTime as `22/11/2026`, as far as it is known."""
    return "/".join(reversed(text[:10].split("-"))) if text else ""


def number(text: str, language: Language) -> str:
    """A number with a comma in Vietnamese; anything else as it is."""
    if language != "vi" or not text or "." not in text:
        return text
    return text.replace(".", ",") if text.replace(".", "", 1).lstrip("<>=-").isdigit() else text
