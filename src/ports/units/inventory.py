"""Units as they are written down, and the socket that keeps them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from ..power import Plug
from ..secrets import Secret
from .probe import LinePatterns


@attrs.frozen
class Unit:
    """An enterprise's Asterisk host, watched, and power-cycled if that was opted in to."""

    enterprise_number: str
    host: str
    created_at: datetime
    port: int = 22
    username: str = "root"
    password: Secret | None = None
    key: Secret | None = None
    via: str = "ssh"
    #: The owner's opt-in: cut its power when nothing else helps.
    parameter_option_2: bool = False
    #: A restart of its Asterisk may be tried first.
    may_restart_service: bool = False
    #: Another unit, without which this one cannot be reached.
    parent: str | None = None
    #: The pinned host key; ``None`` = not seen yet.
    host_key: str | None = None
    plug: Plug | None = None
    #: Its own failure threshold; ``None`` = that of the settings.
    failure_threshold: int | None = None
    patterns: LinePatterns = attrs.field(factory=LinePatterns)
    #: A second opinion before power is cut: ``tcp`` or ``sip`` at this port of the host.
    second_opinion: str | None = None
    second_port: int | None = None
    paused_until: datetime | None = None
    paused_by: str | None = None
    revision: int = 1
    #: Never given out twice; alerts know the unit by it.
    id: int = 0


class UnknownUnit(NotFound):
    """There is no such unit."""


class UnitExists(Conflict):
    """The enterprise has a unit already."""


class PlugTaken(Conflict):
    """The plug is bound to another unit."""


class UnitStore(Protocol):
    """Keeps units, their secrets sealed.  ``visible`` limits every question to what the actor may see."""

    async def all(self, *, visible: frozenset[str] | None = None) -> Sequence[Unit]:
        """By number."""

    async def get(self, enterprise_number: str, *, visible: frozenset[str] | None = None) -> Unit:
        """Raises ``UnknownUnit``, also for what the actor may not see."""

    async def add(self, unit: Unit) -> Unit:
        """Store it with an id of its own, as revision 1.

        Raises:
            UnitExists, UnknownEnterprise, PlugTaken
            UnknownUnit: There is no such parent.
        """

    async def change(self, unit: Unit) -> Unit:
        """Store the fields and raise the revision.

        Raises:
            Stale, PlugTaken
            UnknownUnit: There is no such unit, or no such parent.
        """

    async def pin(self, enterprise_number: str, host_key: str) -> None:
        """Remember the first host key, unless one is known; no new revision."""

    async def remove(self, enterprise_number: str) -> None:
        """Its history stays; units that hung on it have no parent from then on.  Raises ``UnknownUnit``."""

    async def bound(self, plug: Plug) -> Unit | None:
        """Whose plug it is."""

    async def version(self) -> int:
        """A number that grows with every change of units, made by whatever process."""


@attrs.frozen
class PowerPolicy:
    """What holds for the whole fleet, set by people at run time."""

    #: The red switch: no automatic power actions at all.
    stopped: bool = False
    stopped_by: str | None = None
    stopped_at: datetime | None = None
    #: Write down what would have been done, and do nothing.
    dry_run: bool = False
    revision: int = 1


class PowerPolicyStore(Protocol):
    """Keeps the one row."""

    async def get(self) -> PowerPolicy: ...

    async def set(self, policy: PowerPolicy) -> PowerPolicy:
        """Raises ``Stale``."""
