"""A knock at a port: connected or not, and hung up at once."""

import asyncio
import errno
import socket

from .....ports.errors import Unavailable
from .....ports.miners import Knocked

#: What says nothing of the other side: this host lacks files, ports or memory.
_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})


async def knock(host: str, port: int, patience: float) -> Knocked:
    """What the port does with a connection within ``patience`` seconds; ``host`` is an address, not a name.

    Raises:
        Unavailable: This host cannot open connections: that must not look like silence there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as door:
            door.setblocking(False)
            async with asyncio.timeout(patience):
                await asyncio.get_running_loop().sock_connect(door, (host, port))
    except (ConnectionRefusedError, ConnectionResetError):
        return Knocked.REFUSED
    except TimeoutError:
        return Knocked.SILENT
    except OSError as error:
        if error.errno in _OURS:
            raise Unavailable(f"this host cannot open more connections: {error.strerror}", retry_after=30) from error
        return Knocked.SILENT
    return Knocked.OPEN
