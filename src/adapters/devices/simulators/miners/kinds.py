"""Which kind of miner speaks how: its plate and its doors."""

from dataclasses import dataclass

from . import antminer, antminer_web, avalon, avalon_modules, elphapex, web_orders, whatsminer
from .cgminer import Dialect
from .hardware import HARDWARE, Hardware
from .web import Site


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of miner, as it stands in the rack."""

    hw: Hardware
    #: Port 4028.
    api: Dialect | None = None
    #: Port 4433.
    api3: bool = False
    #: Port 80.
    web: Site | None = None

    @property
    def doors(self) -> int:
        """How many ports it listens on."""
        return (self.api is not None) + self.api3 + (self.web is not None)


_BITMAIN = Site(antminer_web.PAGES, "antMiner Configuration", web_orders.ORDERS)
_DAOGE = Site(elphapex.PAGES, "Daoge Configuration", web_orders.ORDERS)
_VOICES: dict[str, tuple[Dialect | None, bool, Site | None]] = {
    "m20s": (whatsminer.OLD, False, None),
    "m30s": (whatsminer.API2, False, None),
    "m50s": (whatsminer.API2_BARE, False, None),
    "m60s": (whatsminer.API2_BARE, True, None),
    "m66s": (None, True, None),
    "s9": (antminer.S9, False, None),
    "l3+": (antminer.L3, False, None),
    "s19pro": (antminer.MODERN, False, _BITMAIN),
    "s21": (antminer.MODERN, False, _BITMAIN),
    "l7": (antminer.MODERN, False, _BITMAIN),
    "a1246": (avalon.AVALON, False, None),
    "a1346": (avalon.AVALON, False, None),
    "a741": (avalon_modules.MODULES, False, None),
    "dg1+": (None, False, _DAOGE),
    "dg1": (None, False, Site(elphapex.PAGES, orders=web_orders.ORDERS)),
}
#: By name: ``s19pro``, ``m30s`` …
KINDS: dict[str, Kind] = {hw.kind: Kind(hw, *_VOICES[hw.kind]) for hw in HARDWARE}


def kinds_of(name: str) -> list[Kind]:
    """Return the kinds that go by a name, a maker's or their own.

    Raises:
        ValueError: Nothing goes by that name.
    """
    low = name.lower()
    found = [kind for kind in KINDS.values() if low in (kind.hw.kind, kind.hw.maker.lower())]
    if not found:
        makers = dict.fromkeys(kind.hw.maker.lower() for kind in KINDS.values())
        raise ValueError(f"there is no miner {name!r}: say one of {', '.join([*makers, *KINDS])}")
    return found


def shared_out(mix: dict[str, float], count: int) -> list[Kind]:
    """Return ``count`` kinds in the proportions of ``mix`` (makers or kinds to weights), the largest rests first."""
    weights: dict[str, float] = {}
    for name, weight in mix.items():
        found = kinds_of(name)
        total = sum(kind.hw.weight for kind in found)
        for kind in found:
            weights[kind.hw.kind] = weights.get(kind.hw.kind, 0.0) + weight * kind.hw.weight / total
    whole = sum(weights.values())
    if whole <= 0:
        raise ValueError("a mix needs a weight above 0")
    exact = {name: count * weight / whole for name, weight in weights.items()}
    many = {name: int(value) for name, value in exact.items()}
    rests = sorted(exact, key=lambda name: exact[name] - many[name], reverse=True)
    for name in rests[: count - sum(many.values())]:
        many[name] += 1
    return [KINDS[name] for name, number in many.items() for _ in range(number)]
