"""How often the cloud may be asked: the pace of one address, the month's quota, and what is kept for switching ON."""

import asyncio
from collections import deque
from datetime import datetime, timedelta

from ....ports.clock import Clock
from ....ports.errors import LinemanError, TooManyRequests
from ....ports.power import QuotaUsedUp
from ....ports.power.cloud import CloudTokenStore

#: Seconds between two calls from one address, and how many calls five minutes may have.
SPACING = 0.5
WINDOW, CALLS_IN_WINDOW = 300.0, 300
#: Of these, kept for what is vital.
_KEPT = 60
#: Seconds that a vital call waits for a database that does not answer: the rest of its deadline is the cloud's.
VITAL_PATIENCE = 0.5


class Budget:
    """Lets calls through, one after the other.

    Vital calls are ON, the look that confirms it, and what keeps the tokens
    alive: they may use the reserve, and go out when the cloud closed its door.
    """

    def __init__(self, store: CloudTokenStore, clock: Clock, *, quota: int, reserve: int) -> None:
        self._store = store
        self._clock = clock
        self._free = quota - reserve
        self._reserve = reserve
        self._turn = asyncio.Lock()
        #: Calls that have left and could not be counted yet.
        self._owed = 0
        self._sent: deque[float] = deque(maxlen=CALLS_IN_WINDOW)
        #: Until when, in the clock's seconds, only vital calls go out; and why.
        self._closed_until = 0.0
        self._why = ""

    async def take(self, region: str, *, vital: bool, until: float) -> None:
        """Wait for the turn of one call, and count it.  ``until`` is in the loop's time.

        Raises:
            QuotaUsedUp, TooManyRequests
        """
        if not vital:
            await self._allow(region)
        try:
            async with asyncio.timeout_at(until), self._turn:
                await self._pace(vital, until)
        except TimeoutError as error:
            raise TooManyRequests("too many calls to the cloud are waiting", retry_after=5.0) from error
        calls = 1 + self._owed
        try:
            async with asyncio.timeout(VITAL_PATIENCE if vital else None):
                await self._store.count(month=month_of(self._clock.now()), region=region, calls=calls)
        except (LinemanError, TimeoutError):
            # Power that has to come back does not wait for a database.
            if not vital:
                raise
            self._owed = calls
        else:
            self._owed = 0

    async def spent(self, region: str) -> int:
        """Calls in this month."""
        return await self._store.count(month=month_of(self._clock.now()), region=region, calls=0)

    def close(self, error: QuotaUsedUp) -> None:
        """The cloud answers nothing more for a while."""
        self._closed_until = self._clock.monotonic() + error.retry_after
        self._why = error.detail

    def reopen(self) -> None:
        """It answers again."""
        self._closed_until = 0.0

    async def _allow(self, region: str) -> None:
        closed = self._closed_until - self._clock.monotonic()
        if closed > 0:
            raise QuotaUsedUp(f"not asked again yet: {self._why}", retry_after=closed)
        if await self.spent(region) >= self._free:
            raise QuotaUsedUp(
                f"the month's calls are used up but for the {self._reserve} that are kept for switching power on",
                retry_after=_to_next_month(self._clock.now()),
            )

    async def _pace(self, vital: bool, until: float) -> None:
        now = self._clock.monotonic()
        most = CALLS_IN_WINDOW - (0 if vital else _KEPT)
        wait = self._sent[-1] + SPACING - now if self._sent else 0.0
        if len(self._sent) >= most:
            wait = max(wait, self._sent[-most] + WINDOW - now)
        if wait > 0:
            if wait > until - asyncio.get_running_loop().time():
                raise TooManyRequests(
                    f"the cloud takes {most} calls in {WINDOW:g} s; the next one may go in {wait:.1f} s",
                    retry_after=wait,
                )
            await self._clock.sleep(wait)
        self._sent.append(self._clock.monotonic())


def month_of(at: datetime) -> str:
    """The month that calls are counted in."""
    return f"{at:%Y-%m}"


def _to_next_month(at: datetime) -> float:
    first = (at.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - at).total_seconds()
