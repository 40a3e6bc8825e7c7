"""Many miners at once, from a table: each row has a result of its own, and a broken one stops no other."""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio.lowlevel
import attrs

from ...ports.clock import Clock
from ...ports.errors import Conflict, FieldError, Invalid, NotFound
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import Container, ContainerStore, GroupStore, Maker, Miner, MinerStore, NewMiner
from ..permissions import allow
from ..tables import Report, RowStatus
from . import checks
from .grid import check_place, settled
from .table import Row

#: Rows in one transaction.
BATCH = 500
#: Rows after which others in the process get their turn.
BREATH = 50

Place = tuple[int | None, int | None, int | None, int | None]


@attrs.frozen
class RowResult:
    row: int
    status: RowStatus
    #: ``None`` for what could not be added, and in a dry run for what would be.
    miner_id: int | None = None
    name: str | None = None
    errors: tuple[FieldError, ...] = ()


@attrs.frozen
class ImportReport(Report[RowResult]):
    """What became, or in a dry run would become, of all rows."""


@attrs.define
class _Plan:
    """What is there, and what the rows so far have made of it."""

    containers: Mapping[int, Container]
    by_name: Mapping[str, int]
    groups: frozenset[int]
    group_names: Mapping[str, int]
    there: dict[tuple[str, int], Miner]
    #: Who stands where; 0 is somebody of this import.
    places: dict[Place, int]
    #: Addresses of this import, and the rows that named them.
    named: dict[tuple[str, int], int] = attrs.field(factory=dict)


