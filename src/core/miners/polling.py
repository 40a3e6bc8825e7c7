"""Polling: asking miners, remembering what they said, and handing it to the store in batches.

In the one process that works, the watches in memory are the truth; the store
follows a moment later.  Both the scheduler's lanes and a poll by hand go
through here, so that there is one conversation and one memory per miner.
"""

from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import DeviceError, TooManyRequests
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import Miner, MinerDriver, MinerStore, Observation, Target, TimedOut, Watch, WatchStore
from ..permissions import allow
from ..turns import QUEUE, Turn, Turns
from .backlog import Backlog, Polled
from .events import Answered, Missed, Outcome
from .health import Policy
from .pacing import next_due
from .recording import record
from .rules import moved, observe

#: Characters of an error's detail that are kept.
LONGEST_DETAIL = 500


@attrs.frozen
class PollingStats:
    """How the polling goes, since the process started."""

    #: Miners in memory, that is, active ones.
    miners: int
    polls: int
    misses: int
    by_hand: int
    in_flight: int
    #: Observations stored, those that wait for the store, and those dropped because too many waited.
    kept: int
    waiting: int
    dropped: int


@attrs.define(eq=False)
class Polling:
    """Polls miners, by the clock and by hand.

    Order: memory, then the store, then the log (``backlog.tell``; later alerts).
    A crash loses what waits for the store, at most the polls since the last
    ``flush``; one between the store and the log loses the telling.  While the
    store cannot be written (a full disk), observations wait in the backlog.
    """

    driver: MinerDriver
    miner_store: MinerStore
    watch_store: WatchStore
    journal: Journal
    clock: Clock
    backlog: Backlog
    policy: Policy = attrs.field(factory=Policy)
    #: Seconds between two polls of one miner, and those that one may take.
    interval: float = 60.0
    deadline: float = 5.0
    turns: Turns = attrs.field(factory=Turns)

    _miners: dict[int, Miner] = attrs.field(init=False, factory=dict)
    _watches: dict[int, Watch] = attrs.field(init=False, factory=dict)
    _turns: dict[Hashable, Turn] = attrs.field(init=False)
    _unplanned: set[int] = attrs.field(init=False, factory=set)
    _version: int | None = attrs.field(init=False, default=None)
    _polls: int = attrs.field(init=False, default=0)
    _misses: int = attrs.field(init=False, default=0)
    _by_hand: int = attrs.field(init=False, default=0)
    _in_flight: int = attrs.field(init=False, default=0)

    @_turns.default
    def _taken(self) -> dict[Hashable, Turn]:
        return self.turns.taken

    async def changed(self) -> bool:
        """Whether miners were changed, by any process, since the last ``reload``."""
        return await self.miner_store.version() != self._version

    async def reload(self) -> None:
        """Learn which miners are to be polled.  What is in memory of them is newer than the store, and stays."""
        version = await self.miner_store.version()
        active = await self.watch_store.active()
        gone = self._miners.keys() - {miner.id for miner, _ in active}
        for miner_id in gone:
            self._forget(miner_id)
        for miner, stored in active:
            self._learn(miner, stored)
        self._version = version

    def forget(self) -> None:
        """Drop the memory, because another process works now.  ``flush`` first."""
        for miner_id in list(self._miners):
            self._forget(miner_id)
        self._unplanned.clear()
        self._version = None

    def watches(self) -> Mapping[int, Watch]:
        """The watches of all miners that are to be polled, by id; live, not to be changed."""
        return MappingProxyType(self._watches)

    def unplanned(self) -> frozenset[int]:
        """Miners whose next poll has to be planned anew since the last call: added, moved, or polled by hand."""
        found = frozenset(self._unplanned)
        self._unplanned.clear()
        return found

    def keys(self) -> Iterable[int]:
        """The ids of the miners to visit."""
        return self._watches.keys()

    def delay(self, key: int, *, first: bool = False) -> float:
        """Seconds until a miner wants its next visit."""
        if (watch := self._watches.get(key)) is None:
            return self.interval
        now = self.clock.monotonic()
        return next_due(watch, now, self.interval, offline_after=self.policy.offline_after) - now

    async def visit(self, key: int) -> None:
        """Poll a miner whose time has come.

        One that is gone, or is just being polled by hand, is passed over.  A
        fault of ours counts as a miss, so that nobody takes the miner for
        healthy, and is raised for the log.
        """
        miner = self._miners.get(key)
        if miner is None or key in self._turns:
            return
        turn = self._turns[key] = Turn(people=1)
        try:
            async with turn.lock:
                if (watch := self._watches.get(key)) is not None:
                    self._remember(await self.ask(miner, watch))
        except Exception as fault:  # the top of a visit: what is known of the miner must not freeze
            self._fail(miner, f"lineman failed: {fault!r}")
            raise
        finally:
            self.turns.leave(key, turn)

    async def poll(self, actor: Actor, miner_id: int) -> Observation:
        """Poll a miner by hand, now, and store what it says; a miss is stored as well.

        Raises:
            UnknownMiner, NotAllowed
            TooManyRequests: Several wait for this miner already.
            DeviceError: The miss.
            Unavailable: It cannot be stored now; it waits in memory.
        """
        allow(actor, Permission.POLL_MINERS)
        miner = await self.miner_store.get(miner_id, visible=actor.container_ids)
        turn = self._turns.setdefault(miner_id, Turn())
        if turn.people > QUEUE:
            raise TooManyRequests(f"{turn.people} polls of miner {miner_id} are under way", retry_after=self.deadline)
        turn.people += 1
        try:
            async with turn.lock:
                stored = (await self.watch_store.get(miner_id)).watch
                if miner.is_active:
                    self._learn(miner, stored)
                polled = await self.ask(miner, self._watches.get(miner_id, stored))
                self._by_hand += 1
                self._unplanned.add(miner_id)
                self._remember(polled)
        finally:
            self.turns.leave(miner_id, turn)
        await self.flush()
        await self._note(actor, polled)
        if polled.error is not None:
            raise polled.error
        return polled.observation

    async def look(self, miner_id: int) -> None:
        """Poll a miner out of turn, to see the effect of a command.

        A miss is passed over: a miner that boots as it was told to is not to
        count as failing sooner than others.

        Raises:
            UnknownMiner
        """
        if miner_id in self._turns:
            return
        async with self.turns.alone(miner_id):
            miner = self._miners.get(miner_id) or await self.miner_store.get(miner_id)
            watch = self._watches.get(miner_id) or (await self.watch_store.get(miner_id)).watch
            polled = await self.ask(miner, watch)
            if polled.error is None:
                self._remember(polled)

    async def ask(self, miner: Miner, watch: Watch) -> Polled:
        """Poll one miner within the deadline and take the outcome into account; nothing is stored or remembered."""
        error: DeviceError | None = None
        outcome: Outcome
        self._in_flight += 1
        try:
            # The driver keeps the deadline; this is for the day on which one does not.
            with anyio.fail_after(self.deadline + 1):
                answer = await self.driver.poll(target_of(miner), watch.fingerprint, deadline=self.deadline)
            outcome = Answered(answer)
        except DeviceError as problem:
            error = problem
        except TimeoutError as problem:
            error = TimedOut(f"{miner.where} did not answer in {self.deadline:g} s")
            error.__cause__ = problem
        finally:
            self._in_flight -= 1
        if error is not None:
            outcome = Missed(error.code, error.detail[:LONGEST_DETAIL])
        return self._observed(miner, watch, outcome, error)

    async def flush(self) -> int:
        """Store what waits; how many observations.  Raises ``Unavailable``, and all of it waits on."""
        return await self.backlog.flush()

    def stats(self) -> PollingStats:
        """How it goes."""
        return PollingStats(
            miners=len(self._miners),
            polls=self._polls,
            misses=self._misses,
            by_hand=self._by_hand,
            in_flight=self._in_flight,
            kept=self.backlog.kept,
            waiting=len(self.backlog),
            dropped=self.backlog.dropped,
        )

    def _observed(self, miner: Miner, watch: Watch, outcome: Outcome, error: DeviceError | None) -> Polled:
        after, sample, events = observe(watch, outcome, at=self.clock.now(), policy=self.policy)
        answer = outcome.answer if isinstance(outcome, Answered) else None
        observation = Observation(
            watch=after,
            sample=sample,
            reading=answer.reading if answer else None,
            raw=answer.raw if answer else None,
            container_id=miner.container_id,
            # Learnt once: whether another device stands there now is for people to say.
            hardware_id=answer.fingerprint.hardware_id if answer and miner.hardware_id is None else None,
            events=record(miner.id, sample.at, events, answer.reading if answer else None),
        )
        return Polled(miner, observation, events, error)

    def _fail(self, miner: Miner, detail: str) -> None:
        if (watch := self._watches.get(miner.id)) is not None:
            self._remember(self._observed(miner, watch, Missed("internal", detail[:LONGEST_DETAIL]), None))

    def _remember(self, polled: Polled) -> None:
        self._polls += 1
        self._misses += polled.observation.reading is None
        known = self._miners.get(polled.miner.id)
        if known is not None:
            if _place_of(known) != _place_of(polled.miner):
                # It was moved while we asked: the answer is of another place.
                return
            self._watches[known.id] = polled.observation.watch
            if polled.observation.hardware_id is not None:
                self._miners[known.id] = attrs.evolve(known, hardware_id=polled.observation.hardware_id)
        self.backlog.add(polled)

    def _learn(self, miner: Miner, stored: Watch) -> None:
        known = self._miners.get(miner.id)
        if known is None:
            self._watches[miner.id] = stored
            self._unplanned.add(miner.id)
        elif _place_of(known) != _place_of(miner):
            self._watches[miner.id] = moved(self._watches[miner.id])
            self._unplanned.add(miner.id)
        elif known.login != miner.login or _replaced(known, miner):
            # With another login it may answer more; another device has to be known first.
            self._watches[miner.id] = attrs.evolve(self._watches[miner.id], fingerprint=None)
            self._unplanned.add(miner.id)
        self._miners[miner.id] = miner

    def _forget(self, miner_id: int) -> None:
        del self._miners[miner_id], self._watches[miner_id]
        self._unplanned.discard(miner_id)

    async def _note(self, actor: Actor, polled: Polled) -> None:
        error = polled.error
        outcome, detail = ("ok", "") if error is None else ("failed", f"{error.code}: {error.detail[:LONGEST_DETAIL]}")
        await self.journal.write(
            Entry(self.clock.now(), actor.name, "miners.poll", f"miner {polled.miner.id}", outcome, detail)
        )


def _place_of(miner: Miner) -> tuple[object, ...]:
    return miner.ip_address, miner.port, miner.web_port, miner.api3_port, miner.manufacturer


def _replaced(known: Miner, miner: Miner) -> bool:
    """Whether somebody said that another device stands there now.  What we learnt may not be stored yet."""
    return None not in (known.hardware_id, miner.hardware_id) and known.hardware_id != miner.hardware_id


def target_of(miner: Miner) -> Target:
    """Where a miner is, and how to get in: its own login goes before that of its group."""
    username, password = miner.login
    return Target(
        host=miner.ip_address,
        port=miner.port,
        web_port=miner.web_port,
        api3_port=miner.api3_port,
        maker=miner.manufacturer,
        username=username,
        password=password,
    )
