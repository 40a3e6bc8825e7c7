"""The account behind cloud plugs, on both databases."""

from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import anyio
import anyio.lowlevel
import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.cloud_tokens import PATIENCE, TERM, SqlCloudTokens
from lineman.adapters.db.engine import Database
from lineman.ports.clock import Clock
from lineman.ports.errors import Stale, Unavailable
from lineman.ports.power.cloud import CloudTokenStore, Tokens
from lineman.ports.secrets import Sealed, Secret, Vault

from ..units import HOUR, NOW

pytestmark = pytest.mark.anyio

TOKENS = Tokens("eu", Secret("canary-access"), Secret("canary-refresh"), NOW + HOUR, NOW + 2 * HOUR, NOW)


@attrs.define
class Given(Clock):
    """A clock that goes on while somebody waits."""

    gone: float = 0.0
    #: Seconds for each that is slept.
    pace: float = 1.0
    #: Seconds that the time of day was set back by.
    back: float = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.gone - self.back)

    def monotonic(self) -> float:
        return self.gone

    async def sleep(self, seconds: float) -> None:
        self.gone += seconds * self.pace
        await anyio.lowlevel.checkpoint()


@pytest.fixture
def clock() -> Given:
    return Given()


@pytest.fixture
def stores(processes: tuple[Database, Database], vault: Vault, clock: Given) -> tuple[CloudTokenStore, CloudTokenStore]:
    one, other = processes
    return SqlCloudTokens(one, vault, clock), SqlCloudTokens(other, vault, clock)


async def test_a_pair_comes_back_as_it_was_put_last_and_is_sealed(
    processes: tuple[Database, Database], stores: tuple[CloudTokenStore, CloudTokenStore], clock: Given
) -> None:
    one, other = stores
    assert await one.get() is None
    assert await one.put(TOKENS, expected=None) == TOKENS
    assert await other.get() == TOKENS
    after = attrs.evolve(TOKENS, region="us", access=Secret("canary-2"), granted_at=NOW + HOUR)
    stored = await other.put(after, expected=1)
    assert stored == attrs.evolve(after, revision=2)
    assert await one.get() == stored
    [sealed] = await processes[0].fetch(tuple, "select access_sealed, refresh_sealed from cloud_token")
    assert "canary" not in "".join(sealed)
    wrong = SqlCloudTokens(processes[0], FernetVault([Secret("another key, long enough too")]), clock)
    with pytest.raises(Sealed, match="cloud account"):
        await wrong.get()
    # As a rotation does that gives up what no key opens.
    await processes[0].run("update cloud_token set access_sealed = null")
    assert await one.get() is None
    assert (await one.put(TOKENS, expected=None)).revision == 3


@pytest.mark.parametrize("expected", [None, 1])
async def test_of_two_processes_that_replace_a_pair_at_once_one_does(
    stores: tuple[CloudTokenStore, CloudTokenStore], expected: int | None
) -> None:
    put, stale = list[Tokens](), list[Stale]()
    if expected is not None:
        await stores[0].put(TOKENS, expected=None)

    async def replace(store: CloudTokenStore, access: str) -> None:
        try:
            put.append(await store.put(attrs.evolve(TOKENS, access=Secret(access)), expected=expected))
        except Stale as error:
            stale.append(error)

    async with anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(replace, stores[number % 2], f"access {number}")
    assert (len(put), len(stale)) == (1, 5)
    assert await stores[0].get() == put[0]


async def test_one_at_a_time_over_all_processes(stores: tuple[CloudTokenStore, CloudTokenStore], clock: Given) -> None:
    clock.pace = 0.0
    inside, most, done = 0, 0, 0

    async def refresh(store: CloudTokenStore) -> None:
        nonlocal inside, most, done
        async with store.alone():
            inside += 1
            most = max(most, inside)
            before = await store.get()
            await store.put(TOKENS, expected=None if before is None else before.revision)
            inside, done = inside - 1, done + 1

    async with anyio.create_task_group() as group:
        for number in range(8):
            group.start_soon(refresh, stores[number % 2])
    assert (most, done) == (1, 8)
    last = await stores[0].get()
    assert last is not None
    assert last.revision == 8


async def test_a_turn_ends_when_its_block_fails_or_is_cancelled(
    stores: tuple[CloudTokenStore, CloudTokenStore], clock: Given
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with stores[0].alone():
            raise ZeroDivisionError
    with anyio.CancelScope() as scope:
        async with stores[0].alone():
            scope.cancel()
            await anyio.sleep_forever()
    async with stores[1].alone():
        assert clock.gone == 0.0


async def test_the_turn_of_a_process_that_was_killed_ends_and_waiting_is_bounded(
    stores: tuple[CloudTokenStore, CloudTokenStore], clock: Given
) -> None:
    clock.pace = 10.0
    first, second = AsyncExitStack(), AsyncExitStack()
    await first.enter_async_context(stores[0].alone())
    await second.enter_async_context(stores[1].alone())
    assert TERM.total_seconds() <= clock.gone < PATIENCE
    # The first one was only slow: it takes nothing away from the second.
    await first.aclose()
    begun, clock.back = clock.gone, 1e6
    with pytest.raises(Unavailable):
        await first.enter_async_context(stores[0].alone())
    assert PATIENCE <= clock.gone - begun < PATIENCE + 2
    await second.aclose()
    async with stores[0].alone():
        pass


async def test_a_state_is_good_once_and_not_for_long(
    processes: tuple[Database, Database], stores: tuple[CloudTokenStore, CloudTokenStore]
) -> None:
    for state in ("first", "late"):
        await stores[0].remember_state(state, by="anna", expires_at=NOW)
    before = NOW - timedelta(seconds=1)
    taken = list[bool]()

    async def take(store: CloudTokenStore) -> None:
        taken.append(await store.take_state("first", now=before))

    async with anyio.create_task_group() as group:
        for store in stores * 2:
            group.start_soon(take, store)
    assert sorted(taken) == [False, False, False, True]
    assert not await stores[0].take_state("late", now=NOW)
    assert not await stores[0].take_state("late", now=before)
    assert not await stores[0].take_state("\ud800", now=before)
    await stores[0].remember_state("left", by="anna", expires_at=NOW)
    await stores[0].remember_state("next", by="anna", expires_at=NOW + timedelta(days=2))
    found = await processes[0].fetch(str, "select digest from cloud_state")
    assert len(found) == 1
    assert found != ["next"]


async def test_calls_are_counted_by_month_and_region_whoever_makes_them(
    stores: tuple[CloudTokenStore, CloudTokenStore],
) -> None:
    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(lambda store: store.count(month="2026-11", region="eu"), stores[number % 2])
    assert await stores[0].count(month="2026-11", region="eu", calls=0) == 10
    assert await stores[0].count(month="2026-11", region="us", calls=2**40) == 2**40
    assert await stores[1].count(month="2026-12", region="eu", calls=3) == 3
