"""Periods in somebody's time zone, and the rows of a report."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import anyio
import anyio.lowlevel
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lineman.core.miners.periods import EPOCH, HOUR, MOST, Period, Piece, pieces, zone
from lineman.core.miners.reports import Accounts, rows
from lineman.ports.errors import Invalid
from lineman.ports.identity import Actor, Role
from lineman.ports.miners import Container, Use

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NORTH = Container(1, "North", None, None, NOW)


def use(**figures: object) -> Use:
    usual = {
        "container_id": 1, "period": 0, "algorithm": "sha256", "power_kind": "wall", "miners": 2, "miner_slots": 24,
        "awaited": 24, "hashing": 24, "measured": 24, "energy_wh": 6000.0, "rate_slots": 24e14, "polls": 120,
        "misses": 0, "accepted": 10, "rejected": 1, "restarts": 0, "pool_switches": 0, "slots": 12,
    }  # fmt: skip
    return Use(**{**usual, **figures})  # type: ignore[arg-type]  # the test's own words


def of_hours(hours: int, end: datetime = NOW) -> Piece:
    last = (end - EPOCH) // HOUR - 1
    return Piece(end - hours * HOUR, end, last - hours + 1, last)


def test_days_begin_at_midnight_there_and_one_of_them_has_25_hours() -> None:
    since, until = datetime(2026, 10, 23, 22, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC)
    found = pieces(since, until, Period.DAY, BERLIN)
    assert [piece.last - piece.first + 1 for piece in found] == [24, 25, 13]
    assert [piece.start.isoformat() for piece in found] == [
        "2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00",
    ]  # fmt: skip


def test_weeks_begin_on_monday_months_on_the_first_and_the_span_cuts_both_ends() -> None:
    since, until = datetime(2026, 12, 30, 6, tzinfo=UTC), datetime(2027, 2, 3, tzinfo=UTC)
    months = pieces(since, until, Period.MONTH, UTC)
    assert [f"{piece.start:%m-%d %H}" for piece in months] == ["12-30 06", "01-01 00", "02-01 00"]
    assert [f"{piece.start:%a %d}" for piece in pieces(since, until, Period.WEEK, UTC)][:3] == [
        "Wed 30", "Mon 04", "Mon 11",
    ]  # fmt: skip
    assert pieces(since, until, Period.ALL, UTC) == [
        Piece(since, until, (since - EPOCH) // HOUR, (until - EPOCH) // HOUR - 1)
    ]


@given(
    st.integers(0, 130 * 365 * 1440),
    st.integers(1, 500),
    st.sampled_from(list(Period)),
    st.sampled_from([UTC, BERLIN, KOLKATA, ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Apia")]),
)
@example(minute=22_085_000, days=60, period=Period.DAY, where=ZoneInfo("Pacific/Apia"))
def test_every_hour_belongs_to_one_period(minute: int, days: int, period: Period, where: ZoneInfo) -> None:
    start = EPOCH + timedelta(minutes=minute)
    end = start + timedelta(days=days)
    found = pieces(start, end, period, where)
    assert (found[0].start, found[-1].end) == (start, end)
    for piece, after in pairwise(found):
        assert (piece.last + 1, piece.end) == (after.first, after.start)
        assert piece.start.astimezone(UTC) < piece.end.astimezone(UTC)
    assert found[0].first == -((EPOCH - start) // HOUR)
    assert found[-1].last == -((EPOCH - end) // HOUR) - 1


def test_too_many_periods_and_zones_that_are_none_are_refused() -> None:
    with pytest.raises(Invalid, match=str(MOST)):
        pieces(NOW - timedelta(days=MOST + 2), NOW, Period.DAY, UTC)
    for name in ("Mars/Olympus", "../etc/passwd", "/etc/passwd", "", "\0", "Europe", "x" * 999):
        with pytest.raises(Invalid) as refused:
            zone(name)
        assert [wrong.field for wrong in refused.value.errors] == ["tz"]
    far = datetime(1, 1, 1, tzinfo=UTC)
    with pytest.raises(Invalid):
        pieces(far, far + HOUR, Period.DAY, ZoneInfo("America/New_York"))


def test_energy_is_marked_by_how_it_was_measured_and_missing_time_stays_missing() -> None:
    [row] = rows(NORTH, of_hours(2), [use(), use(power_kind="estimated_dc", energy_wh=1000.0, measured=12)], NOW)
    assert (row.energy_kwh, row.energy_kind, row.energy_wall_kwh) == (7.0, "mixed", 6.0)
    assert (row.energy_coverage, row.watched_ratio, row.uptime_ratio) == (36 / 48, 0.5, 1.0)
    [silent] = rows(NORTH, of_hours(1), [use(energy_wh=None, power_kind=None, measured=0)], NOW)
    assert (silent.energy_kwh, silent.energy_kind, silent.energy_coverage) == (None, None, 0.0)
    [empty] = rows(NORTH, of_hours(1), [], NOW)
    assert (empty.energy_kwh, empty.mean_rate_hs, empty.uptime_ratio, empty.watched_ratio) == (None, None, None, 0.0)


def test_rates_of_two_algorithms_are_two_rows_and_who_never_said_counts_with_the_only_one() -> None:
    never = use(algorithm=None, power_kind=None, hashing=0, energy_wh=None, measured=0, rate_slots=None, misses=60)
    [row] = rows(NORTH, of_hours(1), [use(), never], NOW)
    assert (row.algorithm, row.uptime_ratio, row.mean_rate_hs, row.misses, row.miners) == ("sha256", 0.5, 2e14, 60, 4)
    found = rows(NORTH, of_hours(1), [use(), use(algorithm="scrypt", rate_slots=12e9), never], NOW)
    assert [(row.algorithm, row.mean_rate_hs, row.unit.name) for row in found] == [
        ("scrypt", 1e9, "GH/s"), ("sha256", 2e14, "TH/s"), (None, None, "TH/s"),
    ]  # fmt: skip


def test_the_part_of_a_period_that_is_still_to_come_does_not_count_as_unwatched() -> None:
    day = Piece(NOW - 12 * HOUR, NOW + 12 * HOUR, *(lambda first: (first, first + 23))((NOW - EPOCH) // HOUR - 12))
    [row] = rows(NORTH, day, [use(slots=144)], NOW + timedelta(minutes=30))
    assert row.watched_ratio == 1.0
    [future] = rows(NORTH, Piece(NOW, NOW + HOUR, (NOW - EPOCH) // HOUR, (NOW - EPOCH) // HOUR), [], NOW)
    assert future.watched_ratio == 0.0


class Halls:
    """Five containers, watched through one hour of each day."""

    async def all(self, *, visible: object = None) -> list[Container]:
        return [Container(number, f"Hall {number}", None, None, NOW) for number in range(5)]

    async def used(self, container_ids: Sequence[int], periods: Sequence[tuple[int, int]]) -> list[Use]:
        return [use(container_id=number) for number in container_ids]

    def now(self) -> datetime:
        return NOW


@pytest.mark.anyio
async def test_a_long_report_lets_others_have_their_turn_between_containers() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    halls: Any = Halls()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(other)
        found = await Accounts(halls, halls, halls).containers(
            Actor("ada", Role.ACCOUNTANT), since=NOW - timedelta(days=9), period="day"
        )
        tasks.cancel_scope.cancel()
    assert (len(found), turns > 2) == (50, True)
