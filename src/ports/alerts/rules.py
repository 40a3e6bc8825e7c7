"""What people set: rules, channels and maintenance windows, and the sockets that keep them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from ..secrets import Secret
from .facts import Severity


@attrs.frozen
class Rule:
    """When to raise an alert, about whom, and who hears of it."""

    #: 0 for one that is not stored yet.
    id: int
    name: str
    #: The name of a ``Kind``; it never changes.
    kind: str
    threshold: float | None
    minutes: float
    severity: Severity
    #: Only subjects in one of these containers, with one of these tags, and of one of these enterprises; empty = any.
    container_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    #: Who hears of it; empty = every active channel.
    channel_ids: tuple[int, ...] = ()
    #: An alert that nobody acknowledged for so long is told again, to these; ``None`` = never.
    escalate_after_minutes: int | None = None
    escalate_channel_ids: tuple[int, ...] = ()
    is_active: bool = True
    revision: int = 1
    enterprise_numbers: tuple[str, ...] = ()


@attrs.frozen
class Channel:
    """A way to reach somebody.  The URL holds secrets, so it is one."""

    #: 0 for one that is not stored yet.
    id: int
    name: str
    #: The URL's first word, such as ``tgram`` or ``mailto``.
    scheme: str
    url: Secret
    is_active: bool = True
    last_sent_at: datetime | None = None
    #: Why the last message was not taken; ``None`` after one that was.
    last_error: str | None = None
    revision: int = 1


@attrs.frozen
class Window:
    """A time of maintenance: what begins in it is listed, but nobody is told before its end."""

    #: 0 for one that is not stored yet.
    id: int
    since: datetime
    until: datetime
    reason: str
    created_by: str
    #: Only subjects of this system; ``None`` = of all.
    system: str | None = None
    #: Subjects in one of these containers, of one of these enterprises, and these of the system; all empty = all.
    container_ids: tuple[int, ...] = ()
    subject_ids: tuple[int, ...] = ()
    revision: int = 1
    enterprise_numbers: tuple[str, ...] = ()


class UnknownRule(NotFound):
    """There is no such rule."""


class UnknownChannel(NotFound):
    """There is no such channel."""


class UnknownWindow(NotFound):
    """There is no such maintenance window."""


class RuleExists(Conflict):
    """A rule of this name exists already."""


class ChannelExists(Conflict):
    """A channel of this name exists already."""


class RuleStore(Protocol):
    """Keeps rules, channels and windows.  A noun's id is given by ``add``."""

    async def version(self) -> int:
        """Grows with every change of any of them by any process: cheap to ask each second."""

    async def rules(self) -> Sequence[Rule]: ...

    async def rule(self, rule_id: int) -> Rule:
        """Raises ``UnknownRule``."""

    async def add_rules(self, rules: Sequence[Rule]) -> Sequence[Rule]:
        """All or none.  Raises ``RuleExists``."""

    async def add_usual(self, rules: Sequence[Rule]) -> Sequence[Rule]:
        """Add those whose names are free: of each kind once in the life of the database, and later none of it."""

    async def change_rule(self, rule: Rule) -> Rule:
        """Store the fields and raise the revision.  Raises ``Stale``, ``UnknownRule``, ``RuleExists``."""

    async def remove_rule(self, rule_id: int) -> None:
        """Raises ``UnknownRule``."""

    async def channels(self) -> Sequence[Channel]: ...

    async def channel(self, channel_id: int) -> Channel:
        """Raises ``UnknownChannel``."""

    async def add_channel(self, channel: Channel) -> Channel:
        """Raises ``ChannelExists``."""

    async def change_channel(self, channel: Channel) -> Channel:
        """Store the fields and raise the revision.  Raises ``Stale``, ``UnknownChannel``, ``ChannelExists``."""

    async def remove_channel(self, channel_id: int) -> None:
        """Remove it, and what waits for it.  Raises ``UnknownChannel``."""

    async def windows(self) -> Sequence[Window]: ...

    async def window(self, window_id: int) -> Window:
        """Raises ``UnknownWindow``."""

    async def add_window(self, window: Window) -> Window: ...

    async def change_window(self, window: Window) -> Window:
        """Store the fields and raise the revision.  Raises ``Stale``, ``UnknownWindow``."""

    async def remove_window(self, window_id: int) -> None:
        """Raises ``UnknownWindow``."""
