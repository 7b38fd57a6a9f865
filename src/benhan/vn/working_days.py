"""Working days: terms of the law that count them leave out weekends and public holidays.

The holidays of the solar calendar are fixed; those of the lunar one and days in lieu are announced each year and are
given by who knows them. Source: Bộ luật Lao động 45/2019/QH14 Đ112; Bộ luật Dân sự 91/2015/QH13 Đ147, Đ148 k5 (the day
of the event does not count; a term that ends on a day off ends on the next working day).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

FIXED = frozenset(((1, 1), (4, 30), (5, 1), (9, 1), (9, 2)))
"""Month and day. The second day of the national day is the 1st or 3rd of September: taken as the 1st."""
_SATURDAY = 5


def is_working(day: date, holidays: Collection[date] = ()) -> bool:
    """Whether offices work on a day; `holidays` are those of the lunar calendar and days in lieu."""
    return day.weekday() < _SATURDAY and (day.month, day.day) not in FIXED and day not in holidays


def after_working_days(day: date, count: int, holidays: Collection[date] = ()) -> date:
    """The last day of a term of `count` working days that began with an event on `day`."""
    while count:
        day += timedelta(days=1)
        count -= is_working(day, holidays)
    return day


def after_days(day: date, count: int, holidays: Collection[date] = ()) -> date:
    """The last day of a term of `count` days from an event on `day`: on a day off it ends with the next working day."""
    day += timedelta(days=count)
    while not is_working(day, holidays):
        day += timedelta(days=1)
    return day
