"""Groups of miners that share a login."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from ..secrets import Secret


@attrs.frozen
class NewGroup:
    name: str
    username: str | None = None
    password: Secret | None = None


@attrs.frozen
class Group:
    """A name and a login.  A miner's own login goes before that of its group."""

    id: int
    name: str
    username: str | None
    password: Secret | None
    created_at: datetime
    revision: int = 1
    #: How many miners are in it.
    miners: int = 0


class UnknownGroup(NotFound):
    """There is no such group."""


class GroupExists(Conflict):
    """A group of this name exists already."""


class GroupInUse(Conflict):
    """There are miners in this group."""


class GroupStore(Protocol):
    """Keeps groups, their passwords sealed."""

    async def all(self) -> Sequence[Group]:
        """All groups by name."""

    async def get(self, group_id: int) -> Group:
        """Raises ``UnknownGroup``."""

    async def add(self, new: NewGroup, *, at: datetime) -> Group:
        """Raises ``GroupExists`` (any case of the name)."""

    async def change(self, group: Group) -> Group:
        """Store the group's fields and raise its revision.

        Raises:
            Stale: ``group.revision`` is not the stored one.
            UnknownGroup, GroupExists
        """

    async def remove(self, group_id: int) -> None:
        """Raises ``UnknownGroup``, ``GroupInUse``."""
