"""What the settings say about gateways."""

import math
from datetime import timedelta

import attrs

from ...ports.gateways import Directory
from ...ports.secrets import Secret

#: Gateways whose call forwarding and authentication ids one scan may read however many there are.
FEW = 64


@attrs.frozen(kw_only=True)
class GatewayConfig:
    """How gateways are scanned, and with what."""

    #: Seconds between two scans of all gateways, and those that a list, or one gateway, may take.
    interval: float = 300.0
    timeout: float = 30.0
    #: Gateways that are talked to at the same time.
    lanes: int = 16
    #: The directory that the settings name; its id is 0.
    directory: Directory | None = None
    #: The login of gateways that have none, nor has their enterprise.
    username: str | None = None
    password: Secret | None = None
    #: How long failures do not count after a reboot was accepted.
    rebooting: timedelta = timedelta(seconds=180)
    #: How long call forwarding and authentication ids are good for.
    extras_every: timedelta = timedelta(hours=1)
    #: How long a gateway is left alone after a command, and between two looks at what came of it:
    #: each connection that it cannot serve takes up one of the next times that it dials in.
    first_look: timedelta = timedelta(seconds=30)
    look_every: timedelta = timedelta(seconds=20)
    #: How long single readings of lines, and their hours, are kept.
    raw_days: int = 7
    hour_days: int = 400
    #: How long scans and commands are remembered.
    scans_kept: timedelta = timedelta(days=30)
    commands_kept: timedelta = timedelta(days=400)

    @property
    def scan_limit(self) -> float:
        """Seconds that a whole scan may take: less than there are between two."""
        return self.interval * 0.9

    def most_extras(self, gateways: int) -> int:
        """Of how many gateways one scan reads them: twice those that are due in the mean.

        So no scan has to read them all, neither the first one nor the first after a long pause.
        """
        share = 2 * self.interval / self.extras_every.total_seconds()
        return max(FEW, math.ceil(gateways * share))

    @property
    def patience(self) -> float:
        """Seconds that a list, or one gateway, may take: both together less than a whole scan."""
        return min(self.timeout, self.scan_limit * 0.4)
