"""Deadlines of many polls with one timer.

A timer of the loop for each poll costs more than decoding its answer, and
nearly all of them are cancelled unused.  One that looks at all running polls
some times a second does, at the price of ending a poll that much late.
"""

import asyncio
from types import TracebackType

#: Seconds between two looks.
_TICK = 0.05


class Deadlines:
    """Ends what takes longer than it may.  Idle, it holds no timer."""

    def __init__(self) -> None:
        self._running: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> "Deadline":
        """A ``with`` block that raises ``TimeoutError`` when it takes longer."""
        return Deadline(self, seconds)

    def start(self, deadline: "Deadline", loop: asyncio.AbstractEventLoop) -> None:
        self._running.add(deadline)
        if self._timer is None:
            self._timer = loop.call_later(min(_TICK, max(deadline.until - loop.time(), 0)), self._look, loop)

    def stop(self, deadline: "Deadline") -> None:
        self._running.discard(deadline)
        if not self._running and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for deadline in self._running:
            if deadline.until <= now:
                deadline.expire()
        self._timer = loop.call_later(_TICK, self._look, loop)


class Deadline:
    """One running block; the same meaning as ``asyncio.timeout``."""

    __slots__ = ("_all", "_cancelling", "_expired", "_seconds", "_task", "until")

    def __init__(self, running: Deadlines, seconds: float) -> None:
        self._all = running
        self._seconds = seconds
        self._expired = False
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        #: In the loop's time.
        self.until = 0.0

    def expire(self) -> None:
        if not self._expired and self._task is not None:
            self._expired = True
            self._task.cancel()

    def __enter__(self) -> "Deadline":
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for tasks")
        self._task = task
        self._cancelling = task.cancelling()
        self.until = loop.time() + self._seconds
        self._all.start(self, loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._all.stop(self)
        if not self._expired or self._task is None:
            return
        # Somebody else may have cancelled the task as well; that counts for more.
        if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
