r"""cgminer's text mode: ``STATUS=S,Code=11,…|SUMMARY,Elapsed=17994,…|`` into the shape of its JSON.

Values stay text; ``values`` reads numbers from text as well.  A comma splits
only where a key follows, because Avalon's bracket strings hold commas too.
cgminer writes ``\`` before ``\``, ``|``, ``=`` and ``,`` inside values.
"""

import re
from typing import Any

from ....ports.miners import Truncated

_SECTION = re.compile(r"[^|\\]*+(?:\\.[^|\\]*+)*+", re.DOTALL)
_COMMA = re.compile(r"(?<!\\),(?=[A-Za-z][\w %.+/-]{0,40}=)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)

#: The first key of a list's entry, and the section that JSON puts it in.
_LISTS = {"POOL": "POOLS", "ASC": "DEVS", "PGA": "DEVS", "GPU": "DEVS", "FAN": "FANS", "TEMP": "TEMPS"}


def is_text_mode(data: bytes) -> bool:
    return data.startswith(b"STATUS=")


def read_text(data: bytes) -> dict[str, Any]:
    """A reply in text mode as ``{"STATUS": [{…}], "SUMMARY": [{…}]}``.

    Raises:
        Truncated: The last section has no end.
    """
    text = data.decode("utf-8", "replace").strip("\x00 \r\n")
    if not text.endswith("|"):
        raise Truncated("it ends inside of a section")
    reply: dict[str, Any] = {}
    position = 0
    while position < len(text):
        section = _SECTION.match(text, position)
        if section is None or section.end() >= len(text):
            raise Truncated("it ends inside of a section")
        position = section.end() + 1
        if section.group():
            name, fields = _section(section.group())
            reply.setdefault(name, []).append(fields)
    return reply


def _section(text: str) -> tuple[str, dict[str, str]]:
    fields: dict[str, str] = {}
    name = ""
    for part in _COMMA.split(text):
        key, equals, value = part.partition("=")
        if not name:
            name = _LISTS.get(key, key)
        if equals:
            fields[key] = _ESCAPE.sub(r"\1", value)
    return name, fields
