"""How coarse a chart is, and what containers make together."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.core.miners.levels import Detail, chief_algorithm, leading, level_for, level_named, together
from lineman.ports.errors import Invalid
from lineman.ports.miners import Level, RatePoint, Totals

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hours", "ended_hours_ago", "interval", "wanted"),
    [
        (1, 0, 60, Level.RAW),
        (6, 0, 60, Level.RAW),
        (7, 0, 60, Level.FIVE_MINUTES),
        (168, 0, 60, Level.FIVE_MINUTES),
        (24 * 9, 0, 60, Level.HOUR),
        (24 * 365, 0, 60, Level.HOUR),
        # Too many points for a chart.
        (6, 0, 5, Level.FIVE_MINUTES),
        # Raw readings, or 5 minutes, of that time are gone.
        (1, 24 * 8, 60, Level.FIVE_MINUTES),
        (1, 24 * 100, 60, Level.HOUR),
    ],
)
def test_a_chart_is_as_fine_as_it_can_be(hours: int, ended_hours_ago: int, interval: float, wanted: Level) -> None:
    until = NOW - ended_hours_ago * HOUR
    assert level_for(until - hours * HOUR, until, now=NOW, detail=Detail(interval)) is wanted


@given(st.floats(0.01, 87_840), st.floats(0, 87_840), st.floats(1, 86400))
def test_below_hours_a_chart_never_has_more_points_than_fit(hours: float, ago: float, interval: float) -> None:
    detail, until = Detail(interval), NOW - ago * HOUR
    span = hours * HOUR
    level = level_for(until - span, until, now=NOW, detail=detail)
    assert level is Level.HOUR or detail.count(level, span) <= detail.points


@pytest.mark.parametrize(("level", "hours"), [("2h", 1), ("", 1), ("raw", 24 * 30), ("5m", 24 * 365)])
def test_a_level_that_is_none_or_too_fine_names_the_field(level: str, hours: int) -> None:
    with pytest.raises(Invalid) as raised:
        level_named(level, NOW - hours * HOUR, NOW, now=NOW, detail=Detail())
    assert [error.field for error in raised.value.errors] == ["level"]


def test_a_level_by_name_is_taken_at_its_word() -> None:
    assert level_named("1h", NOW - HOUR, NOW, now=NOW, detail=Detail()) is Level.HOUR


def test_rates_of_different_algorithms_are_never_added() -> None:
    first = Totals(
        1, 3, 3, {"online": 2, "offline": 1}, {"mining": 2}, {"sha256": 1e14}, {"sha256": 2e14}, 6000.0, 80.0, 70.0, 2
    )
    second = Totals(
        2, 4, 3, {"online": 4}, {"mining": 3, "idle": 1}, {"sha256": 1e14, "scrypt": 1e10}, {}, 900.0, power_miners=1
    )
    third = Totals(None, 1, 1, {"degraded": 1}, {"mining": 1}, temperature_max=90.0, temperature_avg=90.0)
    total = together([first, second, third])
    assert (total.container_id, total.miners, total.active) == (None, 8, 7)
    assert total.availability == {"online": 6, "offline": 1, "degraded": 1}
    assert total.states == {"mining": 6, "idle": 1}
    assert total.hash_rate_hs == {"sha256": 2e14, "scrypt": 1e10}
    assert (total.power_w, total.power_miners, total.temperature_max) == (6900.0, 3, 90.0)
    assert total.temperature_avg == pytest.approx((70 * 2 + 90) / 3)
    assert chief_algorithm(total) == "sha256"


def test_nothing_makes_nothing() -> None:
    assert together([]) == Totals(None)
    assert chief_algorithm(Totals(None)) is None


def test_the_largest_algorithm_of_now_leads_a_course_else_that_of_its_end() -> None:
    def course(rate: float, minute: int = 0) -> list[RatePoint]:
        return [RatePoint(NOW + timedelta(minutes=minute), rate)]

    rates = {"scrypt": course(1e10), None: course(1e15, -5), "sha256": course(1e14), "x11": course(1.0)}
    assert leading(Totals(1, hash_rate_hs={"x11": 1.0}), rates) == ["x11", "scrypt", "sha256", None]
    assert leading(Totals(1, hash_rate_hs={"kadena": 1.0}), rates) == ["sha256", "scrypt", "x11", None]
    assert leading(Totals(1), {None: course(1.0)}) == [None]
    assert leading(Totals(1, hash_rate_hs={"sha256": 1.0}), {}) == []
