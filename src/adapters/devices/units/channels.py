"""Calls in progress: ``core show channels concise``, and the last lines of ``core show channels``."""

import re

import attrs

from .printout import Found, lines_of, no_table, text

_FIELDS = 14
#: Fields before and behind the application's data, which may hold the separator itself.
_BEFORE, _BEHIND = 6, 7
#: The data of a leg that was dialled: it belongs to the call of the channel that dialled it.
_DIALLED = "(Outgoing Line)"

_TOTALS = re.compile(rb"(\d{1,9}) (?:(active) (channel|call)s?|calls? processed)")


@attrs.frozen
class Channel:
    """One leg of a call."""

    channel: str
    context: str
    exten: str
    priority: int
    state: str
    application: str
    data: str
    callerid: str
    accountcode: str
    peeraccount: str
    amaflags: int
    duration_s: int
    #: Old versions name the other channel here.
    bridge: str | None
    uniqueid: str


@attrs.frozen
class Channels:
    """All legs."""

    found: Found
    channels: tuple[Channel, ...] = ()

    @property
    def count(self) -> int:
        return len(self.channels)

    @property
    def calls(self) -> int:
        """Calls as Asterisk counts them: a leg that was dialled by another counts with that one."""
        own = sum(channel.data != _DIALLED for channel in self.channels)
        return max(own, min(len(self.channels), 1))


@attrs.frozen
class Totals:
    """The last lines of ``core show channels``; ``None`` = it was not there."""

    active_channels: int | None = None
    active_calls: int | None = None
    #: Since the start; not in all versions.
    calls_processed: int | None = None


def read_channels(stdout: bytes, stderr: bytes = b"") -> Channels:
    """The channels in an output, which is empty when nobody talks; never raises."""
    channels: list[Channel] = []
    cut = False
    for line in lines_of(stdout):
        if (channel := _channel(text(line))) is not None:
            channels.append(channel)
        else:
            # A greeting of the shell is no part of a channel.
            cut = cut or b"!" in line
    if not channels and (found := no_table(stdout, stderr)) is not Found.EMPTY:
        return Channels(found)
    return Channels(Found.INCOMPLETE if cut else Found.OK, tuple(channels))


def read_totals(stdout: bytes) -> Totals:
    """The totals in an output; never raises."""
    channels = calls = processed = None
    for line in lines_of(stdout):
        if (row := _TOTALS.match(line)) is None:
            continue
        if row[2] is None:
            processed = int(row[1])
        elif row[3] == b"channel":
            channels = int(row[1])
        else:
            calls = int(row[1])
    return Totals(channels, calls, processed)


def _channel(line: str) -> Channel | None:
    fields = line.split("!")
    if len(fields) < _FIELDS:
        return None
    *before, application = fields[:_BEFORE]
    behind = fields[-_BEHIND:]
    channel, context, exten, priority, state = before
    callerid, accountcode, peeraccount, amaflags, duration, bridge, uniqueid = behind
    numbers = [_number(value) for value in (priority, amaflags, duration)]
    if not channel or None in numbers:
        return None
    return Channel(
        channel, context, exten, numbers[0] or 0, state, application, "!".join(fields[_BEFORE:-_BEHIND]), callerid,
        accountcode, peeraccount, numbers[1] or 0, numbers[2] or 0, None if bridge in ("", "(None)") else bridge,
        uniqueid,
    )  # fmt: skip


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.lstrip("-").isdigit() and len(value) < 12 else None
