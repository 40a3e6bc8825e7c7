"""What a failed connection is called."""

import errno

from .....ports.errors import DeviceError, Unreachable
from .....ports.miners import NoReply, Refusing, TimedOut

_LOCAL = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}


def unreachable(error: OSError, where: str) -> DeviceError:
    """The error for a connection that was not made."""
    if isinstance(error, ConnectionRefusedError):
        return Refusing(f"{where} refuses the connection: nothing listens there, or the miner restarts")
    if isinstance(error, ConnectionResetError | ConnectionAbortedError):
        return silent(where, error)
    if isinstance(error, TimeoutError):
        return TimedOut(f"{where} does not answer: the connection was not made in time")
    if error.errno in _LOCAL:
        return Unreachable(f"no connection to {where}, this host has run out of something: {error.strerror or error}")
    return Unreachable(f"no connection to {where}: {error.strerror or error}")


def silent(where: str, error: Exception | None) -> NoReply:
    """The error for a connection that ended before anything came."""
    if error is not None:
        return NoReply(f"{where} reset the connection without a word")
    return NoReply(
        f"{where} accepted the connection and closed it without a word; "
        "many miners do that to addresses that their API does not allow"
    )
