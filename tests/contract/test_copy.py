"""The database as a whole: moved, backed up, looked at, its secrets sealed anew."""

import re
import sqlite3
import stat
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from lineman.adapters.clock import SystemClock
from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.admin import check_key, rotate, status
from lineman.adapters.db.backup import KEY_APART, backup
from lineman.adapters.db.catalogue import SEALED, columns, tables
from lineman.adapters.db.cloud_tokens import SqlCloudTokens
from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.copy import TYPES, copy_all
from lineman.adapters.db.discovery import SqlJobs
from lineman.adapters.db.engine import Database
from lineman.adapters.db.events import SqlEvents
from lineman.adapters.db.gateway_directories import SqlDirectories
from lineman.adapters.db.gateway_history import LineRetention, SqlGatewayHistory
from lineman.adapters.db.gateway_watches import SqlGatewayWatches
from lineman.adapters.db.gateways import SqlGateways
from lineman.adapters.db.groups import SqlGroups
from lineman.adapters.db.journal import SqlJournal
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.postgres import PostgresDatabase, _Transaction
from lineman.adapters.db.power_cycles import SqlCycles
from lineman.adapters.db.power_policy import SqlPowerPolicy
from lineman.adapters.db.retention import Retention
from lineman.adapters.db.series import SqlSeries
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.adapters.db.tokens import SqlTokens
from lineman.adapters.db.unit_watches import SqlUnitWatches
from lineman.adapters.db.units import SqlUnits
from lineman.adapters.db.users import SqlUsers
from lineman.adapters.db.uses import SqlUses
from lineman.adapters.db.watches import SqlWatches
from lineman.ports.errors import Conflict, Invalid
from lineman.ports.gateways import Directory, GatewayQuery, LineLevel, NewGateway, Seen
from lineman.ports.identity import NewUser, Role, Session, Token
from lineman.ports.journal import Entry
from lineman.ports.miners.discovery import NewJob
from lineman.ports.miners.groups import NewGroup
from lineman.ports.miners.inventory import MinerQuery, NewContainer, NewMiner
from lineman.ports.miners.past import EventKind, MinerEvent
from lineman.ports.miners.reading import Maker, Reading, State
from lineman.ports.miners.watch import Availability, Level, Observation, Sample, Watch
from lineman.ports.power import Plug, PlugKind
from lineman.ports.power.cloud import Tokens
from lineman.ports.secrets import Sealed, Secret, Vault
from lineman.ports.units import PowerPolicy, Unit

from .. import units
from ..gateways import EVENT, LINE_WATCH, WATCH, add_enterprise, line

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
CLOUD = Tokens("eu", Secret("canary-access"), Secret("canary-refresh"), NOW, NOW, NOW)
OLD, NEW = Secret("the first key, long enough"), Secret("the second key, long enough")


