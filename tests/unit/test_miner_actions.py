"""Orders: what becomes of them, what readings prove, and that nothing is ever sent twice."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.core.miners import acting
from lineman.core.miners.action_checks import PoolDraft, action_of
from lineman.core.miners.actions import Actions
from lineman.ports.clock import Clock
from lineman.ports.errors import ConfirmationNeeded, Invalid, NotAllowed, Unavailable
from lineman.ports.identity import Actor, Role
from lineman.ports.journal import Entry
from lineman.ports.miners import (
    Accepted,
    AccessDenied,
    Action,
    ActionKind,
    ActionUnderWay,
    Before,
    Fingerprint,
    Light,
    Maker,
    Miner,
    MinerQuery,
    NewPool,
    NotPossible,
    Observation,
    Order,
    OrderStatus,
    Pool,
    PowerLimit,
    Reading,
    Reboot,
    Sample,
    Sleep,
    Snapshot,
    State,
    SwitchPool,
    Target,
    TimedOut,
    Unanswered,
    UnknownMiner,
    Wake,
    Watch,
)
from lineman.ports.secrets import Secret

T = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINER = Miner(1, "m1", "10.0.0.1", 4028, None, None, Maker.AVALON, None, None, True, T)
OPERATOR = Actor("anna", Role.OPERATOR)
S = OrderStatus


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def sent(action: Action, **before: Any) -> Order:
    watch = Watch(1, seen_at=T - seconds(30), **before)
    order = acting.requested(MINER, action, by="anna", at=T)
    return acting.sending(attrs.evolve(order, id=7), Snapshot(watch), at=T)


def reading(state: State = State.MINING, **more: Any) -> Reading:
    return Reading(Maker.AVALON, state, **more)


def becomes(order: Order, found: Reading, after: float = 60) -> OrderStatus:
    accepted = acting.settle(order, Accepted(), at=T)
    return acting.observed(accepted, found, at=T + seconds(after)).status


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Accepted(), S.ACCEPTED),
        (Accepted(seen=True), S.VERIFIED),
        (Accepted(seen=False), S.UNVERIFIED),
        (Accepted(shows=False), S.UNVERIFIED),
        (NotPossible("no"), S.DECLINED),
        (AccessDenied("no"), S.DECLINED),
        (TimedOut("no"), S.FAILED),
        (Unanswered("?"), S.UNVERIFIED),
    ],
)
def test_what_the_miner_answers_settles_an_order(outcome: Any, status: OrderStatus) -> None:
    assert acting.settle(sent(Sleep()), outcome, at=T).status is status


def test_a_reboot_is_proved_by_an_uptime_that_only_a_start_after_the_command_explains() -> None:
    order = sent(Reboot(), uptime_s=5000)
    assert becomes(order, reading(uptime_s=40)) is S.VERIFIED
    assert becomes(order, reading(uptime_s=5090)) is S.ACCEPTED
    assert becomes(order, reading(uptime_s=75)) is S.ACCEPTED
    # One that is young anyway has not rebooted because it is young.
    young = sent(Reboot(), uptime_s=5)
    assert becomes(young, reading(uptime_s=38), after=3) is S.ACCEPTED
    assert becomes(young, reading(uptime_s=2), after=20) is S.VERIFIED
    assert becomes(sent(Reboot()), reading(uptime_s=None)) is S.ACCEPTED


def test_sleep_and_wake_are_proved_by_the_state() -> None:
    assert becomes(sent(Sleep(), state=State.MINING), reading(State.SLEEPING)) is S.VERIFIED
    assert becomes(sent(Sleep(), state=State.MINING), reading(State.IDLE)) is S.VERIFIED
    assert becomes(sent(Sleep(), state=State.IDLE), reading(State.IDLE)) is S.ACCEPTED
    assert becomes(sent(Sleep()), reading(State.MINING)) is S.ACCEPTED
    assert becomes(sent(Wake()), reading(State.STARTING)) is S.VERIFIED
    assert becomes(sent(Wake()), reading(State.SLEEPING)) is S.ACCEPTED


def test_a_pool_is_proved_by_who_is_mined_for_and_a_limit_by_itself() -> None:
    pools = (Pool(0, "stratum+tcp://A.example:1", "u"), Pool(1, "stratum+tcp://b.example:1", "w"))
    found = reading(pools=pools, active_pool=0, power_limit_w=2990)
    assert becomes(sent(SwitchPool(0)), found) is S.VERIFIED
    assert becomes(sent(SwitchPool(1)), found) is S.ACCEPTED
    assert becomes(sent(SwitchPool(NewPool("stratum+ssl://a.example:1/", "u"))), found) is S.VERIFIED
    assert becomes(sent(SwitchPool(NewPool("a.example:1", "w"))), found) is S.ACCEPTED
    assert becomes(sent(PowerLimit(3000)), found) is S.VERIFIED
    assert becomes(sent(PowerLimit(3300)), found) is S.ACCEPTED
    assert becomes(sent(PowerLimit(3300)), reading()) is S.ACCEPTED


def test_readings_from_before_the_command_prove_nothing_and_time_ends() -> None:
    order = acting.settle(sent(Sleep()), Accepted(), at=T)
    assert acting.observed(order, reading(State.SLEEPING), at=T) is order
    late = T + seconds(301)
    assert acting.overdue(order, at=T + seconds(299)) is order
    assert acting.overdue(order, at=late).status is S.UNVERIFIED
    assert acting.observed(acting.overdue(order, at=late), reading(State.SLEEPING), at=late).status is S.UNVERIFIED


def test_a_lost_answer_can_still_be_made_good_by_a_reading() -> None:
    order = acting.settle(sent(Sleep()), Unanswered("?"), at=T)
    assert acting.observed(order, reading(State.SLEEPING), at=T + seconds(9)).status is S.VERIFIED


def test_what_is_left_behind_is_told_by_whether_it_was_sent() -> None:
    unsent = acting.requested(MINER, Sleep(), by="anna", at=T)
    assert acting.lost(unsent, "lineman ended", at=T).status is S.FAILED
    assert acting.lost(sent(Sleep()), "lineman ended", at=T).status is S.UNVERIFIED


OUTCOMES = st.sampled_from(
    [Accepted(), Accepted(seen=True), Accepted(seen=False), Accepted(shows=False), NotPossible("no"), TimedOut("no"),
     Unanswered("?")]
)  # fmt: skip
READINGS = st.builds(
    reading, st.sampled_from(State), uptime_s=st.none() | st.integers(0, 10**6), power_limit_w=st.none() | st.floats()
)
ACTIONS = st.sampled_from(
    [Reboot(), Light(True), Sleep(), Wake(), SwitchPool(1), SwitchPool(NewPool("a:1", "u")), PowerLimit(3000)]
)


@given(ACTIONS, OUTCOMES, st.lists(st.tuples(st.integers(-5, 900), READINGS | st.none())))
def test_whatever_comes_an_order_that_has_ended_stays_as_it_is(
    action: Action, outcome: Any, later: list[tuple[int, Reading | None]]
) -> None:
    order = acting.settle(sent(action), outcome, at=T)
    for after, found in later:
        at = T + seconds(after)
        before, order = order, acting.observed(order, found, at=at) if found else acting.overdue(order, at=at)
        assert (order.finished_at is None) == (order.status in acting.UNDER_WAY)
        assert order.sent_at == before.sent_at
        if before.status in (S.VERIFIED, S.DECLINED, S.FAILED):
            assert order == before
        if before.status is S.UNVERIFIED:
            assert order.status in (S.UNVERIFIED, S.VERIFIED)
    assert acting.overdue(order, at=T + seconds(10**6)).status is not S.ACCEPTED


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [
        ("light", {}, "on"),
        ("reboot", {"on": True}, "on"),
        ("pool", {"watts": 3000}, "watts"),
        ("pool", {"pool": 100}, "pool"),
        ("power-limit", {"watts": 0}, "watts"),
        ("pool", {"pool": PoolDraft("stratum+tcp://u:p@a.example:1", "u")}, "pool.url"),
        ("pool", {"pool": PoolDraft("stratum+tcp://a.example:1,b", "u")}, "pool.url"),
        ("pool", {"pool": PoolDraft("a.example:1", "u,x")}, "pool.user"),
        ("pool", {"pool": PoolDraft("a.example:1", "u|x\n")}, "pool.user"),
        ("pool", {"pool": PoolDraft("a.example:1", "u", Secret("a b"))}, "pool.password"),
    ],
)
def test_wrong_actions_name_the_field(kind: str, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        action_of(ActionKind(kind), **said)
    assert field in {wrong.field for wrong in caught.value.errors}


def test_right_actions_are_understood_and_their_secrets_not_kept() -> None:
    assert action_of(ActionKind.LIGHT, on=False) == Light(False)
    action = action_of(ActionKind.POOL, pool=PoolDraft("stratum+tcp://a.example:3333", "u.w", Secret("hush")))
    assert action == SwitchPool(NewPool("stratum+tcp://a.example:3333", "u.w", Secret("hush")))
    assert "hush" not in repr(acting.requested(MINER, action, by="anna", at=T))


@attrs.define
class Hands:
    """A control that does as it is told, or does not come back."""

    outcome: Any = attrs.field(factory=Accepted)
    done: list[Action] = attrs.field(factory=list)
    started: anyio.Event = attrs.field(factory=anyio.Event)

    def abilities(self, known: Fingerprint | None, target: Target) -> tuple[Any, ...]:
        return ()

    async def act(self, target: Target, known: Fingerprint | None, action: Action, *, deadline: float) -> Accepted:
        self.done.append(action)
        self.started.set()
        if self.outcome is None:
            await anyio.sleep_forever()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        accepted: Accepted = self.outcome
        return accepted


@attrs.define
class Memory:
    """Stores of all sorts, and what was written."""

    orders: dict[int, Order] = attrs.field(factory=dict)
    entries: list[Entry] = attrs.field(factory=list)
    full: bool = False

    async def add(self, order: Order) -> Order:
        if any(one.miner_id == order.miner_id and one.status in acting.UNDER_WAY for one in self.orders.values()):
            raise ActionUnderWay("busy")
        stored = attrs.evolve(order, id=len(self.orders) + 1)
        self.orders[stored.id] = stored
        return stored

    async def add_all(self, orders: Sequence[Order]) -> Sequence[Order]:
        return [await self.add(order) for order in orders]

    async def save(self, order: Order) -> None:
        if self.full:
            raise Unavailable("the disk is full")
        self.orders[order.id] = order

    async def open(self, *, now: datetime) -> Sequence[Order]:
        return [order for order in self.orders.values() if acting.is_open(order, at=now)]

    async def get(self, miner_id: int, **_: Any) -> Any:
        return attrs.evolve(MINER, id=miner_id)

    async def numbers(self, query: MinerQuery) -> Sequence[int]:
        return [1, 2, 3]

    async def some(self, miner_ids: Sequence[int]) -> Sequence[tuple[Miner, Snapshot]]:
        return [(attrs.evolve(MINER, id=one), Snapshot(Watch(one))) for one in miner_ids if one < 9]

    async def write(self, entry: Entry) -> None:
        self.entries.append(entry)

    @property
    def status(self) -> list[str]:
        return [order.status.value for order in self.orders.values()]


@attrs.define
class Watches:
    async def get(self, miner_id: int) -> Snapshot:
        return Snapshot(Watch(miner_id, state=State.MINING))


@attrs.define
class Now(Clock):
    at: datetime = T

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        return None


@asynccontextmanager
async def alone(miner_id: int) -> AsyncGenerator[None]:
    yield


Made = Callable[..., tuple[Actions, Memory, Hands, Now]]


@pytest.fixture
def made() -> Made:
    def make(outcome: Any = None, memory: Memory | None = None) -> tuple[Actions, Memory, Hands, Now]:
        hands, kept, clock = Hands(outcome), memory or Memory(), Now()
        stores: dict[str, Any] = {"order_store": kept, "miner_store": kept, "watch_store": Watches(), "journal": kept}
        return Actions(control=hands, clock=clock, alone=alone, **stores), kept, hands, clock

    return make


def polled(state: State, at: datetime) -> tuple[Miner, Observation, tuple[()]]:
    return MINER, Observation(Watch(1), Sample(1, at), Reading(Maker.AVALON, state)), ()


@pytest.mark.anyio
async def test_an_order_is_stored_sent_journaled_and_proved(made: Made) -> None:
    actions, kept, hands, clock = made(Accepted("OK"))
    order = await actions.order(OPERATOR, MINER, Sleep())
    assert (order.status, kept.status, hands.done) == (S.ACCEPTED, ["accepted"], [Sleep()])
    assert list(await actions.tend()) == []
    clock.at += seconds(2)
    assert list(await actions.tend()) == [1]
    clock.at += seconds(9)
    assert list(await actions.tend()) == []
    clock.at += seconds(1)
    assert list(await actions.tend()) == [1]
    await actions.observed([polled(State.MINING, clock.at)])
    assert kept.status == ["accepted"]
    await actions.observed([polled(State.SLEEPING, clock.at)])
    assert kept.status == ["verified"]
    assert [(entry.actor, entry.action, entry.outcome, entry.detail) for entry in kept.entries] == [
        ("anna", "miners.sleep", "ok", "requested"),
        ("anna", "miners.sleep", "ok", "verified: it is sleeping"),
    ]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Light(False), "off"),
        (SwitchPool(1), "pool 1"),
        (SwitchPool(NewPool("stratum+tcp://p:1", "a.b", Secret("hush"))), "stratum+tcp://p:1 as a.b"),
        (PowerLimit(3000), "3000 W"),
    ],
)
async def test_the_journal_says_in_words_what_a_miner_was_told(made: Made, action: Action, words: str) -> None:
    actions, kept, _, _ = made(Accepted("OK"))
    await actions.order(OPERATOR, MINER, action)
    assert kept.entries[0].detail == f"requested {words}"


@pytest.mark.anyio
async def test_a_kill_while_the_command_is_sent_is_told_and_never_sent_again(made: Made) -> None:
    actions, kept, hands, _ = made(None)
    async with anyio.create_task_group() as tasks:
        await actions.order_all(OPERATOR, [MINER], Reboot())
        tasks.start_soon(actions.work)
        await hands.started.wait()
        tasks.cancel_scope.cancel()
    # A kill leaves it as it was stored before the command left.
    kept.orders[1] = attrs.evolve(kept.orders[1], status=S.REQUESTED, detail="", finished_at=None)
    later, _, others, _ = made(Accepted(), kept)
    await later.recover()
    await later.work()
    assert (kept.status, others.done) == (["unverified"], [])
    assert "not sent again" in kept.orders[1].detail


@pytest.mark.anyio
async def test_a_kill_before_the_command_was_sent_fails_it_and_frees_the_miner(made: Made) -> None:
    actions, kept, _, _ = made(Accepted())
    await actions.order_all(OPERATOR, [MINER], Reboot())
    later, _, hands, _ = made(Accepted(), kept)
    await later.recover()
    assert (kept.status, hands.done) == (["failed"], [])
    await later.order(OPERATOR, MINER, Sleep())
    assert kept.status == ["failed", "accepted"]


@pytest.mark.anyio
async def test_a_stop_while_the_command_is_sent_is_told_at_once(made: Made) -> None:
    actions, kept, hands, _ = made(None)
    async with anyio.create_task_group() as tasks:
        await actions.order_all(OPERATOR, [MINER], Reboot())
        tasks.start_soon(actions.work)
        await hands.started.wait()
        tasks.cancel_scope.cancel()
    assert kept.status == ["unverified"]


@pytest.mark.anyio
async def test_a_stop_fails_what_waits(made: Made) -> None:
    actions, kept, hands, _ = made(Accepted())
    await actions.order_all(OPERATOR, [MINER], Reboot())
    await actions.forget()
    assert (kept.status, hands.done) == (["failed"], [])


@pytest.mark.anyio
async def test_nothing_is_sent_while_it_cannot_be_written_down(made: Made) -> None:
    actions, kept, hands, _ = made(Accepted())
    await actions.order_all(OPERATOR, [MINER], Reboot())
    kept.full = True
    await actions.work()
    assert (kept.status, hands.done) == (["requested"], [])
    kept.full = False
    await actions.tend()
    assert kept.status == ["failed"]
    assert "not sent" in kept.orders[1].detail


@pytest.mark.anyio
async def test_many_are_sent_by_few_lanes_and_a_fault_hurts_only_its_own(made: Made) -> None:
    actions, kept, hands, _ = made(ZeroDivisionError("ours"))
    miners = [attrs.evolve(MINER, id=n) for n in range(1, 51)]
    await actions.order_all(OPERATOR, miners, Reboot())
    with pytest.raises(ZeroDivisionError):
        await actions.work()
    assert len(hands.done) == 50
    assert set(kept.status) == {"unverified"}


@pytest.mark.anyio
async def test_orders_need_a_permission_and_a_confirmation_that_names_the_miners(made: Made) -> None:
    actions, _, hands, _ = made(Accepted())
    for role in (Role.CLIENT, Role.ACCOUNTANT, Role.ENTERPRISE_ADMIN):
        with pytest.raises(NotAllowed):
            await actions.may_order(Actor("c", role, container_ids=frozenset({1})), 1, Reboot(), confirmed=True)
        with pytest.raises(NotAllowed):
            await actions.may_order_all(Actor("c", role), MinerQuery(), None, Reboot(), confirmed=True)
    with pytest.raises(ConfirmationNeeded, match=r"reboot of miner 1, m1 at 10\.0\.0\.1"):
        await actions.may_order(OPERATOR, 1, Reboot(), confirmed=False)
    with pytest.raises(ConfirmationNeeded, match=r"reboot of 3 miners \(m1, m1, m1\)"):
        await actions.may_order_all(OPERATOR, MinerQuery(), None, Reboot(), confirmed=False)
    with pytest.raises(UnknownMiner, match="9"):
        await actions.may_order_all(OPERATOR, MinerQuery(), [1, 9], Reboot(), confirmed=True)
    client = attrs.evolve(OPERATOR, container_ids=frozenset({5}))
    with pytest.raises(UnknownMiner, match="2"):
        await actions.may_order_all(client, MinerQuery(), [2], Reboot(), confirmed=True)
    assert hands.done == []


def test_the_moment_before_is_remembered() -> None:
    order = sent(Sleep(), state=State.MINING, uptime_s=9, active_pool=2)
    assert order.before == Before(T - seconds(30), State.MINING, 9, 2)
