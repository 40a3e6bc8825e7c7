"""Memory of gateways: what a scan costs to store, and what lists, charts and roll-ups of lines cost.

    python benchmarks/lines.py [--gateways 500] [--lines 16] [--sqlite] [--postgres]

One JSON line a figure, as in ``series.py``.  The ratio compares with a bare
writer that puts the same samples, and nothing else, into one table.
"""

import argparse
import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
from series import Meter, database, out, server, timed

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.engine import Database
from lineman.adapters.db.gateway_history import LineRetention, SqlGatewayHistory
from lineman.adapters.db.gateway_rows import SAMPLE, sample_row
from lineman.adapters.db.gateway_watches import SqlGatewayWatches
from lineman.adapters.db.gateways import SqlGateways
from lineman.adapters.db.postgres import PostgresDatabase
from lineman.adapters.db.rows import micros
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.ports.gateways import (
    GatewayQuery,
    GatewayWatch,
    Health,
    Line,
    LineLevel,
    LineQuery,
    LineWatch,
    NewGateway,
    Seen,
    Status,
)
from lineman.ports.secrets import Secret

START = datetime(2026, 11, 24, tzinfo=UTC)
SCANS_AN_HOUR = 12


def scan(gateways: int, lines: int, number: int) -> list[Seen]:
    """A scan that found every gateway well and one line in ten without a SIM."""
    at = START + number * timedelta(minutes=5)
    return [
        Seen(gateway, at, WATCH, tuple(line(gateway, place, at) for place in range(1, lines + 1)))
        for gateway in range(1, gateways + 1)
    ]


WATCH = GatewayWatch(
    Status.ACTIVE, since=START, port=40001, last_port=40001, scanned_at=START, listed_at=START, ok_at=START,
    address="203.0.113.7", title="GoIP-16", model="GoIP16", serial="8MCDRM00001234", serial_last4="1234",
    firmware="GHSFVT-1.1-68-7", module_version="M26FBR03A02_RSIM", uptime_s=86400, line_count=16,
)  # fmt: skip


def line(gateway: int, number: int, at: datetime) -> LineWatch:
    well = (gateway + number) % 10 > 0
    shown = Line(
        number, True, well, well, True, "IDLE", None, "20", 8 + (gateway * number) % 24, "Operator", "32B1", "C8C0",
        93, 47, 7, 15, 3, "NO LIMIT", None, False, False,
    )  # fmt: skip
    return LineWatch(gateway, f"GW {gateway}", "1", shown, Health.OK if well else Health.NO_SIM, START, at, True)


async def measure(db: Database, gateways: int, lines: int) -> None:
    vault = FernetVault([Secret("a key for benchmarks only, long enough")])
    store, watches = SqlGateways(db, vault), SqlGatewayWatches(db, vault)
    history = SqlGatewayHistory(db, LineRetention())
    await db.run(
        "insert into enterprise (number, name, name_key, comment, created_at, revision, search) "
        "values ('1', 'Box', 'box', '', :at, 1, '1 box')",
        at=START,
    )
    new = [NewGateway(f"GW {number}", "1", password=Secret(f"p{number}")) for number in range(1, gateways + 1)]
    await store.add_all(new, at=START)
    await history.roll_up(now=START)

    bare, whole = bare_writer(gateways, lines), Meter()
    for number in range(SCANS_AN_HOUR):
        seen = scan(gateways, lines, number)
        with whole:
            await watches.keep(seen)
    size = {"gateways": gateways, "lines": lines}
    out(
        database=db.dialect, what="keep a scan", **size, **whole.figures(), bare_sqlite_cpu_ms=bare.cpu_ms,
        ratio_cpu=round(whole.cpu_ms / bare.cpu_ms, 1),
    )  # fmt: skip
    out(database=db.dialect, what="promise: a scan is stored in < 1 s", kept=max(whole.walls) < 1000)
    hour, day = Meter(), Meter()
    with hour:
        await history.roll_up(now=START)
    with day:
        await history.roll_up(now=START + timedelta(days=1))
    out(database=db.dialect, what="roll up an hour", samples=SCANS_AN_HOUR * gateways * lines, **hour.figures())
    out(database=db.dialect, what="roll up a day (of that hour)", **day.figures())

    page = await timed("list of 500 with line counts", db.dialect, 20, lambda: store.rows(GatewayQuery(limit=500)))
    out(database=db.dialect, what="promise: list of 500 < 20 ms", kept=page.ms < 20)
    for name, query in {
        "by lines down": GatewayQuery(limit=500, sort="lines_down", descending=True),
        "with an operator": GatewayQuery(limit=500, operator="OPER"),
        "one of all, searched": GatewayQuery(search="gw 77"),
    }.items():
        await timed(f"list {name}", db.dialect, 20, lambda query=query: store.rows(query))
    await timed("page of 1000 lines", db.dialect, 10, lambda: store.lines(LineQuery()))
    await timed("all that a scan needs", db.dialect, 5, watches.all)
    since, until = START - timedelta(days=1), START + timedelta(days=1)
    await timed(
        "a line's day", db.dialect, 20, lambda: history.line(7, 3, since=since, until=until, level=LineLevel.RAW)
    )
    everyone = list(range(1, gateways + 1))
    await timed("sparks of all, one hour", db.dialect, 20, lambda: history.sparks(everyone, since=since))


def bare_writer(gateways: int, lines: int) -> Meter:
    """The samples alone into one table, a scan a transaction, by sqlite3 itself."""
    meter = Meter()
    with tempfile.TemporaryDirectory(prefix="lineman-bench-") as folder:
        db = sqlite3.connect(Path(folder, "bare.db"), isolation_level=None)
        db.execute("pragma journal_mode = wal")
        db.execute(f"create table bare ({SAMPLE.names}, primary key (hour, gateway_id, line, at)) without rowid")
        for number in range(SCANS_AN_HOUR):
            rows = [sample_row(seen.gateway_id, one) for seen in scan(gateways, lines, number) for one in seen.lines]
            for row in rows:
                row[3] = micros(row[3])
            with meter:
                db.execute("begin immediate")
                db.executemany(f"insert into bare values ({', '.join('?' * len(SAMPLE.columns))})", rows)
                db.execute("commit")
        db.close()
    return meter


async def on_sqlite(gateways: int, lines: int) -> None:
    with tempfile.TemporaryDirectory(prefix="lineman-bench-") as folder:
        async with SqliteDatabase(Path(folder, "lineman.db")) as db:
            await measure(db, gateways, lines)


async def on_postgres(gateways: int, lines: int) -> None:
    with server() as dsn, database(dsn) as own:
        async with PostgresDatabase(own) as db:
            await measure(db, gateways, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateways", type=int, default=500)
    parser.add_argument("--lines", type=int, default=16)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    for chosen, work in ((options.sqlite, on_sqlite), (options.postgres, on_postgres)):
        if chosen or not (options.sqlite or options.postgres):
            anyio.run(work, options.gateways, options.lines)


if __name__ == "__main__":
    main()
