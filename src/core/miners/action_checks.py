"""What people may tell a miner to do: every wrong field is named."""

import re
from typing import Any

import attrs

from ...ports.errors import FieldError, Invalid
from ...ports.miners import (
    Action,
    ActionKind,
    Light,
    NewPool,
    PowerLimit,
    Reboot,
    Restart,
    Sleep,
    SwitchPool,
    Wake,
)
from ...ports.secrets import Secret
from . import checks

#: Watts that a limit may have; the largest miners take about 12,000.
WATTS = range(100, 100_000)
LONGEST_URL = 255
#: What mining software takes for an address of a pool; no login in it, which would be shown and stored.
_POOL = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,30}://)?(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}(?:/[!-~]*)?"
)
#: cgminer's parameters are separated by commas, and nothing of a text is ever quoted.
_PLAIN = re.compile(r"[!-+\--~]{1,200}")


@attrs.frozen
class PoolDraft:
    """A pool as somebody describes it, not yet checked."""

    url: str
    user: str
    password: Secret | None = attrs.field(default=None, repr=False)


_SIMPLE: dict[ActionKind, Action] = {
    ActionKind.REBOOT: Reboot(),
    ActionKind.RESTART: Restart(),
    ActionKind.SLEEP: Sleep(),
    ActionKind.WAKE: Wake(),
}
_WANTS = {ActionKind.LIGHT: "on", ActionKind.POOL: "pool", ActionKind.POWER_LIMIT: "watts"}


def action_of(
    kind: ActionKind, *, on: bool | None = None, pool: int | PoolDraft | None = None, watts: int | None = None
) -> Action:
    """The action that is meant.

    Raises:
        Invalid: With the fields that are wrong, missing, or of another action.
    """
    given: dict[str, Any] = {"on": on, "pool": pool, "watts": watts}
    wanted = _WANTS.get(kind)
    errors = [
        FieldError(name, f"does not go with {kind}")
        for name, value in given.items()
        if value is not None and name != wanted
    ]
    if wanted and given[wanted] is None:
        errors.append(FieldError(wanted, f"is needed for {kind}"))
    if errors:
        raise checks.invalid(errors)
    if on is not None:
        return Light(on)
    if watts is not None:
        return PowerLimit(_watts(watts))
    if pool is not None:
        return SwitchPool(_pool(pool))
    return _SIMPLE[kind]


def _watts(watts: int) -> int:
    if watts not in WATTS:
        raise Invalid(f"watts: {watts} is not between {WATTS.start} and {WATTS.stop - 1}", field="watts")
    return watts


def _pool(pool: int | PoolDraft) -> int | NewPool:
    if isinstance(pool, int):
        if not 0 <= pool <= 99:
            raise Invalid(f"pool: {pool} is not the number of a pool; lineman miners show lists them", field="pool")
        return pool
    errors = []
    if not _POOL.fullmatch(pool.url) or len(pool.url) > LONGEST_URL or "," in pool.url:
        errors.append(FieldError("pool.url", "must be like stratum+tcp://pool.example.com:3333"))
    if not _PLAIN.fullmatch(pool.user):
        errors.append(FieldError("pool.user", "must be 1 to 200 plain characters without spaces and commas"))
    if pool.password is not None and not _PLAIN.fullmatch(pool.password.reveal()):
        errors.append(FieldError("pool.password", "must be 1 to 200 plain characters without spaces and commas"))
    if errors:
        raise checks.invalid(errors)
    return NewPool(pool.url, pool.user, pool.password)
