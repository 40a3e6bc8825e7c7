"""Another way to see whether something lives: a connection, or a SIP OPTIONS."""

import asyncio
import secrets
from typing import Any, cast

from .dialing import Dialler, Progress
from .verdict import LookEnded

#: Seconds after which a datagram is sent again; each time twice as long, as SIP has it.
_AGAIN = 0.5


class NetOpinion:
    """See ``SecondOpinion``."""

    def __init__(self, dialler: Dialler | None = None) -> None:
        self._dialler = dialler or Dialler()

    async def answers(self, host: str, port: int, *, how: str = "tcp", deadline: float) -> bool:
        """See ``SecondOpinion.answers``.  What fails on our side is no answer either."""
        try:
            async with asyncio.timeout(deadline):
                return await (self._options(host, port) if how == "sip" else self._connects(host, port, deadline))
        except (TimeoutError, LookEnded, OSError):
            return False

    async def _connects(self, host: str, port: int, deadline: float) -> bool:
        loop = asyncio.get_running_loop()
        progress = Progress()

        async def connect(address: str) -> None:
            transport, _ = await loop.create_connection(asyncio.Protocol, address, port)
            progress.connected()
            transport.abort()

        await self._dialler.reach(host, port, progress, connect, until=loop.time() + deadline)
        return True

    async def _options(self, host: str, port: int) -> bool:
        address = (await self._dialler.resolve(host, port))[0]
        loop = asyncio.get_running_loop()
        transport, asked = await loop.create_datagram_endpoint(_Options, remote_addr=(address, port))
        try:
            return await asked.answered
        finally:
            transport.abort()


class _Options(asyncio.DatagramProtocol):
    """One OPTIONS, sent again and again until something answers or the port is said to be closed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.answered: asyncio.Future[bool] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._send(_options(transport.get_extra_info("sockname"), transport.get_extra_info("peername")), _AGAIN)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if data.startswith(b"SIP/2.0 "):
            self._end(True)

    def error_received(self, exc: Exception) -> None:
        self._end(False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(False)

    def _send(self, request: bytes, pause: float) -> None:
        self._transport.sendto(request)
        self._timer = self._loop.call_later(pause, self._send, request, pause * 2)

    def _end(self, answered: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.answered.done():
            self.answered.set_result(answered)


def _options(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> bytes:
    here, there = _shown(ours), _shown(theirs)
    return (
        f"OPTIONS sip:{there} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{secrets.token_hex(8)};rport\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:lineman@{here}>;tag={secrets.token_hex(4)}\r\n"
        f"To: <sip:{there}>\r\n"
        f"Contact: <sip:lineman@{here}>\r\n"
        f"Call-ID: {secrets.token_hex(12)}\r\n"
        "CSeq: 1 OPTIONS\r\n"
        "User-Agent: lineman\r\n"
        "Accept: application/sdp\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def _shown(address: tuple[Any, ...]) -> str:
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
