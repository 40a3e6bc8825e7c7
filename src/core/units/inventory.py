"""What one can ask about units, and change."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from ...ports.clock import Clock
from ...ports.enterprises import EnterpriseStore, UnknownEnterprise
from ...ports.errors import Invalid
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.units import (
    Cycle,
    CycleStore,
    Outcome,
    Unit,
    UnitEvent,
    UnitStore,
    UnitWatch,
    UnitWatchStore,
    UnknownUnit,
)
from ..editing import Expect, anything, edit
from ..fields import checked
from ..permissions import allow, enterprises_of
from . import checks

#: The longest that one unit may be paused.
LONGEST_PAUSE = timedelta(days=31)

#: The fields of a unit that are to be changed; what is not named stays.
UnitEdit = Mapping[str, Any]


@attrs.frozen
class UnitRow:
    """A unit with what is known of it now."""

    unit: Unit
    #: The name of its enterprise.
    enterprise: str
    watch: UnitWatch
    #: Its power cycle that is under way.
    cycle: Cycle | None = None


@attrs.frozen(kw_only=True)
class UnitQuery:
    """Which units are asked for."""

    #: Part of the number, the name or the host.
    search: str | None = None
    #: What the last look came to.
    status: Outcome | None = None
    limit: int = 100
    offset: int = 0

    def fits(self, row: UnitRow) -> bool:
        """Whether a unit is meant, whatever the page."""
        wanted = (self.search or "").strip().casefold()
        said = (row.unit.enterprise_number, row.enterprise, row.unit.host)
        return any(wanted in one.casefold() for one in said) and self.status in (None, row.watch.outcome)


@attrs.frozen(kw_only=True)
class Units:
    """Units, one by one.

    Each change is stored first and journaled then: a crash between the two
    loses the journal's line.  What an actor may see is part of each question
    to the stores; all raise ``NotAllowed`` to those who lack the permission.
    """

    unit_store: UnitStore
    watch_store: UnitWatchStore
    cycle_store: CycleStore
    enterprises: EnterpriseStore
    journal: Journal
    clock: Clock

    async def list(self, actor: Actor) -> Sequence[UnitRow]:
        """All that the actor may see, by number."""
        allow(actor, Permission.SEE_UNITS)
        visible = enterprises_of(actor)
        units, watches = await self.unit_store.all(visible=visible), await self.watch_store.watches()
        names: dict[str, str] = {}
        offset, total = 0, 1
        while offset < total:
            page, total = await self.enterprises.all(visible=visible, limit=1000, offset=offset)
            names |= {one.number: one.name for one in page}
            offset += 1000
        cycles = {cycle.enterprise_number: cycle for cycle in await self.cycle_store.open()}
        return [
            UnitRow(unit, names.get(number, ""), watches.get(number) or UnitWatch(), cycles.get(number))
            for unit in units
            if (number := unit.enterprise_number)
        ]

    async def find(self, actor: Actor, query: UnitQuery) -> tuple[Sequence[UnitRow], int]:
        """A page of those that are asked for, and how many there are of them."""
        found = [row for row in await self.list(actor) if query.fits(row)]
        return found[query.offset : query.offset + query.limit], len(found)

    async def get(self, actor: Actor, number: str) -> UnitRow:
        """Raises ``UnknownUnit``."""
        allow(actor, Permission.SEE_UNITS)
        visible = enterprises_of(actor)
        unit = await self.unit_store.get(number, visible=visible)
        enterprise = await self.enterprises.get(number, visible=visible)
        cycles = {cycle.enterprise_number: cycle for cycle in await self.cycle_store.open()}
        return UnitRow(unit, enterprise.name, await self.watch_store.watch(number), cycles.get(number))

    async def add(self, actor: Actor, fields: UnitEdit) -> UnitRow:
        """Write a unit down: ``enterprise_number``, ``host``, ``username``, and a password or a key.

        Raises:
            Invalid: With the fields.
            UnitExists
        """
        allow(actor, Permission.CHANGE_UNITS)
        for needed in ("enterprise_number", "host"):
            fields = {needed: None, **fields}
        found = checked(fields, checks.UNIT)
        await self._placed(actor, found["enterprise_number"], found)
        unit = Unit(created_at=self.clock.now(), **found)
        checks.can_get_in(unit)
        try:
            await self.unit_store.add(unit)
        except UnknownEnterprise as error:
            raise Invalid(error.detail, field="enterprise_number") from error
        await self._note(actor, "units.add", unit.enterprise_number, f"at {unit.host}")
        return await self.get(actor, unit.enterprise_number)

    async def change(self, actor: Actor, number: str, fields: UnitEdit, *, expect: Expect = anything) -> UnitRow:
        """Change the fields named, and leave the others; another host has its host key learnt anew.

        Raises:
            Invalid: With the fields.
            Stale: Somebody else changed it first.
            UnknownUnit
        """
        allow(actor, Permission.CHANGE_UNITS)
        await self.unit_store.get(number, visible=enterprises_of(actor))
        found = checked(fields, checks.EDITED)
        await self._placed(actor, number, found)

        async def changed(unit: Unit) -> Unit:
            expect(unit.revision)
            wanted = checks.changed(unit, found)
            checks.can_get_in(wanted)
            return wanted

        before, after = await self._edit(actor, number, changed)
        if after != before:
            names = [
                field.name
                for field in attrs.fields(Unit)
                if field.name != "revision" and getattr(before, field.name) != getattr(after, field.name)
            ]
            await self._note(actor, "units.change", number, ", ".join(names))
        return await self.get(actor, number)

    async def remove(self, actor: Actor, number: str) -> None:
        """Remove a unit; its history stays.  Raises ``UnknownUnit``."""
        allow(actor, Permission.CHANGE_UNITS)
        await self.unit_store.get(number, visible=enterprises_of(actor))
        await self.unit_store.remove(number)
        await self._note(actor, "units.remove", number)

    async def pause(self, actor: Actor, number: str, until: datetime, reason: str = "") -> UnitRow:
        """Keep a unit's power from being cut until then.  Raises ``Invalid``, ``UnknownUnit``."""
        allow(actor, Permission.CHANGE_UNITS)
        now = self.clock.now()
        if not now < until <= now + LONGEST_PAUSE:
            raise Invalid(f"a pause ends in the future, and within {LONGEST_PAUSE.days} days", field="until")
        return await self._paused(actor, number, until, reason)

    async def resume(self, actor: Actor, number: str) -> UnitRow:
        """End a pause.  Raises ``UnknownUnit``."""
        allow(actor, Permission.CHANGE_UNITS)
        return await self._paused(actor, number, None, "")

    async def _paused(self, actor: Actor, number: str, until: datetime | None, reason: str) -> UnitRow:
        async def changed(unit: Unit) -> Unit:
            return attrs.evolve(unit, paused_until=until, paused_by=actor.name if until else None)

        await self._edit(actor, number, changed)
        action, now = ("pause" if until else "resume"), self.clock.now()
        extra: dict[str, object] = {"by": actor.name, "reason": reason}
        if until:
            extra["until"] = until.isoformat()
        await self.watch_store.append(
            UnitEvent(
                at=now,
                enterprise_number=number,
                action_type=action,
                action_result="success",
                action_time=now,
                user_initiator="user",
                extra_info=extra,
            )
        )
        await self._note(actor, f"units.{action}", number, reason)
        return await self.get(actor, number)

    async def _edit(self, actor: Actor, number: str, change: Any) -> tuple[Unit, Unit]:
        async def read() -> Unit:
            return await self.unit_store.get(number, visible=enterprises_of(actor))

        return await edit(read, change, self.unit_store.change)

    async def _placed(self, actor: Actor, number: str, fields: Mapping[str, Any]) -> None:
        """See that the enterprise and the parent are there, and that nobody is his own ancestor."""
        visible = enterprises_of(actor)
        try:
            await self.enterprises.get(number, visible=visible)
        except UnknownEnterprise as error:
            raise Invalid(f"there is no enterprise {number}", field="enterprise_number") from error
        seen, above = {number}, fields.get("parent")
        while above is not None:
            if above in seen:
                raise Invalid(f"{above} would be above itself", field="parent")
            seen.add(above)
            try:
                above = (await self.unit_store.get(above, visible=visible)).parent
            except UnknownUnit as error:
                raise Invalid(f"there is no unit {above}", field="parent") from error

    async def _note(self, actor: Actor, action: str, number: str, detail: str = "") -> None:
        await self.journal.write(Entry(self.clock.now(), actor.name, action, f"unit {number}", "ok", detail))
