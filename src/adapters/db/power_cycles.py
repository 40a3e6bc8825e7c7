"""Power cycles in SQL.  That only one of a plug is under way is the database's to hold."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.power import Plug, PlugKind
from ...ports.units.cycles import Cycle, CycleResult, CycleStore, CycleUnderWay, Step, UnknownCycle
from ...ports.units.watch import UnitEvent
from .engine import Database, Taken, next_number
from .unit_rows import CYCLE_COLUMNS, add_events, cycle_values

QUERY = f"select {', '.join(CYCLE_COLUMNS)} from power_cycle".replace("ordered_by", 'ordered_by as "by"')
STORE = (
    f"insert into power_cycle ({', '.join(CYCLE_COLUMNS)}) values ({', '.join(f':{name}' for name in CYCLE_COLUMNS)})"
)
MOVING = ("step", "step_at", "result", "error", "on_tries", "next_at", "finished_at")
SAVE = f"""
update power_cycle set {", ".join(f"{name} = :{name}" for name in MOVING)} where id = :id and finished_at is null
"""


@attrs.frozen
class _Row:
    """A cycle with its plug in three columns."""

    id: int
    enterprise_number: str | None
    plug_kind: PlugKind
    plug_device_id: str
    plug_outlet: int | None
    initiator: str
    by: str
    requested_at: datetime
    step: Step
    step_at: datetime | None
    result: CycleResult | None
    error: str | None
    on_tries: int
    next_at: datetime | None
    finished_at: datetime | None

    def cycle(self) -> Cycle:
        plug = Plug(self.plug_kind, self.plug_device_id, self.plug_outlet)
        fields = attrs.asdict(self, recurse=False, filter=lambda field, _: not field.name.startswith("plug_"))
        return Cycle(plug=plug, **fields)


class SqlCycles(CycleStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def begin(self, cycle: Cycle) -> Cycle:
        try:
            async with self._db.transaction() as tx:
                begun = attrs.evolve(cycle, id=await next_number(tx, "power_cycle"))
                await tx.run(STORE, **cycle_values(begun))
        except Taken as error:
            raise CycleUnderWay(await self._under_way(cycle.plug)) from error
        return begun

    async def save(self, cycle: Cycle, events: Sequence[UnitEvent] = ()) -> None:
        moving = {name: value for name, value in cycle_values(cycle).items() if name in MOVING}
        async with self._db.transaction() as tx:
            if events:
                await add_events(tx, events)
            if not await tx.run(SAVE, id=cycle.id, **moving) and not await tx.fetch(
                int, "select 1 from power_cycle where id = cast(:id as bigint)", id=cycle.id
            ):
                raise _unknown(cycle.id)

    async def open(self) -> Sequence[Cycle]:
        return await self._cycles("where finished_at is null order by id")

    async def get(self, cycle_id: int, *, visible: frozenset[str] | None = None) -> Cycle:
        cycles = await self._cycles("where id = cast(:id as bigint)", id=cycle_id)
        if not cycles or (visible is not None and cycles[0].enterprise_number not in visible):
            raise _unknown(cycle_id)
        return cycles[0]

    async def of_unit(
        self, enterprise_number: str, *, visible: frozenset[str] | None = None, limit: int = 100
    ) -> Sequence[Cycle]:
        if visible is not None and enterprise_number not in visible:
            return []
        return await self._cycles(
            "where enterprise_number = :number order by id desc limit :limit", number=enterprise_number, limit=limit
        )

    async def _cycles(self, which: str, **values: object) -> Sequence[Cycle]:
        return [row.cycle() for row in await self._db.fetch(_Row, f"{QUERY} {which}", **values)]

    async def _under_way(self, plug: Plug) -> str:
        for cycle in await self.open():
            if cycle.plug == plug:
                return (
                    f"Power cycle {cycle.id} of the plug {plug} has been under way since "
                    f"{cycle.requested_at:%H:%M:%S} UTC, begun by {cycle.by}"
                )
        return f"Another power cycle of the plug {plug} was under way; try again"


def _unknown(cycle_id: int) -> UnknownCycle:
    return UnknownCycle(f"There is no power cycle {cycle_id}")
