"""What is known of units, and what happened to them, on both databases."""

import json
from datetime import timedelta
from typing import Any

import anyio
import attrs
import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.power_cycles import SqlCycles
from lineman.adapters.db.power_policy import SqlPowerPolicy
from lineman.adapters.db.unit_watches import SqlUnitWatches
from lineman.adapters.db.units import SqlUnits
from lineman.ports.errors import Invalid
from lineman.ports.secrets import Vault
from lineman.ports.units import (
    LineStats,
    MachineState,
    Outcome,
    PowerPolicy,
    Unit,
    UnitEvent,
    UnitWatch,
    UnitWatchStore,
)

from ..gateways import add_enterprise
from ..units import CYCLE, EVENT, HOUR, NOW, PLUG, UNIT, WATCH, looked

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
LINES = LineStats(3, 2, 5, 4, 7, 6)


@pytest.fixture
async def units(database: Database, vault: Vault) -> SqlUnits:
    store = SqlUnits(database, vault)
    for number in ("17", "2"):
        await add_enterprise(database, number, number)
    await store.add(UNIT)
    await store.add(Unit("2", "198.51.100.2", NOW))
    return store


@pytest.fixture
def watches(database: Database, units: SqlUnits) -> UnitWatchStore:
    return SqlUnitWatches(database)


async def test_all_that_is_known_comes_back_as_it_was_kept_last(watches: UnitWatchStore) -> None:
    assert await watches.watches() == {}
    await watches.keep({"17": WATCH, "2": UnitWatch()})
    assert await watches.watches() == {"17": WATCH, "2": UnitWatch()}
    await watches.keep({"2": WATCH, "17": UnitWatch()})
    assert await watches.watches() == {"2": WATCH, "17": UnitWatch()}
    assert (await watches.watch("2"), await watches.watch("99")) == (WATCH, UnitWatch())


async def test_the_published_columns_say_what_the_specification_says_and_rule_over_the_rest(
    database: Database, watches: UnitWatchStore
) -> None:
    await watches.keep({"17": WATCH})
    columns = "enterprise_number, last_status, failure_counter, last_error_message, disk_usage_percent, sip_peers"
    [row] = await database.fetch(tuple, f"select {columns} from unit_live_status where ewelink_action_done")
    assert row == ("17", "offline", 4, "the login is not taken", 97, 15)
    assert json.loads((await database.fetch(str, "select line_stats from unit_live_status"))[0]) == {
        "gsm_total": 3, "gsm_online": 2, "sip_total": 5, "sip_online": 4, "internal_total": 7, "internal_online": 6
    }  # fmt: skip
    # As operators did with the service before, by hand.
    await database.run("update unit_live_status set failure_counter = 0, ewelink_action_done = false")
    state = attrs.evolve(WATCH.state, failure_counter=0, ewelink_action_done=False)
    assert (await watches.watches())["17"].state == state


async def test_what_a_device_may_say_spoils_no_batch(watches: UnitWatchStore) -> None:
    wild = attrs.evolve(
        WATCH,
        last_error_message="\0 \ud800",
        version="\ud800",
        calls=2**40,
        disk_usage_percent=-(2**40),
        uptime_s=2**70,
    )
    await watches.keep({"17": wild}, [attrs.evolve(EVENT, error_message="\0", extra_info={"a": "\ud800"})])
    kept = (await watches.watches())["17"]
    assert (kept.calls, kept.disk_usage_percent, kept.uptime_s, kept.version) == (None, None, None, "?")
    assert [event.extra_info for event in await watches.history(since=NOW, until=NOW)] == [{"a": "?"}]


async def test_units_that_are_gone_are_passed_over_and_their_events_are_not(watches: UnitWatchStore) -> None:
    gone = attrs.evolve(EVENT, enterprise_number="99")
    await watches.keep({"99": WATCH, "2": WATCH}, [gone], [attrs.evolve(CYCLE, enterprise_number="99")])
    assert list(await watches.watches()) == ["2"]
    assert await watches.history(since=NOW, until=NOW) == [attrs.evolve(gone, id=1)]


async def test_a_look_its_rows_and_its_cycle_are_kept_together_or_not_at_all(
    database: Database, watches: UnitWatchStore
) -> None:
    broken = attrs.evolve(CYCLE, plug=attrs.evolve(PLUG, outlet=2**70))
    with pytest.raises(Invalid):
        await watches.keep({"17": WATCH}, [EVENT], [broken])
    assert await watches.watches() == {}
    assert await watches.history(since=NOW, until=NOW) == []
    assert await watches.keep({"17": WATCH}, [EVENT], [CYCLE]) == 1
    [begun] = await SqlCycles(database).open()
    assert begun == attrs.evolve(CYCLE, id=begun.id)


