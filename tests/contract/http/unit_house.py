"""The units' and the plugs' systems as they are served, with a probe and plugs that say what they are told to."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx
from dependency_injector import providers
from starlette.types import ASGIApp, Receive, Scope, Send

from lineman.adapters.http.wire import ACTOR
from lineman.container import House
from lineman.ports.clock import Clock
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.errors import LinemanError
from lineman.ports.identity import Actor, Role
from lineman.ports.power import Plug, PlugState, PowerSwitch, Startup
from lineman.ports.units import Cause, Checked, LineStats, Outcome, Peer, PeerKind, UnitProbe, UnitTarget
from lineman.service import Service, opened_service
from lineman.settings import Settings

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANNA = Actor("anna", Role.ADMIN)
OLEG = Actor("oleg", Role.OPERATOR)
OF_17 = Actor("egor", Role.ENTERPRISE_ADMIN, enterprise_numbers=frozenset({"17"}))
PLUG = "1000011001"

GOOD = PlugState(True, True, "Box 17", "BASICR2", startup=Startup.ON)
UP = Checked(
    Outcome.ONLINE,
    Cause.OK,
    lines=LineStats(gsm_total=8, gsm_online=5, sip_total=2, sip_online=2, internal_total=4, internal_online=3),
    peers=(
        Peer("0001363/s", PeerKind.GSM, True, "OK", 12.0, "192.0.2.9"), Peer("101", PeerKind.INTERNAL, True, "LAGGED"),
    ),
    disk_percent=86,
    uptime_s=9000,
    calls=0,
    version="18.26.4",
    host_key="SHA256:" + "A" * 43,
)  # fmt: skip
DEAD = Checked(Outcome.OFFLINE, Cause.TIMED_OUT, "no answer within 15 s")
LOCKED = Checked(Outcome.UNKNOWN, Cause.DENIED, "it does not take the password")


@attrs.define
class SetClock(Clock):
    """A clock that stands until it is moved."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


@attrs.define(eq=False)
class Probe(UnitProbe):
    """Says what it is told to, and remembers whom it was sent to."""

    says: Checked = UP
    counted: int | LinemanError = 0
    targets: list[UnitTarget] = attrs.field(factory=list)

    async def check(self, target: UnitTarget, *, deadline: float) -> Checked:
        self.targets.append(target)
        return self.says

    async def calls(self, target: UnitTarget, *, deadline: float) -> int:
        if isinstance(self.counted, LinemanError):
            raise self.counted
        return self.counted

    async def restart_service(self, target: UnitTarget, *, deadline: float) -> None:
        raise NotImplementedError


@attrs.define(eq=False)
class Plugs(PowerSwitch):
    """All plugs: they are as ``seen`` says, and remember what they were told."""

    seen: PlugState | LinemanError = GOOD
    trouble: BaseException | None = None
    orders: list[tuple[str, bool]] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)

    async def state(self, plug: Plug, *, deadline: float) -> PlugState:
        self.asked.append(str(plug))
        if isinstance(self.seen, LinemanError):
            raise self.seen
        return self.seen

    async def switch(self, plug: Plug, on: bool, *, deadline: float) -> None:
        self.orders.append((str(plug), on))
        if self.trouble is not None:
            raise self.trouble

    async def set_startup(self, plug: Plug, startup: Startup, *, deadline: float) -> None:
        raise NotImplementedError


@attrs.frozen
class Site:
    """An opened service, and what stands around it."""

    service: Service
    app: ASGIApp
    clock: SetClock
    probe: Probe
    plugs: Plugs
    folder: Path

    @property
    def house(self) -> House:
        return self.service.house

    def client(self, actor: Actor | None = ANNA, **headers: str) -> httpx.AsyncClient:
        """A client of this actor's; without one, of somebody who has not said who he is."""

        async def acting(scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, ACTOR: actor} if actor else scope, receive, send)

        return httpx.AsyncClient(transport=httpx.ASGITransport(app=acting), base_url="http://house", headers=headers)

    async def looks(self, number: str, *said: Checked) -> None:
        """Let a minute pass before each look at a unit."""
        async with self.client() as anna:
            for self.probe.says in said:
                self.clock.at += timedelta(seconds=60)
                assert (await anna.post(f"/units/{number}/check")).status_code == 200

    async def journal(self) -> list[tuple[str, str, str, str]]:
        """Who did what to what, oldest first."""
        entries = await self.house.journal().read(limit=100)
        return [(entry.actor, entry.action, entry.subject, entry.detail) for entry in entries[::-1]]


@asynccontextmanager
async def opened_site(
    folder: Path, systems: Sequence[str], *, real_switch: bool = False, **settings: Any
) -> AsyncGenerator[Site]:
    """The whole container over an embedded database; nothing works by itself."""
    clock, probe, plugs = SetClock(), Probe(), Plugs()
    house = House(settings=Settings(database=f"sqlite:///{folder}/lineman.db", **settings))
    house.clock.override(providers.Object(clock))
    house.unit_probe.override(providers.Object(probe))
    if not real_switch:
        house.power_switch.override(providers.Object(plugs))
    async with opened_service(house.settings(), works=False, house=house) as service:
        for number, name in (("17", "Ящик"), ("2", "Box"), ("3", "Third")):
            await house.enterprise_store().add(NewEnterprise(number, name), at=NOON)
        yield Site(service, service.application(systems), clock, probe, plugs, folder)


def unit(number: str = "17", **fields: Any) -> dict[str, Any]:
    """The body that adds a unit."""
    return {"enterprise_number": number, "host": f"192.0.2.{number}", "password": "canary-1", **fields}
