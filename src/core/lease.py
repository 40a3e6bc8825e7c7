"""Which of several processes on one database works."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
import attrs

from ..ports.clock import Clock
from ..ports.errors import LinemanError, Unavailable
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


@attrs.define(eq=False)
class Permit:
    """This process's permission to talk to devices, for all in it who want to.

    While the scheduler works, everybody may.  While nobody works, the lease is
    borrowed for as long as somebody here needs it; else there is another to ask.
    """

    lease: WorkingLease
    #: Set by the scheduler, which then renews the lease.
    working: bool = False
    _borrowers: int = attrs.field(default=0, init=False)
    _taking: anyio.Lock = attrs.field(factory=anyio.Lock, init=False)

    @asynccontextmanager
    async def borrowed(self) -> AsyncGenerator[Lease | None]:
        """Permission while the block lasts (``None``), or the lease of the process that has it.

        Raises:
            Unavailable: The lease went to and fro; try again.
        """
        if self.working:
            yield None
            return
        if (other := await self._borrow()) is not None:
            yield other
            return
        failed: LinemanError | None = None
        done = False
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._renew, tasks.cancel_scope)
                try:
                    yield None
                except LinemanError as error:  # which the group would hide in one of its own
                    failed = error
                if not tasks.cancel_scope.cancel_called:
                    tasks.cancel_scope.cancel()
                    done = True
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(2):
                await self._give_back()
        if failed is not None:
            raise failed
        if not done:
            raise Unavailable("the working lease was lost to another process, or the database is away; try again")

    async def _borrow(self) -> Lease | None:
        async with self._taking:
            if not self._borrowers and not self.working and not await self._take():
                other = await self.lease.other()
                if other is None:
                    raise Unavailable("the working lease has just changed hands; try again", retry_after=1.0)
                return other
            self._borrowers += 1
            return None

    async def _take(self) -> bool:
        try:
            return await self.lease.take()
        except anyio.get_cancelled_exc_class():
            # It may be ours already, and nobody is there to give it back.
            with anyio.CancelScope(shield=True), anyio.move_on_after(2):
                await self.lease.release()
            raise

    async def _give_back(self) -> None:
        async with self._taking:
            self._borrowers -= 1
            if not self._borrowers and not self.working:
                await self.lease.release()

    async def _renew(self, work: anyio.CancelScope) -> None:
        """Renew; end ``work`` when the lease is lost, or could not be renewed for too long."""
        clock, lease = self.lease.clock, self.lease
        renewed = clock.monotonic()
        while clock.monotonic() - renewed < lease.patience:
            await clock.sleep(lease.renew_every)
            asked = clock.monotonic()
            try:
                if not self.working and not await lease.take():
                    break
            except LinemanError:
                continue  # the database is away; patience has an end
            renewed = asked
        work.cancel()
