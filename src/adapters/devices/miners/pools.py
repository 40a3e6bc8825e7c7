"""The pools of a reply, their shares, and which of them works."""

from collections.abc import Iterable
from datetime import datetime

from ....ports.miners import Pool, Shares
from .values import Section, counter, first, moment, sections, text

#: Entries of the firmware's developers: at the end of the list, without an address, or by name.
_FEE_PRIORITY = 998


def read_pools(reply: Section | None) -> tuple[Pool, ...]:
    """POOLS of cgminer and all that speak like it."""
    if reply is None:
        return ()
    now = first(reply, "STATUS").get("When", reply.get("When"))
    found = []
    for place, entry in enumerate(sections(reply, "POOLS")):
        get = entry.get
        url, user = text(get("URL")) or "", text(get("User")) or ""
        priority, index = counter(get("Priority")), counter(get("POOL"))
        found.append(
            Pool(
                place if index is None else index,
                url,
                user,
                status_of(get("Status")),
                priority,
                active if type(active := get("Stratum Active")) is bool else _truth(active),
                counter(get("Accepted")),
                counter(get("Rejected")),
                counter(get("Stale")),
                is_fee(url, user, priority),
                moment(get("Last Share Time"), now),
            )
        )
    return tuple(found)


def status_of(value: object) -> str | None:
    if value == "Alive":
        return "alive"
    found = text(value)
    if found is None:
        return None
    lower = found.lower()
    return "dead" if lower == "unreachable" else lower


def is_fee(url: str, user: str, priority: int | None) -> bool:
    return url == "*" or (priority or 0) >= _FEE_PRIORITY or "devfee" in user.lower()


def active_pool(pools: Iterable[Pool]) -> int | None:
    """The index of the active pool of lowest priority: several can hold a connection."""
    found = [pool for pool in pools if pool.active and not pool.fee]
    return min(found, key=lambda pool: pool.priority or 0).index if found else None


def sum_shares(pools: Iterable[Pool]) -> Shares:
    """The owner's shares of all pools."""
    accepted = rejected = stale = None
    for pool in pools:
        if not pool.fee:
            accepted, rejected, stale = (
                _plus(accepted, pool.accepted), _plus(rejected, pool.rejected), _plus(stale, pool.stale)
            )  # fmt: skip
    return Shares(accepted, rejected, stale)


def _plus(total: int | None, value: int | None) -> int | None:
    if total is None or value is None:
        return value if total is None else total
    return total + value


def summary_shares(summary: Section) -> Shares:
    """The shares of SUMMARY."""
    return Shares(
        counter(summary.get("Accepted")), counter(summary.get("Rejected")), counter(summary.get("Stale"))
    )  # fmt: skip


def last_share(pools: Iterable[Pool]) -> datetime | None:
    found = [pool.last_share_at for pool in pools if pool.last_share_at is not None and not pool.fee]
    return max(found, default=None)


def _truth(value: object) -> bool | None:
    if type(value) is bool:
        return value
    if type(value) is str:
        return value.lower() == "true"
    return bool(value) if type(value) is int else None
