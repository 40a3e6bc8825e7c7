"""Connections, in steps that say whose fault it is when one takes too long."""

import asyncio
import ipaddress
import socket
from enum import IntEnum
from typing import Any

import anyio
import anyio.to_thread
import attrs

from ....ports.units import Cause
from .verdict import LookEnded, Verdict, broken

#: Names that are resolved at the same time; the system's resolver cannot be told to stop.
_RESOLVERS = 16

#: An address with its family, as the socket library has it.
Address = tuple[socket.AddressFamily, tuple[Any, ...]]


class Step(IntEnum):
    """How far a conversation is."""

    NAMING = 0
    CONNECTING = 1
    GREETING = 2
    LOGGING_IN = 3
    ASKING = 4


_LATE: dict[Step, Verdict] = {
    Step.NAMING: Verdict.of(Cause.NAME, "its name server gave no answer in time"),
    Step.CONNECTING: Verdict.of(Cause.TIMED_OUT, "no connection was made"),
    Step.GREETING: Verdict.of(Cause.TIMED_OUT, "it was connected, but no greeting came, as with a frozen host"),
    Step.LOGGING_IN: Verdict.of(Cause.TIMED_OUT, "the login was not finished"),
    Step.ASKING: Verdict.of(Cause.TIMED_OUT, "it was logged in to, but commands were not answered"),
}


@attrs.define
class Progress:
    """How far one conversation is, for who has to say why it took too long."""

    step: Step = Step.NAMING
    #: The key that the host showed, as ``SHA256:…``.
    host_key: str | None = None

    def late(self) -> Verdict:
        """What it says that time was up at this step."""
        return _LATE[self.step]


class Dialler:
    """Opens connections for all that talk to units."""

    def __init__(self) -> None:
        self._resolvers = anyio.CapacityLimiter(_RESOLVERS)

    async def dial(self, host: str, port: int, progress: Progress, *, until: float) -> socket.socket:
        """A connected socket, at the latest ``until`` in the loop's time.

        Each address of a name gets its part of the time.

        Raises:
            LookEnded: None was connected to.
            TimeoutError: The time was up at the last address; the caller sets the limit over all.
        """
        addresses = await self.resolve(host, port)
        progress.step = max(progress.step, Step.CONNECTING)
        found: Verdict | None = None
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            now = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(None if left == 1 else now + max(until - now, 0.0) / left):
                    return await _connected(*address)
            except TimeoutError:
                found = Verdict.of(Cause.TIMED_OUT, "no connection was made")
            except LookEnded as ended:
                # What an address says of the unit counts for more than that we do not get to another one.
                if found is None or found.cause is Cause.OUR_NETWORK:
                    found = ended.verdict
        raise LookEnded(found or Verdict.of(Cause.NAME))

    async def resolve(self, host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[Address]:
        """Its addresses.

        Raises:
            LookEnded: It has none.
        """
        if _is_address(host):
            return _looked_up(host, port, kind)
        try:
            return await anyio.to_thread.run_sync(
                _looked_up, host, port, kind, abandon_on_cancel=True, limiter=self._resolvers
            )
        except (OSError, UnicodeError) as error:
            raise LookEnded(Verdict.of(Cause.NAME, str(getattr(error, "strerror", None) or error).lower())) from error


async def _connected(family: socket.AddressFamily, where: tuple[Any, ...]) -> socket.socket:
    try:
        door = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise LookEnded(broken(error)) from error
    try:
        door.setblocking(False)
        await asyncio.get_running_loop().sock_connect(door, where)
    except OSError as error:
        door.close()
        raise LookEnded(broken(error)) from error
    except BaseException:
        door.close()
        raise
    return door


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _looked_up(host: str, port: int, kind: socket.SocketKind) -> list[Address]:
    return [(family, where) for family, _, _, _, where in socket.getaddrinfo(host, port, type=kind)]
