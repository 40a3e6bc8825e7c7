"""A knock at a port: connected or not, and hung up at once."""

import asyncio
import socket

from .....ports.miners import Knocked


async def knock(host: str, port: int, patience: float) -> Knocked:
    """What the port does with a connection within ``patience`` seconds; ``host`` is an address, not a name."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setblocking(False)
        try:
            async with asyncio.timeout(patience):
                await asyncio.get_running_loop().sock_connect(door, (host, port))
        except (ConnectionRefusedError, ConnectionResetError):
            return Knocked.REFUSED
        except (OSError, TimeoutError):
            return Knocked.SILENT
        return Knocked.OPEN
