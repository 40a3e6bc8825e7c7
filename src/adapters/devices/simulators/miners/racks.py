"""Who stands where: addresses, and who gets which fault or condition."""

import ipaddress
import math
import random
from collections.abc import Callable, Mapping

_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


def hosts(first: str, count: int) -> list[str]:
    """Return ``count`` loopback addresses in a row.

    Raises:
        ValueError: They are not all loopback, or there is none.
    """
    start = ipaddress.IPv4Address(first)
    if count < 1:
        raise ValueError("a farm has at least one miner")
    if start not in _LOOPBACK or start + count - 1 not in _LOOPBACK:
        raise ValueError(f"{first} and the {count - 1} addresses behind it are not all loopback (127.0.0.0/8)")
    return [str(start + n) for n in range(count)]


def drawn(
    order: random.Random,
    count: int,
    parts: Mapping[str, float] | None,
    fits: Callable[[str, int], bool] = lambda name, place: True,
) -> list[tuple[str, list[int]]]:
    """Return for each name which of ``count`` places have it.

    A part above 0 is one place at least, as long as there are places that the
    name fits; no place has two names.

    Raises:
        ValueError: The parts are more than all.
    """
    parts = parts or {}
    if any(part < 0 for part in parts.values()) or sum(parts.values()) > 1.0 + 1e-9:
        raise ValueError("a part is below nothing, or all parts together are more than 100 %")
    left = list(range(count))
    order.shuffle(left)
    found = []
    for name, part in parts.items():
        places = [place for place in left if fits(name, place)][: math.ceil(part * count - 1e-9)]
        found.append((name, places))
        gone = set(places)
        left = [place for place in left if place not in gone]
    return found
