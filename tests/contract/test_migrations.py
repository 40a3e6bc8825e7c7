"""The schema: every step from every age, once, whoever comes at the same time."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio
import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.alert_rules import SqlRules
from lineman.adapters.db.catalogue import tables
from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import ChangedMigration, Database, Dialect, ForeignTable, NewerDatabase
from lineman.adapters.db.migrate import Applied, Migration, applied, load, pending
from lineman.adapters.db.postgres import PostgresDatabase
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.ports.alerts import Rule, Severity
from lineman.ports.errors import LinemanError
from lineman.ports.miners.inventory import Container
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Open = Callable[..., Database]
DIALECTS: dict[str, Dialect] = {"sqlite": "sqlite", "postgres": "postgresql"}


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Dialect]:
    if request.param == "sqlite":
        return str(tmp_path / "lineman.db"), "sqlite"
    return request.getfixturevalue("new_postgres"), "postgresql"


@pytest.fixture
def known(target: tuple[str, Dialect]) -> tuple[Migration, ...]:
    return load(target[1])


@pytest.fixture
def opened(target: tuple[str, Dialect]) -> Open:
    place, dialect = target
    if dialect == "sqlite":
        return lambda **more: SqliteDatabase(Path(place), **more)
    return lambda **more: PostgresDatabase(place, connections=2, **more)


@pytest.mark.parametrize("age", range(len(load("sqlite")) + 1))
async def test_a_database_of_any_age_becomes_todays_and_keeps_its_rows(
    opened: Open, known: tuple[Migration, ...], age: int
) -> None:
    async with opened(migrations=known[:age]) as old:
        assert [step.number for step in await applied(old)] == [step.number for step in known[:age]]
        if age >= 1:
            await old.run("insert into container (id, name, created_at) values (7, 'North', :now)", now=NOW)
    async with opened() as new:
        assert [step.digest for step in await applied(new)] == [step.digest for step in known]
        stored = await SqlContainers(new).all()
        assert stored == ([Container(7, "North", None, None, NOW)] if age >= 1 else [])
        found = await tables(new)
    async with opened() as again:
        assert await tables(again) == found


async def test_sums_of_rates_from_before_algorithms_were_kept_apart_are_told_apart_where_accounts_allow(
    opened: Open, known: tuple[Migration, ...]
) -> None:
    """One hour of one algorithm, one of two, one from before the accounts, and one that is not over."""
    hours = {1000: (2e14, 12), 1001: (1e14 + 6e9, 6), 999: (3e14, None), 1002: (4e14, None)}
    uses = ((1000, "sha256", 12 * 2e14), (1001, "sha256", 6 * 1e14), (1001, "scrypt", 6 * 6e9), (1001, "", 0.0))
    async with opened(migrations=[step for step in known if step.number < 15]) as old:
        for hour, (rate, slots) in hours.items():
            slot = hour * 12 + 11
            await old.run(
                "insert into container_5m (container_id, slot, miners, seen, hashing, hash_rate_hs, "
                "hash_rate_nominal_hs) values (1, :slot, 9, 9, 9, :rate, 5e14)",
                slot=slot, rate=rate,
            )  # fmt: skip
            if hour < 1002:
                await old.run(
                    "insert into container_1h (container_id, hour, miners, seen, hashing, hash_rate_hs, "
                    "hash_rate_nominal_hs, slots) values (1, :hour, 9, 9, 9, :rate, 5e14, :slots)",
                    hour=hour, rate=rate, slots=slots,
                )  # fmt: skip
        for hour, algorithm, rate_slots in uses:
            await old.run(
                "insert into container_use_1h (container_id, hour, algorithm, power_kind, miners, miner_slots, "
                "awaited, hashing, measured, rate_slots, polls, misses) "
                "values (1, :hour, :algorithm, 'wall', 9, 1, 1, 1, 1, :rate_slots, 1, 0)",
                hour=hour, algorithm=algorithm, rate_slots=rate_slots,
            )  # fmt: skip
    told = [
        (999, "", 3e14, 5e14), (1000, "sha256", 2e14, 5e14), (1001, "", 0.0, None), (1001, "scrypt", 6e9, None),
        (1001, "sha256", 1e14, None),
    ]  # fmt: skip
    async with opened() as new:
        columns = "algorithm, hash_rate_hs, hash_rate_nominal_hs"
        assert await new.fetch(tuple, f"select hour, {columns} from container_rate_1h order by 1, 2") == told
        intervals = await new.fetch(tuple, f"select slot / 12, {columns} from container_rate_5m order by 1, 2")
        assert intervals == [*told, (1002, "", 4e14, 5e14)]
        assert await new.fetch(int, "select slot from pending_slot") == [1002 * 12 + 11]
        assert await new.fetch(int, "select count(*) from container_1h where miners = 9") == [3]


@pytest.mark.parametrize("begun", [True, False])
async def test_usual_rules_that_were_made_before_kinds_were_told_apart_are_not_made_again(
    opened: Open, known: tuple[Migration, ...], begun: bool
) -> None:
    async with opened(migrations=[step for step in known if step.number < 21]) as old:
        if begun:
            await old.run("insert into counter (name, value) values ('alert_usual', 1)")
    usual = [Rule(0, kind, kind, None, 5.0, Severity.WARNING) for kind in ("offline", "gateway-down")]
    async with opened() as new:
        made = await SqlRules(new, FernetVault([Secret("a key for tests only, long enough")])).add_usual(usual)
        assert [rule.kind for rule in made] == (["gateway-down"] if begun else ["offline", "gateway-down"])


async def test_a_migration_that_fails_leaves_nothing_behind(opened: Open, known: tuple[Migration, ...]) -> None:
    broken = Migration(
        known[-1].number + 1, "broken", "create table half (id integer); create table half (id integer);"
    )
    with pytest.raises(Exception, match="half"):
        async with opened(migrations=(*known, broken)):
            pass
    async with opened(migrations=()) as db:
        assert await tables(db) == []


async def test_a_newer_or_a_changed_schema_is_refused_and_left_alone(
    opened: Open, known: tuple[Migration, ...]
) -> None:
    later = Migration(known[-1].number + 1, "later", "create table later (id integer);")
    async with opened(migrations=(*known, later)):
        pass
    with pytest.raises(NewerDatabase, match=r"\(later\).*newer program"):
        async with opened():
            pass
    changed = attrs.evolve(known[0], text=known[0].text + "-- changed")
    with pytest.raises(ChangedMigration, match="Migration 1 "):
        async with opened(migrations=(changed, *known[1:], later)):
            pass
    async with opened(migrations=()) as db:
        assert "later" in await tables(db)


async def test_eight_processes_at_once_apply_each_migration_once(
    target: tuple[str, Dialect], opened: Open, known: tuple[Migration, ...]
) -> None:
    code = (
        "import sys, anyio; from pathlib import Path\n"
        "from lineman.adapters.db.postgres import PostgresDatabase\n"
        "from lineman.adapters.db.sqlite import SqliteDatabase\n"
        "async def main(place):\n"
        "    kind = SqliteDatabase(Path(place)) if place.endswith('.db') else PostgresDatabase(place, connections=2)\n"
        "    async with kind: pass\n"
        "anyio.run(main, sys.argv[1])\n"
    )
    ended = list[int]()

    async def run() -> None:
        command = [sys.executable, "-c", code, target[0]]
        ended.append((await anyio.run_process(command, stderr=subprocess.STDOUT)).returncode)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(run)
    assert ended == [0] * 8
    async with opened(migrations=()) as db:
        assert [step.number for step in await applied(db)] == [step.number for step in known]


def test_both_databases_take_the_same_steps() -> None:
    steps = {kind: [(step.number, step.name) for step in load(kind)] for kind in DIALECTS.values()}
    assert steps["sqlite"] == steps["postgresql"]
    numbers = [number for number, _ in steps["sqlite"]]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    "names", [("0007_one.sql", "0007_two.sql"), ("0007_one.sqlite.sql", "0007_two.postgresql.sql"),
              ("0007_one.sql", "07_one.sql")]
)  # fmt: skip
def test_two_steps_of_one_number_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    (tmp_path / "0007_one.md").touch()
    for name in names:
        (tmp_path / name).touch()
    for dialect in DIALECTS.values():
        with pytest.raises(LinemanError, match=r"07_\w+\.\S*sql has the number of 0?0?07_"):
            load(dialect, tmp_path)


def test_a_text_for_one_kind_of_database_goes_before_the_one_for_both(tmp_path: Path) -> None:
    for name in ("0001_all.sql", "0001_all.sqlite.sql", "0002_only.postgresql.sql"):
        (tmp_path / name).write_text(name)
    assert [step.text for step in load("sqlite", tmp_path)] == ["0001_all.sqlite.sql"]
    assert [step.text for step in load("postgresql", tmp_path)] == ["0001_all.sql", "0002_only.postgresql.sql"]


async def test_tables_of_the_service_before_that_bear_our_names_are_refused_and_left_alone(
    opened: Open, known: tuple[Migration, ...]
) -> None:
    async with opened(migrations=()) as old:
        await old.run("create table unit_live_status (enterprise_number text primary key, last_status text)")
        await old.run("create table enterprises (number text)")
    with pytest.raises(ForeignTable, match=r"unit_live_status of another program.* of its own"):
        async with opened():
            pass
    async with opened(migrations=()) as old:
        assert await tables(old) == ["enterprises", "unit_live_status"]


def test_only_what_is_missing_is_pending() -> None:
    known = load("sqlite")
    done = [Applied(step.number, step.name, step.digest) for step in known[:1]]
    assert pending(known, done) == known[1:]
