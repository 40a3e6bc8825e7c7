"""Pure parts of a discovery: where to knock next, and what a sighting means for what is written down."""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

import attrs

from ...ports.miners import Doors, Find, FindStatus, Fingerprint, Knocked, Maker, Miner, Target
from ...ports.secrets import Secret

Knock = tuple[int, Knocked]


@attrs.frozen
class Sighting:
    """Something that answers like a miner; without a maker it does not say which."""

    host: str
    port: int
    fingerprint: Fingerprint | None = None
    detail: str | None = None


def next_door(knocks: Sequence[Knock], doors: Doors) -> int | None:
    """The port to knock at after these knocks; ``None``: an open one was found, or there is nobody.

    A silent address costs three knocks: the main port twice, since a packet
    may be lost, and one other.  A refusal shows that somebody is there, so
    that all ports are looked at.
    """
    if any(result is Knocked.OPEN for _, result in knocks):
        return None
    order = tuple(dict.fromkeys((doors.port, doors.api3_port, doors.web_port)))
    silent = sum(result is Knocked.SILENT for _, result in knocks)
    alive = len(knocks) > silent
    if silent >= 3 and not alive:
        return None
    if len(knocks) == 1 and silent:
        return doors.port
    tried = {port for port, _ in knocks}
    return next((port for port in order if port not in tried), None)


def open_door(knocks: Sequence[Knock]) -> int | None:
    """The open port among these knocks."""
    return next((port for port, result in knocks if result is Knocked.OPEN), None)


def suspects(host: str, door: int, doors: Doors, username: str | None, password: Secret | None) -> tuple[Target, ...]:
    """As what a device with this open port is to be asked, one after the other."""
    plain = Target(host, doors.port, doors.web_port, doors.api3_port, None, username, password)
    if door == doors.port:
        return (plain,)
    if door == doors.api3_port:
        return (attrs.evolve(plain, maker=Maker.WHATSMINER),)
    # HTTP alone: an Elphapex, or a firmware of AntMiners whose other port is closed.
    return (
        attrs.evolve(plain, port=doors.web_port, maker=Maker.ELPHAPEX),
        attrs.evolve(plain, maker=Maker.ANTMINER),
    )


def judge(
    sightings: Sequence[Sighting],
    miners: Sequence[Miner],
    searched: Callable[[str], bool] | None = None,
    *,
    at_home: Collection[int] = (),
) -> list[Find]:
    """What sightings mean, by address; and with ``searched`` which polled miners were looked for in vain.

    A device is known by its hardware before its address: who answers elsewhere
    has moved, whatever stands now where he was.  No device becomes one of
    another maker: with the hardware id of a miner, such a one is a clone, too.
    Those ``at_home`` (their ids) answered lately where they are written down,
    which need not be searched: what looks like them elsewhere is a clone of
    their board.
    """
    by_hardware = _unique(miners)
    by_place = {(miner.ip_address, miner.port): miner for miner in miners}
    by_host: dict[str, list[Miner]] = defaultdict(list)
    for one in miners:
        by_host[one.ip_address].append(one)
    homes = {_hardware(seen) for seen in sightings if _at_home(seen, by_hardware)}
    homes |= {hardware for hardware, miner in by_hardware.items() if miner.id in at_home}
    claimed: dict[int, str] = {}
    finds: dict[tuple[str, int], Find] = {}
    elsewhere = []
    for sighting in sightings:
        same = _same(sighting, by_hardware)
        if same is None or (_hardware(sighting) in homes and sighting.host != same.ip_address):
            elsewhere.append(sighting)
        elif sighting.host == same.ip_address:
            claimed[same.id] = sighting.host
            finds[sighting.host, sighting.port] = _at_its_place(sighting, same)
        elif same.id in claimed:
            elsewhere.append(sighting)
        else:
            claimed[same.id] = sighting.host
            finds[sighting.host, sighting.port] = attrs.evolve(_find(sighting, FindStatus.MOVED, same), was=same.where)
    for sighting in elsewhere:
        there = by_place.get((sighting.host, sighting.port))
        if there is None and len(by_host.get(sighting.host, ())) == 1:
            there = by_host[sighting.host][0]
        finds[sighting.host, sighting.port] = _by_address(sighting, there, claimed)
    found = [*finds.values(), *(_gone(miners, claimed, searched) if searched else ())]
    return sorted(found, key=lambda find: (_order(find.host), find.port))


def tally(finds: Sequence[Find]) -> Mapping[str, int]:
    """Finds by status."""
    return Counter(find.status.value for find in finds)


def _by_address(sighting: Sighting, there: Miner | None, claimed: dict[int, str]) -> Find:
    """What stands at an address, where its hardware is not known."""
    if there is None or there.id in claimed:
        return _find(sighting, FindStatus.UNCLEAR if sighting.fingerprint is None else FindStatus.NEW, None)
    claimed[there.id] = sighting.host
    return _at_its_place(sighting, there)


def _at_its_place(sighting: Sighting, miner: Miner) -> Find:
    """Known, unless its maker or its hardware is another than is written down."""
    fingerprint, hardware = sighting.fingerprint, _hardware(sighting)
    other = None not in (hardware, miner.hardware_id) and hardware != miner.hardware_id
    if fingerprint is not None and (other or fingerprint.maker is not miner.manufacturer):
        was = " ".join(part for part in (miner.manufacturer, miner.model, miner.hardware_id) if part)
        return attrs.evolve(_find(sighting, FindStatus.CHANGED, miner), was=was)
    return _find(sighting, FindStatus.KNOWN, miner)


def _gone(miners: Sequence[Miner], claimed: Mapping[int, str], searched: Callable[[str], bool]) -> list[Find]:
    return [
        Find(
            miner.ip_address, miner.port, FindStatus.GONE, miner.manufacturer, miner.model,
            hardware_id=miner.hardware_id, miner_id=miner.id,
        )
        for miner in miners
        if miner.is_active and miner.id not in claimed and searched(miner.ip_address)
    ]  # fmt: skip


def _unique(miners: Sequence[Miner]) -> dict[str, Miner]:
    """Miners by hardware, without what two claim to be: cloned boards have one MAC address."""
    often = Counter(miner.hardware_id for miner in miners)
    return {miner.hardware_id: miner for miner in miners if miner.hardware_id and often[miner.hardware_id] == 1}


def _same(sighting: Sighting, by_hardware: Mapping[str, Miner]) -> Miner | None:
    """The miner that it is by its hardware and maker, wherever it stands."""
    miner = by_hardware.get(_hardware(sighting) or "")
    same = miner is not None and sighting.fingerprint is not None and sighting.fingerprint.maker is miner.manufacturer
    return miner if same else None


def _at_home(sighting: Sighting, by_hardware: Mapping[str, Miner]) -> bool:
    miner = _same(sighting, by_hardware)
    return miner is not None and miner.ip_address == sighting.host


def _hardware(sighting: Sighting) -> str | None:
    return sighting.fingerprint.hardware_id if sighting.fingerprint else None


def _find(sighting: Sighting, status: FindStatus, miner: Miner | None) -> Find:
    fingerprint = sighting.fingerprint
    return Find(
        sighting.host, sighting.port, status,
        fingerprint.maker if fingerprint else None,
        fingerprint.model if fingerprint else None,
        fingerprint.firmware if fingerprint else None,
        fingerprint.hardware_id if fingerprint else None,
        miner.id if miner else None,
        detail=sighting.detail,
    )  # fmt: skip


def _order(host: str) -> tuple[int, int, str]:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return 9, 0, host
    return address.version, int(address), ""
