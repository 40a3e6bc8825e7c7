"""What a year costs to read: statistics over HTTP, beside a bare SQL client that reads the same rows, in one run.

    python benchmarks/history.py [--sqlite] [--postgres] [--times 20]

20 containers of 500 miners; all containers have a year of history, the 500
miners of the first one a month by the hour and two days in 5 minutes, 20 of
them a whole year.  The service is in a process of its own and logs nothing;
requests go over one kept-alive connection, one after the other.  The bare
client reads the same rows by the same keys, and makes nothing of them.  One
JSON line a figure, in milliseconds, median and worst.
"""

import argparse
import contextlib
import json
import multiprocessing
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import anyio
import httpx
import psycopg
import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.series import BATCH, CROWD, database, inventory, observation, server
from tests.history import fill

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.engine import Database
from lineman.adapters.db.postgres import PostgresDatabase
from lineman.adapters.db.series_time import hour_of, slot_of
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.adapters.db.watches import SqlWatches
from lineman.adapters.http.server import fast_loop, serve
from lineman.ports.secrets import Secret
from lineman.service import opened_service
from lineman.settings import Settings

MINERS = 10_000
YEARS = 20
KEY = "a-key-for-benchmarks-only"
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)
Rows = Callable[[str], object]


def out(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


def measured(times: int, work: Callable[[], object]) -> list[float]:
    """Milliseconds of each time but the first."""
    walls = []
    for _ in range(times + 1):
        began = time.perf_counter()
        work()
        walls.append((time.perf_counter() - began) * 1e3)
    return walls[1:]


async def prepare(db: Database) -> None:
    vault = FernetVault([Secret(KEY)])
    await inventory(db, vault, MINERS)
    watches = SqlWatches(db, vault)
    polls = [observation(number, 0) for number in range(1, MINERS + 1)]
    for first in range(0, MINERS, BATCH):
        await watches.keep(polls[first : first + BATCH])
    began = time.perf_counter()
    await fill(db, list(range(1, YEARS + 1)), until=NOW, crowd=CROWD)
    rest = list(range(YEARS + 1, CROWD + 1))
    await fill(db, rest, until=NOW, crowd=CROWD, hours=31 * DAY, five_minutes=2 * DAY, containers=False)
    out(database=db.dialect, what="a year made", seconds=round(time.perf_counter() - began, 1))
    if db.dialect == "postgresql":
        # As autovacuum would within a minute.
        await db.run("vacuum analyze")


async def served(settings: Settings, pipe: Connection) -> None:
    stop = anyio.Event()

    async def until_told() -> None:
        while await anyio.to_thread.run_sync(pipe.recv) != "stop":
            pipe.send(time.process_time())
        stop.set()

    async with opened_service(settings, works=False) as service, anyio.create_task_group() as tasks:
        tasks.start_soon(until_told)
        await serve(service.application(["miners"]), "127.0.0.1", 0, stop=stop, ready=pipe.send)


def child(address: str, pipe: Connection) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    settings = Settings(database=address, secret_keys=Secret(KEY), auth="trust-local")
    anyio.run(served, settings, pipe, backend_options=fast_loop())


def questions(sqlite: bool) -> list[tuple[str, str, str | None, float | None]]:
    """What is asked: its name, path, the bare statement for the same rows, and the promise in ms."""
    hour, slot, day = hour_of(NOW), slot_of(NOW), hour_of(NOW) // 24
    days = ",".join(map(str, range(day - 366, day + 1)))
    month = ",".join(map(str, range(day - 30, day + 1)))
    crowd = ",".join(map(str, range(1, CROWD + 1)))
    cast = "" if sqlite else "::float8"
    return [
        ("container, 500 miners, 24 h", "/api/stats/containers/1?hours=24",
         (f"select * from container_5m c left join container_rate_5m r using (container_id, slot) "
         f"where c.container_id = 1 and c.slot between {slot - 288} and {slot}"), 50),
        ("container, a year", "/api/stats/containers/1?hours=8760",
         (f"select * from container_1h c left join container_rate_1h r using (container_id, hour) "
         f"where c.container_id = 1 and c.hour between {hour - 8760} and {hour}"), None),
        ("page of 100 of 10,000 miners", "/api/miners?limit=100&sort=name&offset=300",
         ("select m.*, w.*, r.reading from miner m join miner_watch w on w.miner_id = m.id "
         "join miner_reading r on r.miner_id = m.id order by m.name_order, m.id limit 100 offset 300"), 20),
        ("page of 100 by rate", "/api/miners?limit=100&sort=-hash_rate",
         ("select m.*, w.*, r.reading from miner_last l join miner m on m.id = l.miner_id "
         "join miner_watch w on w.miner_id = m.id join miner_reading r on r.miner_id = m.id "
         "order by l.hash_rate_hs desc limit 100"), 20),
        ("miner, a year", "/api/stats/miners/1/chart?hours=8760",
         f"select * from miner_1h where day in ({days}) and miner_id = 1 order by hour", None),
        ("compare 8 miners, a year", "/api/stats/compare?miners=1,2,3,4,5,6,7,8&hours=8760",
         (f"select miner_id, hour, hash_rate_hs from miner_1h where day in ({days}) "
         "and miner_id in (1,2,3,4,5,6,7,8) order by miner_id, hour"), None),
        ("ranking of 500, 24 h", "/api/stats/containers/1/ranking?hours=24",
         (f"select miner_id, sum(hash_rate_hs * polls) from miner_1h where day in ({day - 1},{day}) "
         f"and miner_id in ({crowd}) and hour > {hour - 24} group by miner_id"), None),
        ("ranking of 500, 30 days", "/api/stats/containers/1/ranking?hours=720",
         (f"select miner_id, sum(hash_rate_hs * polls) from miner_1h where day in ({month}) "
         f"and miner_id in ({crowd}) and hour > {hour - 720} group by miner_id"), None),
        ("distribution over 500", "/api/stats/containers/1/distribution",
         "select m.name, l.* from miner m join miner_last l on l.miner_id = m.id where m.container_id = 1", None),
        ("report of 20 containers, a year by month", report("month"),
         (f"select container_id, (hour - {hour}) / 730, sum(energy_wh), sum(rate_slots{cast}) from container_use_1h "
         f"where hour between {hour - 8760} and {hour} group by 1, 2"), None),
        ("report of 20 containers, a year by day", report("day"),
         (f"select container_id, hour / 24, sum(energy_wh), sum(rate_slots{cast}) from container_use_1h "
         f"where hour between {hour - 8760} and {hour} group by 1, 2"), None),
        ("overview of 10,000", "/api/stats/overview", None, None),
    ]  # fmt: skip


def report(period: str) -> str:
    since = (NOW - 365 * DAY).isoformat().replace("+00:00", "Z")
    return f"/api/reports/containers?since={since}&period={period}&tz=Europe/Kyiv"


def cpu(pipe: Connection) -> float:
    """Seconds that the service used so far."""
    pipe.send("cpu")
    used: float = pipe.recv()
    return used


def ask(dialect: str, address: str, bare: Rows, times: int) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=child, args=(address, theirs))
    process.start()
    try:
        if not ours.poll(30):
            raise SystemExit("the service did not start")
        url = ours.recv()
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            floor = measured(times, lambda: client.get("/api/miners/manufacturers").raise_for_status())
            out(database=dialect, what="a request that asks no database", ms=round(statistics.median(floor), 2))
            for name, path, statement, promise in questions(dialect == "sqlite"):
                size = len(client.get(path).raise_for_status().content)
                before = cpu(ours)
                walls = measured(times, lambda path=path: client.get(path).raise_for_status())
                used = (cpu(ours) - before) / (times + 1) * 1e3
                figures: dict[str, Any] = {
                    "ms": round(statistics.median(walls), 2), "max_ms": round(max(walls), 2), "cpu_ms": round(used, 1),
                    "bytes": size,
                }  # fmt: skip
                if statement is not None:
                    plain = statistics.median(measured(times, lambda statement=statement: bare(statement)))
                    figures |= {"bare_sql_ms": round(plain, 2), "times_bare": round(figures["ms"] / plain, 1)}
                if promise is not None:
                    figures |= {"promise_ms": promise, "kept": figures["ms"] < promise}
                out(database=dialect, what=name, **figures)
    finally:
        ours.send("stop")
        process.join(20)


