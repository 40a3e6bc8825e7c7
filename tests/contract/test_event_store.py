"""Events of miners and the order of batches, on both databases, and through a kill."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.changes import KEPT, SqlChanges
from lineman.adapters.db.engine import Database
from lineman.adapters.db.events import SqlEvents
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.retention import Retention
from lineman.adapters.db.series import SqlSeries
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.adapters.db.watches import SqlWatches
from lineman.ports.miners import (
    Changes,
    EventKind,
    Maker,
    MinerEvent,
    NewMiner,
    Observation,
    Reading,
    Sample,
    State,
    Watch,
    WatchStore,
)
from lineman.ports.secrets import Secret, Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def seen(miner_id: int, at: datetime, *events: tuple[EventKind, str | None, str]) -> Observation:
    return Observation(
        Watch(miner_id, polled_at=at, seen_at=at),
        Sample(miner_id, at, state=State.MINING, hash_rate_hs=1e14),
        Reading(Maker.AVALON, State.MINING),
        events=tuple(MinerEvent(miner_id, at, *event) for event in events),
    )


@pytest.fixture
async def watches(database: Database, vault: Vault) -> WatchStore:
    for number in range(3):
        await SqlMiners(database, vault).add(NewMiner("rig", f"10.0.0.{number}", Maker.AVALON, 4028), at=NOW)
    return SqlWatches(database, vault)


async def test_events_are_kept_with_their_poll_once_and_read_newest_first(
    database: Database, watches: WatchStore
) -> None:
    first = seen(1, NOW, (EventKind.STATE, None, "mining"), (EventKind.AVAILABILITY, "unknown", "online"))
    second = seen(1, NOW + MINUTE, (EventKind.POOL, "0", "1"))
    other = seen(2, NOW, (EventKind.RESTART, "500", "10"))
    for _ in range(2):
        await watches.keep([first, second, other])
    store = SqlEvents(database)
    found = await store.of(1, since=NOW - DAY, until=NOW + DAY, limit=10)
    assert [(event.at, event.kind, event.before, event.after) for event in found] == [
        (NOW + MINUTE, EventKind.POOL, "0", "1"),
        (NOW, EventKind.AVAILABILITY, "unknown", "online"),
        (NOW, EventKind.STATE, None, "mining"),
    ]
    assert await store.of(1, since=NOW + MINUTE, until=NOW + DAY, limit=10) == list(second.events)
    assert len(await store.of(1, since=NOW - DAY, until=NOW + DAY, limit=1)) == 1
    assert await store.of(2**40, since=NOW - DAY, until=NOW + DAY, limit=1) == []


async def test_what_a_device_says_spoils_no_event_and_a_removed_miner_has_none(
    database: Database, watches: WatchStore, vault: Vault
) -> None:
    odd = attrs.evolve(seen(1, NOW), events=(MinerEvent(1, NOW, EventKind.DEVICE, "a\0b", "\ud800", "x"),))
    await watches.keep([odd, seen(99, NOW, (EventKind.STATE, None, "mining"))])
    assert [event.after for event in await SqlEvents(database).of(1, since=NOW, until=NOW, limit=9)] == ["?"]
    await SqlMiners(database, vault).remove(1)
    assert await database.fetch(int, "select miner_id from miner_event") == []


async def test_events_are_let_go_when_their_time_is_over(database: Database, watches: WatchStore) -> None:
    series = SqlSeries(database, Retention(events=10 * DAY))
    await watches.keep([seen(1, NOW + day * DAY, (EventKind.STATE, None, "mining")) for day in range(3)])
    for day in range(12):
        await series.prune(now=NOW + day * DAY + MINUTE)
    kept = await SqlEvents(database).of(1, since=NOW - DAY, until=NOW + 30 * DAY, limit=9)
    assert [event.at for event in kept] == [NOW + 2 * DAY]


async def test_who_reads_on_from_the_last_batch_misses_none_and_hears_when_some_are_forgotten(
    database: Database, watches: WatchStore, vault: Vault
) -> None:
    changes = SqlChanges(database, vault)
    assert await changes.after(await changes.latest()) == Changes(0)
    await watches.keep([seen(1, NOW), seen(2, NOW)])
    await watches.keep([seen(1, NOW + MINUTE), seen(3, NOW)])
    assert await changes.after(0) == Changes(2, (2, 1, 3))
    assert await changes.after(1) == Changes(2, (1, 3))
    assert await changes.after(2) == Changes(2)
    # A number of another database, or of this one before a backup was brought back.
    assert await changes.after(7) == Changes(2, whole=False)
    await database.run("update counter set value = value + :more where name = 'watch'", more=KEPT)
    await watches.keep([seen(2, NOW + MINUTE)])
    assert await changes.after(1) == Changes(KEPT + 3, (2,), whole=False)
    assert await database.fetch(int, "select count(*) from watch_batch") == [1]


async def test_changed_miners_are_read_by_place_and_by_what_may_be_seen(
    database: Database, watches: WatchStore, vault: Vault
) -> None:
    await database.run("insert into container (id, name, created_at) values (1, 'North', :now)", now=NOW)
    await database.run("update miner set container_id = 1 where id in (1, 2)")
    await watches.keep([seen(2, NOW)])
    changes = SqlChanges(database, vault)

    async def found(**chosen: object) -> list[int]:
        return [miner.id for miner, _ in await changes.miners([1, 2, 3, 99], **chosen)]  # type: ignore[arg-type]  # the test's own words

    assert await found() == [1, 2, 3]
    assert await found(container_id=1) == [1, 2]
    assert await found(visible=frozenset({1})) == [1, 2]
    assert await found(visible=frozenset()) == await found(container_id=1, visible=frozenset({2})) == []
    [(_, never), (_, snapshot)] = await changes.miners([1, 2])
    assert (never.reading, snapshot.reading) == (None, Reading(Maker.AVALON, State.MINING))


#: Keeps one batch of 50 polls with events after another, and rolls up in between, until it is killed.
WRITER = """
import sys, itertools
from datetime import timedelta
from pathlib import Path
import anyio
from lineman.adapters.db.retention import Retention
from lineman.adapters.db.series import SqlSeries
from test_event_store import NOW, batch, opened

