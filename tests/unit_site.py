"""Units, plugs and an account for tests of the pages: scripted, over a real house."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs
from dependency_injector import providers

from lineman.core.identity import UserEdit
from lineman.core.units import UnitConfig
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.identity import Actor, Role
from lineman.ports.power import Grant, Listed, Plug, PlugKind, PlugState, PowerSwitch, Startup, UnknownPlug
from lineman.ports.power.cloud import Cloud
from lineman.ports.secrets import Secret
from lineman.ports.units import (
    Cause,
    Checked,
    Cycle,
    CycleResult,
    LineStats,
    Outcome,
    Peer,
    PeerKind,
    Step,
    UnitEvent,
    UnitProbe,
    UnitTarget,
    UnitWatch,
)

if TYPE_CHECKING:
    from lineman.container import House

ADMIN = Actor("tests", Role.ADMIN)
PASSWORD = "correct horse battery"
HOSTILE = "<script>alert('&')</script>"
SLASHED = "7/8 & Co"
PLUG = Plug(PlugKind.EWELINK, "1000011001")
SPARE = Plug(PlugKind.EWELINK, "1000011002")
TRUNKS = (
    Peer("trunk-0", PeerKind.SIP, True, "OK", 8.0, "192.0.2.5"),
    Peer(f"trunk-1 {HOSTILE}", PeerKind.SIP, True, "LAGGED", 2100.0),
)


def peers(gsm: int, gsm_down: int = 0, sip: int = 2, internal: int = 4) -> tuple[Peer, ...]:
    """Lines, the first GSM ones of them down."""
    return (
        *(
            Peer(f"000{n:04}", PeerKind.GSM, *((True, "OK", 12.5 + n) if n >= gsm_down else (False, "UNREACHABLE")))
            for n in range(gsm)
        ),
        *(TRUNKS[:sip]),
        *(Peer(f"{n}", PeerKind.INTERNAL, True, "OK", 3.0, f"10.0.0.{n - 100}") for n in range(101, 101 + internal)),
        Peer("301", PeerKind.EXCLUDED, False, "UNKNOWN"),
    )  # fmt: skip


def stats(found: Sequence[Peer]) -> LineStats:
    """The six counters of these peers."""
    counts = {
        f"{kind}_{word}": sum(one.kind is kind and (one.online or word == "total") for one in found)
        for kind in (PeerKind.GSM, PeerKind.SIP, PeerKind.INTERNAL)
        for word in ("total", "online")
    }
    return LineStats(**counts)


def up(*found: Peer, **fields: object) -> Checked:
    """A unit that answers."""
    lines = found or peers(8)
    known: dict[str, object] = {"disk_percent": 41, "uptime_s": 86_400 * 3, "calls": 0, "version": "Asterisk 18.26.4"}
    return Checked(Outcome.ONLINE, Cause.OK, "", stats(lines), lines, **(known | fields))  # type: ignore[arg-type]  # whatever a test says


DOWN = Checked(Outcome.OFFLINE, Cause.TIMED_OUT, "no answer within 15 s")
DENIED = Checked(Outcome.UNKNOWN, Cause.DENIED, "the login is not taken: password")


@attrs.define
class Looks(UnitProbe):
    """What each unit's next looks come to; the last one stays."""

    seen: dict[str, Checked] = attrs.field(factory=dict)

    async def check(self, target: UnitTarget, *, deadline: float) -> Checked:
        return self.seen[target.enterprise_number]

    async def calls(self, target: UnitTarget, *, deadline: float) -> int:
        return self.seen[target.enterprise_number].calls or 0

    async def restart_service(self, target: UnitTarget, *, deadline: float) -> None:
        return None


@attrs.define
class Plugs(PowerSwitch):
    """Plugs in memory, and whether they were switched."""

    states: dict[str, PlugState] = attrs.field(factory=dict)
    switched: list[tuple[str, bool]] = attrs.field(factory=list)

    async def state(self, plug: Plug, *, deadline: float) -> PlugState:
        if plug.device_id not in self.states:
            raise UnknownPlug(f"the account has no plug {plug.device_id}")
        return self.states[plug.device_id]

    async def switch(self, plug: Plug, on: bool, *, deadline: float) -> None:
        self.switched.append((plug.device_id, on))
        self.states[plug.device_id] = attrs.evolve(await self.state(plug, deadline=deadline), on=on)

    async def set_startup(self, plug: Plug, startup: Startup, *, deadline: float) -> None:
        return None


@attrs.define
class Account(Cloud):
    """An account; ``granted`` is how long it is authorised."""

    plugs: Plugs
    granted: Grant | None = None
    devices_error: Exception | None = None

    async def authorise_url(self, state: str, *, at: datetime) -> str:
        return f"https://cloud.example/oauth?state={state}"

    async def exchange(self, code: str, region: str) -> Grant:
        return await self.refresh()

    async def refresh(self) -> Grant:
        now = datetime.now(UTC)
        self.granted = Grant("eu", now + timedelta(days=30), now + timedelta(days=60), now)
        return self.granted

    async def grant(self) -> Grant | None:
        return self.granted

    async def devices(self) -> Sequence[Listed]:
        if self.devices_error is not None:
            raise self.devices_error
        return [
            Listed(number, state.name or number, state.online is not False, state, state.model)
            for number, state in self.plugs.states.items()
        ]

    async def calls_this_month(self) -> int:
        return 1234


LOOKS, PLUGS = Looks(), Plugs()
ACCOUNT = Account(PLUGS)


