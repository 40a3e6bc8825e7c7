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
    # Three pools in every reply: what is plain is taken without a call, which halves the time of this.
    for place, entry in enumerate(sections(reply, "POOLS")):
        get = entry.get
        url, user, status = text(get("URL")) or "", text(get("User")) or "", get("Status")
        priority, index, active = counter(get("Priority")), counter(get("POOL")), get("Stratum Active")
        accepted, rejected, stale, last = get("Accepted"), get("Rejected"), get("Stale"), get("Last Share Time")
        found.append(
            Pool(
                place if index is None else index,
                url,
                user,
                "alive" if status == "Alive" else status_of(status),
                priority,
                active if type(active) is bool else _truth(active),
                0 if accepted == 0 else counter(accepted),
                0 if rejected == 0 else counter(rejected),
                0 if stale == 0 else counter(stale),
                is_fee(url, user, priority),
                moment(last, now) if last else None,
            )
        )
    return tuple(found)


def status_of(value: object) -> str | None:
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
