"""What a command on a unit printed, and what Asterisk's console says of itself in it.

``asterisk -rx`` ends with code 0 whenever the control socket answered, also
for unknown commands and failed ones: the text is what counts.
"""

import re
from enum import StrEnum

import attrs

#: Colours of a console that takes us for a terminal.
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_DOWN = b"Unable to connect to remote asterisk"
_UNKNOWN = b"No such command"


class Found(StrEnum):
    """What a table is."""

    OK = "ok"
    #: Complete, but rows are fewer than the last line counts: those whose first byte is not ASCII are dropped.
    ROWS_MISSING = "ok_rows_missing"
    #: Its last line did not come: ask again.
    INCOMPLETE = "incomplete"
    NO_SUCH_COMMAND = "no_such_command"
    NOT_RUNNING = "not_running"
    EMPTY = "empty_output"
    UNRECOGNISED = "unrecognised"

    @property
    def whole(self) -> bool:
        return self in (Found.OK, Found.ROWS_MISSING)


@attrs.frozen
class Printed:
    """One command's end."""

    #: ``None`` = it ended without one: it was killed.
    exit_code: int | None = 0
    stdout: bytes = b""
    stderr: bytes = b""
    #: More came than is taken, and was left.
    cut: bool = False


def lines_of(output: bytes) -> list[bytes]:
    """Its lines, without their ends and without empty ones."""
    if b"\x1b" in output:
        output = _COLOUR.sub(b"", output)
    return [told for line in output.split(b"\n") if (told := line.rstrip(b"\r"))]


def text(data: bytes) -> str:
    """Bytes as text; what is not UTF-8, because a letter was cut, is replaced."""
    return data.decode("utf-8", "replace")


def quoted(output: bytes) -> str:
    """Its first line with words in it, for people: short and printable."""
    for line in lines_of(output[:4096]):
        said = "".join(c if c.isprintable() else "?" for c in text(line)).strip()
        if said:
            return said if len(said) <= 160 else f"{said[:159]}…"
    return ""


def asterisk_is_down(printed: Printed) -> bool:
    """Whether the console found no Asterisk to talk to."""
    return _DOWN in printed.stderr or _DOWN in printed.stdout


def no_table(stdout: bytes, stderr: bytes = b"") -> Found:
    """What an output is that holds no table."""
    if asterisk_is_down(Printed(None, stdout, stderr)):
        return Found.NOT_RUNNING
    if any(line.startswith(_UNKNOWN) for line in lines_of(stdout)):
        return Found.NO_SUCH_COMMAND
    return Found.UNRECOGNISED if stdout.strip() else Found.EMPTY
