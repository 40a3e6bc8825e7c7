"""What polls leave behind, on both databases."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.watches import SqlWatches
from lineman.ports.miners.driver import Fingerprint
from lineman.ports.miners.inventory import NewContainer, NewMiner
from lineman.ports.miners.reading import Board, Maker, Pool, PowerKind, Reading, Shares, State
from lineman.ports.miners.stores import WatchStore
from lineman.ports.miners.watch import Availability, Observation, Sample, Snapshot, Watch
from lineman.ports.secrets import Secret, Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)

WATCH = Watch(
    1, availability=Availability.DEGRADED, misses=2, state=State.FAULT,
    fingerprint=Fingerprint(Maker.AVALON, model="A1246", firmware="x", dialect="avalon", plan=("summary", "stats")),
    polled_at=NOW, seen_at=NOW - timedelta(minutes=1), availability_since=NOW, state_since=NOW, error="timed-out",
    error_detail="no answer", uptime_s=2**40, accepted=2**40, rejected=1, active_pool=2**40,
    last_share_at=NOW, restarts=3, pool_switches=4, reject_ratio=0.25, reasons=("fan 2 stands still",), doubts=1,
)  # fmt: skip
READING = Reading(
    Maker.AVALON, State.FAULT, model="A1246", algorithm="sha256", hash_rate_hs=9e13,
    hash_rate_windows_hs={"5s": 9e13, "av": 8e13}, power_w=3000.5, power_kind=PowerKind.WALL, fans_rpm=(4000, 0),
    fan_pct=(50.5,), shares=Shares(1, 2, None), errors=("2010",),
    pools=(Pool(0, "stratum+tcp://p", "u", fee=True, last_share_at=NOW),), boards=(Board(0, temp_chip_c=91.5),),
)  # fmt: skip
SAMPLE = Sample(1, NOW, state=State.FAULT, hash_rate_hs=9e13, temperature=91.5, fan_speed=4000, power_w=3000.5)
GOOD = Observation(WATCH, SAMPLE, READING, b'{"summary": {"x": 1}}', None)


def miss(miner_id: int, at: datetime) -> Observation:
    watch = Watch(miner_id, availability=Availability.STALE, misses=1, polled_at=at, error="timed-out")
    return Observation(watch, Sample(miner_id, at, error="timed-out"))


@pytest.fixture
async def watches(database: Database, vault: Vault) -> WatchStore:
    """A store with two containers and four miners: 1 and 2 in the first, 3 in the second, 4 in none."""
    for name in ("North", "South"):
        await SqlContainers(database).add(NewContainer(name), at=NOW)
    for number, container_id in enumerate((1, 1, 2, None), 1):
        new = NewMiner(f"rig {number}", f"10.0.0.{number}", Maker.AVALON, 4028, container_id=container_id)
        await SqlMiners(database, vault).add(attrs.evolve(new, password=Secret("s")), at=NOW)
    return SqlWatches(database, vault)


async def test_all_that_a_poll_says_comes_back(watches: WatchStore) -> None:
    await watches.keep([GOOD])
    assert await watches.get(1) == Snapshot(WATCH, READING)
    assert await watches.raw(1) == {"summary": {"x": 1}}
    assert await watches.get(2) == Snapshot(Watch(2))
    assert await watches.raw(2) == {}


async def test_every_field_of_a_watch_is_kept(watches: WatchStore) -> None:
    plain = Watch(1)
    same = [field.name for field in attrs.fields(Watch) if getattr(WATCH, field.name) == getattr(plain, field.name)]
    assert same == ["miner_id"], "the watch that the tests keep has a field at its default"


async def test_a_miss_leaves_the_last_reading_and_its_replies(watches: WatchStore) -> None:
    await watches.keep([GOOD])
    later = miss(1, NOW + timedelta(minutes=1))
    await watches.keep([later])
    assert await watches.get(1) == Snapshot(later.watch, READING)
    assert await watches.raw(1) == {"summary": {"x": 1}}


async def test_the_same_batch_twice_leaves_one_sample(database: Database, watches: WatchStore) -> None:
    for _ in range(2):
        await watches.keep([GOOD, miss(2, NOW)])
    assert sorted(await database.fetch(int, "select miner_id from miner_sample")) == [1, 2]


async def test_a_miner_twice_in_a_batch_leaves_two_samples_and_the_later_state(
    database: Database, watches: WatchStore
) -> None:
    later = miss(1, NOW + timedelta(seconds=1))
    await watches.keep([GOOD, miss(2, NOW), later])
    assert sorted(await database.fetch(int, "select miner_id from miner_sample")) == [1, 1, 2]
    assert await watches.get(1) == Snapshot(later.watch, READING)


async def test_a_miner_removed_meanwhile_is_passed_over(database: Database, watches: WatchStore, vault: Vault) -> None:
    await SqlMiners(database, vault).remove(1)
    await watches.keep([GOOD, miss(2, NOW)])
    assert await database.fetch(int, "select miner_id from miner_sample") == [2]
    assert await database.fetch(int, "select miner_id from miner_watch") == [2]


async def test_what_no_database_can_hold_spoils_no_batch(watches: WatchStore) -> None:
    odd = attrs.evolve(
        GOOD,
        watch=attrs.evolve(WATCH, error_detail="\0\ud800ok", reject_ratio=float("nan")),
        sample=attrs.evolve(SAMPLE, hash_rate_hs=float("inf"), error="\0"),
        reading=attrs.evolve(READING, algorithm="sha\0256", model="Ф\udcff"),
    )
    await watches.keep([odd, miss(2, NOW)])
    kept = (await watches.get(1)).watch
    assert (kept.error_detail, kept.reject_ratio) == ("\N{REPLACEMENT CHARACTER}?ok", None)
    assert (await watches.get(2)).watch.misses == 1


async def test_only_active_miners_are_polled_each_with_its_memory_and_password(
    database: Database, watches: WatchStore, vault: Vault
) -> None:
    miners = SqlMiners(database, vault)
    await miners.change(attrs.evolve(await miners.get(2), is_active=False))
    await watches.keep([GOOD])
    active = await watches.active()
    assert [miner.id for miner, _ in active] == [1, 3, 4]
    assert [watch for _, watch in active] == [WATCH, Watch(3), Watch(4)]
    assert active[0][0].password == Secret("s")


async def test_totals_add_up_what_is_there_now_by_container_and_algorithm(watches: WatchStore) -> None:
    def good(miner_id: int, algorithm: str, rate: float, temperature: float) -> Observation:
        return Observation(
            Watch(miner_id, availability=Availability.ONLINE, state=State.MINING),
            Sample(miner_id, NOW, hash_rate_hs=rate, temperature=temperature, power_w=None if miner_id == 2 else 10.0),
            Reading(Maker.AVALON, State.MINING, algorithm=algorithm),
        )

    await watches.keep([good(1, "sha256", 5.0, 50), good(2, "scrypt", 7.0, 70), good(3, "sha256", 9.0, 90)])
    offline = attrs.evolve(miss(3, NOW), watch=Watch(3, availability=Availability.OFFLINE, state=State.MINING))
    await watches.keep([offline])
    north, south, none = await watches.totals()
    assert (north.container_id, north.miners, north.active) == (1, 2, 2)
    assert (north.availability, north.states) == ({"online": 2}, {"mining": 2})
    assert north.hash_rate_hs == {"sha256": 5.0, "scrypt": 7.0}
    assert (north.power_w, north.power_miners) == (10.0, 1)
    assert (north.temperature_max, north.temperature_avg) == (70.0, 60.0)
    assert (south.container_id, south.availability, south.states, south.power_w) == (2, {"offline": 1}, {}, None)
    assert (none.container_id, none.miners, none.availability) == (None, 1, {"unknown": 1})
    assert [totals.container_id for totals in await watches.totals(visible=frozenset({2}))] == [2]
