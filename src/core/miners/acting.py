"""The life of an order: everything that changes an ``Order`` lives here.

    requested --it goes out--> requested, with ``sent_at``
        |                          |-- the miner takes it --> accepted --a reading shows it--> verified
        |                          |-- it declines ---------> declined    '--nothing does in time--> unverified
        |                          |-- it never got it ------> failed
        |                          '-- the answer got lost --> unverified --a reading shows it in time--> verified
        '-- lineman ended before --> failed

An order is never sent twice: whoever finds one that was left behind settles it
by ``sent_at``, and asks the miner's next readings what came of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from ...ports.errors import Declined, DeviceError
from ...ports.miners import (
    Accepted,
    Action,
    ActionKind,
    Before,
    Light,
    Miner,
    NewPool,
    Order,
    OrderStatus,
    Pool,
    PowerLimit,
    Reading,
    Snapshot,
    State,
    SwitchPool,
    Unanswered,
    kind_of,
)

#: How long readings are looked at for the effect.
PATIENCE: Mapping[ActionKind, timedelta] = {
    ActionKind.REBOOT: timedelta(minutes=10),
    ActionKind.RESTART: timedelta(minutes=6),
    ActionKind.LIGHT: timedelta(minutes=1),
    ActionKind.SLEEP: timedelta(minutes=5),
    ActionKind.WAKE: timedelta(minutes=10),
    ActionKind.POOL: timedelta(minutes=6),
    ActionKind.POWER_LIMIT: timedelta(minutes=6),
}
UNDER_WAY = (OrderStatus.REQUESTED, OrderStatus.ACCEPTED)
#: Characters of a detail that are kept; devices may say anything.
LONGEST_DETAIL = 500
#: Seconds by which a miner's own count of its uptime may be wrong.
SLACK_S = 10

_HASHES = (State.MINING, State.STARTING)


def requested(miner: Miner, action: Action, *, by: str, at: datetime) -> Order:
    """A new order; nothing of it has happened yet."""
    return Order(
        id=0,
        miner_id=miner.id,
        miner=miner.name,
        action=kind_of(action),
        arguments=arguments_of(action),
        by=by,
        requested_at=at,
    )


def arguments_of(action: Action) -> Mapping[str, object]:
    """What was said with an action, without secrets."""
    match action:
        case Light(on):
            return {"on": on}
        case SwitchPool(NewPool(url, user)):
            return {"pool": {"url": url, "user": user}}
        case SwitchPool(index):
            return {"pool": index}
        case PowerLimit(watts):
            return {"watts": watts}
        case _:
            return {}


def words_of(arguments: Mapping[str, object]) -> str:
    """The same for people: ``on``, ``stratum+tcp://… as acct.w17``, ``3000 W``; nothing if there is nothing to say."""
    match arguments:
        case {"on": on}:
            return "on" if on else "off"
        case {"pool": {"url": url, "user": user}}:
            return f"{url} as {user}"
        case {"pool": index}:
            return f"pool {index}"
        case {"watts": watts}:
            return f"{watts} W"
        case _:
            return ""


def sending(order: Order, snapshot: Snapshot, *, at: datetime) -> Order:
    """The command is about to leave.  To be stored before it does."""
    watch = snapshot.watch
    before = Before(watch.seen_at, watch.state, watch.uptime_s, watch.active_pool)
    return attrs.evolve(order, sent_at=at, until=at + PATIENCE[order.action], before=before)


def settle(order: Order, outcome: Accepted | DeviceError, *, at: datetime) -> Order:
    """What the miner answered, or why there is no answer."""
    if isinstance(outcome, Accepted):
        return _accepted(order, outcome, at)
    detail = f"{outcome.title}: {outcome.detail}"
    if isinstance(outcome, Unanswered):
        return _ended(order, OrderStatus.UNVERIFIED, detail, at)
    status = OrderStatus.DECLINED if isinstance(outcome, Declined) else OrderStatus.FAILED
    return attrs.evolve(_ended(order, status, detail, at), until=None)


def lost(order: Order, why: str, *, at: datetime) -> Order:
    """Nobody is there any more who knows what became of a requested order."""
    if order.sent_at is None:
        return _ended(order, OrderStatus.FAILED, f"{why} before the command was sent", at)
    return _ended(order, OrderStatus.UNVERIFIED, f"{why} while the command was sent; it is not sent again", at)


