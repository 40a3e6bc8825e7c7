"""``df -P /``: how full the disk is.

Read as the last ``NN% /path`` of all lines: lines wrap where names are long,
names hold blanks, and the header may be in any language.
"""

import re

import attrs

from .printout import lines_of, text

_USAGE = re.compile(rb"(?<!\S)(\d{1,3})%\s++(?=/)")


@attrs.frozen
class Disk:
    """How full the file system is, in percent, rounded up; ``None`` = not told."""

    percent: int | None = None
    mount: str | None = None


def read_df(stdout: bytes) -> Disk:
    """What an output tells; never raises."""
    for line in reversed(lines_of(stdout)):
        for row in reversed(list(_USAGE.finditer(line))):
            if int(row[1]) <= 100:
                return Disk(int(row[1]), text(line[row.end() :].strip()))
    return Disk()
