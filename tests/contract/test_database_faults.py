"""What becomes of the data when a process is killed, a disk is full, or the server goes away."""

import asyncio
import sqlite3
import sys
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import anyio
import psycopg
import pytest

from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.postgres import PostgresDatabase
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.ports.errors import Unavailable
from lineman.ports.miners.inventory import NewContainer

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

#: A process that stores rounds of 200 miners, one a second of made-up time, and rolls up all the while.
WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.postgres import PostgresDatabase
from lineman.adapters.db.retention import Retention
from lineman.adapters.db.series import SqlSeries
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.adapters.db.watches import SqlWatches
from lineman.ports.miners.inventory import NewMiner
from lineman.ports.miners.reading import Maker, Reading, State
from lineman.ports.miners.watch import Observation, Sample, Watch
from lineman.ports.secrets import Secret

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


def polled(number, tick):
    at = START + tick * timedelta(seconds=20)
    sample = Sample(number, at, hash_rate_hs=1.0, accepted=10 * tick, uptime_s=1000 + tick, restarts=0)
    return Observation(Watch(number, misses=tick), sample, Reading(Maker.AVALON, State.MINING), b"{}", None)


async def main(target):
    vault = FernetVault([Secret("a key for tests only, long enough")])
    kind = PostgresDatabase if target.startswith("postgresql") or "host=" in target else SqliteDatabase
    async with kind(target) as db:
        miners, watches, series = SqlMiners(db, vault), SqlWatches(db, vault), SqlSeries(db, Retention())
        for number in range(200):
            await miners.add(NewMiner("rig", f"10.0.0.{number}", Maker.AVALON, 4028), at=START)

        async def roll():
            while True:
                await series.roll_up(now=START + timedelta(days=1))

        async with anyio.create_task_group() as group:
            group.start_soon(roll)
            for tick in range(1_000_000):
                await watches.keep([polled(number, tick) for number in range(1, 201)])
                print("kept", flush=True)


