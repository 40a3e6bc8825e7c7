"""Rankings, distributions and the gaps of courses."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.core.miners.comparisons import with_gaps
from lineman.core.miners.ranks import By, Metric, distribute, percentile, rank
from lineman.ports.miners import PowerKind, Present, Standing

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TERA = 1e12


def test_the_greatest_fall_the_least_rise_and_who_has_no_figure_is_counted() -> None:
    standings = [Standing(1, "b", "sha256", temperature_max=70), Standing(2, "a", "sha256", temperature_max=70)]
    standings += [Standing(3, "c", temperature_max=90.5), Standing(4, "d"), Standing(5, "e", temperature_max=-5)]
    found = rank(standings, By.TEMPERATURE, 2)
    assert [row.name for row in found.top] == ["c", "a"]
    assert [row.name for row in found.bottom] == ["e", "a"]
    assert (found.unit.name, found.ranked, found.unranked) == ("°C", 4, 1)


def test_rates_and_efficiencies_are_ranked_among_those_that_mine_alike() -> None:
    standings = [
        Standing(1, "one", "sha256", PowerKind.WALL, 1.1e14, hash_rate_hs=1e14, power_w=3000),
        Standing(2, "two", "sha256", PowerKind.ESTIMATED_DC, None, hash_rate_hs=2e14, power_w=100),
        Standing(3, "doge", "scrypt", PowerKind.WALL, 1e10, hash_rate_hs=9e9, power_w=3000),
    ]
    rates, efficiency, ratio = (rank(standings, by, 9) for by in (By.HASH_RATE, By.EFFICIENCY, By.RATE_RATIO))
    assert [(row.name, row.value) for row in rates.top] == [("two", 2e14), ("one", 1e14)]
    assert (rates.unit.name, rates.unranked) == ("TH/s", 1)
    # Watts that were not measured at the wall cannot stand beside those that were.
    assert [(row.name, row.value) for row in efficiency.top] == [("one", 30.0)]
    assert efficiency.unit.name == "J/TH"
    # Ratios can be held against each other whatever is mined.
    assert [row.name for row in ratio.top] == ["one", "doge"]


def test_a_miner_that_missed_every_poll_stands_first_by_misses_and_is_in_no_other_ranking() -> None:
    dead, fine, new = Standing(1, "dead", misses=60), Standing(2, "fine", polls=60, restarts=0), Standing(3, "new")
    assert [row.name for row in rank([dead, fine, new], By.MISSES, 5).top] == ["dead", "fine"]
    assert [row.name for row in rank([dead, fine, new], By.RESTARTS, 5).top] == ["fine"]
    assert rank([dead, new], By.HASH_RATE, 5).top == ()


def test_a_distribution_is_in_the_unit_of_what_most_mine() -> None:
    present = [Present(n, "m", "sha256", hash_rate_hs=n * TERA, temperature=50 + n) for n in range(1, 102)]
    present += [Present(200, "doge", "scrypt", hash_rate_hs=9e9), Present(201, "silent")]
    rates = distribute(present, Metric.HASH_RATE)
    assert (rates.unit.name, rates.algorithm, rates.n) == ("TH/s", "sha256", 101)
    assert (rates.min, rates.p5, rates.p50, rates.p95, rates.max) == (1, 6, 51, 96, 101)
    assert distribute(present, Metric.TEMPERATURE).p50 == 101
    nothing = distribute([], Metric.POWER)
    assert (nothing.n, nothing.min, nothing.p50, nothing.max) == (0, None, None, None)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.floats(0, 100))
def test_a_percentile_lies_among_the_values(values: list[float], part: float) -> None:
    found = percentile(sorted(values), part)
    assert found is not None
    assert min(values) <= found <= max(values) or found == pytest.approx(values[0])


def test_a_gap_begins_with_a_null_and_what_is_null_already_needs_none() -> None:
    minutes = [(0, 1.0), (5, 2.0), (20, 3.0), (25, None), (60, 4.0)]
    start = int(NOW.timestamp())
    course = [(start + 60.5 * minute - minute / 2, value) for minute, value in minutes]
    assert with_gaps(course, 300, patience=1) == (
        (start, 1.0), (start + 300, 2.0), (start + 600, None), (start + 1200, 3.0), (start + 1500, None),
        (start + 3600, 4.0),
    )  # fmt: skip
    jittered = [(start + second, 1.0) for second in (0.7, 61, 125, 180)]
    assert all(value == 1.0 for _, value in with_gaps(jittered, 60, patience=3))