def on_sqlite(times: int) -> None:
    with tempfile.TemporaryDirectory(prefix="lineman-bench-") as folder:
        path = Path(folder, "lineman.db")

        async def make() -> None:
            async with SqliteDatabase(path, patience=600) as db:
                await prepare(db)

        anyio.run(make)
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("pragma cache_size = -16384")
            ask("sqlite", f"sqlite:///{path}", lambda statement: db.execute(statement).fetchall(), times)


def on_postgres(times: int) -> None:
    with _own_server() as dsn:

        async def make() -> None:
            async with PostgresDatabase(dsn) as db:
                await prepare(db)

        anyio.run(make)
        with psycopg.connect(dsn, autocommit=True) as db:
            ask("postgresql", _as_url(dsn), lambda statement: db.execute(statement).fetchall(), times)


@contextlib.contextmanager
def _own_server() -> Generator[str]:
    with server() as dsn, database(dsn) as own:
        yield own


def _as_url(dsn: str) -> str:
    found = psycopg.conninfo.conninfo_to_dict(dsn)
    return f"postgresql://{found.get('user', '')}@{found['host']}:{found['port']}/{found['dbname']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    both = given.sqlite == given.postgres
    if given.sqlite or both:
        on_sqlite(given.times)
    if given.postgres or both:
        on_postgres(given.times)


if __name__ == "__main__":
    main()
