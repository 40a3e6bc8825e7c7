"""Slows guessing down: a bucket of tries per account and per address, that refills with time."""

import ipaddress
from collections import OrderedDict

import attrs

from ...ports.errors import TooManyRequests
from .rules import same


@attrs.frozen
class Bucket:
    """How many tries are left, as of when (seconds, monotonic)."""

    left: float
    at: float


@attrs.frozen
class Rate:
    """``burst`` tries at once, then one every ``pause`` seconds."""

    burst: int
    pause: float


#: Ten at once, then ten a minute: a person who mistypes never meets it, a guesser needs years.
ACCOUNT = Rate(10, 6.0)
#: An office shares an address.
ADDRESS = Rate(30, 2.0)


def take(bucket: Bucket | None, rate: Rate, now: float) -> tuple[Bucket, float]:
    """Take one try: the bucket afterwards, and the seconds to wait (0 = go on)."""
    left = rate.burst if bucket is None else min(rate.burst, bucket.left + max(0.0, now - bucket.at) / rate.pause)
    if left < 1:
        return Bucket(left, now), (1 - left) * rate.pause
    return Bucket(left - 1, now), 0.0


def place(address: str) -> str:
    """What one peer can change at will counts as one place: the last 64 bits of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(parsed if parsed.version == 4 else ipaddress.ip_network((parsed, 64), strict=False))


@attrs.define
class Throttle:
    """The buckets, in bounded memory: the one not used for longest is forgotten first."""

    bound: int = 10_000
    _buckets: OrderedDict[str, Bucket] = attrs.field(factory=OrderedDict, init=False, repr=False)

    def attempt(self, account: str | None, address: str, *, now: float) -> None:
        """Count one try.

        Raises:
            TooManyRequests: The account or the address has none left; nothing else is counted.
        """
        keys = [(f"address {place(address)}", ADDRESS)]
        if account is not None:
            keys.append((f"account {same(account)}", ACCOUNT))
        for key, rate in keys:
            bucket, wait = take(self._buckets.get(key), rate, now)
            self._keep(key, bucket)
            if wait:
                raise TooManyRequests("Too many tries to log in; wait a little.", retry_after=wait)

    def succeeded(self, account: str, address: str, *, now: float) -> None:
        """Give back what a good log-in has taken: the account is whole, the address gets its try back."""
        self._buckets.pop(f"account {same(account)}", None)
        key = f"address {place(address)}"
        if key in self._buckets:
            self._keep(key, Bucket(self._buckets[key].left + 1, now))

    def _keep(self, key: str, bucket: Bucket) -> None:
        self._buckets[key] = bucket
        self._buckets.move_to_end(key)
        while len(self._buckets) > self.bound:
            self._buckets.popitem(last=False)
