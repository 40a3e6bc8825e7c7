"""Groups of time: whole numbers of 5 minutes, hours and days since 1970, the same in both databases."""

from datetime import datetime, timedelta

from .rows import EPOCH

SLOT = timedelta(minutes=5)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SLOTS_AN_HOUR = 12
HOURS_A_DAY = 24
SLOTS_A_DAY = SLOTS_AN_HOUR * HOURS_A_DAY


def slot_of(at: datetime) -> int:
    return (at - EPOCH) // SLOT


def hour_of(at: datetime) -> int:
    return (at - EPOCH) // HOUR


def day_of(at: datetime) -> int:
    return (at - EPOCH) // DAY
