"""Where to look: subnets, ranges and single addresses, merged and bound in number."""

import ipaddress
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import attrs

from ...ports.errors import Invalid

#: Addresses of one discovery: a /16.
MOST = 65_536
#: Parts that one may name.
MOST_PARTS = 1000
#: "This network": no device has its address there, and some systems take these for themselves.
THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@attrs.frozen
class Span:
    """Addresses in a row, both ends included."""

    version: int
    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@attrs.frozen
class Targets:
    """Spans in order, none touching another."""

    parts: tuple[str, ...]
    spans: tuple[Span, ...]

    @property
    def count(self) -> int:
        """How many addresses that are."""
        return sum(span.count for span in self.spans)

    def __iter__(self) -> Iterator[str]:
        for span in self.spans:
            for number in range(span.first, span.last + 1):
                yield str(_address(span.version, number))

    def __contains__(self, host: str) -> bool:
        """Whether an address lies within; names of hosts do not."""
        try:
            found = ipaddress.ip_address(host)
        except ValueError:
            return False
        place = bisect_right([(span.version, span.first) for span in self.spans], (found.version, int(found))) - 1
        return place >= 0 and self.spans[place].version == found.version and int(found) <= self.spans[place].last


def parse(texts: Sequence[str]) -> Targets:
    """Read ``10.0.0.0/20``, ``10.0.0.1-10.0.0.50``, ``10.0.0.1-50`` or ``10.0.0.7``, also several in one text.

    Networks are searched without their first and last address, which are of no host.

    Raises:
        Invalid: A part makes no sense, or all together are more than 65,536 addresses; the reason is told.
    """
    parts = tuple(part for text in texts for part in re.split(r"[,;\s]+", text) if part)
    if not parts:
        raise _wrong("say where to look: a subnet such as 10.0.0.0/20, a range, or an address")
    if len(parts) > MOST_PARTS:
        raise _wrong(f"{len(parts)} parts are more than {MOST_PARTS}; join them to ranges")
    spans = []
    for part in parts:
        span = _span(part)
        if span.count > MOST:
            raise _wrong(f"{part} has {span.count:,} addresses; one discovery may have {MOST:,}: name smaller subnets")
        spans.append(span)
    found = Targets(parts, _merged(spans))
    if found.count > MOST:
        raise _wrong(f"these are {found.count:,} addresses; one discovery may have {MOST:,}: make several of it")
    return found


def _span(part: str) -> Span:
    if len(part) > 100:
        raise _wrong(f"{part[:50]}… is no address")
    try:
        if "/" in part:
            return _network(ipaddress.ip_network(part, strict=False))
        first, dash, last = part.partition("-")
        begin = _checked(ipaddress.ip_address(first), part)
        if not dash:
            return Span(begin.version, int(begin), int(begin))
        if last.isascii() and last.isdigit() and begin.version == 4:
            last = f"{first.rpartition('.')[0]}.{last}"
        end = _checked(ipaddress.ip_address(last), part)
    except ValueError as error:
        raise _wrong(
            f"{part!r} is neither a subnet such as 10.0.0.0/20 nor a range such as 10.0.0.1-50 nor an address"
        ) from error
    if begin.version != end.version:
        raise _wrong(f"{part} goes from one kind of address to another")
    if int(end) < int(begin):
        raise _wrong(f"{part} ends before it begins")
    return Span(begin.version, int(begin), int(end))


def _network(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Span:
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 4 and last - first > 1:
        first, last = first + 1, last - 1
    # A larger one is refused for its size, but for what is no better in smaller pieces.
    if last - first < MOST or (isinstance(network, ipaddress.IPv4Network) and network.subnet_of(THIS_NETWORK)):
        _checked(_address(network.version, first), str(network))
        _checked(_address(network.version, last), str(network))
    return Span(network.version, first, last)


def _checked(address: Address, part: str) -> Address:
    if getattr(address, "scope_id", None):
        raise _wrong(f"{part} names an interface, which is of this host only")
    if address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255":
        raise _wrong(f"{part}: {address} is not the address of one device")
    if address in THIS_NETWORK:
        raise _wrong(f'{part}: {address} is not the address of a device, as none in {THIS_NETWORK}, "this network"')
    return address


def _address(version: int, number: int) -> Address:
    return ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)


def _merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.version, span.first)):
        if merged and merged[-1].version == span.version and span.first <= merged[-1].last + 1:
            merged[-1] = attrs.evolve(merged[-1], last=max(merged[-1].last, span.last))
        else:
            merged.append(span)
    return tuple(merged)


def _wrong(message: str) -> Invalid:
    return Invalid(message, field="targets")
