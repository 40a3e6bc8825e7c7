"""Many simulated units, and the cloud with a plug for each, in one process."""

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from ..ewelink import CloudPlug, Lives, RegisteredApplication, SimulatedEwelink
from ..room import make_room
from .knobs import FAULTS, UnitKnobs, UnitTimes
from .unit import SimulatedUnit

#: How plugs are: most are plain ones, some measure, some are strips with the unit in one of their outlets.
_STYLES = ("plain", "plain", "plain", "meter", "strip")


class SimulatedPbxTown:
    """``async with SimulatedPbxTown(20, faults={"hung": 0.05}) as town: town.units[0].port, town.cloud.url``.

    The same seed and clock give the same town, ports apart.
    """

    def __init__(
        self,
        count: int = 1,
        *,
        seed: int = 1,
        knobs: UnitKnobs | None = None,
        faults: Mapping[str, float] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        manager_port: int = 0,
        cloud_port: int = 0,
        login: tuple[str, str] = ("root", "unit-secret"),
        authorized: str | None = None,
        manager_login: tuple[str, str] = ("lineman", "manager-secret"),
        application: RegisteredApplication | None = None,
        homes: int = 2,
        lives: Lives | None = None,
        offline_s: float = 5.0,
        times: UnitTimes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put the units up and their plugs into an account; nothing listens yet.

        Args:
            count: How many units.
            seed: Which town of all possible ones.
            knobs: Of every unit.
            faults: Knobs of on and off to the part of the units that have them on; nobody has two.
            host: Where all listen, a loopback address.
            port: Of the first unit's SSH, the others follow; 0: any free ones.
            manager_port: The same of their managers.
            cloud_port: Of the cloud; 0 is any free one.
            login: Of the units' SSH.
            authorized: A public key that may log in to all.
            manager_login: Of the units' managers.
            application: What is registered at the cloud.
            homes: Of the account; the plugs are spread over them.
            lives: How long codes and tokens are taken.
            offline_s: Seconds until the cloud says that a plug is offline.
            times: How long boots take.
            clock: Seconds; the units live by it.

        Raises:
            ValueError: Unknown knobs, parts above 1, no unit, or an address that is not one of loopback.
        """
        for name in faults or ():
            if name not in FAULTS:
                raise ValueError(f"there is no knob of on and off {name!r}: say one of {', '.join(sorted(FAULTS))}")
        if count < 1:
            raise ValueError("a town has at least one unit")
        self.units = [
            SimulatedUnit(
                seed=seed * 1_000_003 + index,
                host=host,
                port=port + index if port else 0,
                manager_port=manager_port + index if manager_port else 0,
                login=login,
                authorized=authorized,
                manager_login=manager_login,
                knobs=knobs,
                times=times,
                clock=clock,
            )
            for index in range(count)
        ]
        self.numbers = [f"{1001 + index:04d}" for index in range(count)]
        self.by_number = dict(zip(self.numbers, self.units, strict=True))
        draw = random.Random(f"{seed} plugs")
        #: The outlet that each unit hangs on; ``None``: the only one.
        self.outlets: list[int | None] = []
        self.plugs: list[CloudPlug] = []
        for index, number in enumerate(self.numbers):
            style = draw.choice(_STYLES)
            strip = style == "strip"
            plug = CloudPlug(
                f"{0x10_0000_0000 + seed * 0x1_0000 + index:010x}", f"Unit {number}", meter=style == "meter",
                style="list" if strip else "text", outlets=4 if strip else 1, home=index % homes, clock=clock,
            )  # fmt: skip
            outlet = draw.randrange(4) if strip else None
            plug.relay.wire(self.units[index].power, outlet or 0)
            self.plugs.append(plug)
            self.outlets.append(outlet)
        self.cloud = SimulatedEwelink(
            self.plugs, application=application, seed=seed, homes=homes, host=host, port=cloud_port, lives=lives,
            offline_s=offline_s,
        )  # fmt: skip
        self._stack = AsyncExitStack()
        self._fate(random.Random(f"{seed} fate"), faults or {})

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: A port is taken, or the system does not allow that many.
        """
        make_room(3 * len(self.units))
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.cloud)
            for unit in self.units:
                await stack.enter_async_context(unit)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up and listen no more."""
        await self._stack.aclose()

    def of(self, which: int | str) -> SimulatedUnit:
        """Return a unit by its place or by the number of its enterprise."""
        return self.units[which] if isinstance(which, int) else self.by_number[which]

    def plug_of(self, which: int | str) -> CloudPlug:
        """Return the plug of a unit."""
        return self.plugs[which if isinstance(which, int) else self.numbers.index(which)]

    def set(self, which: int | str, **knobs: Any) -> None:
        """Turn a unit's knobs: ``town.set("1001", hung=True)``."""
        self.of(which).turn(**knobs)

    def rows(self, via: str = "ssh") -> list[dict[str, Any]]:
        """Return the units as they are sent to ``POST /units``."""
        return [
            {
                "enterprise_number": number,
                "host": unit.host,
                "port": unit.port if via == "ssh" else unit.manager_port,
                "username": (unit.login if via == "ssh" else unit.manager_login)[0],
                "password": (unit.login if via == "ssh" else unit.manager_login)[1],
                "via": via,
            }
            for number, unit in zip(self.numbers, self.units, strict=True)
        ]

    def bindings(self) -> list[dict[str, Any]]:
        """Return the plugs as they are sent to ``PUT /units/{number}/plug``."""
        return [
            {"enterprise_number": number, "kind": "ewelink", "device_id": plug.device_id, "outlet": outlet}
            for number, plug, outlet in zip(self.numbers, self.plugs, self.outlets, strict=True)
        ]

    def figures(self) -> dict[str, Any]:
        """Return what was counted, ready for JSON."""
        commands: Counter[str] = sum((unit.commands for unit in self.units), Counter())
        return {
            "logins": sum(len(unit.logins) for unit in self.units),
            "asked": sum(bool(unit.logins) for unit in self.units),
            "commands": commands.total(),
            "actions": sum(unit.actions.total() for unit in self.units),
            "cloud_calls": self.cloud.spent,
            "offs": sum(plug.relay.offs for plug in self.plugs),
            "ons": sum(plug.relay.ons for plug in self.plugs),
            "without_power": sum(not unit.has_power for unit in self.units),
        }

    def _fate(self, draw: random.Random, faults: Mapping[str, float]) -> None:
        if any(part < 0 for part in faults.values()) or sum(faults.values()) > 1 + 1e-9:
            raise ValueError("a part is below nothing, or all parts together are more than 100 %")
        left = [*self.units]
        draw.shuffle(left)
        for name, part in faults.items():
            many = math.ceil(part * len(self.units) - 1e-9)
            hit, left[:] = left[:many], left[many:]
            for unit in hit:
                unit.knobs = unit.knobs.turned(**{name: True})
