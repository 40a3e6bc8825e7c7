"""What a dialect is: which questions it knows, and what the answers mean."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ....ports.miners import Fingerprint, Maker, Reading, Target
from .words import Way, ask_of

Replies = Mapping[str, Mapping[str, Any]]


def nothing(*_: object) -> tuple[str, ...]:
    return ()


@attrs.frozen
class Dialect:
    """One firmware family's way to talk, as a table and pure functions."""

    name: str
    maker: Maker
    #: In which ways it is asked, the best first.
    ways: tuple[Way, ...]
    #: Groups of commands (or pages) of which one each is asked in every poll, the best first.
    #: A group that has no answer is left out; the first one must have it.
    wanted: tuple[tuple[str, ...], ...]
    #: Answers to replies and what is remembered: a whole reading.
    read: Callable[[Replies, Fingerprint], Reading]
    #: Whether replies are of this dialect at all: another miner may have taken the place and know the same commands.
    fits: Callable[[Replies], bool]
    #: Whether the commands can be asked in one.
    joins: bool = True
    #: Commands that help where the first group has no answer: they say why.
    spare: tuple[str, ...] = ()
    #: What else to ask in every poll, after a look at the first replies, if it is answered.
    also: Callable[[Replies], tuple[str, ...]] = nothing
    #: What to ask only while the device is identified.
    facts: Callable[[Replies], tuple[str, ...]] = nothing
    #: Words to ask in this poll, after a look at the reading; it goes without, if need be.
    more: Callable[[Replies, Reading, Fingerprint, Target], tuple[str, ...]] = nothing
    #: What the answers of the first group are called.
    needed: frozenset[str] = attrs.field(init=False)

    @needed.default
    def _needed(self) -> frozenset[str]:
        return frozenset(ask_of(f"{self.ways[0]} {name}").names[0] for name in self.wanted[0])