async def fill(db: Database) -> None:
    vault = FernetVault([OLD])
    await check_key(db, vault)
    await SqlContainers(db).add(NewContainer("North"), at=NOW)
    for number in range(3):
        new = NewMiner(f"rig {number}", f"10.0.0.{number}", Maker.AVALON, 4028, container_id=1, is_active=number != 1)
        await SqlMiners(db, vault).add(new, at=NOW)
    miner = await SqlMiners(db, vault).add(
        NewMiner("locked", "10.0.0.9", Maker.ANTMINER, 80, username="root", password=Secret("canary-pass")), at=NOW
    )
    group = await SqlGroups(db, vault).add(NewGroup("Hall", "root", Secret("canary-group")), at=NOW)
    north = await SqlContainers(db).get(1)
    await SqlContainers(db).change(attrs.evolve(north, rows=2, shelves=3, slots=4))
    await SqlMiners(db, vault).change(
        attrs.evolve(miner, container_id=1, row=2, shelf=3, slot=4, tags=("ряд-2",), group_id=group.id)
    )
    await SqlJobs(db, vault).add(
        NewJob(("10.0.0.0/24",), 254, "anna", username="root", password=Secret("canary-job")), at=NOW
    )
    anna = await SqlUsers(db).add(NewUser("Anna", "hash", Role.CLIENT, container_ids=(1,)), at=NOW)
    await SqlTokens(db).add_token(Token(0, "backup", Role.OPERATOR, NOW, None, "anna"), "digest")
    await SqlTokens(db).add_session("cookie", Session(anna.id, NOW, NOW + timedelta(hours=1)))
    await SqlJournal(db).write(Entry(NOW, "anna", "miners.add", f"miner {miner.id}"))
    watch = Watch(1, Availability.ONLINE, state=State.MINING, polled_at=NOW)
    for minute in (0, 6, 12):
        at = NOW + timedelta(minutes=minute)
        reading, event = Reading(Maker.AVALON, State.MINING), MinerEvent(1, at, EventKind.RESTART, "60", "1")
        seen = Observation(watch, Sample(1, at, hash_rate_hs=1e14), reading, b'{"a": 1}', 1, events=(event,))
        await SqlWatches(db, vault).keep([seen])
    await SqlSeries(db, Retention()).roll_up(now=NOW + timedelta(hours=2))
    await add_enterprise(db, "17", "Ящик", password_sealed=vault.seal(Secret("canary-enterprise")))
    await SqlDirectories(db, vault).add(
        Directory(0, "Hub", "hub.example", username="x", password=Secret("canary-hub")), at=NOW
    )
    await SqlGateways(db, vault).add(NewGateway("GW 1", "17", None, 1, "admin", Secret("canary-gateway")), at=NOW)
    await SqlGatewayWatches(db, vault).keep([Seen(1, NOW, WATCH, (LINE_WATCH, line(1, 2)), (EVENT,))])
    await SqlGatewayHistory(db, LineRetention()).roll_up(now=NOW + timedelta(days=1))
    await fill_units(db, vault)


async def fill_units(db: Database, vault: Vault) -> None:
    await add_enterprise(db, "2", "Box")
    await SqlUnits(db, vault).add(units.UNIT)
    await SqlUnits(db, vault).add(Unit("2", "198.51.100.2", NOW, parent="17"))
    watch = units.WATCH
    await SqlUnitWatches(db).keep({"17": watch, "2": watch}, [units.EVENT], [units.CYCLE])
    await SqlCycles(db).begin(
        attrs.evolve(units.CYCLE, enterprise_number=None, plug=Plug(PlugKind.SHELLY, "192.0.2.9"))
    )
    await SqlPowerPolicy(db).set(PowerPolicy(stopped=True, stopped_by="anna", stopped_at=NOW))
    tokens = SqlCloudTokens(db, vault, SystemClock())
    await tokens.put(CLOUD, expected=None)
    await tokens.remember_state("canary-state", by="anna", expires_at=NOW)
    await tokens.count(month="2026-11", region="eu", calls=2**40)


@pytest.fixture
async def source(tmp_path: Path) -> AsyncGenerator[SqliteDatabase]:
    async with SqliteDatabase(tmp_path / "lineman.db") as db:
        await fill(db)
        yield db


@pytest.fixture
async def target(new_postgres: str) -> AsyncGenerator[PostgresDatabase]:
    async with PostgresDatabase(new_postgres) as db:
        yield db


