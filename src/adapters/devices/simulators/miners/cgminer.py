"""The cgminer API as a miner speaks it: one request, one reply, and the close.

A dialect is a table of commands; each makes the text of a reply from one
moment of a miner.  Requests come as JSON, or in text mode as a bare word.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .life import Moment

#: What is read of a request, at once, as cgminer does it; the rest is lost.
REQUEST_LIMIT = 4095

Reply = Callable[[Moment], str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one firmware speaks on the port 4028."""

    #: What it calls itself in the ``Description`` of errors.
    description: str
    commands: Mapping[str, Reply]
    #: The keys that it takes a command from, the first that is there.
    keys: tuple[str, ...] = ("command",)
    #: Whether it takes ``summary+pools``; never for commands in ``alone``.
    joins: bool = True
    alone: frozenset[str] = frozenset()
    #: The NUL after the text.
    end: bytes = b"\0"
    #: Replies to requests that say ``"new_api": true``.
    modern: Mapping[str, Reply] = field(default_factory=dict)
    #: What the firmware breaks in its own replies.
    spoil: Callable[[str], str] | None = None

    def answer(self, moment: Moment, raw: bytes) -> bytes:
        """Return the whole reply to what was read in one go."""
        if not raw.startswith(b"{"):
            return self._text(moment, raw)
        try:
            request = json.loads(raw)
        except (ValueError, RecursionError):
            return self._sent(self._error(moment, 23, "Invalid JSON"))
        command = next((request[key] for key in self.keys if isinstance(request.get(key), str)), None)
        if command is None:
            return self._sent(self._error(moment, 24, "Missing JSON 'command'"))
        if request.get("new_api") is True and command in self.modern:
            return self._sent(self.modern[command](moment))
        return self._sent(self._json(moment, command))

    def _json(self, moment: Moment, command: str) -> str:
        if "+" not in command:
            return self._one(moment, command)
        names = list(dict.fromkeys(name for name in command.split("+") if name))
        if not self.joins:
            return self._error(moment, 14, "Invalid command")
        parts = [f'"{name}":[{self._part(moment, name)}]' for name in names]
        return "{" + ",".join([*parts, '"id":1']) + "}"

    def _part(self, moment: Moment, name: str) -> str:
        return self._error(moment, 14, "Invalid command") if name in self.alone else self._one(moment, name)

    def _one(self, moment: Moment, name: str) -> str:
        make = self.commands.get(name)
        return self._error(moment, 14, "Invalid command") if make is None else make(moment)

    def _error(self, moment: Moment, code: int, message: str) -> str:
        return (
            f'{{"STATUS":[{{"STATUS":"E","When":{moment.when},"Code":{code},"Msg":"{message}",'
            f'"Description":"{self.description}"}}],"id":1}}'
        )

    def _sent(self, text: str) -> bytes:
        return (self.spoil(text) if self.spoil else text).encode() + self.end

    def _text(self, moment: Moment, raw: bytes) -> bytes:
        name = raw.split(b"\0")[0].decode("latin-1").strip().split("|")[0]
        return as_text(json.loads(self._one(moment, name))).encode() + self.end


def as_text(reply: dict[str, Any]) -> str:
    """Return a reply in text mode: ``STATUS=S,When=…|SUMMARY,Elapsed=…|``."""
    status = reply.get("STATUS")
    if not isinstance(status, list):  # btminer's own commands have no sections
        status, reply = [{key: value for key, value in reply.items() if key != "id"}], {}
    lines = [",".join(f"{key}={_plain(value)}" for key, value in line.items()) for line in status]
    for section, items in reply.items():
        if section in ("STATUS", "id"):
            continue
        for item in items:
            first = next(iter(item), "")
            head = [] if first in ("POOL", "ASC", "STATS", "DEVDETAILS") else [section]
            lines.append(",".join([*head, *(f"{key}={_plain(value)}" for key, value in item.items())]))
    return "|".join(lines) + "|"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def status(moment: Moment, code: int, message: str, description: str) -> str:
    """Return the section that every good reply begins with."""
    return (
        f'"STATUS":[{{"STATUS":"S","When":{moment.when},"Code":{code},"Msg":"{message}",'
        f'"Description":"{description}"}}]'
    )


def accepted_by_pool(moment: Moment) -> list[tuple[int, int, int]]:
    """Return accepted, rejected and stale shares of each pool; they add up to the miner's."""
    found = [(0, 0, 0)] * len(moment.pools)
    if moment.fixed:
        found[moment.pool] = (moment.accepted, moment.rejected, moment.stale)
        return found
    second = moment.accepted_second
    found[:2] = (moment.accepted - second, moment.rejected, moment.stale), (second, 0, 0)
    return found
