"""The words of a plan: what is asked of a miner, and in which way.

A plan is stored with the miner, so words are plain text:
``command summary+devs+pools``, ``cmd get_error_code``, ``text stats``,
``api3 get.device.info``, ``web /cgi-bin/stats.cgi``.  A word after ``-`` was
tried in vain.
"""

import json
import struct
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Way(StrEnum):
    """How a question is put."""

    #: JSON over the main port with the key ``command``, or with ``cmd``, and cgminer's text mode.
    COMMAND = "command"
    CMD = "cmd"
    TEXT = "text"
    #: Whatsminer's API 3, length-prefixed; several requests on one connection are separated by ``;``.
    API3 = "api3"
    #: GET of a path.
    WEB = "web"


class Ask(NamedTuple):
    """A word, ready to be sent."""

    way: Way
    #: What the answers are called, one each.
    names: tuple[str, ...]
    requests: tuple[bytes, ...]


@lru_cache(maxsize=512)
def ask_of(word: str) -> Ask:
    """The requests of a word; a fleet uses a few dozen of them."""
    way, _, what = word.partition(" ")
    match Way(way):
        case Way.TEXT:
            return Ask(Way.TEXT, (what,), (what.encode(),))
        case Way.WEB:
            return Ask(Way.WEB, (_page(what),), (what.encode(),))
        case Way.API3:
            commands = what.split(";")
            return Ask(Way.API3, tuple(one.split(" ")[0] for one in commands), tuple(map(_framed, commands)))
        case Way.CMD | Way.COMMAND as key:
            return Ask(key, tuple(what.split("+")), (json.dumps({key: what}, separators=(",", ":")).encode(),))


def word(way: Way, *names: str) -> str:
    """The word that asks for ``names`` in one request, or for one page."""
    return f"{way} {'+'.join(names)}"


def _page(path: str) -> str:
    """``/cgi-bin/stats.cgi`` is called ``stats``, as the command is elsewhere."""
    return path.rpartition("/")[2].removesuffix(".cgi")


def _framed(command: str) -> bytes:
    name, _, parameter = command.partition(" ")
    body = json.dumps({"cmd": name, "param": parameter} if parameter else {"cmd": name}, separators=(",", ":")).encode()
    return struct.pack("<I", len(body)) + body