async def test_a_copy_brings_everything_and_goes_on_where_the_source_stopped(
    source: SqliteDatabase, target: PostgresDatabase
) -> None:
    steps = list[tuple[str, int, int]]()
    copied = await copy_all(
        source,
        target,
        lambda *step: steps.append(step),
        source_vault=FernetVault([OLD]),
        target_vault=FernetVault([NEW]),
    )
    assert copied == sum(total for _, done, total in steps if done == total)
    old, new = FernetVault([OLD]), FernetVault([NEW])
    span = dict[str, Any](since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
    for level in Level:
        before = await SqlSeries(source, Retention()).chart(1, **span, level=level)
        assert await SqlSeries(target, Retention()).chart(1, **span, level=level) == before
        assert before
    happened = await SqlEvents(source).of(1, **span, limit=9)
    assert await SqlEvents(target).of(1, **span, limit=9) == happened
    assert len(happened) == 3
    hours = [(0, 10**6)]
    assert await SqlUses(target).used([1], hours) == await SqlUses(source).used([1], hours) != []
    everything = MinerQuery(sort="name")
    assert await SqlMiners(target, new).find(everything) == await SqlMiners(source, old).find(everything)
    assert await SqlGroups(target, new).all() == await SqlGroups(source, old).all()
    assert await SqlContainers(target).all() == await SqlContainers(source).all()
    assert await SqlJobs(target, new).all(limit=9) == await SqlJobs(source, old).all(limit=9)
    assert await SqlWatches(target, new).raw(1) == {"a": 1}
    assert await SqlDirectories(target, new).all() == await SqlDirectories(source, old).all()
    gateways = GatewayQuery()
    assert await SqlGateways(target, new).rows(gateways) == await SqlGateways(source, old).rows(gateways)
    assert await SqlGatewayWatches(target, new).all() == await SqlGatewayWatches(source, old).all()
    past, was = SqlGatewayHistory(target, LineRetention()), SqlGatewayHistory(source, LineRetention())
    for step in LineLevel:
        points = await was.line(1, 1, **span, level=step)
        assert await past.line(1, 1, **span, level=step) == points
        assert points
    since, until = span["since"], span["until"]
    assert await past.events(1, since=since, until=until) == [EVENT]
    assert await SqlUsers(target).all() == await SqlUsers(source).all()
    assert await SqlTokens(target).tokens() == await SqlTokens(source).tokens()
    assert await SqlTokens(target).session("cookie") == await SqlTokens(source).session("cookie")
    assert await SqlJournal(target).read() == await SqlJournal(source).read()
    assert (await SqlMiners(target, new).add(NewMiner("next", "10.1.1.1", Maker.AVALON, 1), at=NOW)).id == 5
    assert (await SqlGateways(target, new).add(NewGateway("next", "17"), at=NOW)).id == 2
    assert await SqlUnits(target, new).all() == await SqlUnits(source, old).all()
    known, was_known = SqlUnitWatches(target), SqlUnitWatches(source)
    assert await known.watches() == await was_known.watches()
    assert await known.line_counts("17", **span) == await was_known.line_counts("17", **span)
    assert await known.history(**span) == await was_known.history(**span)
    assert await SqlCycles(target).open() == await SqlCycles(source).open()
    assert len(await SqlCycles(target).open()) == 2
    assert (await SqlPowerPolicy(target).get()).stopped
    account = SqlCloudTokens(target, new, SystemClock())
    assert await account.get() == CLOUD
    assert await account.count(month="2026-11", region="eu") == 2**40 + 1
    assert await account.take_state("canary-state", now=NOW - timedelta(hours=1))
    for table in ("miner_sample", "line_sample", "line_1h"):
        assert await target.fetch(int, f"select count(*) from {table}_default") == [0]


async def test_a_target_that_holds_data_is_refused(source: SqliteDatabase, target: PostgresDatabase) -> None:
    await SqlContainers(target).add(NewContainer("South"), at=NOW)
    vault = FernetVault([OLD])
    with pytest.raises(Conflict, match="in container"):
        await copy_all(source, target, lambda *_: None, source_vault=vault, target_vault=vault)
    with pytest.raises(Invalid):
        await copy_all(target, source, lambda *_: None, source_vault=vault, target_vault=vault)


async def test_a_copy_that_fails_leaves_the_target_empty(source: SqliteDatabase, target: PostgresDatabase) -> None:
    with pytest.raises(Sealed):
        await copy_all(
            source, target, lambda *_: None, source_vault=FernetVault([NEW]), target_vault=FernetVault([NEW])
        )
    assert await SqlContainers(target).all() == []


async def test_every_column_of_the_schema_can_be_copied_and_every_sealed_one_is_known(source: SqliteDatabase) -> None:
    sealed = set()
    for table in await tables(source):
        for column in await columns(source, table):
            assert column.type in TYPES, f"{table}.{column.name}"
            if column.name.endswith("_sealed"):
                sealed.add((table, column.name))
    assert sealed == {(table, column) for table, _, column in SEALED}


async def test_a_backup_is_whole_private_and_made_while_others_write(source: SqliteDatabase, tmp_path: Path) -> None:
    place = tmp_path / "backup.db"
    async with source.transaction() as tx:
        await tx.run("update counter set value = value + 1 where name = 'inventory'")
        await backup(source, place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    async with SqliteDatabase(place) as copy:
        assert (await SqlMiners(copy, FernetVault([OLD])).get(4)).password == Secret("canary-pass")
    with pytest.raises(Invalid, match="is there already"):
        await backup(source, place)
    assert "key" in KEY_APART


async def test_postgresql_is_backed_up_by_its_own_tools(target: PostgresDatabase, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="pg_dump"):
        await backup(target, tmp_path / "backup")


async def test_no_secret_is_in_the_files(source: SqliteDatabase, tmp_path: Path) -> None:
    await backup(source, tmp_path / "backup.db")
    found = [file.name for file in list(tmp_path.iterdir()) if b"canary" in file.read_bytes()]  # noqa: ASYNC240 small
    assert found == []


async def test_the_status_tells_age_size_and_rows_and_changes_nothing(database: Database, tmp_path: Path) -> None:
    await fill(database)
    now = await status(database)
    assert re.match(r"(SQLite|PostgreSQL) \d+", now.engine)
    assert (now.pending, now.problem) == ((), None)
    assert {table.name: table.rows for table in now.tables}["miner"] == 4
    assert now.size_bytes > 100_000
    await database.run("update schema_version set digest = 'other' where number = 2")
    assert "Migration 2" in ((await status(database)).problem or "")
    await database.run("delete from schema_version where number > 1")
    late = await status(database)
    assert (late.schema, [step.number for step in late.pending][:1]) == (1, [2])
    async with SqliteDatabase(tmp_path / "empty.db", migrations=()) as empty:
        none = await status(empty)
    assert (none.schema, none.tables, none.pending[0].number) == (None, [], 1)
    with sqlite3.connect(tmp_path / "empty.db") as check:
        assert check.execute("select count(*) from sqlite_master").fetchall() == [(0,)]
    check.close()


async def test_the_wrong_key_is_noticed_at_start(database: Database) -> None:
    await check_key(database, FernetVault([OLD]))
    await check_key(database, FernetVault([NEW, OLD]))
    with pytest.raises(Sealed, match="put back"):
        await check_key(database, FernetVault([NEW]))


async def test_rotation_seals_all_secrets_with_the_newest_key(database: Database) -> None:
    await fill(database)
    assert await rotate(database, FernetVault([NEW, OLD])) == 11
    await check_key(database, FernetVault([NEW]))
    miner = await SqlMiners(database, FernetVault([NEW])).get(4)
    assert (miner.password, miner.group_password) == (Secret("canary-pass"), Secret("canary-group"))
    gateway = await SqlGatewayWatches(database, FernetVault([NEW])).one(1)
    assert (gateway.gateway.password, gateway.enterprise_password) == (
        Secret("canary-gateway"), Secret("canary-enterprise"),
    )  # fmt: skip
    assert (await SqlDirectories(database, FernetVault([NEW])).get(1)).password == Secret("canary-hub")
    unit = await SqlUnits(database, FernetVault([NEW])).get("17")
    assert (unit.password, unit.key) == (units.UNIT.password, units.UNIT.key)
    assert await SqlCloudTokens(database, FernetVault([NEW]), SystemClock()).get() == CLOUD


async def test_a_rotation_brings_no_pair_of_tokens_back_that_was_replaced_meanwhile(
    target: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refresh tokens are good once: the older pair would be the end of the authorisation."""
    await fill(target)
    account = SqlCloudTokens(target, FernetVault([NEW, OLD]), SystemClock())
    after, fetch = attrs.evolve(CLOUD, access=Secret("canary-access-2"), refresh=Secret("x")), _Transaction.fetch

    async def interrupted(self: _Transaction, kind: type[Any], sql: str, /, **values: object) -> list[Any]:
        rows = await fetch(self, kind, sql, **values)
        if sql.startswith("select id, access_sealed from cloud_token"):
            await account.put(after, expected=1)
        return rows

    monkeypatch.setattr(_Transaction, "fetch", interrupted)
    await rotate(target, FernetVault([NEW, OLD]))
    assert await account.get() == attrs.evolve(after, revision=2)


async def test_secrets_that_no_key_opens_stop_a_rotation_unless_they_are_given_up(database: Database) -> None:
    await fill(database)
    with pytest.raises(Sealed, match="miner 4"):
        await rotate(database, FernetVault([NEW]))
    assert await rotate(database, FernetVault([NEW]), forget=True) == 0
    await check_key(database, FernetVault([NEW]))
    assert (await SqlMiners(database, FernetVault([NEW])).get(4)).password is None
