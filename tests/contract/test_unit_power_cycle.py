"""Power cycles on the wire: the process dies at each call to the simulated cloud, and there is power in the end."""

from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx
import pytest

from lineman.adapters.devices.power import EwelinkAccount, EwelinkSwitch
from lineman.adapters.devices.simulators.ewelink import DROPPED, HTML, LOST, Instead, RegisteredApplication, failing
from lineman.adapters.devices.simulators.units import SimulatedPbxTown, UnitTimes
from lineman.core.units.cycling import Cycling
from lineman.core.units.machine import CycleEnded
from lineman.ports.power import Plug, PlugKind
from lineman.ports.power.cloud import Tokens
from lineman.ports.secrets import Secret
from lineman.ports.units import Cycle, CycleResult, UnitEvent

from ..ewelink import APP_SECRET, APPLICATION, NOW, Clock, TokenStore

pytestmark = pytest.mark.anyio
STATUS = "/v2/device/thing/status"
#: Calls of a cycle in which nothing goes wrong: look, OFF, look, ON, look.
CALLS = 5


class Killed(BaseException):
    """The process is gone: nothing more of it runs."""


@attrs.define(eq=False)
class Rows:
    """The one row of a cycle, which outlives processes."""

    row: Cycle
    events: list[UnitEvent] = attrs.field(factory=list)
    dead: bool = False

    async def begin(self, cycle: Cycle) -> Cycle:
        raise NotImplementedError

    async def save(self, cycle: Cycle, events: Sequence[UnitEvent] = ()) -> None:
        if self.dead:
            raise Killed
        self.row = cycle
        self.events += events

    async def open(self) -> Sequence[Cycle]:
        return [] if self.row.finished_at else [self.row]

    async def get(self, cycle_id: int, *, visible: frozenset[str] | None = None) -> Cycle:
        return self.row

    async def of_unit(self, enterprise_number: str, **limits: Any) -> Sequence[Cycle]:
        return [self.row]


@attrs.define(eq=False)
class Way(httpx.AsyncBaseTransport):
    """The way to the cloud, on which the process dies before or after its so-many-th call has arrived."""

    rows: Rows
    dies_at: int | None = None
    late: bool = False
    calls: int = 0
    wire: httpx.AsyncHTTPTransport = attrs.field(factory=httpx.AsyncHTTPTransport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.rows.dead:
            raise Killed
        self.calls += 1
        if self.calls == self.dies_at and not self.late:
            self._die()
        response = await self.wire.handle_async_request(request)
        if self.calls == self.dies_at:
            await response.aclose()
            self._die()
        return response

    async def aclose(self) -> None:
        await self.wire.aclose()

    def _die(self) -> None:
        self.rows.dead = True
        raise Killed


@attrs.define(eq=False)
class Site:
    """A town, the tokens for its cloud, a clock, and the cycle of its first unit."""

    town: SimulatedPbxTown
    store: TokenStore
    clock: Clock
    rows: Rows

    async def process(self, dies_at: int | None = None, *, late: bool = False) -> int:
        """Carry out what is open in a process of its own, and return how many calls it made."""
        self.rows.dead = False
        async with Way(self.rows, dies_at, late) as way:
            account = EwelinkAccount(self.store, self.clock, APPLICATION, api=self.town.cloud.url, transport=way)
            cycling = Cycling(
                cycle_store=self.rows, switch=EwelinkSwitch(account), clock=self.clock, alone=_alone, told=_told
            )
            for cycle in await self.rows.open():
                await cycling.carry_out(cycle)
        return way.calls

    def settled(self) -> None:
        """There is power, the cycle is over, and OFF left at most once."""
        relay = self.town.plugs[0].relay
        assert self.town.units[0].has_power
        assert relay.offs <= 1
        assert self.rows.row.finished_at


@asynccontextmanager
async def _alone(device: Hashable) -> AsyncGenerator[None]:
    yield


async def _told(cycle: Cycle, ended: CycleEnded) -> None:
    """Nobody is told."""


@pytest.fixture
async def site(anyio_backend: str) -> AsyncGenerator[Site]:
    registered = RegisteredApplication(APPLICATION.app_id, APP_SECRET, APPLICATION.redirect_url)
    times = UnitTimes().scaled(0.001)
    async with SimulatedPbxTown(1, seed=1, application=registered, offline_s=0.0, times=times) as town:
        pair = town.cloud.grant()
        tokens = Tokens("eu", Secret(pair.access), Secret(pair.refresh), NOW, NOW, NOW)
        plug = Plug(PlugKind.EWELINK, town.plugs[0].device_id, town.outlets[0])
        yield Site(town, TokenStore(tokens), Clock(), Rows(Cycle(1, "1001", plug, "auto", "scheduler", NOW)))


async def test_a_cycle_is_off_once_and_on_at_the_end(site: Site) -> None:
    assert await site.process() == CALLS
    site.settled()
    relay = site.town.plugs[0].relay
    assert [order.on for order in relay.orders] == [False, True]
    assert [on for _, on in site.town.units[0].powered] == [False, True]
    assert site.rows.row.result is CycleResult.SUCCESS
    assert [event.action_type for event in site.rows.events] == ["ewelink_toggle_off", "ewelink_toggle_on"]


@pytest.mark.parametrize("late", [False, True], ids=["before it arrives", "after it arrived"])
@pytest.mark.parametrize("call", range(1, CALLS + 1))
async def test_a_process_that_dies_at_any_call_leaves_power_in_the_end(site: Site, call: int, late: bool) -> None:
    with pytest.raises(Killed):
        await site.process(call, late=late)
    await site.process()
    site.settled()


@pytest.mark.parametrize(
    "instead",
    [LOST, DROPPED, HTML, failing(500), failing(401), failing(402), failing(4002)],
    ids=["lost", "dropped", "html", "500", "401", "402", "4002"],
)
@pytest.mark.parametrize("call", [1, 2], ids=["at OFF", "at ON"])
async def test_whatever_the_cloud_says_to_a_switch_there_is_power_in_the_end(
    site: Site, call: int, instead: Instead
) -> None:
    site.town.cloud.instead(*[Instead()] * (call - 1), instead, path=STATUS, method="POST")
    await site.process()
    site.settled()


async def test_a_relay_that_is_stuck_is_told_and_never_left_off(site: Site) -> None:
    site.town.plugs[0].relay.stuck = True
    await site.process()
    site.settled()
    assert site.rows.row.result is CycleResult.FAILED_OFF


async def test_a_plug_that_goes_offline_after_off_is_switched_on_when_it_is_back(site: Site) -> None:
    plug = site.town.plugs[0]

    @attrs.define(eq=False)
    class Waiting(Clock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            plug.go(online=plug.relay.gives() or len(self.slept) > 20)

    site.clock = Waiting()
    await site.process()
    site.settled()
    assert plug.relay.changes[-1].on