def renew() -> None:
    """All is as it was, whatever ran before."""
    broken = peers(8, 3)
    LOOKS.seen = {
        "1001": up(*broken, calls=2),
        "1002": DOWN,
        "1003": DENIED,
        SLASHED: up(*peers(4), disk_percent=96, calls=1),
        "1005": up(*peers(2, 0, 0, 0), disk_percent=88),
        "1006": DOWN,
    }
    PLUGS.states = {
        PLUG.device_id: PlugState(True, True, "Unit Depot", "BASICR2", startup=Startup.ON),
        SPARE.device_id: PlugState(True, True, HOSTILE, "MINIR3", startup=Startup.OFF, power_w=23.5),
        "1000011003": PlugState(False, False, "In the store", "S26"),
        "1000011004": PlugState(True, True, "Pulsing", "BASICR2", pulse=True),
    }
    PLUGS.switched.clear()
    ACCOUNT.granted, ACCOUNT.devices_error = None, None


async def furnish(house: "House") -> None:
    """Enterprises, people, units with a week of history."""
    house.unit_probe.override(providers.Object(LOOKS))
    house.power_switch.override(providers.Object(PLUGS))
    house.clouds.add_kwargs(cloud=providers.Object(ACCOUNT))
    # The service has these two already.
    watching, house.cycling().switch = house.watching(), PLUGS
    watching.probe, watching.config = LOOKS, UnitConfig(failures=2)
    now = datetime.now(UTC).replace(microsecond=0)
    named = {
        "1001": "North & Sons",
        "1002": "Depot",
        "1003": HOSTILE,
        SLASHED: "Seven",
        "1005": "Quiet",
        "1006": "Tower",
        "1007": "Free",
    }
    for number, name in named.items():
        await house.enterprise_store().add(NewEnterprise(number, name), at=now - timedelta(days=30))
    own = UserEdit(role=Role.ENTERPRISE_ADMIN, enterprise_numbers=("1002", "1005"))
    await house.users().add(ADMIN, "elena", Secret(PASSWORD), own)
    await house.users().add(ADMIN, "oskar", Secret(PASSWORD), UserEdit(role=Role.OPERATOR))
    for number in LOOKS.seen:
        fields = {
            "enterprise_number": number,
            "host": f"198.51.100.{len(number)}",
            "password": Secret("canary-of-a-unit"),
        }
        await house.units().add(ADMIN, fields)
    await house.units().change(ADMIN, "1002", {"parameter_option_2": True})
    await house.units().change(ADMIN, "1006", {"parameter_option_2": True, "parent": "1002"})
    await house.powering().bind(ADMIN, "1002", PLUG)
    await house.units().pause(ADMIN, "1005", now + timedelta(hours=3), "moved")
    await _week(house, now)
    await house.watching().reload()
    for number, seen in list(LOOKS.seen.items()):
        if number == "1002":
            LOOKS.seen[number] = up(*peers(5))
            await house.powering().check(ADMIN, number)
            LOOKS.seen[number] = seen
        for _ in range(3 if seen is DOWN else 1):
            await house.powering().check(ADMIN, number)


async def _week(house: "House", now: datetime) -> None:
    """Lines come and go; the depot is down twice and is cycled each time."""
    store = house.unit_watch_store()
    for hours in range(24 * 7, 0, -2):
        gone = 3 if hours <= 6 else 1 if 30 <= hours <= 60 else 0
        found = peers(8, gone)
        disk = round(60 - hours / 6 + 3 * math.sin(hours))
        watch = UnitWatch(last_checked_at=now - timedelta(hours=hours), outcome=Outcome.ONLINE, cause=Cause.OK,
                          line_stats=stats(found), peers=found, disk_usage_percent=disk)  # fmt: skip
        await store.keep({"1001": watch})
    for cycle, ago in ((1, timedelta(days=3)), (2, timedelta(hours=20))):
        at = now - ago
        await _outage(house, "1002", at, cycle)
        begun = await house.cycle_store().begin(Cycle(0, "1002", PLUG, "auto", "scheduler", at + timedelta(minutes=2)))
        over = at + timedelta(minutes=3)
        await house.cycle_store().save(
            attrs.evolve(begun, step=Step.DONE, step_at=over, result=CycleResult.SUCCESS, finished_at=over)
        )
    await _outage(house, "1001", now - timedelta(hours=10), None)


async def _outage(house: "House", number: str, at: datetime, cycle: int | None) -> None:
    store = house.unit_watch_store()

    def row(minutes: int, action: str, **fields: object) -> UnitEvent:
        when = at + timedelta(minutes=minutes)
        return UnitEvent(when, number, action_type=action, action_time=when, user_initiator="auto", **fields)  # type: ignore[arg-type]  # named above

    await store.append(
        row(
            0,
            "status_change",
            prev_status="on",
            new_status="off",
            failure_counter=1,
            error_message="no answer within 15 s",
        )
    )
    if cycle is not None:
        await store.append(row(2, "power_cycle", failure_counter=3, extra_info={"plug": str(PLUG), "cycle": cycle}))
        for minute, word in ((2, "off"), (3, "on")):
            extra = {"cycle": cycle, "by": "scheduler", "device_id": PLUG.device_id}
            await store.append(row(minute, f"ewelink_toggle_{word}", action_result="success", extra_info=extra))
    await store.append(row(45 if cycle is None else 9, "status_change", prev_status="off", new_status="on"))


async def call_off(house: "House") -> None:
    """Nothing is under way any more."""
    for cycle in await house.cycle_store().open():
        over = attrs.evolve(cycle, step=Step.DONE, result=CycleResult.CALLED_OFF, finished_at=datetime.now(UTC))
        await house.cycle_store().save(over)
