"""History, charts and roll-ups, on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.retention import Retention
from lineman.adapters.db.series import SqlSeries
from lineman.adapters.db.watches import SqlWatches
from lineman.ports.miners.inventory import NewContainer, NewMiner
from lineman.ports.miners.reading import Maker, Reading, State
from lineman.ports.miners.stores import WatchStore
from lineman.ports.miners.watch import (
    ContainerCourse,
    ContainerPoint,
    Level,
    Observation,
    Point,
    RatePoint,
    Sample,
    Watch,
)
from lineman.ports.secrets import Vault

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START = datetime(2026, 11, 24, 12, tzinfo=UTC)


def good(
    miner_id: int,
    minute: float,
    *,
    at: datetime | None = None,
    container: int | None = 1,
    algorithm: str | None = None,
    **figures: Any,
) -> Observation:
    sample = Sample(miner_id, at or START + minute * MINUTE, state=State.MINING, **figures)
    reading = Reading(Maker.AVALON, State.MINING, algorithm=algorithm)
    return Observation(Watch(miner_id), sample, reading, None, container)


def miss(miner_id: int, minute: float, *, container: int | None = 1) -> Observation:
    return Observation(
        Watch(miner_id), Sample(miner_id, START + minute * MINUTE, error="timed-out"), container_id=container
    )


@pytest.fixture
async def watches(database: Database, vault: Vault) -> WatchStore:
    for number in range(3):
        await SqlContainers(database).add(NewContainer(f"container {number}"), at=START)
    for number in range(3):
        await SqlMiners(database, vault).add(NewMiner("rig", f"10.0.0.{number}", Maker.AVALON, 4028), at=START)
    return SqlWatches(database, vault)


@pytest.fixture
def series(database: Database) -> SqlSeries:
    return SqlSeries(database, Retention(raw=7 * DAY, five_minutes=90 * DAY, hours=1000 * DAY))


async def chart(series: SqlSeries, level: Level, *, miner_id: int = 1, span: timedelta = DAY) -> Sequence[Point]:
    return await series.chart(miner_id, since=START - span, until=START + span, level=level)


async def container(series: SqlSeries, level: Level, number: int = 1) -> ContainerCourse:
    courses = await series.container_chart([number, 3], since=START - DAY, until=START + DAY, level=level)
    assert courses[3] == ContainerCourse([], {})
    return courses[number]


async def test_history_is_newest_first_with_misses_and_whole_samples(watches: WatchStore, series: SqlSeries) -> None:
    full = Sample(
        1, START + MINUTE, State.MINING, 9e13, 1e14, 2**40, 2, 3, 4, 70.5, 4000, 3000.5, 2**40, 2**40
    )  # fmt: skip
    batch = [attrs.evolve(good(1, 1), sample=full), miss(1, 2), good(1, 3), good(2, 1)]
    await watches.keep(batch)
    found = await series.history(1, since=START, until=START + HOUR, limit=10)
    assert found == [batch[2].sample, batch[1].sample, full]
    assert await series.history(1, since=START + 3 * MINUTE, until=START + 3 * MINUTE, limit=10) == [batch[2].sample]
    assert await series.history(1, since=START, until=START + HOUR, limit=1) == [batch[2].sample]
    assert await series.history(1, since=datetime(1970, 1, 1, tzinfo=UTC), until=START + HOUR, limit=1) == found[:1]


async def test_an_interval_holds_the_mean_the_bounds_and_the_misses_of_its_polls(
    watches: WatchStore, series: SqlSeries
) -> None:
    await watches.keep(
        [
            good(1, 0, hash_rate_hs=10.0, temperature=70, fan_speed=4000, power_w=100),
            good(1, 1, hash_rate_hs=30.0, temperature=80, fan_speed=3000, power_w=300),
            miss(1, 2),
            good(1, 3),
        ]
    )
    assert await series.roll_up(now=START + 5 * MINUTE) == 1
    assert await chart(series, Level.FIVE_MINUTES) == [
        Point(START, 3, 1, 20.0, 10.0, 30.0, 80.0, 4000, 3000, 200.0)
    ]  # fmt: skip


async def test_an_interval_without_polls_has_no_point_and_one_of_misses_has_no_figures(
    watches: WatchStore, series: SqlSeries
) -> None:
    await watches.keep([good(1, 0, hash_rate_hs=10.0), miss(1, 21)])
    await series.roll_up(now=START + 2 * HOUR)
    five, hour = await chart(series, Level.FIVE_MINUTES), await chart(series, Level.HOUR)
    assert [(point.at, point.polls, point.misses, point.hash_rate_hs) for point in five] == [
        (START, 1, 0, 10.0), (START + 20 * MINUTE, 0, 1, None),
    ]  # fmt: skip
    assert [(point.at, point.polls, point.misses, point.hash_rate_hs) for point in hour] == [(START, 1, 1, 10.0)]


async def test_shares_are_those_of_the_interval_even_when_the_process_started_anew(
    watches: WatchStore, series: SqlSeries
) -> None:
    counters = [
        (0, 1000, 10, 5000, 0),  # the first says nothing
        (1, 1030, 10, 5060, 0),
        (2, 5, 1, 30, 1),  # a new process: it counted from nothing
        (3, 25, 1, 90, 1),
        (4, 60, 2, 300, 2),  # another one, that has counted further meanwhile
        (6, 65, 2, 420, 2),
    ]
    for minute, accepted, rejected, uptime, restarts in counters:
        await watches.keep(
            [good(1, minute, accepted=accepted, rejected=rejected, uptime_s=uptime, restarts=restarts, pool_switches=0)]
        )
    # One that comes late adds nothing.
    await watches.keep([good(1, 5, accepted=62, rejected=2, uptime_s=360, restarts=2, pool_switches=0)])
    await series.roll_up(now=START + 2 * HOUR)
    five = await chart(series, Level.FIVE_MINUTES)
    assert [(point.accepted, point.rejected, point.restarts) for point in five] == [(115, 3, 2), (5, 0, 0)]
    [hour] = await chart(series, Level.HOUR)
    assert (hour.accepted, hour.rejected, hour.restarts, hour.pool_switches) == (120, 3, 2, 0)
    raw = await chart(series, Level.RAW)
    assert [point.accepted for point in raw] == [None, 30, 5, 20, 60, None, 5]


async def test_a_container_adds_up_the_means_of_those_that_were_in_it_at_the_time(
    watches: WatchStore, series: SqlSeries
) -> None:
    await watches.keep(
        [
            good(1, 0, hash_rate_hs=10.0, power_w=100, temperature=50), good(2, 0, hash_rate_hs=0.0, temperature=70),
            miss(3, 0), good(1, 1, hash_rate_hs=20.0, power_w=100, temperature=50),
            good(3, 5, container=None, hash_rate_hs=99.0), good(1, 6, container=2, hash_rate_hs=40.0),
            good(2, 6, hash_rate_hs=7.0),
        ]
    )  # fmt: skip
    await series.roll_up(now=START + 10 * MINUTE)
    five = await container(series, Level.FIVE_MINUTES)
    assert five.points == [
        ContainerPoint(START, 3, 2, 1, 100.0, 70.0, 60.0), ContainerPoint(START + 5 * MINUTE, 1, 1, 1),
    ]  # fmt: skip
    assert five.rates == {None: [RatePoint(START, 15.0), RatePoint(START + 5 * MINUTE, 7.0)]}
    assert await container(series, Level.RAW) == five
    assert (await container(series, Level.FIVE_MINUTES, 2)).rates == {None: [RatePoint(START + 5 * MINUTE, 40.0)]}
    await series.roll_up(now=START + HOUR)
    hour = await container(series, Level.HOUR)
    assert hour.points == [ContainerPoint(START, 3, 2, 1, 100.0, 70.0, 60.0)]
    assert hour.rates == {None: [RatePoint(START, 11.0)]}


async def test_rates_of_different_algorithms_are_never_added(watches: WatchStore, series: SqlSeries) -> None:
    sha = dict[str, Any](algorithm="sha256")
    doge = dict[str, Any](algorithm="scrypt")
    await watches.keep(
        [
            good(1, 0, **sha, hash_rate_hs=1e14, hash_rate_nominal_hs=2e14, power_w=100),
            good(2, 1, **doge, hash_rate_hs=9e9, power_w=50), good(3, 1, **sha, hash_rate_hs=3e14),
            miss(2, 6), good(1, 6, **sha, hash_rate_hs=1e14), good(3, 7, **sha, hash_rate_nominal_hs=5e14),
        ]
    )  # fmt: skip
    await series.roll_up(now=START + HOUR)
    for _ in range(2):
        five = await container(series, Level.FIVE_MINUTES)
        assert five.rates == {
            "scrypt": [RatePoint(START, 9e9)],
            "sha256": [RatePoint(START, 4e14, 2e14), RatePoint(START + 5 * MINUTE, 1e14, 5e14)],
        }
        assert [(point.miners, point.power_w) for point in five.points] == [(3, 150.0), (3, None)]
        hour = await container(series, Level.HOUR)
        assert hour.rates == {"scrypt": [RatePoint(START, 9e9)], "sha256": [RatePoint(START, 2.5e14, 3.5e14)]}
        # Rolled up once more, nothing is doubled.
        await watches.keep([good(1, 0, **sha, hash_rate_hs=1e14, hash_rate_nominal_hs=2e14, power_w=100)])
        assert await series.roll_up(now=START + HOUR) == 2


async def test_a_slot_rolled_up_anew_keeps_nothing_of_another_algorithm(watches: WatchStore, series: SqlSeries) -> None:
    await watches.keep([good(1, 0, algorithm="sha256", hash_rate_hs=10.0)])
    await series.roll_up(now=START + HOUR)
    await watches.keep([good(1, 2, algorithm="scrypt", hash_rate_hs=30.0)])
    await series.roll_up(now=START + HOUR)
    for level in (Level.FIVE_MINUTES, Level.HOUR):
        assert (await container(series, level)).rates == {"scrypt": [RatePoint(START, 20.0)]}


async def test_a_roll_up_waits_for_the_end_of_an_interval_and_takes_late_samples_in(
    watches: WatchStore, series: SqlSeries
) -> None:
    await watches.keep([good(1, 1, hash_rate_hs=10.0)])
    assert await series.roll_up(now=START + 4.9 * MINUTE) == 0
    assert await series.roll_up(now=START + 5 * MINUTE) == 1
    assert await series.roll_up(now=START + 6 * MINUTE) == 0
    await watches.keep([good(1, 4.9, hash_rate_hs=30.0), good(1, 61, hash_rate_hs=50.0)])
    assert await series.roll_up(now=START + 2 * HOUR) == 4
    await watches.keep([good(2, 2, hash_rate_hs=1.0)])
    assert await series.roll_up(now=START + 2 * HOUR) == 2
    assert [point.hash_rate_hs for point in await chart(series, Level.FIVE_MINUTES)] == [20.0, 50.0]
    assert [point.hash_rate_hs for point in await chart(series, Level.HOUR)] == [20.0, 50.0]
    assert [point.miners for point in (await container(series, Level.HOUR)).points] == [2, 1]


async def test_a_clock_that_jumps_leaves_no_gap_and_stops_nothing(
    database: Database, watches: WatchStore, series: SqlSeries
) -> None:
    wrong = datetime(2099, 1, 1, tzinfo=UTC)
    await series.roll_up(now=START)
    await watches.keep(
        [good(1, 1, hash_rate_hs=10.0), good(2, 0, at=wrong), good(3, 0, at=datetime(1970, 1, 2, tzinfo=UTC))]
    )
    await series.roll_up(now=START + 5 * MINUTE)
    assert [point.hash_rate_hs for point in await chart(series, Level.FIVE_MINUTES)] == [10.0]
    if database.dialect == "postgresql":
        assert not await database.fetch(str, "select relname from pg_class where relname like :name", name="%_2099%")
    # The service's own clock is wrong for a while.
    await series.roll_up(now=wrong + HOUR)
    await series.prune(now=wrong + HOUR)
    await watches.keep([good(1, 6, hash_rate_hs=30.0)])
    await series.roll_up(now=START + 10 * MINUTE)
    assert [point.hash_rate_hs for point in await chart(series, Level.FIVE_MINUTES)] == [10.0, 30.0]


async def test_each_level_is_let_go_when_its_time_is_over_and_not_before(database: Database, vault: Vault) -> None:
    series = SqlSeries(database, Retention(raw=2 * DAY, five_minutes=4 * DAY, hours=60 * DAY))
    await SqlContainers(database).add(NewContainer("one"), at=START)
    await SqlMiners(database, vault).add(NewMiner("rig", "10.0.0.1", Maker.AVALON, 4028), at=START)
    for day in range(6):
        now = START + day * DAY
        await SqlWatches(database, vault).keep([good(1, 0, at=now, hash_rate_hs=1.0)])
        await series.roll_up(now=now + HOUR)
        await series.prune(now=now + HOUR)
    span = 10 * DAY
    assert len(await chart(series, Level.RAW, span=span)) in (2, 3)
    assert len(await chart(series, Level.FIVE_MINUTES, span=span)) in (4, 5)
    assert len(await chart(series, Level.HOUR, span=span)) == 6
    sums = await series.container_chart([1], since=START, until=START + span, level=Level.FIVE_MINUTES)
    assert len(sums[1].points) == len(sums[1].rates[None]) in (4, 5)


async def test_removed_miners_have_no_history(
    database: Database, watches: WatchStore, series: SqlSeries, vault: Vault
) -> None:
    miners = SqlMiners(database, vault)
    [third] = await miners.write([NewMiner("3", "10.0.0.3", Maker.AVALON, 4028)], [], at=START)
    later = datetime(2099, 1, 1, tzinfo=UTC)
    await watches.keep([good(1, 0), good(2, 0), good(1, 70), good(third, 140), good(1, 0, at=later)])
    await series.roll_up(now=START + 3 * HOUR)
    assert await miners.remove_many([1, third, 99]) == {1, third}
    for table in ("miner_sample", "miner_5m", "miner_1h"):
        assert await database.fetch(int, f"select miner_id from {table}") == [2]
    assert await miners.remove_many([2], visible=frozenset({7})) == frozenset()
    await miners.remove(2)
    assert await database.fetch(int, "select count(*) from miner_1h") == [0]
