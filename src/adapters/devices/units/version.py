"""``core show version``."""

import re

from .printout import lines_of, text

_VERSION = re.compile(rb"Asterisk (?:certified/|certified-)?(\S{1,60})(?: |$)")


def read_version(stdout: bytes) -> str | None:
    """The version, as ``18.26.4``; ``None`` = not told.  Never raises."""
    for line in lines_of(stdout):
        if (row := _VERSION.match(line)) is not None and row[1][:1].isalnum():
            return text(row[1])
    return None
