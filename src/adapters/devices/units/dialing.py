"""Connections, in steps that say whose fault it is when one takes too long."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import TypeVar

import anyio
import anyio.to_thread
import attrs

from ....ports.units import Cause
from .verdict import LookEnded, Verdict, broken

#: Names that are resolved at the same time; the system's resolver cannot be told to stop.
_RESOLVERS = 16

T = TypeVar("T")


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
    #: The time that an address has for its connection, while there are others.
    limit: asyncio.Timeout | None = None

    def connected(self) -> None:
        """A connection is made: no other address is tried, and only the limit over all holds."""
        if self.limit is not None:
            if self.limit.expired():
                # Too late: another address has its turn.
                return
            self.limit.reschedule(None)
        self.step = Step.GREETING

    def late(self) -> Verdict:
        """What it says that time was up at this step."""
        return _LATE[self.step]


class Dialler:
    """Finds hosts for all that talk to units.

    Connections are made by address, not over sockets of our own: uvloop
    closes those twice when the other side resets them early.
    """

    def __init__(self) -> None:
        self._resolvers = anyio.CapacityLimiter(_RESOLVERS)

    async def reach(
        self, host: str, port: int, progress: Progress, connect: Callable[[str], Awaitable[T]], *, until: float
    ) -> T:
        """What ``connect`` brings back from the first address of the host that can be connected to.

        It says ``progress.connected()`` as soon as that is so, and raises
        ``OSError`` or ``LookEnded``.  ``until`` is in the loop's time: each
        address gets its part of it.

        Raises:
            LookEnded: None could be connected to, or what came after that failed.
            TimeoutError: The time was up at the last address; the caller sets the limit over all.
        """
        addresses = await self.resolve(host, port)
        progress.step = Step.CONNECTING
        found: Verdict | None = None
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            now = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(None if left == 1 else now + max(until - now, 0.0) / left) as limit:
                    progress.limit = limit
                    return await connect(address)
            except LookEnded as ended:
                verdict = ended.verdict
            except TimeoutError as error:
                # The system's own patience with a connection ends in this error too.
                verdict = broken(error) if error.errno else progress.late()
            except OSError as error:
                verdict = broken(error)
            if progress.step is not Step.CONNECTING:
                raise LookEnded(verdict)
            # What an address says of the unit counts for more than that we do not get to another one.
            if found is None or found.cause is Cause.OUR_NETWORK:
                found = verdict
        raise LookEnded(found or Verdict.of(Cause.NAME))

    async def resolve(self, host: str, port: int) -> list[str]:
        """Its addresses, each once.

        Raises:
            LookEnded: It has none.
        """
        if _is_address(host):
            return [host]
        try:
            return await anyio.to_thread.run_sync(
                _looked_up, host, port, abandon_on_cancel=True, limiter=self._resolvers
            )
        except (OSError, UnicodeError) as error:
            raise LookEnded(Verdict.of(Cause.NAME, str(getattr(error, "strerror", None) or error).lower())) from error


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _looked_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for _, _, _, _, where in found))
