"""Who is looked for where, and with what login: pure."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from ...ports.gateways import Directory, Gateway, GatewayRow, GatewayTarget, Scan, Status, Watched
from ...ports.secrets import Secret
from .config import GatewayConfig


def directories_of(config: GatewayConfig, stored: Iterable[Directory]) -> tuple[Directory, ...]:
    """All directories: that of the settings first, then the others by number."""
    first = () if config.directory is None else (config.directory,)
    return (*first, *sorted((one for one in stored if one.id != 0), key=lambda one: one.id))


def home_of(gateway: Gateway, directories: Sequence[Directory]) -> Directory | None:
    """The directory that lists the gateway: the one it names, else the first; ``None`` if it is not there."""
    if gateway.directory_id is None:
        return directories[0] if directories else None
    return next((one for one in directories if one.id == gateway.directory_id), None)


def placed(row: GatewayRow, directories: Sequence[Directory]) -> GatewayRow:
    """The row with the name of the directory that lists it, also where that is the first or the settings'."""
    home = home_of(row.gateway, directories)
    return row if home is None else attrs.evolve(row, directory=home.name)


def named(which: str | int, directories: Sequence[Directory]) -> Directory | None:
    """A directory by its name, else by its number."""
    for one in directories:
        if one.name == which:
            return one
    number = int(which) if isinstance(which, int) or (which.isascii() and which.isdigit()) else None
    return next((one for one in directories if one.id == number), None)


def login_of(watched: Watched, config: GatewayConfig) -> tuple[str | None, Secret | None]:
    """User name and password, each of the gateway, else of its enterprise, else of the settings."""
    gateway = watched.gateway
    usernames = (gateway.username, watched.enterprise_username, config.username)
    passwords = (gateway.password, watched.enterprise_password, config.password)
    return (
        next((one for one in usernames if one is not None), None),
        next((one for one in passwords if one is not None), None),
    )


def expected_last4(watched: Watched) -> str | None:
    """What the serial number must end with: what the operator says, else what was seen first."""
    return watched.gateway.serial_last4 or watched.watch.serial_last4


def target_of(watched: Watched, directory: Directory, port: int, config: GatewayConfig) -> GatewayTarget:
    """Where the gateway's pages are: on the host of the directory as it is configured, whatever a link says."""
    username, password = login_of(watched, config)
    return GatewayTarget(
        name=watched.gateway.name,
        host=directory.host,
        port=port,
        username=username,
        password=password,
        serial_last4=expected_last4(watched),
    )


def last_sizes(scans: Iterable[Scan]) -> Mapping[str, int]:
    """How many rows each directory's list had when it was last read well, by the directory's name; newest scan first.

    The sizes are in the scans themselves, so that they outlive the process.
    """
    sizes: dict[str, int] = {}
    for scan in scans:
        for outcome in scan.directories:
            if outcome.ok:
                sizes.setdefault(outcome.directory, outcome.listed)
    return sizes


def listed_before(watched: Iterable[Watched]) -> int:
    """How many of these were on the last list that was read: what its size is taken for if no scan tells it."""
    return sum(one.watch.listed_at is not None and not one.watch.missing for one in watched)


def shrunk(listed: int, before: int) -> bool:
    """Whether a list is suddenly under half its size: the server has just begun anew, and waits for its devices."""
    return listed * 2 < before


def turn_of(watched: Watched) -> tuple[bool, float, int]:
    """Whose turn it is first: those that failed, since they take longest; then those that waited longest."""
    scanned = watched.watch.scanned_at
    return watched.watch.status is not Status.ERROR, scanned.timestamp() if scanned else 0.0, watched.gateway.id
