"""The life of a command: everything that changes a ``Command`` lives here.  Pure.

requested --it goes out--> requested, with ``sent_at``
    |                          |-- it has left ---------> accepted --the device is seen to have done it--> back
    |                          |                              '-- not in time ---------------------------> failed
    |                          |-- nothing was sent ----> failed
    |                          '-- lineman ended ------> accepted: it may have left, and is never sent again
    '-- lineman ended --> failed
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from ...ports.errors import LinemanError
from ...ports.gateways import Command, CommandKind, CommandStatus, GatewayRow, Line, Reading, Sent

#: How long a device is looked at for the effect.
PATIENCE: Mapping[CommandKind, timedelta] = {
    CommandKind.REBOOT: timedelta(minutes=10),
    CommandKind.RESTART_LINE: timedelta(minutes=5),
}
#: Characters of a detail that are kept; devices may say anything.
LONGEST_DETAIL = 500
#: Seconds by which a device's own count of its uptime may be wrong.
SLACK_S = 10
#: A line may be shown as registered for so long after its module was switched off.
LINGERS = timedelta(seconds=20)


def requested(row: GatewayRow, kind: CommandKind, line: int | None, *, by: str, at: datetime) -> Command:
    """A new command; nothing of it has happened yet."""
    gateway = row.gateway
    return Command(
        id=0,
        gateway_id=gateway.id,
        gateway=gateway.name,
        enterprise_number=gateway.enterprise_number,
        kind=kind,
        line=line,
        by=by,
        requested_at=at,
    )


def sending(command: Command, *, at: datetime) -> Command:
    """It is about to leave.  To be stored before it does."""
    return attrs.evolve(command, sent_at=at, until=at + PATIENCE[command.kind])


def accepted(command: Command, sent: Sent, *, at: datetime) -> Command:
    """It has left."""
    detail = sent.detail if sent.answered else f"{sent.detail} (it is not sent again)".strip()
    return attrs.evolve(
        command,
        status=CommandStatus.ACCEPTED,
        detail=detail[:LONGEST_DETAIL],
        accepted_at=at,
        uptime_s=sent.before.uptime_s,
        until=at + PATIENCE[command.kind],
    )


def not_sent(command: Command, why: LinemanError | str, *, at: datetime) -> Command:
    """Nothing has left, and why."""
    detail = why if isinstance(why, str) else f"{why.title}: {why.detail}"
    return _ended(attrs.evolve(command, sent_at=None, until=None), CommandStatus.FAILED, detail, at)


def left_behind(command: Command, why: str, *, at: datetime) -> Command:
    """Nobody is there any more who knows what became of it: it is not sent again, and may have left."""
    if command.status is not CommandStatus.REQUESTED:
        return command
    if command.sent_at is None:
        return not_sent(command, f"{why} before it was sent", at=at)
    return attrs.evolve(
        command,
        status=CommandStatus.ACCEPTED,
        detail=f"{why} while it was sent; it may have left, and is not sent again"[:LONGEST_DETAIL],
        accepted_at=command.sent_at,
    )


def looked(command: Command, found: Reading | None, *, at: datetime) -> Command:
    """Take a look into account: a good reading, or ``None`` where the device did not answer."""
    if command.status is not CommandStatus.ACCEPTED or command.sent_at is None or at <= command.sent_at:
        return command
    if command.kind is CommandKind.REBOOT:
        return _rebooted(command, found, command.sent_at, at)
    return command if found is None else _restarted(command, found, command.sent_at, at)


def overdue(command: Command, *, at: datetime) -> Command:
    """Give it up once its time has passed."""
    if command.status is not CommandStatus.ACCEPTED or (command.until is not None and at < command.until):
        return command
    minutes = PATIENCE[command.kind].total_seconds() / 60
    if command.kind is CommandKind.REBOOT:
        missing = "it has not come back" if command.gap_seen else "it was not seen to start anew"
    else:
        missing = f"line {command.line} is not registered again"
    return _ended(command, CommandStatus.FAILED, f"{missing} within {minutes:g} min", at)


def has_ended(command: Command) -> bool:
    """Whether nothing more becomes of it."""
    return command.status in (CommandStatus.BACK, CommandStatus.FAILED)


def _rebooted(command: Command, found: Reading | None, sent_at: datetime, at: datetime) -> Command:
    if found is None:
        return attrs.evolve(command, gap_seen=True)
    uptime, before = found.identity.uptime_s, command.uptime_s
    if uptime is not None and _began_anew(uptime, before, (at - sent_at).total_seconds()):
        return _ended(command, CommandStatus.BACK, f"it runs for {uptime} s", at)
    if command.gap_seen and uptime is None:
        return _ended(command, CommandStatus.BACK, "it was gone, and answers again", at)
    return command


def _began_anew(uptime: int, before: int | None, passed: float) -> bool:
    """Whether a device with this uptime started after ``passed`` seconds ago, when it had run for ``before``."""
    if before is not None and uptime < before:
        return True
    young = uptime <= passed + SLACK_S
    return young and (before is None or uptime + SLACK_S < before + passed)


def _restarted(command: Command, found: Reading, sent_at: datetime, at: datetime) -> Command:
    line = next((one for one in found.lines if one.line == command.line), None)
    if line is None:
        return command
    if not _serves(line):
        return attrs.evolve(command, gap_seen=True)
    if command.gap_seen or at - sent_at >= LINGERS:
        return _ended(command, CommandStatus.BACK, "the line is registered", at)
    return command


def _serves(line: Line) -> bool:
    return line.module is not False and line.gsm is True


def _ended(command: Command, status: CommandStatus, detail: str, at: datetime) -> Command:
    return attrs.evolve(command, status=status, detail=detail[:LONGEST_DETAIL], finished_at=at)