@attrs.frozen
class Importing:
    """Imports.  What was written before a crash stays; the journal's line, written last, is then missing."""

    container_store: ContainerStore
    miner_store: MinerStore
    group_store: GroupStore
    journal: Journal
    clock: Clock
    default_port: int = 4028

    async def run(
        self, actor: Actor, rows: Sequence[Row], *, dry_run: bool = False, update: bool = False
    ) -> ImportReport:
        """Add the miners of the rows, and with ``update`` change those that are there by address and port.

        Without ``update`` a row that says something else than what is there is
        an error.  A name that is missing is the address.
        """
        allow(actor, Permission.CHANGE_MINERS)
        plan = await self._look(actor)
        results: dict[int, RowResult] = {}
        new: list[tuple[Row, NewMiner]] = []
        changed: list[tuple[Row, Miner]] = []
        for place, row in enumerate(rows):
            if place % BREATH == 0:
                await anyio.lowlevel.checkpoint()
            try:
                found = self._planned(actor, plan, row, update=update)
            except Invalid as error:
                errors = error.errors or (FieldError("", error.detail),)
                results[row.number] = RowResult(row.number, RowStatus.ERROR, name=_name(row), errors=errors)
                continue
            if isinstance(found, RowResult):
                results[row.number] = found
            elif isinstance(found, Miner):
                changed.append((row, found))
                results[row.number] = RowResult(row.number, RowStatus.CHANGED, found.id, found.name)
            else:
                new.append((row, found))
                results[row.number] = RowResult(row.number, RowStatus.ADDED, None, found.name)
        if not dry_run:
            for start in range(0, len(changed), BATCH):
                results |= await self._write([], changed[start : start + BATCH])
            for start in range(0, len(new), BATCH):
                results |= await self._write(new[start : start + BATCH], [])
        report = ImportReport(dry_run, [results[row.number] for row in rows])
        if not dry_run:
            counts = ", ".join(f"{report.count(status)} {status}" for status in RowStatus)
            await self.journal.write(
                Entry(self.clock.now(), actor.name, "miners.import", "miners", detail=f"{counts}, of {len(rows)} rows")
            )
        return report

    async def _look(self, actor: Actor) -> _Plan:
        containers = {one.id: one for one in await self.container_store.all(visible=actor.container_ids)}
        groups = await self.group_store.all()
        miners = await self.miner_store.all()
        return _Plan(
            containers=containers,
            # The exact name counts first, then that of any case.
            by_name={one.name.casefold(): one.id for one in containers.values()}
            | {one.name: one.id for one in containers.values()},
            groups=frozenset(group.id for group in groups),
            group_names={group.name.casefold(): group.id for group in groups},
            there={(miner.ip_address, miner.port): miner for miner in miners},
            places={_place(miner): miner.id for miner in miners if miner.row is not None},
        )

    def _planned(self, actor: Actor, plan: _Plan, row: Row, *, update: bool) -> NewMiner | Miner | RowResult:
        """What to do about a row.  Raises ``Invalid``."""
        fields = self._fields(plan, row)
        address = fields["ip_address"]
        port = fields.get("port") or (80 if fields.get("manufacturer") is Maker.ELPHAPEX else self.default_port)
        before = plan.there.get((address, port))
        if (first := plan.named.setdefault((address, port), row.number)) != row.number:
            raise checks.wrong("ip_address", f"row {first} is of {address} port {port} already")
        if before is None:
            if "manufacturer" not in fields:
                raise checks.wrong("manufacturer", "is required")
            new = NewMiner(**({"name": address} | fields | {"port": port}))
            self._settle(plan, new, 0)
            return new
        if actor.container_ids is not None and before.container_id not in actor.container_ids:
            raise checks.wrong("ip_address", f"a miner at {address} port {port} exists already")
        changed = attrs.evolve(before, **settled(before, fields))
        if changed == before:
            return RowResult(row.number, RowStatus.SAME, before.id, before.name)
        if not update:
            raise checks.wrong(
                "ip_address", f"{address} port {port} is miner {before.id} already; update=true changes it"
            )
        self._settle(plan, changed, before.id)
        if (
            before.row is not None
            and plan.places.get(_place(before)) == before.id
            and _place(before) != _place(changed)
        ):
            del plan.places[_place(before)]
        return changed

    def _fields(self, plan: _Plan, row: Row) -> dict[str, Any]:
        if row.errors:
            raise checks.invalid(row.errors)
        given = dict(row.fields)
        if "ip_address" not in given:
            raise checks.wrong("ip_address", "is required")
        if given.get("port", 0) is None:
            del given["port"]
        for name, wanted, known in (
            ("container", "container_id", plan.by_name), ("group", "group_id", plan.group_names),
        ):  # fmt: skip
            if (called := given.pop(name, None)) is not None:
                exact = str(called).strip()
                number = known.get(exact, known.get(exact.casefold()))
                if number is None:
                    raise checks.wrong(name, f"there is no {name} {exact[:100]!r}")
                given[wanted] = number
        return checks.checked(given, checks.MINER)

    def _settle(self, plan: _Plan, miner: NewMiner | Miner, miner_id: int) -> None:
        """See that it can stand where it is to stand, and take note of it."""
        if miner.container_id is not None and miner.container_id not in plan.containers:
            raise checks.wrong("container_id", f"there is no container {miner.container_id}")
        if miner.group_id is not None and miner.group_id not in plan.groups:
            raise checks.wrong("group_id", f"there is no group {miner.group_id}")
        container = None if miner.container_id is None else plan.containers[miner.container_id]
        check_place((miner.row, miner.shelf, miner.slot), container)
        if miner.row is None:
            return
        there = plan.places.get(_place(miner))
        if there is not None and there != (miner_id or None):
            who = f"miner {there}" if there else "a miner of another row"
            raise checks.wrong("slot", f"{who} stands at that place")
        plan.places[_place(miner)] = miner_id

    async def _write(
        self, new: Sequence[tuple[Row, NewMiner]], changed: Sequence[tuple[Row, Miner]]
    ) -> dict[int, RowResult]:
        """Write a batch; where others changed something meanwhile, row by row."""
        try:
            numbers = await self.miner_store.write(
                [miner for _, miner in new], [miner for _, miner in changed], at=self.clock.now()
            )
        except (Conflict, NotFound) as error:
            if len(new) + len(changed) == 1:
                row = (new or changed)[0][0]
                fields = error.errors if isinstance(error, Conflict) else ()
                errors = fields or (FieldError("", error.detail),)
                return {row.number: RowResult(row.number, RowStatus.ERROR, name=_name(row), errors=errors)}
            results: dict[int, RowResult] = {}
            for one in changed:
                results |= await self._write([], [one])
            for other in new:
                results |= await self._write([other], [])
            return results
        return {
            row.number: RowResult(row.number, RowStatus.ADDED, number, miner.name)
            for (row, miner), number in zip(new, numbers, strict=True)
        }


def _place(miner: NewMiner | Miner) -> Place:
    return miner.container_id, miner.row, miner.shelf, miner.slot


def _name(row: Row) -> str | None:
    name = row.fields.get("name")
    return name[: checks.LONGEST_NAME] if isinstance(name, str) else None