async def main():
    async with opened(Path(sys.argv[1])) as (db, watches):
        for number in itertools.count():
            await watches.keep(batch(number))
            print(number, flush=True)
            if number % 5 == 4:
                await SqlSeries(db, Retention()).roll_up(now=NOW + timedelta(minutes=number))

anyio.run(main)
"""


def batch(number: int) -> list[Observation]:
    """A round: each miner shows two events."""
    at = NOW + number * MINUTE
    return [
        seen(miner_id, at, (EventKind.STATE, "idle", "mining"), (EventKind.RESTART, "60", "1"))
        for miner_id in range(1, 51)
    ]


class opened:  # noqa: N801 - it is used as a function would be
    """A database and its store of polls, for two processes alike."""

    def __init__(self, path: Path) -> None:
        self.db = SqliteDatabase(path)

    async def __aenter__(self) -> tuple[Database, SqlWatches]:
        await self.db.__aenter__()
        return self.db, SqlWatches(self.db, FernetVault([Secret("a key for tests only, long enough")]))

    async def __aexit__(self, *error: object) -> None:
        await self.db.__aexit__(None, None, None)


def killed_after(path: Path, rounds: int) -> int:
    """Let a writer live for some rounds; the last one it told of before it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parent
    ) as writer:
        assert writer.stdout is not None
        told = next(number for line in writer.stdout if (number := int(line)) >= rounds)
        writer.send_signal(signal.SIGKILL)
        return max(told, *(int(rest) for rest in writer.stdout.read().split()), 0)


async def test_a_kill_in_the_middle_of_a_round_doubles_and_loses_nothing(tmp_path: Path, vault: Vault) -> None:
    path = tmp_path / "lineman.db"
    async with opened(path) as (db, _):
        for number in range(1, 51):
            await SqlMiners(db, vault).add(NewMiner("rig", f"10.0.0.{number}", Maker.AVALON, 4028), at=NOW)
    told = 0
    for life in range(3):
        told = max(told, await anyio.to_thread.run_sync(killed_after, path, 6 + life))
    async with opened(path) as (db, watches):
        # What was under way is stored anew, as a service does after its start.
        for number in range(told + 2):
            await watches.keep(batch(number))
        await SqlSeries(db, Retention()).roll_up(now=NOW + DAY)
        events = await db.fetch(tuple, "select kind, count(*) from miner_event group by kind order by kind")
        assert events == [("restart", 50 * (told + 2)), ("state", 50 * (told + 2))]
        [(samples, polls)] = await db.fetch(
            tuple, "select (select count(*) from miner_sample), (select sum(polls) from miner_1h)"
        )
        assert samples == polls == 50 * (told + 2)
