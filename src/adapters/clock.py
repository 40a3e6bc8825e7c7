"""The machine's clock."""

import time
from datetime import UTC, datetime

import anyio

from ..ports.clock import Clock


class SystemClock(Clock):
    """Wall time in UTC, monotonic time of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)
