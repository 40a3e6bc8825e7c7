"""What a poll reports, and what it may bring about: two closed unions."""

import attrs

from ...ports.miners import Answer, Availability, Fingerprint, State


@attrs.frozen
class Answered:
    """The miner gave a whole reading."""

    answer: Answer


@attrs.frozen
class Missed:
    """The miner gave none."""

    #: The error's code, such as ``timed-out``.
    code: str
    detail: str = ""


Outcome = Answered | Missed


@attrs.frozen
class AvailabilityChanged:
    """The miner can be relied upon more, or less, than before."""

    before: Availability
    after: Availability
    #: Why it is degraded, or what the last miss said.
    reasons: tuple[str, ...] = ()


@attrs.frozen
class StateChanged:
    """The miner does something else now, by its own word."""

    before: State | None
    after: State


@attrs.frozen
class Restarted:
    """The mining process began anew; both in seconds."""

    uptime_before_s: int
    uptime_s: int


@attrs.frozen
class PoolSwitched:
    """Another pool of the owner's is mined for.  Both are the vendor's ids."""

    before: int
    after: int


@attrs.frozen
class Reidentified:
    """Another maker, model or firmware answers at the address."""

    before: Fingerprint
    after: Fingerprint


Event = AvailabilityChanged | StateChanged | Restarted | PoolSwitched | Reidentified
