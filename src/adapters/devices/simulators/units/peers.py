"""Who is joined to a unit: gateway lines, telephones, trunks; and the channels of their calls."""

import hashlib
import random
from dataclasses import dataclass

#: Gateway lines of one unit, and its telephones.
_GSM, _PHONES = (2, 8), (3, 9)


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer, by its nature."""

    name: str
    #: Behind the slash of the table, once it is known.
    username: str
    host: str
    port: int
    #: It registers itself; else its address is in the configuration.
    dynamic: bool = True
    acl: bool = False
    description: str = ""
    #: Asterisk asks it whether it lives.
    monitored: bool = True
    rtt_ms: int = 1
    #: Nobody uses it: it never registers.
    idle: bool = False
    #: When it registers, as a part of the time that all take.
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class PeerSeen:
    """One peer at one moment."""

    peer: Peer
    #: ``OK``, ``LAGGED``, ``UNREACHABLE``, ``UNKNOWN``, ``Unmonitored``.
    word: str
    rtt_ms: int | None = None
    #: Its address is known.
    known: bool = True

    @property
    def status(self) -> str:
        """As ``sip show peers`` says it."""
        return self.word if self.rtt_ms is None else f"{self.word} ({self.rtt_ms} ms)"

    @property
    def online(self) -> bool:
        """As Asterisk counts it."""
        return self.word in ("OK", "LAGGED") or (self.word == "Unmonitored" and self.known)


@dataclass(frozen=True, slots=True)
class Channel:
    """One leg of a call."""

    name: str
    context: str
    exten: str
    application: str
    data: str
    caller: str
    seconds: int
    bridge: str
    uniqueid: str


#: Peers with names in another script: one begins so, one is cut inside a letter, one looks like a status.
FOREIGN = (
    Peer("Склад-2", "", "192.0.2.81", 5060, dynamic=False, rtt_ms=9),
    Peer("Box Ящик номер один тут", "", "192.0.2.82", 5060, dynamic=False, rtt_ms=9),
    Peer("lobby", "", "192.0.2.83", 5060, dynamic=False, description="Комната OK (1 ms), второй этаж", rtt_ms=3),
)


def peers_of(seed: int) -> tuple[Peer, ...]:
    """Return a unit's peers, as they follow from its seed, in the order of their names."""
    draw = random.Random(f"{seed} peers")
    gateway = f"192.0.2.{draw.randrange(20, 60)}"
    stem = draw.randrange(1000, 9900)
    found = [
        Peer(f"000{stem + line}", "s", gateway, 5060 + 2 * line, turn=draw.random(), rtt_ms=draw.randrange(1, 30))
        for line in range(draw.randint(*_GSM))
    ]
    found += [
        Peer(
            str(number),
            str(number),
            f"198.51.100.{number - 100}",
            draw.choice((5060, 5060, 51234)),
            monitored=draw.random() > 0.1,
            rtt_ms=draw.randrange(1, 250),
            idle=draw.random() < 0.15,
            turn=draw.random(),
        )
        for number in range(150, 150 + draw.randint(*_PHONES))
    ]
    found += [
        Peer(name, name, f"198.51.100.{201 + place}", 5070, idle=draw.random() < 0.3, turn=draw.random())
        for place, name in enumerate(("301", "302"))
    ]
    if draw.random() < 0.3:
        found.append(Peer("door phone", "", "198.51.100.240", 5060, idle=draw.random() < 0.5, turn=draw.random()))
    found.append(
        Peer("trunk-operator", f"99929{draw.randrange(10**7):07d}", "203.0.113.10", 5060, dynamic=False,
             description=f"City trunk, {draw.choice((5, 10, 30))} channels", rtt_ms=draw.randrange(5, 60))
    )  # fmt: skip
    if draw.random() < 0.4:
        found.append(Peer("reserve-trunk", "", "203.0.113.77", 5060, dynamic=False, acl=True, monitored=False))
    return tuple(sorted(found, key=lambda peer: peer.name))


def channels_of(seed: int, peers: tuple[Peer, ...], calls: int, now: float) -> tuple[Channel, ...]:
    """Return the legs of so many calls: each from a gateway line to a telephone."""
    lines = [peer.name for peer in peers if peer.name.startswith("000")] or ["0001000"]
    phones = [peer.name for peer in peers if len(peer.name) == 3] or ["150"]
    found: list[Channel] = []
    for call in range(calls):
        line, phone = lines[call % len(lines)], phones[call % len(phones)]
        bridge = hashlib.sha256(f"{seed} {call}".encode()).hexdigest()
        bridge = "-".join((bridge[:8], bridge[8:12], bridge[12:16], bridge[16:20], bridge[20:32]))
        seconds = int(now + 7 * call) % 600 + 1
        legs = ((line, phone, "Dial", f"SIP/{phone},30", ""), (phone, "", "AppDial", "(Outgoing Line)", phone))
        for leg, (name, exten, application, data, caller) in enumerate(legs):
            number = 2 * call + leg
            found.append(
                Channel(f"SIP/{name}-{number:08x}", "internal", exten, application, data, caller, seconds, bridge,
                        f"unit-{seed & 0xFFFF}-1700000000.{number}")
            )  # fmt: skip
    return tuple(found)