def observed(order: Order, reading: Reading, *, at: datetime) -> Order:
    """Take a good reading of ``at`` into account."""
    if not is_open(order, at=at) or order.sent_at is None or order.until is None:
        return order
    if not order.sent_at < at < order.until:
        return order
    why = _shows(order, reading, at, order.sent_at)
    return order if why is None else _ended(order, OrderStatus.VERIFIED, why, at)


def overdue(order: Order, *, at: datetime) -> Order:
    """Give up waiting for a reading, once its time has passed."""
    if order.status is not OrderStatus.ACCEPTED or order.until is None or at < order.until:
        return order
    minutes = PATIENCE[order.action].total_seconds() / 60
    return _ended(
        order, OrderStatus.UNVERIFIED, f"the miner took the command, and no reading showed it in {minutes:g} min", at
    )


def is_open(order: Order, *, at: datetime) -> bool:
    """Whether a reading can still change what is known of it."""
    if order.status is OrderStatus.UNVERIFIED:
        return order.until is not None and at < order.until
    return order.status in UNDER_WAY


def _accepted(order: Order, outcome: Accepted, at: datetime) -> Order:
    taken = attrs.evolve(order, status=OrderStatus.ACCEPTED, detail=outcome.detail[:LONGEST_DETAIL], accepted_at=at)
    if outcome.seen:
        return _ended(taken, OrderStatus.VERIFIED, outcome.detail, at)
    if outcome.seen is False:
        detail = f"the miner took the command, and does not show the effect. {outcome.detail}".strip()
        return attrs.evolve(_ended(taken, OrderStatus.UNVERIFIED, detail, at), until=None)
    if not outcome.shows:
        detail = f"the miner took the command; it has no way to show the effect. {outcome.detail}".strip()
        return attrs.evolve(_ended(taken, OrderStatus.UNVERIFIED, detail, at), until=None)
    return taken


def _ended(order: Order, status: OrderStatus, detail: str, at: datetime) -> Order:
    return attrs.evolve(order, status=status, detail=detail[:LONGEST_DETAIL], finished_at=at)


def _shows(order: Order, reading: Reading, at: datetime, sent_at: datetime) -> str | None:
    """In which words a reading shows the effect; ``None`` if it does not."""
    match order.action:
        case ActionKind.REBOOT | ActionKind.RESTART:
            uptime = reading.uptime_s
            began = uptime is not None and _began_anew(order.before, uptime, at, sent_at)
            return f"it runs for {uptime} s" if began else None
        case ActionKind.SLEEP:
            stopped = reading.state is State.IDLE and order.before.state in _HASHES
            return f"it is {reading.state}" if stopped or reading.state is State.SLEEPING else None
        case ActionKind.WAKE:
            return f"it is {reading.state}" if reading.state in _HASHES else None
        case ActionKind.POOL:
            pool = _active(reading)
            return f"it mines for {pool.url}" if pool and _is_wanted(pool, order.arguments.get("pool")) else None
        case ActionKind.POWER_LIMIT:
            limit, watts = reading.power_limit_w, order.arguments.get("watts")
            met = limit is not None and isinstance(watts, int) and abs(limit - watts) <= max(1.0, watts / 100)
            return f"its limit is {limit:g} W" if met else None
        case ActionKind.LIGHT:
            return None


def _began_anew(before: Before, uptime: int, at: datetime, sent_at: datetime) -> bool:
    """Whether the process started after the command left, and is not just young for another reason."""
    if uptime > (at - sent_at).total_seconds() + SLACK_S:
        return False
    if before.uptime_s is None or before.seen_at is None:
        return True
    return uptime + SLACK_S / 2 < before.uptime_s + (at - before.seen_at).total_seconds()


def _active(reading: Reading) -> Pool | None:
    return next((pool for pool in reading.pools if pool.index == reading.active_pool), None)


def _is_wanted(pool: Pool, wanted: object) -> bool:
    if isinstance(wanted, Mapping):
        return _place(pool.url) == _place(str(wanted.get("url"))) and pool.user == wanted.get("user")
    return pool.index == wanted


def _place(url: str) -> str:
    return url.lower().rpartition("://")[2].rstrip("/")
