"""Groups: miners that share a login."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ...ports.clock import Clock
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import Group, GroupStore, NewGroup
from ..editing import Expect, anything, edit
from ..permissions import allow
from . import checks
from .difference import difference


@attrs.frozen
class Groups:
    """What one can ask about groups, and change: whoever may change miners, since names of logins are shown.

    Each change is stored first and journaled then: a crash between the two
    loses the journal's line.  All raise ``NotAllowed`` to those who lack the permission.
    """

    group_store: GroupStore
    journal: Journal
    clock: Clock

    async def all(self, actor: Actor) -> Sequence[Group]:
        """All groups by name."""
        allow(actor, Permission.CHANGE_MINERS)
        return await self.group_store.all()

    async def get(self, actor: Actor, group_id: int) -> Group:
        """Raises ``UnknownGroup``."""
        allow(actor, Permission.CHANGE_MINERS)
        return await self.group_store.get(group_id)

    async def add(self, actor: Actor, new: NewGroup) -> Group:
        """Raises ``Invalid``, ``GroupExists``."""
        allow(actor, Permission.CHANGE_MINERS)
        fields = checks.checked(attrs.asdict(new, recurse=False), checks.GROUP)
        group = await self.group_store.add(NewGroup(**fields), at=self.clock.now())
        await self._note(actor, "groups.add", group, group.name)
        return group

    async def change(
        self, actor: Actor, group_id: int, changes: Mapping[str, Any], *, expect: Expect = anything
    ) -> Group:
        """Change the fields named, and leave the others.  Its miners are polled with the new login at once.

        Raises:
            Invalid: With the fields.
            Stale: Somebody else changed it first.
            UnknownGroup, GroupExists
        """
        allow(actor, Permission.CHANGE_MINERS)
        fields = checks.checked(changes, checks.GROUP)

        async def changed(group: Group) -> Group:
            expect(group.revision)
            return attrs.evolve(group, **fields)

        before, after = await edit(lambda: self.group_store.get(group_id), changed, self.group_store.change)
        if after != before:
            await self._note(actor, "groups.change", before, difference(before, after))
        return after

    async def remove(self, actor: Actor, group_id: int) -> None:
        """Raises ``UnknownGroup``, ``GroupInUse``."""
        allow(actor, Permission.CHANGE_MINERS)
        group = await self.group_store.get(group_id)
        await self.group_store.remove(group_id)
        await self._note(actor, "groups.remove", group, group.name)

    async def _note(self, actor: Actor, action: str, group: Group, detail: str) -> None:
        await self.journal.write(Entry(self.clock.now(), actor.name, action, f"group {group.id}", detail=detail))
