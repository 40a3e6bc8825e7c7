"""What the settings say about units."""

from datetime import timedelta

import attrs

from ...ports.units import Unit
from .gates import Config

#: Percent from which a disk is a worry, and from which it is critical; from the last on, a power cycle would not help.
DISK_WARNING, DISK_CRITICAL, DISK_FULL = 85, 95, 99


@attrs.frozen(kw_only=True)
class UnitConfig:
    """How units are watched, and when their power may be cut."""

    #: Seconds between two looks at one unit, and those that one may take.
    interval: float = 60.0
    timeout: float = 15.0
    #: ``False`` = the rules of the service that lineman replaces.
    guarded: bool = True
    failures: int = 3
    #: Places that answer while our own line is up: host and port.
    canaries: tuple[tuple[str, int], ...] = ()
    #: How long lines and disks are remembered.
    counts_kept: timedelta = timedelta(days=400)

    @property
    def unseen_after(self) -> timedelta:
        """Without a look for so long nobody knows how a unit is."""
        return max(timedelta(minutes=10), timedelta(seconds=3 * self.interval))


def rules_of(config: UnitConfig, unit: Unit) -> Config:
    """What the state machine goes by for one unit."""
    return Config(
        parameter_option_2=unit.parameter_option_2,
        bound=unit.plug is not None,
        address=f"{unit.host} {unit.port}",
        guarded=config.guarded,
        failure_threshold=unit.failure_threshold or config.failures,
        may_restart_service=unit.may_restart_service,
    )
