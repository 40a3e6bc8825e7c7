"""What a GoIP gateway says of itself and its lines (facts: sections 2.2 to 2.5)."""

from enum import StrEnum

import attrs

#: Lines that a gateway has at most.
MOST_LINES = 32
#: RSSI as in 3GPP TS 27.007 ``+CSQ``: 0 to 31; anything else is unknown.
HIGHEST_RSSI = 31


class ForwardState(StrEnum):
    """What a forwarding of the SIM is set to."""

    OFF = "off"
    NOT_SET = "not_set"
    ON = "on"
    UNKNOWN = "unknown"


@attrs.frozen
class Forward:
    """One forwarding, and where to."""

    state: ForwardState = ForwardState.UNKNOWN
    number: str | None = None


@attrs.frozen
class Forwards:
    """The four forwardings of a SIM.  The specification's "busy status" is ``busy``."""

    unconditional: Forward = Forward()
    busy: Forward = Forward()
    no_reply: Forward = Forward()
    not_reachable: Forward = Forward()


@attrs.frozen
class Line:
    """One channel as a page shows it.  ``None`` is unknown, never no."""

    #: 1 to 32.
    line: int
    #: The module is switched on; a SIM is found; it is registered in GSM; the line is registered by VoIP.
    module: bool | None = None
    sim: bool | None = None
    gsm: bool | None = None
    voip: bool | None = None
    #: The first word of the call state (``IDLE`` …, an open set), and the number behind the colon.
    state: str | None = None
    peer: str | None = None
    #: What was shown, and the same where it is 0 to 31.
    rssi_raw: str | None = None
    rssi: int | None = None
    operator: str | None = None
    lac: str | None = None
    cell: str | None = None
    #: Mean length of a call in seconds; answered calls in percent; answered calls, and all.
    acd_s: int | None = None
    asr: int | None = None
    answered: int | None = None
    calls: int | None = None
    #: Minutes since the last call.
    idle_min: int | None = None
    #: As shown: ``NO LIMIT`` or a number; and the number, in minutes.
    sim_remain: str | None = None
    remaining_min: int | None = None
    sms_server: bool | None = None
    sim_bank: bool | None = None

    @property
    def dbm(self) -> int | None:
        """Signal in dBm: -113 + 2 RSSI; ``None`` without SIM or registration, when the figure says nothing."""
        return -113 + 2 * self.rssi if self.rssi is not None and self.sim and self.gsm else None

    @property
    def busy(self) -> bool | None:
        """Whether a call goes on: any state but ``IDLE``, as the set is open; ``None`` where no state is shown."""
        return self.state.upper() != "IDLE" if self.state else None

    @property
    def unlimited(self) -> bool | None:
        """Whether the SIM's minutes have no limit."""
        return None if self.sim_remain is None else self.remaining_min is None


@attrs.frozen
class Identity:
    """Which device this is."""

    #: The page's title or the model field, as it is shown.
    title: str | None = None
    #: ``GoIP4`` …, where the title tells it.
    model: str | None = None
    serial: str | None = None
    #: The last four digits of the serial number.
    serial_last4: str | None = None
    firmware: str | None = None
    module_version: str | None = None
    uptime_s: int | None = None
    #: The device's own clock, as it shows it: it may be years off.
    device_time: str | None = None


@attrs.frozen
class Reading:
    """One good look at a gateway."""

    identity: Identity
    lines: tuple[Line, ...]
    #: Seldom asked for; ``None`` = not asked, or not answered.
    forwards: tuple[tuple[int, Forwards], ...] | None = None
    #: By line; a line without an id has ``None``.
    authentication_ids: tuple[tuple[int, str | None], ...] | None = None
    #: What was odd, for people.
    remarks: tuple[str, ...] = ()
