"""Telling miners to do something: orders, carried out one at a time a miner, and watched until they show effect."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import ConfirmationNeeded, DeviceError, LinemanError, TooManyRequests
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import (
    Ability,
    Accepted,
    Action,
    Miner,
    MinerControl,
    MinerQuery,
    MinerStore,
    Observation,
    Order,
    OrderStatus,
    OrderStore,
    Unanswered,
    UnknownMiner,
    WatchStore,
    kind_of,
)
from ..permissions import allow
from . import acting
from .events import Event
from .polling import target_of

#: How long it is known what miners were told.
KEPT = timedelta(days=400)
#: Orders that may wait to be sent.
MOST_WAITING = 20_000
#: Seconds until the first look at a miner whose order waits for its effect, and between two.
FIRST_LOOK, LOOK_EVERY = 2.0, 10.0
#: Seconds until an idle lane looks for more to do.
IDLE = 0.1
#: Miners that are looked at in one go; when many wait, the usual polls will do.
MOST_LOOKS = 50

_FINE = (OrderStatus.ACCEPTED, OrderStatus.VERIFIED)


def _quiet(order: Order) -> None:
    """Tell nobody."""


@attrs.define(eq=False)
class Actions:
    """Orders to miners.  Only the process that holds the working lease carries them out.

    An order is stored before anything else happens, and again with ``sent_at``
    before its command leaves.  A crash before that loses the order (it is
    settled as failed); a crash after it loses what the miner answered (it is
    settled as unverified, and the next readings are asked).  Nothing is sent
    twice.  The journal's line of an outcome is written after the outcome is
    stored: a crash between the two loses the line.
    """

    control: MinerControl
    order_store: OrderStore
    miner_store: MinerStore
    watch_store: WatchStore
    journal: Journal
    clock: Clock
    #: A miner's turn: nobody else talks to it meanwhile.
    alone: Callable[[int], AbstractAsyncContextManager[None]]
    #: Seconds that sending one command may take.
    deadline: float = 10.0
    #: Miners that get their command at the same time.
    at_once: int = 20
    #: Told of what became of orders, for the log.
    tell: Callable[[Order], Any] = _quiet

    #: Orders of this process that are not settled, and those whose effect is waited for, by miner.
    _mine: set[int] = attrs.field(init=False, factory=set)
    _open: dict[int, list[Order]] = attrs.field(init=False, factory=dict)
    _looked: dict[int, datetime] = attrs.field(init=False, factory=dict)
    _waiting: deque[tuple[Order, Action]] = attrs.field(init=False, factory=deque)
    _storing: anyio.Lock = attrs.field(init=False, factory=anyio.Lock)
    #: What became of orders, and could not be stored yet.
    _unsaved: dict[int, Order] = attrs.field(init=False, factory=dict)

    async def abilities(self, actor: Actor, miner_id: int) -> tuple[Ability, ...]:
        """What the miner can do, and why not.  Raises ``UnknownMiner``."""
        allow(actor, Permission.SEE_MINERS)
        miner = await self.miner_store.get(miner_id, visible=actor.container_ids)
        known = (await self.watch_store.get(miner_id)).watch.fingerprint
        return self.control.abilities(known, target_of(miner))

    async def of_miner(
        self, actor: Actor, miner_id: int, *, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[Order], int]:
        """A miner's orders, newest first, and how many there are.  Raises ``UnknownMiner``."""
        allow(actor, Permission.SEE_MINERS)
        await self.miner_store.get(miner_id, visible=actor.container_ids)
        return await self.order_store.of_miner(miner_id, limit=limit, offset=offset)

    async def get(self, actor: Actor, order_id: int) -> Order:
        """Raises ``UnknownOrder``."""
        allow(actor, Permission.SEE_MINERS)
        return await self.order_store.get(order_id, visible=actor.container_ids)

    async def may_order(self, actor: Actor, miner_id: int, action: Action, *, confirmed: bool) -> Miner:
        """Whether the actor may have the miner do that; the miner.

        Raises:
            NotAllowed, UnknownMiner
            ConfirmationNeeded: The detail says what is to be confirmed.
        """
        allow(actor, Permission.ACT_ON_MINERS)
        miner = await self.miner_store.get(miner_id, visible=actor.container_ids)
        _confirm(confirmed, action, f"miner {miner.id}, {miner.name} at {miner.ip_address}")
        return miner

    async def may_order_all(
        self, actor: Actor, query: MinerQuery, ids: Iterable[int] | None, action: Action, *, confirmed: bool
    ) -> Sequence[Miner]:
        """The same of many: those of ``ids``, else all that ``query`` finds.

        Raises:
            NotAllowed, ConfirmationNeeded
            UnknownMiner: One of ``ids`` is none.
            TooManyRequests: There are too many of them.
        """
        allow(actor, Permission.ACT_ON_MINERS)
        if ids is None:
            ids = await self.miner_store.numbers(attrs.evolve(query, visible=actor.container_ids))
        miners = await self._named(actor, list(dict.fromkeys(ids)))
        names = ", ".join(miner.name for miner in miners[:5]) + (" …" if len(miners) > 5 else "")
        _confirm(confirmed, action, f"{len(miners)} miners ({names})")
        return miners

    async def order(self, actor: Actor, miner: Miner, action: Action) -> Order:
        """Order one action and carry it out at once; returns when the miner has answered or failed to.

        Raises:
            ActionUnderWay, UnknownMiner
            Unavailable: The order cannot be stored now; nothing was sent.
        """
        [order] = await self._stored(actor, [miner], action, many=False)
        with anyio.CancelScope(shield=True):  # who asked may go away; what was begun is brought to its end
            order = await self._carry_out(order, action)
        return order  # noqa: RET504 For all that mypy knows, a scope may swallow a return.

    async def order_all(self, actor: Actor, miners: Sequence[Miner], action: Action) -> Sequence[Order]:
        """Order an action of many; ``work`` carries it out.  A miner with an action under way gets a declined order.

        Raises:
            TooManyRequests: Too many orders wait.
            Unavailable: They cannot be stored now; nothing will be sent.
        """
        if len(self._waiting) + len(miners) > MOST_WAITING:
            raise TooManyRequests(f"{len(self._waiting)} orders wait to be sent; try again later", retry_after=30)
        orders = await self._stored(actor, miners, action, many=True)
        self._waiting += [(order, action) for order in orders if order.status is OrderStatus.REQUESTED]
        return orders

    async def work(self, *, seconds: float = 60.0) -> int:
        """Carry out what waits, ``at_once`` miners at the same time, for so many seconds; how many orders."""
        done = busy = 0
        faults: list[Exception] = []
        until = self.clock.monotonic() + seconds

        async def lane() -> None:
            nonlocal done, busy
            while self.clock.monotonic() < until:
                if not self._waiting:
                    if not busy:
                        return
                    # A slow miner must not hold up those that are ordered meanwhile.
                    await anyio.sleep(IDLE)
                    continue
                order, action = self._waiting.popleft()
                busy += 1
                try:
                    await self._carry_out(order, action)
                except Exception as fault:  # noqa: BLE001 The top of an order: one must not end the others.
                    faults.append(fault)
                finally:
                    busy -= 1
                done += 1

        async with anyio.create_task_group() as tasks:
            for _ in range(self.at_once if self._waiting else 0):
                tasks.start_soon(lane)
        if faults:
            raise faults[0]
        return done

    async def recover(self) -> None:
        """Settle what another process left behind, and wait for the effects of what was sent.

        To be called by whoever has just got the lease.
        """
        now = self.clock.now()
        async with self._storing:
            found = [order for order in await self.order_store.open(now=now) if order.id not in self._mine]
        for order in found:
            if order.status is OrderStatus.REQUESTED:
                await self._keep(acting.lost(order, "lineman ended", at=now))
            else:
                self._watch(order)

    async def forget(self) -> None:
        """Leave the work to another process: what was not sent yet has failed."""
        now = self.clock.now()
        while self._waiting:
            order, _ = self._waiting.popleft()
            await self._keep(acting.lost(order, "lineman was stopped", at=now))
        self._open.clear()
        self._looked.clear()

    async def observed(self, polls: Sequence[tuple[Miner, Observation, Sequence[Event]]]) -> None:
        """Learn from readings, once they are stored; keeps its errors."""
        if not self._open:
            return
        for miner, observation, _ in polls:
            reading, at = observation.reading, observation.sample.at
            if reading is None:
                continue
            for order in tuple(self._open.get(miner.id, ())):
                if (after := acting.observed(order, reading, at=at)) != order:
                    await self._keep(after)

    async def prune(self) -> int:
        """Forget what ended long ago; how many orders."""
        return await self.order_store.prune(before=self.clock.now() - KEPT)

    async def tend(self) -> Sequence[int]:
        """Give up what is overdue, store what could not be stored; miners that want a look now."""
        for order in list(self._unsaved.values()):
            await self._keep(order)
        now = self.clock.now()
        for orders in list(self._open.values()):
            for order in orders:
                if not acting.is_open(order, at=now):
                    self._unwatch(order)
                elif (after := acting.overdue(order, at=now)) != order:
                    await self._keep(after)
        for gone in self._looked.keys() - self._open.keys():
            del self._looked[gone]
        first, pause = timedelta(seconds=FIRST_LOOK), timedelta(seconds=LOOK_EVERY)
        due = {
            one: self._looked[one] + pause if one in self._looked else _began(orders) + first
            for one, orders in self._open.items()
        }
        wanted = sorted((one for one, at in due.items() if at <= now), key=due.__getitem__)[:MOST_LOOKS]
        self._looked |= dict.fromkeys(wanted, now)
        return wanted

    async def _named(self, actor: Actor, ids: Sequence[int]) -> Sequence[Miner]:
        if len(ids) > MOST_WAITING:
            raise TooManyRequests(f"{len(ids)} miners are too many for one action: at most {MOST_WAITING}")
        found = {miner.id: miner for miner, _ in await self.miner_store.some(ids)}
        visible = actor.container_ids
        for one in ids:
            if one not in found or (visible is not None and found[one].container_id not in visible):
                raise UnknownMiner(f"There is no miner {one}")
        return [found[one] for one in ids]

    async def _added(self, draft: Order) -> Sequence[Order]:
        return [await self.order_store.add(draft)]

    async def _stored(self, actor: Actor, miners: Sequence[Miner], action: Action, *, many: bool) -> Sequence[Order]:
        now = self.clock.now()
        drafts = [acting.requested(miner, action, by=actor.name, at=now) for miner in miners]
        async with self._storing:
            orders = await (self.order_store.add_all(drafts) if many else self._added(drafts[0]))
            self._mine |= {order.id for order in orders if order.status is OrderStatus.REQUESTED}
        subject = f"miner {miners[0].id}" if len(miners) == 1 else f"{len(miners)} miners"
        detail = f"requested{_said(orders[0]) if orders else ''}"
        await self.journal.write(Entry(now, actor.name, f"miners.{kind_of(action)}", subject, detail=detail))
        return orders

    async def _carry_out(self, order: Order, action: Action) -> Order:
        """One order, to its settlement."""
        outcome: Accepted | DeviceError
        try:
            async with self.alone(order.miner_id):
                miner = await self.miner_store.get(order.miner_id)
                snapshot = await self.watch_store.get(order.miner_id)
                sent = acting.sending(order, snapshot, at=self.clock.now())
                await self.order_store.save(sent)
                order = sent
                outcome = await self._act(miner, snapshot.watch.fingerprint, action)
        except LinemanError as error:
            # Of ours, before anything left: the database, or too many who want to talk to the miner.
            outcome = _NotSent(f"{error.title}: {error.detail}")
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), anyio.move_on_after(2):
                await self._keep(acting.lost(order, "lineman was stopped", at=self.clock.now()))
            raise
        except Exception as fault:  # the top of an order: it must not hang for ever
            await self._keep(acting.lost(order, f"lineman failed ({fault!r})", at=self.clock.now()))
            raise
        settled = acting.settle(order, outcome, at=self.clock.now())
        await self._keep(settled)
        return settled

    async def _act(self, miner: Miner, known: Any, action: Action) -> Accepted | DeviceError:
        try:
            # The control keeps the deadline; this is for the day on which one does not.
            with anyio.fail_after(self.deadline + 1):
                return await self.control.act(target_of(miner), known, action, deadline=self.deadline)
        except DeviceError as error:
            return error
        except LinemanError as error:  # which a control has no business to raise, so nobody knows how far it came
            return Unanswered(f"{error.title}: {error.detail}")
        except TimeoutError:
            return Unanswered(f"{miner.where} did not answer in {self.deadline:g} s")

    async def _keep(self, order: Order) -> None:
        """Store what has become of an order, now or as soon as the database lets us."""
        self._unsaved[order.id] = order
        if acting.is_open(order, at=self.clock.now()):
            self._watch(order)
        else:
            self._unwatch(order)
        try:
            await self.order_store.save(order)
        except LinemanError:
            return  # ``tend`` tries again
        self._unsaved.pop(order.id, None)
        self._mine.discard(order.id)
        self.tell(order)
        if order.finished_at is not None:
            await self._note(order)

    def _watch(self, order: Order) -> None:
        others = [one for one in self._open.get(order.miner_id, ()) if one.id != order.id]
        self._open[order.miner_id] = [*others, order]

    def _unwatch(self, order: Order) -> None:
        others = [one for one in self._open.pop(order.miner_id, ()) if one.id != order.id]
        if others:
            self._open[order.miner_id] = others

    async def _note(self, order: Order) -> None:
        outcome = "ok" if order.status in _FINE else "failed"
        detail = f"{order.status}{_said(order)}: {order.detail}"
        entry = Entry(self.clock.now(), order.by, f"miners.{order.action}", f"miner {order.miner_id}", outcome, detail)
        await self.journal.write(entry)


def _confirm(confirmed: bool, action: Action, whom: str) -> None:
    if not confirmed:
        raise ConfirmationNeeded(f"{kind_of(action)} of {whom}: send it again with confirm: true")


def _began(orders: Sequence[Order]) -> datetime:
    return max(order.sent_at or order.requested_at for order in orders)


def _said(order: Order) -> str:
    words = acting.words_of(order.arguments)
    return f" {words}" if words else ""


class _NotSent(DeviceError):
    """The command was not sent."""
