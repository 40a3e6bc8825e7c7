"""Orders to miners in SQL.  That only one of a miner is under way is the database's to hold."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.miners.inventory import UnknownMiner
from ...ports.miners.orders import ActionUnderWay, Order, OrderStatus, OrderStore, UnknownOrder
from .engine import Dangling, Database, Statements, Taken, next_number
from .inbox import clean
from .rows import to_text

COLUMNS = (
    'a.id, a.miner_id, a.miner, a.action, a.arguments, a.ordered_by as "by", a.requested_at, a.status, a.detail, '
    "a.sent_at, a.accepted_at, a.finished_at, a.until, a.before"
)
STORE = """
insert into miner_action (id, miner_id, miner, action, arguments, ordered_by, requested_at, status, detail, sent_at,
                          accepted_at, finished_at, until, before)
values (:id, :miner_id, :miner, :action, :arguments, :by, :requested_at, :status, :detail, :sent_at,
        :accepted_at, :finished_at, :until, :before)
"""
SAVE = """
update miner_action set status = :status, detail = :detail, sent_at = :sent_at, accepted_at = :accepted_at,
       finished_at = :finished_at, until = :until, before = :before
where id = :id and status in ('requested', 'accepted', 'unverified')
"""
#: The columns as they are filled in bulk, and their types.
COLUMN_NAMES = (
    "id", "miner_id", "miner", "action", "arguments", "ordered_by", "requested_at", "status", "detail", "sent_at",
    "accepted_at", "finished_at", "until", "before",
)  # fmt: skip
COLUMN_TYPES = (
    "int8", "int4", "text", "text", "text", "text", "timestamptz", "text", "text", "timestamptz",
    "timestamptz", "timestamptz", "timestamptz", "text",
)  # fmt: skip
#: What ``SAVE`` does not change.
FIXED = frozenset({"miner_id", "miner", "action", "arguments", "by", "requested_at"})
UNDER_WAY = "('requested', 'accepted')"


class SqlActions(OrderStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, order: Order) -> Order:
        try:
            async with self._db.transaction() as tx:
                return await _add(tx, order)
        except Taken as error:
            raise ActionUnderWay(await self._under_way(order)) from error
        except Dangling as error:
            raise UnknownMiner(f"There is no miner {order.miner_id}") from error

    async def add_all(self, orders: Sequence[Order]) -> Sequence[Order]:
        try:
            async with self._db.transaction() as tx:
                there = set(await tx.fetch(int, "select id from miner"))
                busy = set(await tx.fetch(int, f"select miner_id from miner_action where status in {UNDER_WAY}"))
                wanted = [order for order in orders if order.miner_id in there]
                [last] = await tx.fetch(
                    int,
                    "update counter set value = value + :many where name = 'action' returning value",
                    many=len(wanted),
                )
                stored = []
                for number, order in enumerate(wanted, last - len(wanted) + 1):
                    numbered = attrs.evolve(order, id=number)
                    stored.append(_declined(numbered) if order.miner_id in busy else numbered)
                    busy.add(order.miner_id)
                await tx.bulk("miner_action", COLUMN_NAMES, COLUMN_TYPES, map(_row, stored))
        except Taken as error:
            raise ActionUnderWay("Another process has just told some of these miners something; try again") from error
        except Dangling as error:
            raise UnknownMiner("One of these miners was removed meanwhile; try again") from error
        return stored

    async def save(self, order: Order) -> None:
        values = {name: value for name, value in _values(order).items() if name not in FIXED}
        await self._db.run(SAVE, **values)

    async def get(self, order_id: int, *, visible: frozenset[int] | None = None) -> Order:
        rows = await self._db.fetch(
            Order, f"select {COLUMNS} from miner_action a where a.id = cast(:id as bigint)", id=order_id
        )
        if not rows or not await self._may_see(rows[0].miner_id, visible):
            raise UnknownOrder(f"There is no action {order_id}")
        return rows[0]

    async def of_miner(self, miner_id: int, *, limit: int = 100, offset: int = 0) -> tuple[Sequence[Order], int]:
        async with self._db.snapshot() as db:
            orders = await db.fetch(
                Order,
                f"select {COLUMNS} from miner_action a where a.miner_id = cast(:miner as bigint) "
                "order by a.id desc limit :limit offset :offset",
                miner=miner_id, limit=limit, offset=offset,
            )  # fmt: skip
            [total] = await db.fetch(
                int, "select count(*) from miner_action where miner_id = cast(:miner as bigint)", miner=miner_id
            )
        return orders, total

    async def prune(self, *, before: datetime) -> int:
        return await self._db.run(
            f"delete from miner_action where finished_at < :before and status not in {UNDER_WAY}", before=before
        )

    async def open(self, *, now: datetime) -> Sequence[Order]:
        return await self._db.fetch(
            Order,
            f"select {COLUMNS} from miner_action a where a.status in {UNDER_WAY} "
            "union all "
            f"select {COLUMNS} from miner_action a where a.status = 'unverified' and a.until > :now",
            now=now,
        )

    async def _may_see(self, miner_id: int, visible: frozenset[int] | None) -> bool:
        if visible is None:
            return True
        places = await self._db.fetch(int, "select container_id from miner where id = :id", id=miner_id)
        return bool(places) and places[0] in visible

    async def _under_way(self, order: Order) -> str:
        rows = await self._db.fetch(
            Order,
            f"select {COLUMNS} from miner_action a where a.status in {UNDER_WAY} and a.miner_id = :miner",
            miner=order.miner_id,
        )
        if not rows:
            return f"another action of miner {order.miner_id} was under way; try again"
        other = rows[0]
        until = f" and is waited for until {other.until:%H:%M:%S} UTC" if other.until else ""
        return f"{other.action} of miner {order.miner_id} ({other.miner}) is {other.status}{until}: action {other.id}"


async def _add(tx: Statements, order: Order) -> Order:
    numbered = attrs.evolve(order, id=await next_number(tx, "action"))
    await tx.run(STORE, **_values(numbered))
    return numbered


def _declined(order: Order) -> Order:
    return attrs.evolve(
        order,
        status=OrderStatus.DECLINED,
        detail="another action of this miner is under way",
        finished_at=order.requested_at,
    )


def _values(order: Order) -> dict[str, object]:
    return attrs.asdict(order, recurse=False) | {
        "miner": clean(order.miner),
        "detail": clean(order.detail),
        "arguments": to_text(order.arguments),
        "before": to_text(order.before),
    }


def _row(order: Order) -> list[object]:
    values = _values(order)
    return [values["by" if name == "ordered_by" else name] for name in COLUMN_NAMES]
