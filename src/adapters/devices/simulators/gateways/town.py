"""A remote administration server and many gateways behind it, on loopback, with knobs to turn while they run."""

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from ..room import make_room
from .goip import SimulatedGoip
from .knobs import FAULTS, HUGE, Knobs, ListKnobs
from .life import scramble
from .names import name_of
from .plates import MIX, PLATES, plate_of
from .radmin import SimulatedRadmin
from .tunnel import Kind
from .world import Times, World

#: How those that are dead are so: without power, hung up, silent, closing at once.
_DEATHS = ("dark", "gone", "mute", "closed")


class SimulatedGatewayTown:
    """``async with SimulatedGatewayTown(500, dead_share=0.05) as town: town.radmin.port, town.gateways[0]``.

    The same seed and clock give the same town, ports apart.
    """

    def __init__(
        self,
        count: int = 1,
        *,
        seed: int = 1,
        mix: Mapping[str, float] = MIX,
        names: Sequence[str] | None = None,
        dead_share: float = 0.0,
        absent_share: float = 0.0,
        legacy: int = 0,
        knobs: Knobs | None = None,
        faults: Mapping[str, float] | None = None,
        list_knobs: ListKnobs | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        ports: tuple[int, int] | None = None,
        login: tuple[str, str] = ("admin", "goip"),
        radmin_login: tuple[str, str] = ("admin", "radmin"),
        sip_stem: str = "sip-secret",
        encoding: str = "utf-8",
        times: Times | None = None,
        calm: bool = False,
        clock: Callable[[], float] | None = None,
        started_at: float | None = None,
    ) -> None:
        """Put the gateways up; nothing listens yet.

        Args:
            count: How many gateways.
            seed: Which town of all possible ones.
            mix: Kinds to weights.
            names: Of the gateways; those that are missing are invented.
            dead_share: The part that is on the list and does not answer, in several ways.
            absent_share: The part that never dials in.
            legacy: So many rows of old units without web pages are on the list as well.
            knobs: Of every gateway.
            faults: Knobs of on and off to the part of the gateways that have them on.
            list_knobs: Of the server.
            host: Where all listen, a loopback address.
            port: Of the list; 0 is any free one.
            ports: First and last port of the gateways; ``None``: any free ones.
            login: Of the gateways' pages.
            radmin_login: Of the list.
            sip_stem: The stem of the SIP passwords on the gateways' pages.
            encoding: Of the names on the list.
            times: How long things take.
            calm: Nothing happens by itself, and nothing is wrong with any line.
            clock: Seconds; the gateways live by it.
            started_at: What the gateways' clocks say at the start, epoch seconds; ``None``: the true time.

        Raises:
            ValueError: Unknown names, parts above 1, or fewer ports than gateways.
        """
        for name in faults or ():
            if name not in FAULTS:
                raise ValueError(f"there is no knob of on and off {name!r}: say one of {', '.join(sorted(FAULTS))}")
        if not host.startswith("127."):
            raise ValueError(f"{host} is not a loopback address (127.0.0.0/8)")
        if ports and ports[1] - ports[0] + 1 < count + legacy:
            raise ValueError(f"{count + legacy} units do not fit into the ports from {ports[0]} to {ports[1]}")
        self.world = World(times=times or Times(), calm=calm, chance=random.Random(seed))
        if clock is not None:
            self.world.clock, self.world.origin = clock, clock()
        if started_at is not None:
            self.world.started_at = started_at
        self.radmin = SimulatedRadmin(
            self.world, host=host, port=port, ports=ports, login=radmin_login, encoding=encoding, knobs=list_knobs
        )
        order = random.Random(f"{seed} town")
        kinds = _shared_out(mix, count)
        order.shuffle(kinds)
        self.gateways = [
            SimulatedGoip(
                self.world,
                PLATES[kinds[index]],
                names[index] if names and index < len(names) else name_of(index),
                seed=scramble(seed, index),
                knobs=knobs,
                login=login,
                sip_stem=sip_stem,
                address=f"{'203.0.113' if index % 2 else '198.51.100'}.{1 + index // 2 % 254}",
            )
            for index in range(count)
        ]
        self.by_name = {gateway.name: gateway for gateway in self.gateways}
        if len(self.by_name) < count:
            raise ValueError("two gateways have one name")
        #: Never dial in.
        self.absent: list[SimulatedGoip] = []
        #: Are on the list and do not answer.
        self.dead: list[SimulatedGoip] = []
        self._legacy = legacy
        self._fate(order, dead_share, absent_share, faults or {})

    def _fate(self, order: random.Random, dead: float, absent: float, faults: Mapping[str, float]) -> None:
        """Draw who has what; nobody has two things."""
        parts = [dead, absent, *faults.values()]
        if any(part < 0 for part in parts) or sum(parts) > 1 + 1e-9:
            raise ValueError("a part is below nothing, or all parts together are more than 100 %")
        left = [*self.gateways]
        order.shuffle(left)

        def draw(part: float) -> list[SimulatedGoip]:
            many = math.ceil(part * len(self.gateways) - 1e-9)
            drawn, left[:] = left[:many], left[many:]
            return drawn

        self.dead, self.absent = draw(dead), draw(absent)
        for name, part in faults.items():
            for gateway in draw(part):
                gateway.turn(**{name: HUGE if name == "huge" else True})

    async def __aenter__(self) -> Self:
        """Listen, and let all dial in.

        Raises:
            OSError: An address is taken.
        """
        make_room(2 * len(self.gateways))
        try:
            await self.radmin.open()
            for index in range(self._legacy):
                self.radmin.add(f"Legacy-{index + 1:02d}", Kind.RLOGIN)
            for gateway in self.gateways:
                if gateway not in self.absent:
                    self.radmin.join(gateway)
        except OSError:
            await self.radmin.close()
            raise
        for index, gateway in enumerate(self.dead):
            _die(gateway, _DEATHS[index % len(_DEATHS)])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up and listen no more."""
        for gateway in self.gateways:
            gateway.close()
        await self.radmin.close()

    def set(self, which: int | str, **knobs: Any) -> None:
        """Turn a gateway's knobs, by index or name: ``town.set("Branch-001", mute=True)``."""
        self.of(which).turn(**knobs)

    def of(self, which: int | str) -> SimulatedGoip:
        """Return a gateway by index or name."""
        return self.gateways[which] if isinstance(which, int) else self.by_name[which]

    @property
    def overlaps(self) -> int:
        """How often a client came to a gateway while another one was inside."""
        return sum(gateway.overlaps for gateway in self.gateways)

    @property
    def hits(self) -> Counter[str]:
        """All requests to gateways, by their words."""
        return sum((gateway.hits for gateway in self.gateways), Counter())

    @property
    def orders(self) -> list[tuple[str, str]]:
        """Orders that were obeyed, with the name of the gateway."""
        return [(gateway.name, order) for gateway in self.gateways for order in gateway.orders]

    @property
    def harm(self) -> list[str]:
        """Requests that nobody should ever send, to the list or to a gateway."""
        return self.radmin.harm + [f"{gateway.name}: {label}" for gateway in self.gateways for label in gateway.harm]

    def figures(self) -> dict[str, Any]:
        """Return what was counted, ready for JSON."""
        return {
            "list": dict(self.radmin.hits),
            "requests": sum(self.hits.values()),
            "connections": sum(gateway.connections for gateway in self.gateways),
            "asked": sum(bool(gateway.hits) for gateway in self.gateways),
            "most_to_one": max((sum(gateway.hits.values()) for gateway in self.gateways), default=0),
            "overlaps": self.overlaps,
            "orders": len(self.orders),
            "harm": len(self.harm),
        }


def _die(gateway: SimulatedGoip, how: str) -> None:
    if how in ("dark", "gone"):
        gateway.go(cleanly=how == "gone")
    else:
        gateway.turn(**{how: True})


def _shared_out(mix: Mapping[str, float], count: int) -> list[str]:
    """Return so many kinds in the proportions of their weights, the largest rests first."""
    for kind in mix:
        plate_of(kind)
    whole = sum(mix.values())
    if count < 1 or whole <= 0 or min(mix.values()) < 0:
        raise ValueError("a town has at least one gateway, and a mix a weight above 0")
    exact = {kind: count * weight / whole for kind, weight in mix.items()}
    many = {kind: int(value) for kind, value in exact.items()}
    rests = sorted(exact, key=lambda kind: exact[kind] - many[kind], reverse=True)
    for kind in rests[: count - sum(many.values())]:
        many[kind] += 1
    return [kind for kind, number in many.items() for _ in range(number)]
