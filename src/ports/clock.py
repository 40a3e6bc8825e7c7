"""Time, as an argument."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time and lets it pass."""

    def now(self) -> datetime:
        """The time of day, in UTC, aware of its zone."""

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps when the clock is set."""

    async def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
