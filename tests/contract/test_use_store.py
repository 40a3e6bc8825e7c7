"""What accounts and rankings are made of, on both databases."""

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.ranking import SqlRanking
from lineman.adapters.db.retention import Retention
from lineman.adapters.db.series import SqlSeries
from lineman.adapters.db.series_time import hour_of
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.adapters.db.uses import SqlUses
from lineman.adapters.db.watches import SqlWatches
from lineman.ports.miners import (
    Availability,
    Maker,
    NewContainer,
    NewMiner,
    Observation,
    PowerKind,
    Reading,
    Sample,
    Standing,
    State,
    Use,
    Watch,
    WatchStore,
)
from lineman.ports.secrets import Vault

pytestmark = pytest.mark.anyio

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
START = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIRST = hour_of(START)
SHA = Reading(Maker.AVALON, State.MINING, algorithm="sha256", power_kind=PowerKind.WALL)
DOGE = Reading(Maker.ELPHAPEX, State.MINING, algorithm="scrypt")


def good(
    miner_id: int, minute: float, reading: Reading = SHA, container: int | None = 1, **figures: Any
) -> Observation:
    """One poll; rates of ``figures`` are in the sample and in the reading."""
    at = START + minute * MINUTE
    sample = Sample(miner_id, at, state=State.MINING, **figures)
    seen = attrs.evolve(reading, hash_rate_hs=sample.hash_rate_hs, power_w=sample.power_w)
    return Observation(Watch(miner_id, Availability.ONLINE), sample, seen, None, container)


def miss(miner_id: int, minute: float) -> Observation:
    return Observation(
        Watch(miner_id, Availability.OFFLINE),
        Sample(miner_id, START + minute * MINUTE, error="timed-out"),
        container_id=1,
    )


@pytest.fixture
async def watches(database: Database, vault: Vault) -> WatchStore:
    for name in ("North", "South"):
        await SqlContainers(database).add(NewContainer(name), at=START)
    for number in range(4):
        new = NewMiner(f"rig {number + 1}", f"10.0.0.{number}", Maker.AVALON, 4028, container_id=1)
        await SqlMiners(database, vault).add(new, at=START)
    return SqlWatches(database, vault)


async def rolled(database: Database, hours: float = 2) -> None:
    await SqlSeries(database, Retention()).roll_up(now=START + hours * HOUR)


async def used(
    database: Database, hours: Sequence[tuple[int, int]] = ((0, 0),), ids: Sequence[int] = (1,)
) -> list[Use]:
    periods = [(FIRST + first, FIRST + last) for first, last in hours]
    return list(await SqlUses(database).used(ids, periods))


async def test_energy_and_rates_are_sums_over_slots_by_algorithm_and_kind_of_watts(
    database: Database, watches: WatchStore
) -> None:
    for minute in range(0, 60, 5):
        await watches.keep(
            [
                good(1, minute, hash_rate_hs=1e14, power_w=3000.0),
                good(2, minute, hash_rate_hs=2e14, power_w=3600.0),
                good(3, minute, DOGE, hash_rate_hs=9e9),
            ]
        )
    await rolled(database)
    doge, sha = await used(database)
    assert (sha.algorithm, sha.power_kind, sha.miners, sha.polls, sha.slots) == ("sha256", "wall", 2, 24, 12)
    assert (sha.energy_wh, sha.rate_slots, sha.measured, sha.hashing) == (6600.0, 36e14, 24, 24)
    assert (doge.algorithm, doge.power_kind, doge.energy_wh, doge.rate_slots) == ("scrypt", None, None, 108e9)


async def test_a_miner_that_is_asked_seldom_because_it_is_silent_counts_for_the_whole_hour(
    database: Database, watches: WatchStore
) -> None:
    await watches.keep([good(1, minute, hash_rate_hs=1e14, power_w=1200.0) for minute in range(60)])
    await watches.keep([good(2, minute, hash_rate_hs=1e14, power_w=1200.0) for minute in range(30)])
    await watches.keep([miss(2, 31), miss(2, 32), miss(2, 36), miss(2, 46)])
    await rolled(database)
    [use] = await used(database)
    assert (use.miner_slots, use.awaited, use.hashing, use.measured) == (24, 24, 18, 18)
    assert (use.energy_wh, use.misses) == (1800.0, 4)


