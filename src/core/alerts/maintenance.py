"""Maintenance: times in which nobody is told."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ...ports.alerts import RuleStore, UnknownWindow, Window
from ...ports.clock import Clock
from ...ports.enterprises import EnterpriseStore
from ...ports.errors import Invalid
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import ContainerStore
from ..editing import Expect, anything, edit
from ..permissions import allow
from .checks import WINDOW, checked
from .rule_book import check_containers, check_enterprises
from .sight import confined, part_of


@attrs.frozen
class Maintenance:
    """The windows.  Changing them needs ``manage-alerts``; a client sees those about his containers,
    an enterprise admin those about his enterprises.
    """

    rule_store: RuleStore
    containers: ContainerStore
    enterprises: EnterpriseStore
    journal: Journal
    clock: Clock
    #: Whose subjects there are, and whether those are of enterprises.
    systems: Mapping[str, bool]

    async def all(self, actor: Actor) -> Sequence[Window]:
        """All windows, the latest beginning first."""
        allow(actor, Permission.SEE_ALERTS)
        found = [self._narrowed(window, actor) for window in await self.rule_store.windows()]
        return [window for window in found if window is not None]

    async def get(self, actor: Actor, window_id: int) -> Window:
        """Raises ``UnknownWindow``, also for what the actor may not see."""
        allow(actor, Permission.SEE_ALERTS)
        found = self._narrowed(await self.rule_store.window(window_id), actor)
        if found is None:
            raise UnknownWindow(f"There is no maintenance window {window_id}")
        return found

    async def add(self, actor: Actor, fields: Mapping[str, Any]) -> Window:
        """Plan a window: ``until``, and if not now ``since``; of what is not narrowed down it is about all.

        Raises:
            Invalid
        """
        allow(actor, Permission.MANAGE_ALERTS)
        now = self.clock.now()
        empty = Window(0, now, now, "", actor.name)
        window = await self.rule_store.add_window(await self._changed(empty, fields))
        await self._note(actor, "add-window", window)
        return window

    async def change(
        self, actor: Actor, window_id: int, fields: Mapping[str, Any], *, expect: Expect = anything
    ) -> Window:
        """Change the fields that are named; an ``until`` of now ends it.

        Raises:
            UnknownWindow, Invalid, Stale
        """
        allow(actor, Permission.MANAGE_ALERTS)

        async def changed(window: Window) -> Window:
            expect(window.revision)
            return await self._changed(window, fields)

        before, after = await edit(lambda: self.rule_store.window(window_id), changed, self.rule_store.change_window)
        if after != before:
            await self._note(actor, "change-window", after)
        return after

    async def remove(self, actor: Actor, window_id: int) -> None:
        """Remove a window; what began in it and goes on is told.  Raises ``UnknownWindow``."""
        allow(actor, Permission.MANAGE_ALERTS)
        window = await self.rule_store.window(window_id)
        await self.rule_store.remove_window(window_id)
        await self._note(actor, "remove-window", window)

    async def _changed(self, before: Window, fields: Mapping[str, Any]) -> Window:
        after = attrs.evolve(before, **checked(fields, WINDOW))
        if after.since >= after.until:
            raise Invalid("must lie after since", field="until")
        if after.system is not None and after.system not in self.systems:
            raise Invalid(f"is none of {', '.join(sorted(self.systems))}", field="system")
        if after.subject_ids and after.system is None:
            raise Invalid("must say whose subjects they are", field="system")
        if after.container_ids != before.container_ids:
            await check_containers(self.containers, after.container_ids)
        if after.enterprise_numbers != before.enterprise_numbers:
            await check_enterprises(self.enterprises, after.enterprise_numbers)
        return after

    def _narrowed(self, window: Window, actor: Actor) -> Window | None:
        """The window as the actor may see it: who is confined learns neither of others' nor of single things."""
        if not confined(actor):
            return window
        about = None if window.system is None else self.systems.get(window.system)
        part = part_of(
            actor, window.container_ids, window.enterprise_numbers, of_enterprises=about,
            others=bool(window.subject_ids),
        )  # fmt: skip
        if part is None:
            return None
        places, numbers = part
        return attrs.evolve(window, container_ids=places, enterprise_numbers=numbers, subject_ids=())

    async def _note(self, actor: Actor, action: str, window: Window) -> None:
        detail = f"{window.since.isoformat()} to {window.until.isoformat()} {window.reason}".strip()
        await self.journal.write(
            Entry(self.clock.now(), actor.name, f"alerts.{action}", f"maintenance {window.id}", "ok", detail)
        )
