"""Orders to miners in both databases."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from lineman.adapters.db.actions import SqlActions
from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.miners import SqlMiners
from lineman.ports.miners import (
    ActionKind,
    ActionUnderWay,
    Before,
    Maker,
    NewContainer,
    NewMiner,
    Order,
    OrderStatus,
    State,
    UnknownMiner,
    UnknownOrder,
)
from lineman.ports.secrets import Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def miners(database: Database, vault: Vault) -> list[int]:
    """Two miners, the first in a container."""
    container = await SqlContainers(database).add(NewContainer("North"), at=NOW)
    store = SqlMiners(database, vault)
    made = [
        await store.add(NewMiner(f"m{n}", f"10.0.0.{n}", Maker.AVALON, 4028, container_id=place), at=NOW)
        for n, place in ((1, container.id), (2, None))
    ]
    return [miner.id for miner in made]


def order(miner_id: int, **more: object) -> Order:
    return Order(0, miner_id, f"m{miner_id}", ActionKind.SLEEP, {}, "anna", NOW, **more)  # type: ignore[arg-type]


async def test_an_order_comes_back_as_it_was_stored_and_as_it_became(database: Database, miners: list[int]) -> None:
    store = SqlActions(database)
    stored = await store.add(
        attrs.evolve(order(miners[0]), action=ActionKind.POOL, arguments={"pool": {"url": "p:1", "user": "ä\0b"}})
    )
    assert (await store.get(stored.id)).arguments == {"pool": {"url": "p:1", "user": "ä\0b"}}
    became = attrs.evolve(
        stored,
        status=OrderStatus.VERIFIED,
        detail="it is sleeping",
        sent_at=NOW,
        accepted_at=NOW + timedelta(seconds=1),
        finished_at=NOW + timedelta(seconds=2),
        until=NOW + timedelta(minutes=5),
        before=Before(NOW, State.MINING, 77, 1),
    )
    await store.save(became)
    assert await store.get(stored.id) == became
    assert await store.prune(before=NOW + timedelta(seconds=2)) == 0
    await store.save(attrs.evolve(became, status=OrderStatus.UNVERIFIED))
    assert await store.get(stored.id) == became, "what has ended stays as it ended"
    assert await store.prune(before=NOW + timedelta(seconds=3)) == 1


async def test_only_one_action_of_a_miner_is_under_way(database: Database, miners: list[int]) -> None:
    store = SqlActions(database)
    first = await store.add(order(miners[0]))
    with pytest.raises(ActionUnderWay, match=f"sleep of miner {miners[0]} .* action {first.id}"):
        await store.add(order(miners[0]))
    await store.save(attrs.evolve(first, status=OrderStatus.ACCEPTED, until=NOW))
    with pytest.raises(ActionUnderWay, match="12:00:00"):
        await store.add(order(miners[0]))
    refused, taken = await store.add_all([order(miners[0]), order(miners[1])])
    assert (refused.status, taken.status) == (OrderStatus.DECLINED, OrderStatus.REQUESTED)
    await store.save(attrs.evolve(first, status=OrderStatus.UNVERIFIED))
    assert (await store.add(order(miners[0]))).id > taken.id


async def test_what_is_open_is_found_again(database: Database, miners: list[int]) -> None:
    store = SqlActions(database)
    lost = await store.add(order(miners[0], status=OrderStatus.UNVERIFIED, until=NOW + timedelta(minutes=1)))
    await store.add(order(miners[0], status=OrderStatus.UNVERIFIED, until=NOW - timedelta(minutes=1)))
    await store.add(order(miners[0], status=OrderStatus.VERIFIED, until=NOW + timedelta(minutes=1)))
    sent = await store.add(order(miners[0]))
    assert [one.id for one in await store.open(now=NOW)] == [sent.id, lost.id]
    orders, total = await store.of_miner(miners[0], limit=2)
    assert (orders[0].id, len(orders), total) == (sent.id, 2, 4)


async def test_orders_go_with_their_miner_and_with_what_one_may_see(
    database: Database, vault: Vault, miners: list[int]
) -> None:
    store = SqlActions(database)
    hidden = await store.add(order(miners[1]))
    seen = await store.add(order(miners[0]))
    place = frozenset({(await SqlMiners(database, vault).get(miners[0])).container_id or 0})
    assert (await store.get(seen.id, visible=place)).id == seen.id
    with pytest.raises(UnknownOrder):
        await store.get(hidden.id, visible=place)
    await SqlMiners(database, vault).remove(miners[1])
    await store.save(hidden)
    with pytest.raises(UnknownOrder):
        await store.get(hidden.id)
    with pytest.raises(UnknownMiner):
        await store.add(order(miners[1]))
    assert await store.add_all([order(miners[1])]) == []
