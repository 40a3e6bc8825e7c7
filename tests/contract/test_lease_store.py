"""The working lease, on both databases."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.lease import SqlLease
from lineman.ports.lease import Lease

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
TERM = timedelta(seconds=30)


async def test_the_lease_is_the_first_one_s_until_it_ends(database: Database) -> None:
    lease = SqlLease(database)
    first = await lease.take("a", "http://a", now=NOW, term=TERM)
    assert first == Lease("a", "http://a", NOW + TERM)
    assert await lease.take("b", "http://b", now=NOW + TERM / 2, term=TERM) == first
    assert await lease.current(now=NOW + TERM / 2) == first
    assert await lease.current(now=NOW + TERM) is None
    assert (await lease.take("b", "http://b", now=NOW + TERM, term=TERM)).holder == "b"
    assert (await lease.take("a", "http://a", now=NOW + TERM, term=TERM)).holder == "b"


async def test_the_holder_renews_and_gives_back_and_nobody_else_does(database: Database) -> None:
    lease = SqlLease(database)
    await lease.take("a", "", now=NOW, term=TERM)
    assert (await lease.take("a", "http://moved", now=NOW + TERM / 2, term=TERM)).expires_at == NOW + TERM * 1.5
    await lease.release("b")
    assert await lease.current(now=NOW) == Lease("a", "http://moved", NOW + TERM * 1.5)
    await lease.release("a")
    assert await lease.current(now=NOW) is None


async def test_of_many_that_reach_for_it_at_once_one_gets_it(database: Database) -> None:
    lease, holders = SqlLease(database), list[str]()

    async def reach(name: str) -> None:
        holders.append((await lease.take(name, "", now=NOW, term=TERM)).holder)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(reach, f"process {number}")
    assert len(holders) == 20
    assert len(set(holders)) == 1
