"""Avalon on port 4028: cgminer, with one bracket string a module in its stats.

An address is one machine (A10 and later), or a controller with up to 50
modules behind it (7xx to 9xx).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from .....ports.miners import Board, Fingerprint, Maker, PowerKind, Reading, Shares, State
from ..dialect import Dialect, Replies
from ..models import find_model
from ..pools import active_pool, last_share, read_pools, summary_shares
from ..values import G, M, Section, celsius, counter, first, hottest, number, positive, rate, rpm, sections, text
from ..words import Way

_WINDOWS = (
    ("MHS 5s", "5s"), ("MHS 30s", "30s"), ("MHS 1m", "1m"), ("MHS 5m", "5m"), ("MHS 15m", "15m"), ("MHS av", "av"),
)  # fmt: skip
#: The short form leaves out lists of single chips, which nobody here needs.
_STATS = ("litestats", "estats", "stats")
_CURRENT = ("module_spd", "1m", "5m", "30s", "5s", "module_avg")
_FANS = ("Fan", "Fan1", "Fan2", "Fan3", "Fan4")
_MODULES = 64

#: PS[errors, 0.1 mV, 0.01 V, 0.1 A, W to the boards, set V, W at the wall]; the last only on newer ones.
_DC, _WALL = 4, 6
#: More than this goes to boards that still work.
_WORKING_W = 300


class _Module(NamedTuple):
    """A module: its place, and the pairs of its bracket string."""

    controller: str | None
    name: str
    pairs: dict[str, str]

    def numbers(self, key: str) -> list[float | None]:
        return [number(part) for part in self.pairs.get(key, "").split()]


def read(replies: Replies, known: Fingerprint) -> Reading:
    """A reading from ``summary``, one of the ``stats``, and ``pools``."""
    stats = next((replies[name] for name in _STATS if name in replies), None)
    entries = sections(stats, "STATS")
    modules = _modules(entries)
    summary = first(replies.get("summary"), "SUMMARY")
    windows = {
        name: found for key, name in _WINDOWS if (found := rate(summary.get(key), M)) is not None
    }  # fmt: skip
    for key, name in (("GHSavg", "module_avg"), ("GHSspd", "module_spd")):
        total = _total(modules, key)
        if total is not None:
            windows[name] = total * G
    idle = bool(modules) and all("In Idle" in module.pairs.get("SYSTEMSTATU", "") for module in modules)
    current = next((windows[name] for name in _CURRENT if name in windows), None)
    if idle and "module_spd" not in windows:
        # Averages go on for a long time after it was stopped.
        current = 0.0
    nominal = positive(_total(modules, "GHSmm"))
    supplies = [module.numbers("PS") for module in modules if "PS" in module.pairs]
    power, kind = _power(supplies)
    errors = tuple(f"PS {int(bits[0])}" for bits in supplies if bits and bits[0])
    pools = read_pools(replies.get("pools"))
    model = _model(modules) or known.model
    table = find_model(Maker.AVALON, model)
    uptimes = [counter(module.pairs.get("Elapsed")) or 0 for module in modules]
    fan_pct = tuple([part for module in modules if (part := number(module.pairs.get("FanR"))) is not None])
    return Reading(
        vendor=Maker.AVALON,
        state=_state(current, modules, supplies, errors, idle=idle, measured="module_spd" in windows),
        model=model,
        firmware=(text(modules[0].pairs.get("Ver")) if modules else None) or known.firmware,
        algorithm="sha256",
        hash_rate_hs=current,
        hash_rate_windows_hs=windows,
        hash_rate_nominal_hs=nominal * G if nominal else None,
        power_w=power,
        power_kind=kind,
        power_limit_w=positive(_total(modules, "MPO")),
        temp_env_c=hottest([module.pairs.get("Temp", module.pairs.get("ITemp")) for module in modules]),
        temp_chip_max_c=hottest([module.pairs.get("TMax") for module in modules]),
        fans_rpm=tuple(
            [
                turns
                for module in modules
                for key in _FANS
                if (said := module.pairs.get(key)) is not None and (turns := rpm(said)) is not None
            ]
        ),
        fan_pct=fan_pct or None,
        shares=summary_shares(summary) if summary else Shares(),
        hw_errors=counter(summary.get("Hardware Errors")),
        uptime_s=counter(summary.get("Elapsed", entries[0].get("Elapsed") if entries else None))
        or (max(uptimes) if uptimes else None),
        system_uptime_s=max(uptimes) if uptimes else None,
        pools=pools,
        active_pool=active_pool(pools),
        errors=errors,
        vendor_flags=tuple([flag for module in modules for flag in _flags(module)]),
        boards=tuple([board for module in modules for board in _boards(module)]),
        boards_expected=table.boards if table and len(modules) == 1 else None,
        modules=len(modules) or None,
        last_share_at=last_share(pools),
    )


def _modules(entries: Iterable[dict[str, Any]]) -> list[_Module]:
    """Every ``MM ID1`` of every entry; an Avalon Q writes ``MM ID0:Summary``."""
    found: list[_Module] = []
    for entry in entries:
        controller = text(entry.get("ID"))
        if controller is not None and controller.startswith("POOL"):
            continue
        for key, value in entry.items():
            if key[:5] == "MM ID" and type(value) is str and len(found) < _MODULES:
                found.append(_Module(controller, key.partition(":")[0], _pairs(value)))
    return found


def _pairs(text: str) -> dict[str, str]:
    """``Ver[1246-83] PS[0 1214 1316] …``; an Avalon Q puts ``'STATS':{`` before it."""
    parts = [part.split("[", 1) for part in text[text.find("{", 0, 12) + 1 :].split("] ")]
    # The last one has kept its bracket.
    parts[-1][-1] = parts[-1][-1].rstrip("]} ")
    try:
        return dict(parts)
    except ValueError:
        return dict([part for part in parts if len(part) == 2])


def is_avalon(stats: Section) -> bool:
    """Whether STATS are an Avalon's."""
    return any(key.startswith("MM ID") for entry in sections(stats, "STATS") for key in entry)


def _model(modules: list[_Module]) -> str | None:
    """``Avalon 841/821``: the kinds of modules in the order in which they come."""
    kinds = dict.fromkeys(_kind(module.pairs["Ver"]) for module in modules if module.pairs.get("Ver"))
    return f"Avalon {'/'.join(kinds)}"[:100] if kinds else None


def _kind(version: str) -> str:
    """``7411706-3162860`` is a 741, ``1346-110-24041001_…`` an A1346, ``Q-25052801_…`` a Q."""
    head = version.partition("-")[0]
    if not head.isdigit():
        return head[:20]
    if len(head) == 4:
        return f"A{head}" if head >= "13" else head
    return head[:3]


def _total(modules: list[_Module], key: str) -> float | None:
    return _sum([number(module.pairs.get(key)) for module in modules])


def _sum(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return sum(found) if found else None


def _power(supplies: list[list[float | None]]) -> tuple[float | None, PowerKind | None]:
    wall = _sum(numbers[_WALL] for numbers in supplies if len(numbers) > _WALL)
    if wall:
        return wall, PowerKind.WALL
    direct = positive(_sum(numbers[_DC] for numbers in supplies if len(numbers) > _DC))
    return direct, PowerKind.DC_HASH_BOARDS if direct else None


def _state(
    current: float | None,
    modules: list[_Module],
    supplies: list[list[float | None]],
    errors: tuple[str, ...],
    *,
    idle: bool,
    measured: bool,
) -> State:
    """In Idle with power flowing it stops, In Work without a rate it starts: as on a real A1346."""
    if idle:
        direct = _sum(numbers[_DC] for numbers in supplies if len(numbers) > _DC) or 0
        if direct > _WORKING_W:
            return State.STOPPING
        return State.SLEEPING if any(number(module.pairs.get("SoftOFF")) == 5 for module in modules) else State.IDLE
    if current:
        return State.MINING
    if errors:
        return State.FAULT
    working = any("In Work" in module.pairs.get("SYSTEMSTATU", "") for module in modules)
    return State.STARTING if working and measured else State.IDLE


def _flags(module: _Module) -> list[str]:
    found = []
    words = module.pairs.get("ECHU", "")
    if words.strip("0 "):
        found = [f"ECHU{index}={word}" for index, word in enumerate(words.split()) if word != "0"]
    if (word := module.pairs.get("ECMM", "0").strip()) not in ("", "0"):
        found.append(f"ECMM={word}")
    place = "/".join([part for part in (module.controller, module.name) if part]) if found else ""
    return [f"{place}/{flag}" for flag in found]


def _boards(module: _Module) -> list[Board]:
    degrees = [celsius(part) for part in module.pairs.get("MTmax", "").split()]
    return [
        Board(
            slot,
            rate(speed, G),
            None,
            None,
            degrees[slot] if slot < len(degrees) else None,
            module=module.controller,
            mm=module.name,
        )
        for slot, speed in enumerate(module.pairs.get("MGHS", "").split())
    ]


def _fits(replies: Replies) -> bool:
    return any(is_avalon(replies[name]) for name in _STATS if name in replies)


DIALECT = Dialect(
    name="avalon",
    maker=Maker.AVALON,
    ways=(Way.COMMAND, Way.TEXT),
    wanted=(_STATS, ("summary",), ("pools",)),
    read=read,
    fits=_fits,
)
