"""The second opinion on the wire."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from lineman.adapters.devices.units import NetOpinion

from ..unit_hosts import listening

pytestmark = pytest.mark.anyio

PLENTY = 20.0


class Phone(asyncio.DatagramProtocol):
    """Answers the so-manieth OPTIONS with what it is told to."""

    def __init__(self, answer: bytes, after: int) -> None:
        self.answer = answer
        self.after = after
        self.asked: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.asked.append(data)
        if len(self.asked) > self.after:
            self.transport.sendto(self.answer, addr)


@asynccontextmanager
async def phone(answer: bytes, after: int = 0) -> AsyncGenerator[tuple[int, Phone]]:
    loop = asyncio.get_running_loop()
    transport, there = await loop.create_datagram_endpoint(lambda: Phone(answer, after), ("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1], there
    finally:
        transport.abort()


def closed(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


async def test_a_port_that_accepts_lives() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(talk) as port:
        assert await NetOpinion().answers("127.0.0.1", port, deadline=PLENTY)
    assert not await NetOpinion().answers("127.0.0.1", closed(socket.SOCK_STREAM), deadline=PLENTY)


@pytest.mark.parametrize("answer", [b"SIP/2.0 200 OK\r\n\r\n", b"SIP/2.0 404 Not Found\r\n\r\n"])
async def test_any_answer_to_an_options_counts_also_to_the_second(answer: bytes) -> None:
    async with phone(answer, after=1) as (port, there):
        assert await NetOpinion().answers("127.0.0.1", port, how="sip", deadline=PLENTY)
    assert len(there.asked) == 2
    assert there.asked[0] == there.asked[1]
    assert there.asked[0].startswith(f"OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\n".encode())
    assert there.asked[0].endswith(b"Content-Length: 0\r\n\r\n")


async def test_silence_nonsense_and_a_closed_port_are_no_answer() -> None:
    async with phone(b"HTTP/1.1 200 OK\r\n\r\n") as (port, _):
        assert not await NetOpinion().answers("127.0.0.1", port, how="sip", deadline=0.2)
    assert not await NetOpinion().answers("127.0.0.1", closed(socket.SOCK_DGRAM), how="sip", deadline=PLENTY)


async def test_a_name_that_is_not_resolved_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **named: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for how in ("tcp", "sip"):
        assert not await NetOpinion().answers("canary.invalid", 53, how=how, deadline=PLENTY)
