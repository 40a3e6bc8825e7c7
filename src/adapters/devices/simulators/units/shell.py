"""The shell of a unit: the few commands that a look and a restart use, and that all others are not found."""

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import console

if TYPE_CHECKING:
    from .unit import SimulatedUnit

#: Kilobytes of a disk that can be used, so that whole percents are whole numbers.
_USABLE = 28_000_000
_RESTARTS = (
    ["systemctl", "restart", "asterisk"],
    ["systemctl", "restart", "asterisk.service"],
    ["service", "asterisk", "restart"],
    ["/etc/init.d/asterisk", "restart"],
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command did."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0
    #: It is killed instead, without a word.
    killed: bool = False
    #: It never ends.
    hangs: bool = False


def run(unit: "SimulatedUnit", command: str) -> Said:
    """Return what a command does, and do it."""
    try:
        words = shlex.split(command)
    except ValueError:
        return Said(stderr=b"bash: -c: line 1: unexpected EOF while looking for matching quote\n", code=2)
    while words and (words[0] in ("sudo", "-n", "env", "exec") or "=" in words[0]):
        words = words[1:]
    if words[:1] == ["timeout"]:
        words = words[2:]
    if unit.knobs.killed:
        return Said(killed=True)
    if not words or words[0] in (":", "true"):
        return Said()
    name = words[0].rpartition("/")[2]
    if name == "asterisk" and len(words) == 3 and words[1] == "-rx":
        return _console(unit, words[2])
    if name == "df":
        return Said(_df(unit))
    if words in _RESTARTS:
        return _restart(unit)
    if name == "echo":
        return Said(" ".join(words[1:]).encode() + b"\n")
    return _not_found(words[0])


def _console(unit: "SimulatedUnit", command: str) -> Said:
    if unit.knobs.no_command:
        return _not_found("asterisk")
    if not unit.asterisk_runs or unit.knobs.no_socket:
        return Said(
            stderr=b"Unable to connect to remote asterisk (does /var/run/asterisk/asterisk.ctl exist?)\n", code=1
        )
    if unit.knobs.console_mute:
        return Said(hangs=True)
    # Its code only says that the socket answered, whatever became of the command.
    return Said(console.typed(unit, command))


def _restart(unit: "SimulatedUnit") -> Said:
    if unit.knobs.no_restart:
        return Said(stderr=b"Failed to restart asterisk.service: Access denied\n", code=4)
    unit.restart_asterisk()
    return Said()


def _df(unit: "SimulatedUnit") -> bytes:
    percent = unit.disk_percent()
    used = percent * _USABLE // 100
    return (
        "Filesystem     1024-blocks     Used Available Capacity Mounted on\n"
        f"/dev/root         {_USABLE * 20 // 19:>11} {used:>8} {_USABLE - used:>9} {percent:>7}% /\n"
    ).encode()


def _not_found(name: str) -> Said:
    return Said(stderr=f"bash: line 1: {name}: command not found\n".encode(), code=127)