async def test_one_that_comes_late_is_not_awaited_before_and_counts_where_it_stood(
    database: Database, watches: WatchStore
) -> None:
    await watches.keep([good(1, minute, hash_rate_hs=1e14) for minute in range(0, 60, 5)])
    await watches.keep([good(2, minute, hash_rate_hs=1e14) for minute in range(50, 60, 5)])
    await watches.keep([good(3, minute, container=2, hash_rate_hs=5e14) for minute in range(0, 30, 5)])
    await watches.keep([good(3, minute, container=1, hash_rate_hs=5e14) for minute in range(30, 60, 5)])
    await rolled(database)
    north, south = await used(database, ids=(1, 2))
    assert (north.miners, north.awaited, north.hashing, north.rate_slots) == (3, 20, 20, 44e14)
    assert (south.miners, south.slots, south.rate_slots) == (1, 6, 30e14)


async def test_periods_add_up_their_hours_and_one_without_polls_has_nothing(
    database: Database, watches: WatchStore
) -> None:
    for hour in (0, 1, 3):
        await watches.keep([good(1, 60 * hour + minute, hash_rate_hs=1e14, power_w=1000.0) for minute in (0, 5)])
    await rolled(database, 5)
    both, later = await used(database, [(0, 1), (2, 2), (3, 3)])
    assert [(use.period, use.slots, use.polls) for use in (both, later)] == [(0, 4, 4), (2, 2, 2)]
    assert both.energy_wh == pytest.approx(1000 / 3)
    assert await used(database, [(0, 1)], ids=(2,)) == await used(database, []) == await used(database, ids=()) == []


async def test_an_hour_that_is_rolled_up_again_is_written_anew_and_a_removed_container_is_gone(
    database: Database, watches: WatchStore, vault: Vault
) -> None:
    # At first nobody knows what it mines.
    await watches.keep([good(1, 0, Reading(Maker.AVALON, State.IDLE), hash_rate_hs=1e14)])
    await rolled(database)
    assert [use.algorithm for use in await used(database)] == [None]
    await watches.keep([good(1, 5, hash_rate_hs=1e14)])
    await rolled(database)
    await rolled(database)
    assert [(use.algorithm, use.polls) for use in await used(database)] == [("sha256", 2)]
    for number in range(1, 5):
        await SqlMiners(database, vault).remove(number)
    assert [use.polls for use in await used(database)] == [2]
    await SqlContainers(database).remove(1)
    assert await used(database) == []


async def test_others_read_between_the_containers_of_a_long_report(tmp_path: Path) -> None:
    done = []

    async def read(name: str, reading: Awaitable[object]) -> None:
        await reading
        done.append(name)

    async with SqliteDatabase(tmp_path / "lineman.db") as database, anyio.create_task_group() as tasks:
        tasks.start_soon(read, "report", used(database, ids=(1, 2)))
        tasks.start_soon(read, "other", SqlContainers(database).all())
    assert done == ["other", "report"]


async def test_a_ranking_reads_whole_hours_and_the_latest_in_five_minutes(
    database: Database, watches: WatchStore
) -> None:
    now = START + 10 * HOUR
    for hour in range(10):
        await watches.keep([good(1, 60 * hour, hash_rate_hs=float(hour + 1), power_w=100.0, temperature=50.0 + hour)])
    await watches.keep([miss(2, 1), miss(2, 599), good(3, 590, DOGE, hash_rate_hs=7.0, restarts=0)])
    await rolled(database, 10)
    ranking = SqlRanking(database)
    one, two, three, four = await ranking.through(1, since=START, now=now)
    assert (one.polls, one.hash_rate_hs, one.temperature_max, one.power_w) == (10, 5.5, 59.0, 100.0)
    assert (one.algorithm, one.power_kind) == ("sha256", PowerKind.WALL)
    assert two == Standing(2, "rig 2", polls=0, misses=2)
    assert (three.polls, three.hash_rate_hs, three.algorithm) == (1, 7.0, "scrypt")
    assert four == Standing(4, "rig 4")
    # What is younger than an hour counts, and a short span is exact.
    assert (await ranking.through(1, since=now - HOUR - MINUTE, now=now))[0].polls == 1
    assert (await ranking.through(1, since=START, now=START + 24 * HOUR))[0].polls == 10
    assert await ranking.through(2, since=START, now=now) == []


async def test_who_is_there_now_has_his_last_figures_and_who_is_not_has_none(
    database: Database, watches: WatchStore
) -> None:
    await watches.keep([good(1, 0, hash_rate_hs=1e14, power_w=3000.0, temperature=70.0), good(2, 0), miss(2, 1)])
    [present] = await SqlRanking(database).present(1)
    assert (present.miner_id, present.name, present.hash_rate_hs, present.temperature) == (1, "rig 1", 1e14, 70.0)
