"""The working lease: of several processes on one database, one works."""

from datetime import datetime, timedelta
from typing import Protocol

import attrs

from .secrets import Secret


@attrs.frozen
class Lease:
    """Who works, where to reach him, and until when he may."""

    #: A name unique to the process (host, pid and a random part).
    holder: str
    #: The base URL under which the holder answers, e.g. ``http://127.0.0.1:8000``; empty if it serves nothing.
    address: str
    expires_at: datetime


class LeaseStore(Protocol):
    """Keeps the one row."""

    async def take(self, holder: str, address: str, *, now: datetime, term: timedelta) -> Lease:
        """Take or renew the lease if it is free, expired or already the holder's.

        Returns the lease as it stands afterwards: the caller works only if its own name is in it.
        """

    async def release(self, holder: str) -> None:
        """Give the lease back, if it is the holder's."""

    async def current(self, *, now: datetime) -> Lease | None:
        """The unexpired lease, if any."""


class Passkey(Protocol):
    """Lets a command on the same database speak to the holder of the lease."""

    def mint(self, name: str = "cli") -> Secret:
        """A token of a minute's life, accepted by every process on this database as an admin of that name."""
