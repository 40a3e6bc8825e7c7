"""Turns time into calls of use cases.

``Job`` repeats one call; ``Pacer`` visits many things, each at its own time,
in a fixed number of lanes; ``under_lease`` runs both only while this process
holds the working lease.  All times are monotonic: setting the clock moves nothing.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from random import Random
from typing import Any, Protocol

import anyio
import attrs
import structlog

from ..core.lease import WorkingLease
from ..ports.clock import Clock
from ..ports.errors import LinemanError

log = structlog.get_logger()


@attrs.frozen
class Job:
    """One call, repeated: jittered, never overlapping itself, bounded by a deadline, rarer while it fails."""

    name: str
    #: Seconds between the end of one run and the start of the next.
    every: float
    run: Callable[[], Awaitable[object]]
    #: Seconds that one run may take.
    deadline: float = 60.0
    #: Seconds that a failing job waits at most.
    slowest: float = 600.0

    async def repeat(self, clock: Clock, random: Random) -> None:
        """Run until cancelled."""
        failures = 0
        while True:
            pause = min(self.every * 2**failures, max(self.every, self.slowest))
            await clock.sleep(pause * random.uniform(0.9, 1.1))
            failures = 0 if await self._once() else min(failures + 1, 16)

    async def _once(self) -> bool:
        try:
            with anyio.fail_after(self.deadline):
                await self.run()
        except TimeoutError:
            log.warning("job took too long", job=self.name, deadline=self.deadline)
        except LinemanError as error:
            log.warning("job failed", job=self.name, code=error.code, detail=error.detail)
        except Exception:  # the top of a job: a fault in one must not end the others
            log.exception("job failed", job=self.name)
        else:
            return True
        return False


class Rounds(Protocol):
    """Many things to visit, such as miners to poll."""

    def keys(self) -> Iterable[int]:
        """What there is to visit now."""

    def delay(self, key: int, *, first: bool) -> float:
        """Seconds until ``key`` wants its next visit."""

    async def visit(self, key: int) -> None:
        """Visit one; bounds its own time and keeps its errors."""


@attrs.define(eq=False)
class Pacer:
    """Visits spread over time, by lanes: a task a lane, not a task a visit.

    A heap knows who is due; one dispatcher hands the due to idle lanes.  When
    all lanes are busy the dispatcher waits, and ``lag`` grows: nothing queues up.
    """

    rounds: Rounds
    lanes: int
    clock: Clock
    #: Seconds between two looks at the heap.  What falls due in between starts
    #: together: a loop that wakes for many costs each of them a third less.
    tick: float = 0.1
    #: Seconds by which the last visit started late.
    lag: float = 0.0
    #: Lanes that visit somebody now.
    busy: int = 0
    #: What waits, by key: an entry of the heap that says otherwise is out of date.
    _due: dict[int, float] = attrs.field(factory=dict, init=False)
    _heap: list[tuple[float, int]] = attrs.field(factory=list, init=False)
    _visited: set[int] = attrs.field(factory=set, init=False)
    _idle: deque["asyncio.Future[int]"] = attrs.field(factory=deque, init=False)
    _sooner: anyio.Event = attrs.field(factory=anyio.Event, init=False)
    _freed: anyio.Event = attrs.field(factory=anyio.Event, init=False)

    def refresh(self) -> None:
        """Learn what is new, and forget what is gone."""
        keys = set(self.rounds.keys())
        for key in self._due.keys() - keys:
            del self._due[key]
        for key in keys - self._due.keys() - self._visited:
            self._put(key, first=True)

    def plan(self, key: int) -> None:
        """Ask anew when ``key`` wants its visit.  One that is being visited is asked afterwards anyway."""
        if key in self._due:
            self._put(key, first=False)

    async def run(self) -> None:
        """Visit until cancelled."""
        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(self.lanes):
                    tasks.start_soon(self._lane)
                while True:
                    await self._wait()
                    while (key := self._next()) is not None:
                        turn = await self._free_lane()
                        self._visited.add(key)
                        turn.set_result(key)
        finally:
            self._idle.clear()
            self._visited.clear()
            self.busy = 0

    async def _free_lane(self) -> "asyncio.Future[int]":
        while True:
            while self._idle:
                # A lane that was cancelled waits for nothing any more.
                if not (turn := self._idle.popleft()).done():
                    return turn
            self._freed = anyio.Event()
            await self._freed.wait()

    async def _wait(self) -> None:
        """Let a tick pass, and more until somebody is due."""
        await self.clock.sleep(self.tick)
        while not self._heap or (wait := self._heap[0][0] - self.clock.monotonic()) > 0:
            self._sooner = anyio.Event()
            with anyio.move_on_after(wait if self._heap else None):
                await self._sooner.wait()

    def _next(self) -> int | None:
        """Whoever is due for the longest time."""
        now = self.clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            due, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                self.lag = now - due
                return key
        return None

    async def _lane(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            turn: asyncio.Future[int] = loop.create_future()
            self._idle.append(turn)
            self._freed.set()
            key = await turn
            self.busy += 1
            try:
                await self.rounds.visit(key)
            except LinemanError as error:
                log.warning("visit failed", key=key, code=error.code, detail=error.detail)
            except Exception:  # the top of a visit: a fault with one device must not end the lane
                log.exception("visit failed", key=key)
            finally:
                self.busy -= 1
                self._visited.discard(key)
            self._put(key, first=False)

    def _put(self, key: int, *, first: bool) -> None:
        due = self.clock.monotonic() + self.rounds.delay(key, first=first)
        self._due[key] = due
        heapq.heappush(self._heap, (due, key))
        if self._heap[0][1] == key:
            self._sooner.set()


async def under_lease(
    lease: WorkingLease,
    work: Callable[[], Coroutine[Any, Any, None]],
    *,
    clock: Clock,
    random: Random,
    told: Callable[[bool], None] = lambda working: None,
) -> None:
    """Do ``work`` while this process holds the lease; wait for it otherwise.  Runs until cancelled.

    ``told`` hears whether the process works, at each change.
    """
    try:
        while True:
            renewed = clock.monotonic()
            if await _taken(lease):
                log.info("working", holder=lease.holder)
                told(True)
                try:
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(work)
                        await _renew(lease, renewed, clock)
                        tasks.cancel_scope.cancel()
                except* LinemanError as group:
                    log.error("stopped working, to try again", reasons=[str(error) for error in group.exceptions])
                except* Exception:  # the top of all work: a fault in it must not end the answering as well
                    log.exception("stopped working, to try again")
                else:
                    log.warning("stopped working: the lease is lost", holder=lease.holder)
                finally:
                    told(False)
            await clock.sleep(lease.renew_every * random.uniform(0.8, 1.2))
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(2):
            await _released(lease)


async def _renew(lease: WorkingLease, renewed: float, clock: Clock) -> None:
    """Renew until somebody else has the lease or patience ends; one that fails is tried again soon."""
    pause = lease.renew_every
    while clock.monotonic() - renewed < lease.patience:
        await clock.sleep(pause)
        asked = clock.monotonic()
        pause = lease.renew_every / 10
        try:
            with anyio.fail_after(lease.renew_every / 2):
                if not await lease.take():
                    return
        except (LinemanError, TimeoutError) as error:
            log.warning("the lease could not be renewed", reason=str(error) or "no answer in time")
        else:
            renewed, pause = asked, lease.renew_every


async def _taken(lease: WorkingLease) -> bool:
    try:
        with anyio.fail_after(lease.renew_every):
            return await lease.take()
    except (LinemanError, TimeoutError) as error:
        log.warning("the lease could not be taken", reason=str(error) or "no answer in time")
        return False


async def _released(lease: WorkingLease) -> None:
    try:
        await lease.release()
    except LinemanError as error:
        log.warning("the lease could not be released", reason=error.detail)