anyio.run(main, sys.argv[1])
"""


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "lineman.db")
    dsn: str = request.getfixturevalue("new_postgres")
    return dsn


def opened(target: str) -> Database:
    return SqliteDatabase(Path(target)) if target.endswith(".db") else PostgresDatabase(target)


@pytest.mark.parametrize(("kept", "moment"), [(2, 0.0), (5, 0.013), (9, 0.031)])
async def test_a_process_killed_while_it_writes_leaves_whole_rounds_and_whole_roll_ups(
    target: str, kept: int, moment: float
) -> None:
    async with await anyio.open_process([sys.executable, "-c", WRITER, target], stderr=None) as writer:
        assert writer.stdout is not None
        told = b""
        while told.count(b"kept") < kept:
            told += await writer.stdout.receive()
        # Somewhere in the next round, or in the roll-up that goes on beside it.
        await anyio.sleep(moment)
        writer.kill()
    async with opened(target) as db:
        rounds = await db.fetch(int, "select count(*) from miner_sample group by at")
        assert set(rounds) == {200}
        assert len(rounds) >= kept
        # States and samples are of the same round.
        assert set(await db.fetch(int, "select misses from miner_watch")) == {len(rounds) - 1}
        rolled = await db.fetch(tuple, "select slot, count(*), sum(polls) from miner_5m group by slot")
        marked = await db.fetch(int, "select slot from pending_slot")
        for slot, miners, polls in rolled:
            assert miners == 200
            if slot not in marked:
                [samples] = await db.fetch(int, "select count(*) from miner_sample where slot = :slot", slot=slot)
                assert polls == samples
        slots = set(await db.fetch(int, "select distinct slot from miner_sample"))
        assert slots == {slot for slot, *_ in rolled} | set(marked)


async def test_a_full_disk_is_said_and_writing_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    path = tmp_path / "lineman.db"
    async with SqliteDatabase(path) as db:
        containers = SqlContainers(db)
        await containers.add(NewContainer("one"), at=NOW)
        [pages] = await db.fetch(int, "pragma page_count")
        await db.run(f"pragma max_page_count = {pages + 2}")
        with pytest.raises(Unavailable, match=r"lineman\.db.*disk is full"):
            await containers.add(NewContainer("large", description="x" * 100_000), at=NOW)
        kept = await containers.all()
        await db.run("pragma max_page_count = 1000000")
        added = await containers.add(NewContainer("later"), at=NOW)
        assert await containers.all() == [*kept, added]
    with sqlite3.connect(path) as check:
        assert check.execute("pragma integrity_check").fetchall() == [("ok",)]
    check.close()


async def test_a_file_that_is_no_database_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "lineman.db"
    path.write_text("no database" * 1000)
    with pytest.raises(Unavailable, match=r"lineman\.db.*no SQLite database"):
        async with SqliteDatabase(path):
            pass
    with pytest.raises(Unavailable, match="nowhere"):
        async with SqliteDatabase(tmp_path / "nowhere" / "lineman.db"):
            pass


async def test_a_database_that_another_process_keeps_locked_is_given_up_after_a_while(tmp_path: Path) -> None:
    path = tmp_path / "lineman.db"
    async with SqliteDatabase(path, patience=0.3) as db:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(Unavailable, match=r"locked|did not answer"):
            await SqlContainers(db).add(NewContainer("one"), at=NOW)
        other.execute("rollback")
        other.close()
        await SqlContainers(db).add(NewContainer("one"), at=NOW)


async def test_a_cancelled_transaction_is_rolled_back(database: Database) -> None:
    with anyio.CancelScope() as scope:
        async with database.transaction() as tx:
            await tx.run("update counter set value = 7 where name = 'miner'")
            scope.cancel()
            await anyio.sleep(1)
    await SqlContainers(database).add(NewContainer("one"), at=NOW)
    assert await database.fetch(int, "select value from counter where name = 'miner'") == [0]


async def test_work_cancelled_at_any_moment_ends_as_cancelled_and_leaves_the_database_free(database: Database) -> None:
    async def work(moment: int) -> None:
        # Statements that the connection does not know yet: it learns their columns from the first row.
        async with database.transaction() as tx:
            await tx.fetch(int, f"select value + {moment} from counter")
        async with database.snapshot() as seen:
            await seen.fetch(int, f"select value - {moment} from counter")
        await database.fetch(int, f"select value * {moment} from counter")

    for moment in count(1):
        task = asyncio.create_task(work(moment))
        for _ in range(moment):
            await asyncio.sleep(0)
            # In the loop's way: what is under way elsewhere comes to its end, and nobody takes it up yet.
            time.sleep(0.001)  # noqa: ASYNC251
        if task.done():
            break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.transaction() as tx:
            await tx.run("update counter set value = 7 where name = 'miner'")
        assert 7 in await database.fetch(int, f"select value from counter where {moment} > 0")
    assert moment > 5


async def test_a_database_that_the_server_does_not_have_is_named(new_postgres: str) -> None:
    absent = psycopg.conninfo.make_conninfo(new_postgres, dbname="not-there")
    with pytest.raises(Unavailable, match='"not-there" does not exist'):
        async with PostgresDatabase(absent, patience=0.5):
            pass


async def test_no_server_is_an_error_and_one_that_comes_back_is_used_again(new_postgres: str) -> None:
    with pytest.raises(Unavailable, match="cannot be used"):
        async with PostgresDatabase("postgresql://nobody@127.0.0.1:1/none", patience=0.5):
            pass
    async with PostgresDatabase(new_postgres, patience=5) as db:
        containers = SqlContainers(db)
        await containers.add(NewContainer("one"), at=NOW)
        with psycopg.connect(new_postgres, autocommit=True) as other:
            other.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lineman'")
        assert [container.name for container in await containers.all()] == ["one"]
