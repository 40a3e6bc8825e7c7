"""The socket for hands that make miners do something, and what they can be told to do."""

from enum import StrEnum
from typing import Protocol, assert_never

import attrs

from ..errors import Declined, Unreachable
from ..secrets import Secret
from .driver import Fingerprint, Target


class ActionKind(StrEnum):
    """What a miner can be told to do, by name."""

    REBOOT = "reboot"
    RESTART = "restart"
    LIGHT = "light"
    SLEEP = "sleep"
    WAKE = "wake"
    POOL = "pool"
    POWER_LIMIT = "power-limit"


@attrs.frozen
class Reboot:
    """Start the whole control board anew."""


@attrs.frozen
class Restart:
    """Start the mining process anew."""


@attrs.frozen
class Light:
    """Turn the light on that shows people which miner it is, or off."""

    on: bool


@attrs.frozen
class Sleep:
    """Stop hashing until ``Wake``."""


@attrs.frozen
class Wake:
    """Hash again."""


@attrs.frozen
class NewPool:
    """A pool that the miner need not know yet."""

    url: str
    user: str
    #: ``None``: ``x``, as nearly all pools ignore it.
    password: Secret | None = None


@attrs.frozen
class SwitchPool:
    """Mine for one of the pools that the miner has, by the vendor's id, or for another one."""

    pool: int | NewPool


@attrs.frozen
class PowerLimit:
    """Take no more than so many watts."""

    watts: int


Action = Reboot | Restart | Light | Sleep | Wake | SwitchPool | PowerLimit


def kind_of(action: Action) -> ActionKind:
    """The name of an action."""
    match action:
        case Reboot():
            return ActionKind.REBOOT
        case Restart():
            return ActionKind.RESTART
        case Light():
            return ActionKind.LIGHT
        case Sleep():
            return ActionKind.SLEEP
        case Wake():
            return ActionKind.WAKE
        case SwitchPool():
            return ActionKind.POOL
        case PowerLimit():
            return ActionKind.POWER_LIMIT
        case _:
            assert_never(action)


@attrs.frozen
class Ability:
    """Whether one miner can do one thing."""

    action: ActionKind
    possible: bool
    #: Why not; where it is possible, what one should know before.
    reason: str = ""
    #: What has to be said with it: ``on``, ``pool``, ``watts``.
    arguments: tuple[str, ...] = ()


@attrs.frozen
class Accepted:
    """The miner took the command."""

    #: The miner's own words, or what else there is to know.
    detail: str = ""
    #: Whether the effect was seen at once; ``None``: only a later reading can show it.
    seen: bool | None = None
    #: Whether any reading will ever show it.
    shows: bool = True


class NotPossible(Declined):
    """This miner cannot do that."""


class WritesDisabled(Declined):
    """The miner takes no commands until they are enabled on it."""


class Unanswered(Unreachable):
    """Whether the miner took the command is unknown."""


class MinerControl(Protocol):
    """Tells a miner to do something, whatever its make."""

    def abilities(self, known: Fingerprint | None, target: Target) -> tuple[Ability, ...]:
        """What the miner can do, one entry for each kind of action; asks nobody."""

    async def act(self, target: Target, known: Fingerprint | None, action: Action, *, deadline: float) -> Accepted:
        """Have the miner do ``action``, within ``deadline`` seconds over all that it takes.

        The command goes out once at most.  Never opens a second connection to
        the same miner while one is open.

        Raises:
            Declined: The wire does not allow it, or the miner refuses; nothing was done.
            Unanswered: The command was sent and the answer got lost.
            DeviceError: The command was not sent.
        """
