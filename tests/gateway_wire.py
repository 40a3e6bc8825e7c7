"""Raw sockets to simulated gateways, for tests that trust no client."""

import asyncio
import base64
import re
from typing import Any

from lineman.adapters.devices.simulators.gateways import SimulatedGatewayTown

LIST_LOGIN, LOGIN = ("admin", "radmin"), ("admin", "goip")
HOME = "/default/en_US"
#: Nobody in a test waits longer.
PATIENCE = 10.0


def town_of(count: int = 1, **more: Any) -> SimulatedGatewayTown:
    """A town of gateways with four lines, whose time stands still and whose waits are short."""
    still: dict[str, Any] = {"clock": lambda: 0.0, "started_at": 1.7e9, "calm": True, "mix": {"goip4": 1}}
    return SimulatedGatewayTown(count, **(still | more))


def request(
    path: str, login: tuple[str, str] | None, method: str = "GET", body: bytes = b"", *, form: bool = False
) -> bytes:
    """A request as old clients send it."""
    lines = [f"{method} {path} HTTP/1.0", "Host: radmin.example.net:8086"]
    if login:
        lines.append("Authorization: Basic " + base64.b64encode(":".join(login).encode()).decode())
    if form:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def send(port: int, raw: bytes, source: str | None = None) -> bytes:
    """All that comes back up to the close; who is hung up on with a request on its way may see a reset."""
    local = (source, 0) if source else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=local)
    try:
        writer.write(raw)
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def get(port: int, path: str, login: tuple[str, str] | None = LOGIN, **more: Any) -> bytes:
    """The page of a gateway, with its head."""
    return await send(port, request(path if path.startswith("/") else f"{HOME}/{path}", login, **more))


async def look(town: SimulatedGatewayTown, path: str = "/", source: str | None = None) -> bytes:
    """The list, with its head; whoever looks at it is let in at the gateways."""
    return await send(town.radmin.port, request(path, LIST_LOGIN), source)


def rows(page: bytes) -> dict[str, int]:
    """Names and ports on a list."""
    found = re.findall(rb'<td>([^\n]*) </td>\n\t<td>[^\n]*\n\t<td><a href="http://[^"]*:(\d+)">RADMIN', page)
    return {name.decode(): int(port) for name, port in found}


def parted(raw: bytes) -> tuple[bytes, bytes]:
    """Head and page; the head's lines end with a bare line feed."""
    head, gap, page = raw.partition(b"\n\n")
    assert gap
    assert b"\r" not in head
    return head, page
