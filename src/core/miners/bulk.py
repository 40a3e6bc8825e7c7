"""The same done to many miners: each has a result of its own."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import ConfirmationNeeded, Conflict, Invalid, LinemanError, NotFound
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import ContainerStore, GroupStore, Miner, MinerQuery, MinerStore, UnknownContainer, UnknownGroup
from ..permissions import allow
from . import checks
from .grid import settled
from .inventory import wrong_in

#: Miners of one bulk, of one whose members take time each, and those polled at the same time.
MOST, MOST_SLOW, AT_ONCE = 10_000, 1000, 50
#: Changes in one transaction.
BATCH = 500
#: Removals in one: each takes thousands of rows of history along, and the polls wait to be written meanwhile.
#: At first so few, then as many as take about so many seconds.
FIRST, LARGEST, LONGEST = 25, 100, 2.0


class Deed(StrEnum):
    """What can be done to many."""

    MOVE = "move"
    TAG = "tag"
    UNTAG = "untag"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    GROUP = "group"
    POLL = "poll"
    REMOVE = "remove"


@attrs.frozen
class Order:
    """What is to be done: ``container_id`` and ``group_id`` of ``None`` take miners out of theirs."""

    deed: Deed
    container_id: int | None = None
    tags: Sequence[str] = ()
    group_id: int | None = None
    #: To remove, one has to say so.
    confirm: bool = False


@attrs.frozen
class Done:
    """What became of one miner; ``error`` is ``None`` if it was done."""

    miner_id: int
    error: str | None = None


@attrs.frozen
class Bulk:
    """Changes, polls and removals of many.

    A crash leaves some done, and the journal's line unwritten.  Miners are
    removed in batches of up to a hundred, each with all its history or not at
    all: the same order again removes the rest.
    """

    container_store: ContainerStore
    miner_store: MinerStore
    group_store: GroupStore
    journal: Journal
    clock: Clock

    async def run(
        self,
        actor: Actor,
        order: Order,
        *,
        poll: Callable[[Actor, int], Awaitable[object]],
        ids: Sequence[int] | None = None,
        query: MinerQuery | None = None,
    ) -> Sequence[Done]:
        """Do it to the miners of these ids, or to all that a query finds.

        Args:
            actor: He finds only what he may see.
            order: What is to be done.
            poll: Polls one miner.
            ids: Of the miners, or
            query: what finds them.

        Raises:
            Invalid: Neither or both are given, too many are meant, or the order is not complete.
            ConfirmationNeeded: To remove, say so.
        """
        allow(actor, Permission.POLL_MINERS if order.deed is Deed.POLL else Permission.CHANGE_MINERS)
        changes = await self._changes(actor, order)
        chosen = await self._chosen(actor, order, ids, query)
        if order.deed is Deed.REMOVE and not order.confirm:
            raise ConfirmationNeeded(
                f"this removes {len(chosen)} miners with their history: send it again with confirm: true"
            )
        match order.deed:
            case Deed.POLL:
                done = await self._each(chosen, lambda miner_id: poll(actor, miner_id), AT_ONCE)
            case Deed.REMOVE:
                done = await self._remove(actor, chosen)
            case _:
                done = await self._change(actor, chosen, changes)
        failed = sum(one.error is not None for one in done)
        detail = f"{len(done) - failed} done, {failed} failed{_told(order)}"
        await self.journal.write(
            Entry(self.clock.now(), actor.name, f"miners.bulk-{order.deed}", f"{len(done)} miners", detail=detail)
        )
        return done

    async def _changes(self, actor: Actor, order: Order) -> Callable[[Miner], Mapping[str, Any]]:
        """What the order changes in a miner."""
        tags = frozenset(checks.tags(tuple(order.tags)))
        match order.deed:
            case Deed.MOVE:
                if order.container_id is not None:
                    try:
                        await self.container_store.get(order.container_id, visible=actor.container_ids)
                    except UnknownContainer as error:
                        raise checks.wrong("container_id", f"there is no container {order.container_id}") from error
                elif actor.container_ids is not None:
                    raise checks.wrong("container_id", "is required")
                return lambda miner: {"container_id": order.container_id}
            case Deed.GROUP:
                if order.group_id is not None:
                    try:
                        await self.group_store.get(order.group_id)
                    except UnknownGroup as error:
                        raise checks.wrong("group_id", f"there is no group {order.group_id}") from error
                return lambda miner: {"group_id": order.group_id}
            case Deed.TAG | Deed.UNTAG:
                if not tags:
                    raise checks.wrong("tags", "is required")
                if order.deed is Deed.TAG:
                    return lambda miner: {"tags": checks.tags(tuple(tags.union(miner.tags)))}
                return lambda miner: {"tags": tuple(tag for tag in miner.tags if tag not in tags)}
            case Deed.ACTIVATE | Deed.DEACTIVATE:
                return lambda miner: {"is_active": order.deed is Deed.ACTIVATE}
            case _:
                return lambda miner: {}

    async def _chosen(
        self, actor: Actor, order: Order, ids: Sequence[int] | None, query: MinerQuery | None
    ) -> Sequence[int]:
        if (ids is None) == (query is None):
            raise checks.wrong("ids", "give either ids or a filter")
        if query is not None:
            if wrong := list(wrong_in(query)):
                raise checks.invalid(wrong)
            found = await self.miner_store.numbers(attrs.evolve(query, visible=actor.container_ids))
        else:
            found = list(dict.fromkeys(ids or ()))
        most = MOST_SLOW if order.deed in (Deed.POLL, Deed.REMOVE) else MOST
        if len(found) > most:
            raise checks.wrong(
                "ids" if query is None else "filter", f"means {len(found)} miners; at most {most} at once"
            )
        return found

    async def _change(
        self, actor: Actor, chosen: Sequence[int], changes: Callable[[Miner], Mapping[str, Any]]
    ) -> Sequence[Done]:
        done: dict[int, Done] = {}
        for start in range(0, len(chosen), BATCH):
            part = chosen[start : start + BATCH]
            miners = {
                miner.id: miner
                for miner, _ in await self.miner_store.some(part)
                if actor.container_ids is None or miner.container_id in actor.container_ids
            }
            planned = []
            for miner_id in part:
                done[miner_id] = Done(miner_id)
                if (miner := miners.get(miner_id)) is None:
                    done[miner_id] = _gone(miner_id)
                    continue
                try:
                    changed = attrs.evolve(miner, **settled(miner, changes(miner)))
                except Invalid as error:
                    done[miner_id] = Done(miner_id, error.detail)
                    continue
                if changed != miner:
                    planned.append(changed)
            done |= await self._write(planned)
        return list(done.values())

    async def _write(self, changed: Sequence[Miner]) -> dict[int, Done]:
        """Write a batch; where others changed something meanwhile, one by one."""
        if not changed:
            return {}
        try:
            await self.miner_store.write([], changed, at=self.clock.now())
        except (Conflict, NotFound) as error:
            if len(changed) == 1:
                return {changed[0].id: Done(changed[0].id, error.detail)}
            done: dict[int, Done] = {}
            for miner in changed:
                done |= await self._write([miner])
            return done
        return {}

    async def _remove(self, actor: Actor, chosen: Sequence[int]) -> Sequence[Done]:
        done: list[Done] = []
        size = FIRST
        while part := chosen[len(done) : len(done) + size]:
            began = self.clock.monotonic()
            try:
                removed = await self.miner_store.remove_many(part, visible=actor.container_ids)
            except LinemanError as error:
                done += [Done(miner_id, error.detail) for miner_id in part]
                # It may have been too much for the database's deadline.
                size = max(1, size // 2)
            else:
                done += [Done(miner_id) if miner_id in removed else _gone(miner_id) for miner_id in part]
                size = next_size(size, self.clock.monotonic() - began)
        return done

    async def _each(
        self, chosen: Sequence[int], one: Callable[[int], Awaitable[object]], at_once: int
    ) -> Sequence[Done]:
        done: dict[int, Done] = {}
        waiting = iter(chosen)

        async def lane() -> None:
            for miner_id in waiting:
                try:
                    await one(miner_id)
                    done[miner_id] = Done(miner_id)
                except LinemanError as error:
                    done[miner_id] = Done(miner_id, error.detail)

        async with anyio.create_task_group() as tasks:
            for _ in range(min(at_once, len(chosen))):
                tasks.start_soon(lane)
        return [done[miner_id] for miner_id in chosen]


def next_size(size: int, seconds: float) -> int:
    """How many to remove at once, after ``size`` took ``seconds``: nobody else writes for so long.

    Not ever fewer, since to visit all groups of the history costs the same for one.
    """
    if seconds > LONGEST:
        return max(min(size, FIRST), size // 2)
    return min(2 * size, LARGEST) if seconds < LONGEST / 2 else size


def _gone(miner_id: int) -> Done:
    return Done(miner_id, f"There is no miner {miner_id}")


def _told(order: Order) -> str:
    match order.deed:
        case Deed.MOVE:
            return f", to container {order.container_id}"
        case Deed.GROUP:
            return f", into group {order.group_id}"
        case Deed.TAG | Deed.UNTAG:
            return f": {', '.join(order.tags)}"
        case _:
            return ""
