"""``channel redirect`` and the look at the dialplan that has to come before it.

Asterisk says "successfully redirected" for places that do not exist, and then
drops the call: ask for the place first.
"""

import re
from enum import StrEnum

import attrs

from .printout import Found, lines_of, no_table, text

_DONE = re.compile(r"Channel '(.+)' successfully redirected to (\S+)")


class Redirected(StrEnum):
    """What became of it."""

    OK = "ok"
    CHANNEL_NOT_FOUND = "channel_not_found"
    REJECTED = "rejected"
    USAGE_ERROR = "usage_error"
    UNRECOGNISED = "unrecognised"


@attrs.frozen
class Redirection:
    """The answer; ``ok`` is no proof that the call lives."""

    result: Redirected
    channel: str | None = None
    target: str | None = None


def read_redirect(stdout: bytes) -> Redirection:
    """The answer in an output; never raises."""
    for line in map(text, lines_of(stdout)):
        if (row := _DONE.match(line)) is not None:
            return Redirection(Redirected.OK, row[1], row[2])
        if line.startswith("Channel '") and line.endswith("' not found"):
            return Redirection(Redirected.CHANNEL_NOT_FOUND)
        if line.startswith("Channel '") and "' failed to be redirected" in line:
            return Redirection(Redirected.REJECTED)
        if line.startswith("Usage: channel redirect"):
            return Redirection(Redirected.USAGE_ERROR)
    return Redirection(Redirected.UNRECOGNISED)


def read_dialplan(stdout: bytes) -> bool | None:
    """Whether ``dialplan show <exten>@<context>`` found the place; ``None`` = it does not say.  Never raises."""
    if no_table(stdout) is not Found.UNRECOGNISED:
        return None
    lines = lines_of(stdout)
    if any(line.startswith(b"There is no existence of") for line in lines):
        return False
    return True if any(line.startswith(b"[ Context '") for line in lines) else None
