"""Asking for scans, and following them."""

from collections.abc import Sequence

import attrs

from ...ports.clock import Clock
from ...ports.errors import Invalid
from ...ports.gateways import Scan, ScanOutcome, ScanStore, Status
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ..permissions import allow, enterprises_of
from . import checks

#: Scans in a list.
LISTED = 20


@attrs.frozen(kw_only=True)
class Scans:
    """Scans as people see them.  A scan is a row; whoever works takes it from there.

    The row is stored first and the journal's line then: a crash between the
    two loses the line.
    """

    scan_store: ScanStore
    journal: Journal
    clock: Clock

    async def request(self, actor: Actor) -> Scan:
        """Ask for a scan of all gateways; joins the one that waits or goes on, since two never overlap."""
        allow(actor, Permission.SCAN_GATEWAYS)
        now = self.clock.now()
        scan = await self.scan_store.request(by=actor.name, at=now)
        await self.journal.write(Entry(now, actor.name, "gateways.scan", f"scan {scan.id}", detail=scan.status))
        return await self._seen(actor, scan)

    async def get(self, actor: Actor, scan_id: int) -> Scan:
        """Raises ``UnknownScan``."""
        allow(actor, Permission.SEE_GATEWAYS)
        return await self._seen(actor, await self.scan_store.get(scan_id))

    async def latest(self, actor: Actor, *, limit: int = LISTED) -> Sequence[Scan]:
        """The newest first."""
        allow(actor, Permission.SEE_GATEWAYS)
        if not 1 <= limit <= checks.LARGEST_PAGE:
            raise Invalid(f"{limit} is not between 1 and {checks.LARGEST_PAGE}", field="limit")
        return [await self._seen(actor, scan) for scan in await self.scan_store.latest(limit=limit)]

    async def outcomes(
        self, actor: Actor, scan_id: int, *, limit: int = 1000, offset: int = 0
    ) -> tuple[Sequence[ScanOutcome], int]:
        """What a scan found at each gateway that the actor may see, by name, and how many those are.

        Raises ``UnknownScan``.
        """
        allow(actor, Permission.SEE_GATEWAYS)
        await self.scan_store.get(scan_id)
        return await self.scan_store.outcomes(scan_id, visible=enterprises_of(actor), limit=limit, offset=offset)

    async def _seen(self, actor: Actor, scan: Scan) -> Scan:
        """The scan with the figures of those gateways that the actor may see."""
        if (sight := enterprises_of(actor)) is None:
            return scan
        found, total = await self.scan_store.outcomes(scan.id, visible=sight, limit=checks.LARGEST_PAGE)
        counts = [outcome.status for outcome in found]
        return attrs.evolve(
            scan,
            total=total,
            done=total,
            active=counts.count(Status.ACTIVE),
            inactive=counts.count(Status.INACTIVE),
            errors=counts.count(Status.ERROR),
            directories=(),
            detail="",
        )
