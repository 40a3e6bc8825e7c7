"""Which of several processes on one database works."""

from datetime import timedelta

import attrs

from ..ports.clock import Clock
from ..ports.lease import Lease, LeaseStore

#: How long a holder may be silent before another takes over.
TERM = timedelta(seconds=15)


@attrs.frozen
class WorkingLease:
    """One process's hold on the lease.

    A holder renews thrice a term and stops working when two thirds of a term
    have passed without a renewal, well before another may start: that is what
    keeps two processes from talking to one device, also when the database is
    away.  A ``kill -9`` loses nothing but the rest of the term.
    """

    store: LeaseStore
    clock: Clock
    holder: str
    #: Where this process answers; empty if it serves nothing.
    address: str = ""
    term: timedelta = TERM

    async def take(self) -> bool:
        """Take or renew; whether this process may work now."""
        lease = await self.store.take(self.holder, self.address, now=self.clock.now(), term=self.term)
        return lease.holder == self.holder

    async def release(self) -> None:
        """Let another process start at once."""
        await self.store.release(self.holder)

    async def other(self) -> Lease | None:
        """The lease, if another process holds it."""
        lease = await self.store.current(now=self.clock.now())
        return None if lease is None or lease.holder == self.holder else lease

    @property
    def renew_every(self) -> float:
        """Seconds between two renewals."""
        return self.term.total_seconds() / 3

    @property
    def patience(self) -> float:
        """Seconds without a renewal after which work must stop."""
        return self.term.total_seconds() * 2 / 3
