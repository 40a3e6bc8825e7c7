"""Many units at once, from a table: each row has a result of its own, and a broken one stops no other."""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio.lowlevel
import attrs

from ...ports.clock import Clock
from ...ports.enterprises import EnterpriseStore
from ...ports.errors import Conflict, FieldError, Invalid, NotFound
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.units import Unit, UnitStore
from ..fields import checked, invalid
from ..permissions import allow, enterprises_of
from ..tables import Report, Row, RowStatus
from . import checks

#: Rows after which others in the process get their turn.
BREATH = 50
#: Enterprises in one question.
PAGE = 1000


@attrs.frozen
class RowResult:
    row: int
    status: RowStatus
    enterprise_number: str | None = None
    errors: tuple[FieldError, ...] = ()


@attrs.frozen
class ImportReport(Report[RowResult]):
    """What became, or in a dry run would become, of all rows."""


@attrs.define
class _Plan:
    """What there is, and what the rows before have claimed."""

    there: Mapping[str, Unit]
    enterprises: frozenset[str]
    #: By number, the unit above it.
    parents: dict[str, str | None]
    #: By number, the row that claimed it.
    named: dict[str, int] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class UnitImport:
    """Imports.

    Each row is stored for itself: a crash loses those that were not reached,
    and the journal's line; the same table can then be sent again.
    """

    unit_store: UnitStore
    enterprises: EnterpriseStore
    journal: Journal
    clock: Clock

    async def run(
        self, actor: Actor, rows: Sequence[Row], *, dry_run: bool = False, update: bool = False
    ) -> ImportReport:
        """Add the units of the rows, and with ``update`` change those that are there by number.

        Without ``update`` a row that says something else than what is there is
        an error.  What a row does not say stays.
        """
        allow(actor, Permission.CHANGE_UNITS)
        plan, results = await self._look(actor), list[RowResult]()
        for place, row in enumerate(rows):
            if place % BREATH == 0:
                await anyio.lowlevel.checkpoint()
            number = _number(row)
            try:
                unit = self._planned(plan, row, update=update)
                status = await self._stored(plan, unit, dry_run=dry_run)
            except (Invalid, Conflict, NotFound) as error:
                said = getattr(error, "errors", ()) or (FieldError("", error.detail),)
                results.append(RowResult(row.number, RowStatus.ERROR, number, said))
                continue
            plan.parents[unit.enterprise_number] = unit.parent
            results.append(RowResult(row.number, status, number))
        report = ImportReport(dry_run, results)
        if not dry_run:
            counts = ", ".join(f"{report.count(status)} {status}" for status in RowStatus)
            await self.journal.write(
                Entry(self.clock.now(), actor.name, "units.import", "units", detail=f"{counts}, of {len(rows)} rows")
            )
        return report

    async def _look(self, actor: Actor) -> _Plan:
        visible = enterprises_of(actor)
        there = {unit.enterprise_number: unit for unit in await self.unit_store.all(visible=visible)}
        numbers: set[str] = set()
        offset, total = 0, 1
        while offset < total:
            page, total = await self.enterprises.all(visible=visible, limit=PAGE, offset=offset)
            numbers |= {one.number for one in page}
            offset += PAGE
        return _Plan(there, frozenset(numbers), {number: unit.parent for number, unit in there.items()})

    def _planned(self, plan: _Plan, row: Row, *, update: bool) -> Unit:
        """What the row makes of a unit.  Raises ``Invalid``."""
        if row.errors:
            raise invalid(row.errors)
        fields: dict[str, Any] = {"enterprise_number": None, **row.fields}
        found = checked(fields, checks.UNIT)
        number = found.pop("enterprise_number")
        if (first := plan.named.setdefault(number, row.number)) != row.number:
            raise Invalid(f"row {first} is of unit {number} already", field="enterprise_number")
        if number not in plan.enterprises:
            raise Invalid(f"there is no enterprise {number}", field="enterprise_number")
        _see_above(plan, number, found.get("parent"))
        before = plan.there.get(number)
        if before is None:
            if "host" not in found:
                raise Invalid("is required", field="host")
            unit = Unit(number, found.pop("host"), self.clock.now(), **found)
        else:
            unit = checks.changed(before, found)
            if unit != before and not update:
                raise Invalid(f"there is a unit {number} already; update=true changes it", field="enterprise_number")
        checks.can_get_in(unit)
        return unit

    async def _stored(self, plan: _Plan, unit: Unit, *, dry_run: bool) -> RowStatus:
        """Raises ``Conflict``, ``NotFound``."""
        before = plan.there.get(unit.enterprise_number)
        if before == unit:
            return RowStatus.SAME
        if before is None:
            if not dry_run:
                await self.unit_store.add(unit)
            return RowStatus.ADDED
        if not dry_run:
            await self.unit_store.change(unit)
        return RowStatus.CHANGED


def _see_above(plan: _Plan, number: str, above: str | None) -> None:
    """See that the parent is there, and that nobody is his own ancestor.  Raises ``Invalid``."""
    seen = {number}
    while above is not None:
        if above in seen:
            raise Invalid(f"{above} would be above itself", field="parent")
        if above not in plan.parents:
            raise Invalid(f"there is no unit {above}", field="parent")
        seen.add(above)
        above = plan.parents[above]


def _number(row: Row) -> str | None:
    number = row.fields.get("enterprise_number")
    return number.strip()[:64] if isinstance(number, str) else None
