"""Power cycles, on both databases."""

from datetime import timedelta
from typing import Any

import anyio
import attrs
import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.power_cycles import SqlCycles
from lineman.adapters.db.unit_watches import SqlUnitWatches
from lineman.ports.power import Plug, PlugKind
from lineman.ports.units import Cycle, CycleResult, CycleStore, CycleUnderWay, Step, UnknownCycle

from ..units import CYCLE, ENDED, EVENT, NOW, PLUG

pytestmark = pytest.mark.anyio

NOBODYS = Cycle(0, None, Plug(PlugKind.SHELLY, "192.0.2.9:8080"), "user", "anna", NOW)


@pytest.fixture
def cycles(database: Database) -> CycleStore:
    return SqlCycles(database)


async def test_a_cycle_is_open_until_it_has_ended_and_stays_as_it_ended(cycles: CycleStore) -> None:
    begun, other = await cycles.begin(CYCLE), await cycles.begin(NOBODYS)
    stuck = attrs.evolve(begun, step=Step.ON_SENT, step_at=NOW, result=CycleResult.STUCK_OFF, on_tries=9, next_at=NOW)
    await cycles.save(stuck)
    assert await cycles.open() == [stuck, other]
    ended = attrs.evolve(stuck, **ENDED)
    await cycles.save(ended)
    await cycles.save(stuck)
    assert await cycles.open() == [other]
    assert await cycles.get(begun.id) == ended
    with pytest.raises(UnknownCycle, match="99"):
        await cycles.save(attrs.evolve(ended, id=99))


async def test_a_step_and_its_rows_are_stored_both_or_none(database: Database, cycles: CycleStore) -> None:
    watches, span = SqlUnitWatches(database), dict[str, Any](since=NOW, until=NOW)
    begun = await cycles.begin(CYCLE)
    with pytest.raises(UnknownCycle):
        await cycles.save(attrs.evolve(begun, id=99), [EVENT])
    assert await watches.history(**span) == []
    ended = attrs.evolve(begun, **ENDED)
    await cycles.save(ended, [EVENT, EVENT])
    # A process that was slow: what it did is told, the end stays.
    await cycles.save(begun, [EVENT])
    assert [event.id for event in await watches.history(**span)] == [3, 2, 1]
    assert await cycles.get(begun.id) == ended


async def test_one_at_a_time_a_plug_whoever_asks(processes: tuple[Database, Database]) -> None:
    stores = [SqlCycles(db) for db in processes]
    begun, refused = list[Cycle](), list[str]()

    async def begin(store: CycleStore, by: str) -> None:
        try:
            begun.append(await store.begin(attrs.evolve(CYCLE, by=by)))
        except CycleUnderWay as error:
            refused.append(error.detail)

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(begin, stores[number % 2], f"user {number}")
    assert (len(begun), len(refused)) == (1, 3)
    assert f"Power cycle {begun[0].id} of the plug {PLUG}" in refused[0]
    for outlet in (None, 0):
        await stores[1].begin(attrs.evolve(CYCLE, plug=attrs.evolve(PLUG, outlet=outlet)))
    with pytest.raises(CycleUnderWay):
        await stores[0].begin(attrs.evolve(CYCLE, plug=attrs.evolve(PLUG, outlet=None)))
    await stores[0].save(attrs.evolve(begun[0], **ENDED))
    again = await stores[1].begin(CYCLE)
    assert again.id > begun[0].id


async def test_a_units_cycles_are_newest_first_and_others_are_not_seen(cycles: CycleStore) -> None:
    for minutes in range(3):
        one = await cycles.begin(attrs.evolve(CYCLE, requested_at=NOW - timedelta(minutes=minutes)))
        await cycles.save(attrs.evolve(one, **ENDED))
    nobodys = await cycles.begin(NOBODYS)
    assert [cycle.id for cycle in await cycles.of_unit("17", limit=2)] == [3, 2]
    assert await cycles.of_unit("17", visible=frozenset({"2"})) == []
    assert (await cycles.get(3, visible=frozenset({"17"}))).id == 3
    assert await cycles.get(nobodys.id) == nobodys
    for number in (3, nobodys.id, 2**40):
        with pytest.raises(UnknownCycle):
            await cycles.get(number, visible=frozenset({"2"}))
