"""Memory under load: what a round of polls costs to store, and what charts and lists cost to read.

    python benchmarks/series.py [--miners 10000] [--rounds 12] [--sqlite] [--postgres]

One JSON line a figure: wall and CPU of this process (for PostgreSQL the
server's CPU is not in it).  Ratios compare with a bare writer that puts the
same samples, and nothing else, into one table in the same run.  PostgreSQL is
the server in LINEMAN_TEST_POSTGRES, or one of our own from the distribution.
"""

import argparse
import contextlib
import json
import os
import resource
import shutil
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import psycopg

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.inbox import SAMPLE, sample_row
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.postgres import PostgresDatabase
from lineman.adapters.db.retention import Retention
from lineman.adapters.db.rows import micros
from lineman.adapters.db.series import SqlSeries
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.adapters.db.watches import SqlWatches
from lineman.ports.miners.driver import Fingerprint
from lineman.ports.miners.inventory import MinerQuery, NewContainer, NewMiner
from lineman.ports.miners.reading import Board, Maker, Pool, PowerKind, Reading, Shares, State
from lineman.ports.miners.watch import Availability, Level, Observation, Sample, Watch
from lineman.ports.secrets import Secret

START = datetime(2026, 11, 24, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SAMPLE_DDL = ", ".join(f"{name} {kind}" for name, kind in SAMPLE.fields)
#: Miners of one container.
CROWD = 500
#: Miners that are added through the store; the others are poured in.
ONE_BY_ONE = 200
#: What lanes hand over each second or two.
BATCH = 250


def observation(number: int, minute: int) -> Observation:
    """A poll as the drivers bring it: three boards, three pools, 3.6 KB of replies."""
    at = START + minute * MINUTE + timedelta(milliseconds=6 * number)
    rate = 1e14 + number * 1.5e9 + minute
    reading = Reading(
        Maker.ANTMINER, State.MINING, model="Antminer S19 Pro", firmware="Tue Nov 24 2026", algorithm="sha256",
        hash_rate_hs=rate, hash_rate_windows_hs={"5s": rate, "30m": rate, "av": rate}, hash_rate_nominal_hs=1.1e14,
        power_w=3250.5, power_kind=PowerKind.WALL, temp_board_max_c=66.0, temp_chip_max_c=76.5,
        fans_rpm=(4200, 4210, 4190, 4180), fans_expected=4, shares=Shares(25 * minute + number, minute // 50, 0),
        hw_errors=minute, uptime_s=60 * minute, active_pool=0, last_share_at=at,
        pools=tuple(Pool(i, f"stratum+tcp://pool{i}.example.org:3333", f"farm.{number}", "alive", i) for i in range(3)),
        boards=tuple(Board(i, rate / 3, 3.6e13, 66.0, 76.5, 114, 114, 0, 675.0, minute) for i in range(3)),
    )  # fmt: skip
    sample = Sample(
        number, at, State.MINING, rate, 1.1e14, 25 * minute + number, minute // 50, 0, 0, 76.5, 4210, 3250.5, minute,
        60 * minute,
    )  # fmt: skip
    watch = Watch(
        number, Availability.ONLINE, 0, State.MINING,
        Fingerprint(Maker.ANTMINER, "Antminer S19 Pro", "Tue Nov 24 2026", "antminer", ("summary+stats+pools",)),
        at, at, START, START, uptime_s=60 * minute, accepted=25 * minute, rejected=0, active_pool=0, last_share_at=at,
    )  # fmt: skip
    stats = {f"chain_{key}{board}": f"{number + minute + board * 7.1:.2f}" for board in range(1, 4) for key in STATS}
    raw = {"summary": [{name: number * 7 + place for place, name in enumerate(SUMMARY)}], "stats": [stats] * 2}
    return Observation(watch, sample, reading, json.dumps(raw).encode(), (number - 1) // CROWD + 1)


SUMMARY = [f"Some counter {number}" for number in range(30)]
STATS = ["acn", "acs", "hw", "rate", "freq", "temp_chip", "temp_pcb", "temp_pic", "xtime", "offside", "opencore", "sn",
         "ideal_rate", "fan", "avg"]  # fmt: skip


def out(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    """Median wall and CPU milliseconds of what runs in ``with meter:``."""

    def __init__(self) -> None:
        self.walls: list[float] = []
        self.cpus: list[float] = []

    def __enter__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), cpu()

    def __exit__(self, *_: object) -> None:
        self.walls.append((time.perf_counter() - self.wall) * 1e3)
        self.cpus.append((cpu() - self.cpu) * 1e3)

    @property
    def ms(self) -> float:
        return round(statistics.median(self.walls), 2)

    @property
    def cpu_ms(self) -> float:
        return round(statistics.median(self.cpus), 2)

    def figures(self) -> dict[str, float]:
        return {"ms": self.ms, "cpu_ms": self.cpu_ms, "max_ms": round(max(self.walls), 1)}


async def timed(name: str, dialect: str, times: int, work: Callable[[], Awaitable[object]], **more: object) -> Meter:
    meter = Meter()
    await work()
    for _ in range(times):
        with meter:
            await work()
    out(database=dialect, what=name, **meter.figures(), **more)
    return meter


async def measure(db: Database, bare: Meter, miners: int, rounds: int) -> None:
    vault = FernetVault([Secret("a key for benchmarks only, long enough")])
    watches, series = SqlWatches(db, vault), SqlSeries(db, Retention())
    await inventory(db, vault, miners)
    await series.roll_up(now=START)

    whole = Meter()
    for minute in range(rounds):
        observations = [observation(number, minute) for number in range(1, miners + 1)]
        with whole:
            for first in range(0, miners, BATCH):
                await watches.keep(observations[first : first + BATCH])
    out(
        database=db.dialect, what="keep a round", miners=miners, batch=BATCH, **whole.figures(),
        cpu_us_each=round(whole.cpu_ms / miners * 1e3, 1), bare_ms=bare.ms, bare_cpu_ms=bare.cpu_ms,
        ratio_cpu=round(whole.cpu_ms / bare.cpu_ms, 1), ratio_ms=round(whole.ms / bare.ms, 1),
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    )  # fmt: skip
    roll = Meter()
    with roll:
        done = await series.roll_up(now=START + rounds * MINUTE)
    out(database=db.dialect, what="roll up", intervals=done, ms_each=round(roll.ms / max(done, 1)), **roll.figures())

    await day_of_rollups(db, miners)
    if db.dialect == "postgresql":
        # As autovacuum would within a minute.
        await db.run("vacuum analyze")
    span = {"since": START - timedelta(days=1), "until": START}
    chart = await timed(
        "container chart, 500 miners x 24 h", db.dialect, 20,
        lambda: series.container_chart([1], **span, level=Level.FIVE_MINUTES),
    )  # fmt: skip
    out(database=db.dialect, what="promise: container chart < 50 ms", kept=chart.ms < 50)
    await timed(
        "miner chart, 24 h of 5-minute points", db.dialect, 20,
        lambda: series.chart(7, **span, level=Level.FIVE_MINUTES),
    )  # fmt: skip
    await timed(
        "miner history, raw", db.dialect, 20,
        lambda: series.history(7, since=START - timedelta(days=1), until=START + timedelta(days=1), limit=1000),
    )  # fmt: skip
    store = SqlMiners(db, vault)
    for sort in ("id", "name", "hash_rate_hs", "availability"):
        page = await timed(
            f"page of 100 by {sort}", db.dialect, 20,
            lambda sort=sort: store.find(MinerQuery(sort=sort, descending=True, offset=300)),
        )  # fmt: skip
        out(database=db.dialect, what=f"promise: page by {sort} < 20 ms", kept=page.ms < 20)
    await timed("search", db.dialect, 20, lambda: store.find(MinerQuery(search="rig 77")))
    await timed("totals of all containers", db.dialect, 10, watches.totals)
    await timed("all active miners", db.dialect, 3, watches.active)
    await timed("version", db.dialect, 50, store.version)


async def inventory(db: Database, vault: FernetVault, miners: int) -> None:
    containers, store = SqlContainers(db), SqlMiners(db, vault)
    for number in range((miners - 1) // CROWD + 1):
        await containers.add(NewContainer(f"container {number}"), at=START)
    new = Meter()
    for number in range(ONE_BY_ONE):
        with new:
            await store.add(
                NewMiner(
                    f"rig {number}", f"10.0.{number >> 8}.{number & 255}", Maker.ANTMINER, 4028,
                    container_id=number // CROWD + 1, password=Secret("root"),
                ),
                at=START,
            )  # fmt: skip
    out(database=db.dialect, what="add a miner", **new.figures())
    columns = ["name", "name_order", "ip_address", "address_order", "manufacturer", "search", "password_sealed"]
    rows = [
        (number + 1, 4028, number // CROWD + 1, True, START, 1, f"rig {number}", f"rig {number:012}", f"11.{number}",
         f"{number:08x}", "AntMiner", f"rig {number}\n11.{number}", vault.seal(Secret("root")))
        for number in range(ONE_BY_ONE, miners)
    ]  # fmt: skip
    async with db.transaction() as tx:
        await tx.bulk(
            "miner", ("id", "port", "container_id", "is_active", "created_at", "revision", *columns),
            ("int4", "int4", "int4", "bool", "timestamptz", "int4", *["text"] * len(columns)), rows,
        )  # fmt: skip


async def day_of_rollups(db: Database, miners: int) -> None:
    """The day before, as the roll-up would have left it: for ten miners and all containers."""
    async with db.transaction() as tx:
        slot = (START - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(minutes=5)
        await tx.bulk(
            "container_5m",
            ("container_id", "slot", "miners", "seen", "hashing", "power_w", "temperature_max"),
            ("int4", "int4", "int4", "int4", "int4", "float8", "float8"),
            [
                (container, slot - back, CROWD, CROWD, CROWD, 1.6e6, 76.5)
                for container in range(1, (miners - 1) // CROWD + 2)
                for back in range(1, 289)
            ],
        )
        await tx.bulk(
            "container_rate_5m",
            ("container_id", "slot", "algorithm", "hash_rate_hs"),
            ("int4", "int4", "text", "float8"),
            [
                (container, slot - back, "sha256", 5e16)
                for container in range(1, (miners - 1) // CROWD + 2)
                for back in range(1, 289)
            ],
        )
        await tx.bulk(
            "miner_5m",
            ("hour", "miner_id", "slot", "polls", "misses", "hash_rate_hs"),
            ("int4", "int4", "int4", "int4", "int4", "float8"),
            [((at := slot - back) // 12, number, at, 5, 0, 1e14) for back in range(1, 289) for number in range(1, 11)],
        )  # fmt: skip


def bare_sqlite(path: Path, miners: int, key: str, rounds: int, synchronous: str = "full") -> Meter:
    """The samples alone into one table, a round a transaction, by sqlite3 itself."""
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in (
        "journal_mode = wal",
        f"synchronous = {synchronous}",
        "cache_size = -16384",
        "wal_autocheckpoint = 4000",
    ):
        db.execute(f"pragma {pragma}")
    db.execute(f"create table bare ({SAMPLE_DDL}, primary key ({key})) without rowid")
    meter = Meter()
    before = written()
    for minute in range(rounds):
        rows = [list(sample_row(observation(number, minute))) for number in range(1, miners + 1)]
        for row in rows:
            row[2] = micros(row[2])
        with meter:
            db.execute("begin immediate")
            db.executemany(f"insert into bare values ({', '.join('?' * len(SAMPLE.columns))})", rows)
            db.execute("commit")
    out(
        database="sqlite", what="bare writer", key=key, synchronous=synchronous, miners=miners, **meter.figures(),
        last_ms=round(statistics.median(meter.walls[-3:])),
        written_mib_a_round=round((written() - before) / rounds / 2**20, 1),
    )  # fmt: skip
    read = Meter()
    for number in range(20):
        with read:
            db.execute(
                f"""with recursive g (n) as (select min(slot) from bare union all select n + 1 from g
                      where n < (select max(slot) from bare))
                    select s.* from g cross join bare s where s.slot = g.n and s.miner_id = {number + 5}"""
                if key.startswith("slot")
                else f"select * from bare where miner_id = {number + 5}"
            ).fetchall()
    out(database="sqlite", what="bare reader, one miner", key=key, rounds=rounds, **read.figures())
    db.close()
    return meter


def written() -> int:
    """Bytes that this process had written to disks."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/io").read_text().splitlines():
            if line.startswith("write_bytes"):
                return int(line.split()[1])
    return 0


def bare_postgres(dsn: str, miners: int, rounds: int) -> Meter:
    meter = Meter()
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("set time zone 'UTC'")
        db.execute(f"create table bare ({SAMPLE_DDL}, primary key (slot, miner_id, at))")
        for minute in range(rounds):
            rows = [sample_row(observation(number, minute)) for number in range(1, miners + 1)]
            sql = f"copy bare ({SAMPLE.names}) from stdin (format binary)"
            with meter, db.transaction(), db.cursor() as cursor, cursor.copy(sql) as copy:
                copy.set_types(SAMPLE.types)
                for row in rows:
                    copy.write_row(row)
        db.execute("drop table bare")
    out(database="postgresql", what="bare writer", miners=miners, **meter.figures())
    return meter


async def on_sqlite(miners: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="lineman-bench-") as folder:
        meters = {}
        for key in ("slot, miner_id, at", "at, miner_id", "miner_id, at"):
            meters[key] = bare_sqlite(Path(folder, f"{key[:3]}.db"), miners, key, rounds)
        bare_sqlite(Path(folder, "normal.db"), miners, "slot, miner_id, at", rounds, "normal")
        async with SqliteDatabase(Path(folder, "lineman.db")) as db:
            await measure(db, meters["slot, miner_id, at"], miners, rounds)


async def on_postgres(miners: int, rounds: int) -> None:
    with server() as dsn, database(dsn) as own:
        bare = bare_postgres(own, miners, rounds)
        async with PostgresDatabase(own) as db:
            await measure(db, bare, miners, rounds)


@contextlib.contextmanager
def database(dsn: str) -> Generator[str]:
    name = f"lineman_bench_{os.getpid()}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
        try:
            yield psycopg.conninfo.make_conninfo(dsn, dbname=name)
        finally:
            connection.execute(f'drop database "{name}" with (force)')


@contextlib.contextmanager
def server() -> Generator[str]:
    if given := os.environ.get("LINEMAN_TEST_POSTGRES"):
        yield given
        return
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name))
    user = "nobody" if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="lineman-bench-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        if user:
            shutil.chown(folder, user)
        data = Path(folder, "data")
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "lineman", "-A", "trust", "-E", "UTF8", "-N"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, user=user,
        )  # fmt: skip
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-clisten_addresses=127.0.0.1", f"-cport={port}",
             "-cunix_socket_directories=", "-cshared_buffers=512MB", "-clog_min_messages=panic"],
            stderr=subprocess.DEVNULL, cwd=folder, user=user,
        )  # fmt: skip
        try:
            dsn = f"postgresql://lineman@127.0.0.1:{port}/postgres"
            for _ in range(200):
                with contextlib.suppress(psycopg.OperationalError):
                    psycopg.connect(dsn).close()
                    break
                time.sleep(0.1)
            yield dsn
        finally:
            process.send_signal(2)
            process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--miners", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    both = given.sqlite == given.postgres
    if given.sqlite or both:
        anyio.run(on_sqlite, given.miners, given.rounds)
    if given.postgres or both:
        anyio.run(on_postgres, given.miners, given.rounds)


if __name__ == "__main__":
    main()
