"""Answers of the cloud that make no sense, get lost or never end: neither a state nor a success."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from lineman.adapters.devices.power import EwelinkAccount, EwelinkCloud, EwelinkSwitch
from lineman.ports.errors import Garbled, LinemanError, Unreachable
from lineman.ports.power import (
    CloudFault,
    Plug,
    PlugKind,
    SwitchLost,
)

from ..ewelink import (
    APPLICATION,
    PLUG,
    Clock,
    Cloud,
    TokenStore,
    account,
    answer,
)

pytestmark = pytest.mark.anyio
SINGLE = Plug(PlugKind.EWELINK, PLUG)


JUNK = {
    "html": httpx.Response(200, text="<html>maintenance</html>"),
    "empty": httpx.Response(200),
    "null": httpx.Response(200, content=b"null"),
    "a list": httpx.Response(200, json=[0]),
    "no error": httpx.Response(200, json={"data": {}}),
    "a true error": httpx.Response(200, json={"error": False}),
    "zero as text": httpx.Response(200, json={"error": "0"}),
    "zero point zero": httpx.Response(200, content=b'{"error":0.0}'),
    "deep": httpx.Response(200, content=b"[" * 200_000),
    "no text": httpx.Response(200, content=b'{"error":0,"msg":"\xff"}'),
    "redirect": httpx.Response(302, headers={"location": "http://127.0.0.1/"}, json={"error": 0}),
    "fault with zero": httpx.Response(500, json={"error": 0}),
    "gateway": httpx.Response(502, text="<html>502</html>"),
    "too much": httpx.Response(200, content=b" " * (3 << 20) + b'{"error":0}'),
    "compressed": httpx.Response(200, headers={"content-encoding": "zstd"}, stream=httpx.ByteStream(b"x")),
}


@pytest.mark.parametrize("name", JUNK)
async def test_an_answer_that_makes_no_sense_is_neither_a_state_nor_a_success(name: str) -> None:
    def said(request: httpx.Request) -> httpx.Response:
        junk = JUNK[name]
        stream = junk.stream if name == "compressed" else httpx.ByteStream(junk.content)
        return httpx.Response(junk.status_code, headers=junk.headers, stream=stream)

    cloud = Cloud()
    switch = EwelinkSwitch(account(cloud.handle))
    await switch.state(SINGLE, deadline=5)
    for attempt in (switch.state(SINGLE, deadline=5), switch.switch(SINGLE, False, deadline=5),
                    switch.switch(SINGLE, True, deadline=5)):  # fmt: skip
        cloud.first = [said]
        with pytest.raises(CloudFault):
            await attempt
    people = EwelinkCloud(account(cloud.handle, store := TokenStore()))
    for again in (people.refresh(), people.exchange("code", "eu"), people.devices()):
        cloud.first = [said]
        with pytest.raises(CloudFault):
            await again
    assert store.written == []


troubles = st.sampled_from(["timeout", "reset", "protocol", "500", "html", "empty", "502", "cut"])


@settings(max_examples=60, deadline=None)
@given(troubles, st.booleans(), st.booleans())
def test_a_lost_answer_never_claims_a_success(trouble: str, on: bool, arrived: bool) -> None:
    """Whatever happens to the answer, the caller has to look."""

    def said(request: httpx.Request) -> httpx.Response:
        if arrived:
            cloud.usual(request)
        match trouble:
            case "timeout":
                raise httpx.ReadTimeout("late", request=request)
            case "reset":
                raise httpx.ReadError("reset", request=request)
            case "protocol" | "cut":
                raise httpx.RemoteProtocolError("cut", request=request)
            case "500":
                return answer(500)
            case "502":
                return httpx.Response(502, text="<html>")
            case "html":
                return httpx.Response(200, text="<html>")
            case _:
                return httpx.Response(200)

    cloud = Cloud()

    async def attempt() -> None:
        switch = EwelinkSwitch(account(cloud.handle))
        await switch.state(SINGLE, deadline=5)
        cloud.first = [said]
        with pytest.raises((SwitchLost, Garbled)):
            await switch.switch(SINGLE, on, deadline=5)
        state = await switch.state(SINGLE, deadline=5)
        assert state.on is (on if arrived else True)

    asyncio.run(attempt())


async def test_what_surely_did_not_leave_is_not_called_lost() -> None:
    def refused(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

    cloud = Cloud()
    switch = EwelinkSwitch(account(cloud.handle))
    await switch.state(SINGLE, deadline=5)
    cloud.first = [refused]
    with pytest.raises(Unreachable, match="no connection to eu-apia") as caught:
        await switch.switch(SINGLE, False, deadline=5)
    assert not isinstance(caught.value, SwitchLost)


@asynccontextmanager
async def server(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncGenerator[str]:
    """A real one."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(served, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def real(api: str, transport: httpx.AsyncBaseTransport | None = None) -> EwelinkAccount:
    return EwelinkAccount(TokenStore(), Clock(), APPLICATION, api=api, transport=transport)


async def test_a_real_server_that_hangs_drips_floods_or_hangs_up_costs_the_deadline_at_most() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n")
        for _ in range(100):
            writer.write(b" " * 100_000)
            await writer.drain()

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        return

    on: list[tuple[Any, type[LinemanError]]] = [
        (hang, SwitchLost), (drip, SwitchLost), (flood, CloudFault), (hang_up, SwitchLost),
    ]  # fmt: skip
    for serve, expected in on:
        async with server(serve) as api:
            # Without certificates, whose reading would count.
            bare = httpx.AsyncHTTPTransport(verify=False, limits=httpx.Limits(max_keepalive_connections=0))
            with pytest.raises(expected):
                await EwelinkSwitch(real(api, bare)).switch(SINGLE, True, deadline=0.5)


async def test_a_real_server_is_asked_in_one_connection_per_call() -> None:
    heads: list[bytes] = []

    async def well(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.read(1 << 16))
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"error":0}')
        await writer.drain()

    async with server(well) as api:
        switch = EwelinkSwitch(real(api))
        for _ in range(2):
            await switch.switch(SINGLE, True, deadline=5)
    assert heads == [b'{"type":1,"id":"1000011001","params":{"switch":"on"}}'] * 2


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's context whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "both.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_server_that_nobody_vouches_for_gets_no_token(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1 << 16))
        writer.close()

    listening = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=self_signed(tmp_path))
    async with listening:
        api = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        with pytest.raises(Unreachable, match="certificate"):
            await EwelinkSwitch(real(api)).switch(SINGLE, True, deadline=20)
    assert heard == []
