"""Gateways as on a local network: each has its own address, and nobody stands in between."""

import random
from collections.abc import Callable
from types import TracebackType
from typing import Self

from .door import Door
from .goip import SimulatedGoip
from .knobs import Knobs
from .life import scramble
from .listener import Talks
from .names import name_of
from .plates import plate_of
from .world import Times, World


class SimulatedGoips:
    """``async with SimulatedGoips(["goip4", "goip32"]) as units: units.ports[0], units.gateways[0]``."""

    def __init__(
        self,
        kinds: list[str],
        *,
        seed: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        knobs: Knobs | None = None,
        login: tuple[str, str] = ("admin", "goip"),
        sip_stem: str = "sip-secret",
        times: Times | None = None,
        calm: bool = False,
        clock: Callable[[], float] | None = None,
        started_at: float | None = None,
    ) -> None:
        """Put one gateway of each kind up; nothing listens yet.

        Args:
            kinds: ``goip1``, ``goip4`` …, one for each gateway.
            seed: Which of all possible ones.
            host: Where all listen, a loopback address.
            port: Of the first, the others follow; 0: any free ones.
            knobs: Of every gateway.
            login: Of their pages.
            sip_stem: The stem of the SIP passwords on their pages.
            times: How long things take.
            calm: Nothing happens by itself.
            clock: Seconds; the gateways live by it.
            started_at: What their clocks say at the start, epoch seconds; ``None``: the true time.

        Raises:
            ValueError: An unknown kind, or an address that is not loopback.
        """
        if not host.startswith("127."):
            raise ValueError(f"{host} is not a loopback address (127.0.0.0/8)")
        self.host = host
        self.world = World(times=times or Times(), calm=calm, chance=random.Random(seed))
        if clock is not None:
            self.world.clock, self.world.origin = clock, clock()
        if started_at is not None:
            self.world.started_at = started_at
        self._first = port
        self._talks = Talks()
        self._doors: list[Door] = []
        self.gateways = [
            SimulatedGoip(
                self.world,
                plate_of(kind),
                name_of(index),
                seed=scramble(seed, index),
                knobs=knobs,
                login=login,
                sip_stem=sip_stem,
            )
            for index, kind in enumerate(kinds)
        ]

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: A port is taken or may not be used.
        """
        try:
            for index, gateway in enumerate(self.gateways):
                port = self._first + index if self._first else 0
                self._doors.append(Door(gateway, self._talks, self.host, port))
        except OSError:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up and listen no more."""
        await self._close()

    @property
    def ports(self) -> list[int]:
        """Where each gateway answers."""
        return [door.port for door in self._doors]

    async def _close(self) -> None:
        for gateway in self.gateways:
            gateway.close()
        for door in self._doors:
            door.close()
        await self._talks.stop()