@pytest.mark.parametrize("meanwhile", ["begun", "another plug", "no opt-in", "removed", "stopped"])
async def test_a_cycle_is_begun_only_while_it_is_wanted(
    database: Database, units: SqlUnits, watches: UnitWatchStore, meanwhile: str
) -> None:
    unit, cycles = await units.get("17"), SqlCycles(database)
    match meanwhile:
        case "begun":
            await cycles.begin(CYCLE)
        case "another plug":
            await units.change(attrs.evolve(unit, plug=attrs.evolve(PLUG, outlet=None)))
        case "no opt-in":
            await units.change(attrs.evolve(unit, parameter_option_2=False))
        case "removed":
            await units.remove("17")
        case "stopped":
            await SqlPowerPolicy(database).set(PowerPolicy(stopped=True))
    before = await cycles.open()
    assert await watches.keep({"17": WATCH, "2": WATCH}, [EVENT], [CYCLE]) == 0
    assert await cycles.open() == before
    assert "2" in await watches.watches()
    assert len(await watches.history(since=NOW, until=NOW)) == 1


async def test_two_processes_that_decide_at_once_begin_one_cycle(
    processes: tuple[Database, Database], vault: Vault
) -> None:
    await add_enterprise(processes[0], "17", "17")
    await SqlUnits(processes[0], vault).add(UNIT)

    async def decide(db: Database) -> None:
        for _ in range(5):
            await SqlUnitWatches(db).keep({"17": WATCH}, [EVENT], [CYCLE])

    async with anyio.create_task_group() as group:
        for db in processes:
            group.start_soon(decide, db)
    assert len(await SqlCycles(processes[0]).open()) == 1
    rows = await SqlUnitWatches(processes[1]).history(since=NOW, until=NOW)
    assert [event.id for event in rows] == list(range(10, 0, -1))


async def test_history_is_newest_first_and_only_what_the_actor_may_see(watches: UnitWatchStore) -> None:
    events = [
        EVENT,
        attrs.evolve(EVENT, at=NOW - HOUR, action_type="rearm", enterprise_number="2", extra_info={}),
        attrs.evolve(EVENT, at=NOW - MINUTE, enterprise_number=None),
        UnitEvent(NOW, "17"),
    ]
    kept = [await watches.append(event) for event in events]
    assert kept == [attrs.evolve(event, id=number) for number, event in enumerate(events, 1)]
    since, until = NOW - HOUR, NOW
    assert await watches.history(since=since, until=until) == [kept[3], kept[0], kept[2], kept[1]]
    assert await watches.history(since=since, until=until, limit=1) == [kept[3]]
    assert await watches.history(since=NOW - MINUTE, until=NOW - MINUTE) == [kept[2]]
    assert await watches.history(since=since, until=until, action_type="rearm") == [kept[1]]
    assert await watches.history(since=since, until=until, enterprise_number="17") == [kept[3], kept[0]]
    assert await watches.history(since=since, until=until, visible=frozenset({"2"})) == [kept[1]]
    assert await watches.history(since=since, until=until, visible=frozenset({"2"}), enterprise_number="17") == []
    assert await watches.history(since=since, until=until, visible=frozenset()) == []


async def test_a_row_that_was_asked_for_is_settled_once(watches: UnitWatchStore) -> None:
    asked = await watches.append(attrs.evolve(EVENT, new_status=None, action_result=None, action_time=None))
    other = await watches.append(attrs.evolve(EVENT, action_result=None))
    done = attrs.evolve(asked, new_status="on", action_result="success", action_time=NOW, error_message="\0 said")
    await watches.settle(done)
    await watches.settle(attrs.evolve(done, new_status="off", action_result="fail"))
    kept = await watches.history(since=NOW, until=NOW)
    assert kept == [other, attrs.evolve(done, error_message="� said")]


async def test_lines_are_counted_when_they_change(watches: UnitWatchStore) -> None:
    fewer, everything = attrs.evolve(LINES, sip_online=3), dict[str, Any](since=NOW, until=NOW + HOUR)
    looks = (LINES, LINES, None, LINES, fewer, fewer, LINES)
    for minute, lines in enumerate(looks):
        await watches.keep({"17": looked(NOW + minute * MINUTE, lines), "2": looked(NOW, LINES, None)})
    await watches.keep({"17": looked(NOW + 7 * MINUTE, LINES, 8)})
    found = await watches.line_counts("17", **everything)
    assert [((count.at - NOW) // MINUTE, count.line_stats, count.disk_usage_percent) for count in found] == [
        (0, LINES, 7), (4, fewer, 7), (6, LINES, 7), (7, LINES, 8),
    ]  # fmt: skip
    assert [count.disk_usage_percent for count in await watches.line_counts("2", **everything)] == [None]
    assert await watches.line_counts("17", **everything, visible=frozenset({"2"})) == []
    assert await watches.prune(before=NOW + 5 * MINUTE) == 3
    assert len(await watches.line_counts("17", **everything)) == 2
    assert (await watches.watches())["17"].state == MachineState(Outcome.ONLINE)
