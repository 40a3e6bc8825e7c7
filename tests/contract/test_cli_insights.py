"""The command line: comparisons, rankings, events and reports."""

# ruff: noqa: F811  pytest finds fixtures by the names that are imported

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from lineman.adapters.db.sqlite import SqliteDatabase

from ..history import fill
from .test_cli import Lineman, database, lineman  # noqa: F401  fixtures

HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def site(lineman: Lineman, database: str) -> Lineman:
    """Two miners in a container, with a month behind them, and events of one."""
    lineman("containers", "add", "North")
    for number in (1, 2):
        lineman("miners", "add", f"10.0.0.{number}", "--name", f"m-{number}", "--maker", "avalon", "--container", "1")

    async def remember() -> None:
        async with SqliteDatabase(Path(database.removeprefix("sqlite:///"))) as db:
            month = timedelta(days=40)
            await fill(db, [1, 2], until=HOUR, crowd=100, hours=month, five_minutes=timedelta(days=2))
            await db.run("update miner_1h set hash_rate_hs = 5e13 where miner_id = 2")
            await db.run("update miner_5m set hash_rate_hs = 5e13 where miner_id = 2")
            await db.run(
                "insert into miner_event (miner_id, at, kind, before, after, detail) "
                "values (1, :at, 'pool', '0', '1', 'stratum+tcp://a → stratum+tcp://b')",
                at=HOUR,
            )

    anyio.run(remember)
    return lineman


def test_a_container_shows_a_course_for_each_algorithm(site: Lineman, database: str) -> None:
    async def mine_doge() -> None:
        async with SqliteDatabase(Path(database.removeprefix("sqlite:///"))) as db:
            await db.run(
                "insert into container_rate_5m (container_id, slot, algorithm, hash_rate_hs) "
                "select container_id, slot, 'scrypt', 9e9 from container_rate_5m"
            )

    assert "Hash rate " in site("containers", "stats", "North", "--hours", "2").output
    anyio.run(mine_doge)
    rows = site("containers", "stats", "North", "--hours", "2").output
    assert "Hash rate sha256" in rows
    assert "9 GH/s" in rows
    drawn = site("containers", "stats", "North", "--chart").output
    assert "hash rate, scrypt: 9 to 9, last 9 GH/s" in drawn
    told = json.loads(site("containers", "stats", "North", "--json").output)
    assert [course["algorithm"] for course in told["algorithms"]] == ["sha256", "scrypt"]
    compared = site("stats", "compare", "North", "--containers", "--hours", "24").output
    assert "North, scrypt: 9 GH/s to 9 GH/s, last 9 GH/s" in compared


def test_courses_stand_below_each_other_and_json_is_what_the_api_says(site: Lineman) -> None:
    shown = site("stats", "compare", "m-1", "m-2", "--hours", "24")
    assert shown.exit_code == 0, shown.output
    assert "\nm-1: " in shown.output
    assert "\nm-2: 50 TH/s to 50 TH/s, last 50 TH/s" in shown.output
    assert "▁" in shown.output
    told = json.loads(site("stats", "compare", "1", "2", "--hours", "24", "--json").output)
    assert [series["name"] for series in told["series"]] == ["m-1", "m-2"]
    assert "North" in site("stats", "compare", "North", "--containers", "--metric", "power").output
    since = f"{HOUR - timedelta(days=20):%Y-%m-%d}"
    assert json.loads(site("stats", "compare", "1", "--since", since, "--json").output)["level"] == "1h"
    assert "no date" in site("stats", "compare", "1", "--since", "yesterday").output
    assert site("stats", "compare", "nobody").exit_code == 4


def test_miners_are_ranked_and_their_figures_spread(site: Lineman) -> None:
    shown = site("stats", "ranking", "North", "--by", "hash_rate", "-n", "1").output
    assert shown.index("m-1") < shown.index("the least") < shown.index("m-2")
    assert "50 TH/s" in shown
    assert "no miner" in site("stats", "ranking", "North", "--by", "efficiency").output
    assert "no miner" in site("stats", "distribution", "North", "--metric", "fan").output
    assert json.loads(site("stats", "distribution", "1", "--json").output)["n"] == 0


def test_what_happened_to_a_miner_is_told(site: Lineman) -> None:
    shown = site("miners", "events", "m-1").output
    assert all(word in shown for word in ("pool", "stratum+tcp://b"))
    assert "nothing happened to m-2 in the last 7 d" in site("miners", "events", "m-2").output


def test_the_accountant_gets_his_table_and_his_file(site: Lineman, tmp_path: Path) -> None:
    since = f"{HOUR - timedelta(days=20):%Y-%m-%d}"
    shown = site("report", "containers", "--since", since, "--period", "week", "--tz", "Europe/Kyiv")
    assert shown.exit_code == 0, shown.output
    assert all(word in shown.output for word in ("North", "kWh", "TH/s", "92.0 %"))
    rows = json.loads(site("report", "containers", "--since", since, "--period", "day", "--json").output)
    printed = list(csv.DictReader(io.StringIO(site("report", "containers", "--since", since, "--period", "day",
                                                   "--csv").stdout)))  # fmt: skip
    assert [float(row["energy"]) for row in printed if row["energy"]] == [
        row["energy_kwh"] for row in rows if row["energy_kwh"] is not None
    ]
    file = tmp_path / "report.csv"
    assert site("report", "containers", "--since", since, "-o", str(file), "--excel").exit_code == 0
    assert file.read_text("utf-8").startswith("\ufeffcontainer_id;")
    assert "time zone" in site("report", "containers", "--tz", "Mars").output
    assert (
        "no container was polled"
        in site("report", "containers", "--since", "2001-01-01", "--until", "2001-02-01").output
    )
