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
        url = text(entry.get("URL")) or ""
        user = text(entry.get("User")) or ""
        priority = counter(entry.get("Priority"))
        index = counter(entry.get("POOL"))
        found.append(
            Pool(
                place if index is None else index,
                url,
                user,
                status_of(entry.get("Status")),
                priority,
                _truth(entry.get("Stratum Active")),
                counter(entry.get("Accepted")),
                counter(entry.get("Rejected")),
                counter(entry.get("Stale")),
                is_fee(url, user, priority),
                moment(entry.get("Last Share Time"), now),
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
    own = [pool for pool in pools if not pool.fee]
    return Shares(
        _sum(pool.accepted for pool in own), _sum(pool.rejected for pool in own), _sum(pool.stale for pool in own)
    )


def summary_shares(summary: Section) -> Shares:
    """The shares of SUMMARY."""
    return Shares(
        counter(summary.get("Accepted")), counter(summary.get("Rejected")), counter(summary.get("Stale"))
    )  # fmt: skip


def last_share(pools: Iterable[Pool]) -> datetime | None:
    found = [pool.last_share_at for pool in pools if pool.last_share_at is not None and not pool.fee]
    return max(found) if found else None


def _sum(values: Iterable[int | None]) -> int | None:
    found = [value for value in values if value is not None]
    return sum(found) if found else None


def _truth(value: object) -> bool | None:
    if type(value) is bool:
        return value
    if type(value) is str:
        return value.lower() == "true"
    return bool(value) if type(value) is int else None
