"""What a failed connection is called."""

import errno

from ....ports.errors import DeviceError, Unreachable
from ....ports.gateways import (
    BadPage,
    Directory,
    DirectoryDenied,
    GatewayRefuses,
    GatewayTarget,
    GatewayTimedOut,
    LoginDenied,
    NoAnswer,
    NotADirectory,
    PageCut,
    PageMissing,
    PageTooLarge,
)
from ..oneshot import Failures
from .pages import Door

_LOCAL = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}


def gateway_door(target: GatewayTarget) -> Door:
    """Where a gateway's pages are; its name, then its address."""
    return Door(
        _where(target.name, target.host, target.port), target.host, target.port, target.username, target.password
    )


def directory_door(directory: Directory) -> Door:
    """Where a list is."""
    where = _where(directory.name, directory.host, directory.port)
    return Door(where, directory.host, directory.port, directory.username, directory.password)


def gateway_refused(door: Door, status: int) -> DeviceError:
    """The error for an answer of another status than 200."""
    if status in (401, 403):
        given = "refuses the login" if door.username or door.password else "wants a login"
        return LoginDenied(f"{door.where} {given} (status {status}); set the login of the gateway or its enterprise")
    if status == 404:
        return PageMissing(f"{door.where} does not have this page")
    return BadPage(f"{door.where} answers with status {status}")


def directory_refused(door: Door, status: int) -> DeviceError:
    """The error for an answer of another status than 200."""
    if status in (401, 403):
        given = "refuses the login" if door.username or door.password else "wants a login"
        return DirectoryDenied(f"{door.where} {given} (status {status}); set the directory's username and password")
    return NotADirectory(f"{door.where} answers with status {status} in place of a list")


def _gateway_unreachable(where: str, error: OSError) -> DeviceError:
    if isinstance(error, ConnectionRefusedError):
        return GatewayRefuses(f"{where} refuses the connection: nothing listens there any more")
    if isinstance(error, ConnectionResetError | ConnectionAbortedError):
        return NoAnswer(f"{where} reset the connection without a word")
    if isinstance(error, TimeoutError):
        return GatewayTimedOut(f"{where} does not answer: the connection was not made in time")
    return Unreachable(_no_connection(where, error))


def _gateway_silent(where: str, error: Exception | None) -> DeviceError:
    how = "reset the connection" if error is not None else "accepted the connection and closed it"
    return NoAnswer(
        f"{where} {how} without a word: it restarts, or the server serves this address "
        "only once it has read the list with a login"
    )


def _directory_unreachable(where: str, error: OSError) -> DeviceError:
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(f"{where} refuses the connection: no server listens there")
    if isinstance(error, TimeoutError):
        return Unreachable(f"{where} does not answer: the connection was not made in time")
    return Unreachable(_no_connection(where, error))


def _no_connection(where: str, error: OSError) -> str:
    if error.errno in _LOCAL:
        return f"no connection to {where}, this host has run out of something: {error.strerror or error}"
    return f"no connection to {where}: {error.strerror or error}"


def _where(name: str, host: str, port: int) -> str:
    return f"{name} ([{host}]:{port})" if ":" in host else f"{name} ({host}:{port})"


def _too_large(where: str, limit: int) -> DeviceError:
    return PageTooLarge(f"{where} sends more than the {limit} bytes that a page may have")


def _cut(where: str, size: int) -> DeviceError:
    return PageCut(f"{where}: the page was cut off after {size} bytes")


GATEWAY_FAILURES = Failures(
    no_connection=_gateway_unreachable,
    silent=_gateway_silent,
    cut=_cut,
    # Why is left out: it quotes what the device said.
    foreign=lambda where, why: BadPage(f"{where} does not answer as a gateway's web server does"),
    too_large=_too_large,
)
DIRECTORY_FAILURES = Failures(
    no_connection=_directory_unreachable,
    silent=lambda where, error: Unreachable(f"{where} closed the connection without a word"),
    cut=_cut,
    foreign=lambda where, why: NotADirectory(f"{where} does not answer as a remote administration server does"),
    too_large=_too_large,
)
