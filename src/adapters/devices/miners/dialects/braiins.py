"""Braiins OS (BOSminer) and LuxOS on AntMiners: cgminer's commands and some of their own."""

from typing import Any

from .....ports.miners import Board, Fingerprint, Maker, PowerKind, Reading, State, Target
from ..dialect import Dialect, Replies
from ..models import find_model
from ..pools import active_pool, last_share, read_pools, summary_shares
from ..values import G, M, Section, celsius, counter, first, hottest, number, positive, rate, rpm, sections, text
from ..words import Way, word

_WINDOWS = ("5s", "1m", "5m", "15m", "30m", "24h", "av")
_CORNERS = ("TopLeft", "TopRight", "BottomLeft", "BottomRight")


def read(replies: Replies, known: Fingerprint) -> Reading:
    """A reading from ``summary``, ``devs``, ``pools``, ``temps``, ``fans`` and ``power`` or ``tunerstatus``."""
    reply = replies.get("summary")
    summary = first(reply, "SUMMARY")
    windows = _windows(summary)
    current = windows.get("1m", windows.get("5s"))
    temps = {place: entry for entry in sections(replies.get("temps"), "TEMPS") if (place := _slot(entry)) is not None}
    boards = _boards(_of_same_run(replies.get("devs"), reply), temps)
    nominals = [board.hash_rate_nominal_hs for board in boards if board.hash_rate_nominal_hs]
    pools = read_pools(replies.get("pools"))
    model = _model(replies) or known.model
    table = find_model(Maker.ANTMINER, model)
    fans = sections(replies.get("fans"), "FANS")
    power, kind, limit = _power(replies)
    return Reading(
        vendor=Maker.ANTMINER,
        state=_state(current, replies),
        model=model,
        firmware=text(first(reply, "STATUS").get("Description")) or known.firmware,
        algorithm=table.algorithm if table else "sha256",
        hash_rate_hs=current,
        hash_rate_windows_hs=windows,
        hash_rate_nominal_hs=sum(nominals) if nominals else None,
        power_w=power,
        power_kind=kind,
        power_limit_w=limit,
        temp_board_max_c=hottest(
            [*(board.temp_board_c for board in boards), *(_board_temp(entry) for entry in temps.values())]
        ),
        temp_chip_max_c=hottest(entry.get("Chip") for entry in temps.values()),
        fans_rpm=tuple(turns for fan in fans if (turns := rpm(fan.get("RPM"))) is not None),
        fan_pct=tuple(part for fan in fans if (part := number(fan.get("Speed"))) is not None) or None,
        shares=summary_shares(summary),
        hw_errors=counter(summary.get("Hardware Errors")),
        uptime_s=counter(summary.get("Elapsed")),
        pools=pools,
        active_pool=active_pool(pools),
        boards=boards,
        boards_expected=table.boards if table else None,
        last_share_at=last_share(pools),
    )


def _windows(summary: Section) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in _WINDOWS:
        for label, unit in (("MHS ", M), ("GHS ", G)):
            value = rate(summary.get(label + name), unit)
            if value is not None:
                found[name] = value
    return found


def _of_same_run(devices: Section | None, summary: Section | None) -> Section | None:
    """Single answers may come from before and after a change of firmware; such boards belong to another miner."""
    said, expected = (first(reply, "STATUS").get("Description") for reply in (devices, summary))
    return devices if said == expected or said is None else None


def _slot(entry: Section) -> int | None:
    return counter(entry.get("ID", entry.get("ASC")))


def _board_temp(entry: Section) -> float | None:
    return hottest(entry.get(key) for key in ("Board", *_CORNERS))


def _boards(devices: Section | None, temps: dict[int, dict[str, Any]]) -> tuple[Board, ...]:
    found = []
    for place, entry in enumerate(sections(devices, "DEVS")):
        slot = _slot(entry)
        slot = place if slot is None else slot
        current = rate(entry.get("MHS 1m"), M)
        found.append(
            Board(
                slot,
                rate(entry.get("MHS 5s"), M) if current is None else current,
                rate(positive(entry.get("Nominal MHS")), M),
                hottest([entry.get("Temperature"), _board_temp(temps.get(slot, {}))]),
                celsius(temps.get(slot, {}).get("Chip")),
                hw_errors=counter(entry.get("Hardware Errors")),
            )
        )
    return tuple(found)


def _power(replies: Replies) -> tuple[float | None, PowerKind | None, float | None]:
    """LuxOS says whether the power supply measured it; Braiins' tuner estimates."""
    if "power" in replies:
        entry = first(replies["power"], "POWER")
        watts = positive(entry.get("Watts"))
        kind = PowerKind.WALL if entry.get("PSU") is True else PowerKind.ESTIMATED_DC
        return watts, kind if watts else None, None
    tuner = first(replies.get("tunerstatus"), "TUNERSTATUS")
    watts = positive(tuner.get("ApproximateMinerPowerConsumption"))
    return watts, PowerKind.ESTIMATED_DC if watts else None, positive(tuner.get("PowerLimit"))


def _model(replies: Replies) -> str | None:
    version = first(replies.get("version"), "VERSION")
    return text(version.get("Type")) or text(first(replies.get("devdetails"), "DEVDETAILS").get("Model"))


def _state(current: float | None, replies: Replies) -> State:
    if current:
        return State.MINING
    mode = text(first(replies.get("config"), "CONFIG").get("CurtailMode"))
    return State.SLEEPING if mode and mode.lower() != "none" else State.IDLE


def _facts(replies: Replies) -> tuple[str, ...]:
    return ("devdetails",)


def _more_luxos(replies: Replies, reading: Reading, known: Fingerprint, target: Target) -> tuple[str, ...]:
    return () if reading.hash_rate_hs or "config" in replies else (word(Way.COMMAND, "config"),)


def _fits(replies: Replies) -> bool:
    said = text(first(replies.get("summary"), "STATUS").get("Description")) or ""
    return said.lower().startswith(("bos", "lux"))


BRAIINS = Dialect(
    name="braiins",
    maker=Maker.ANTMINER,
    ways=(Way.COMMAND,),
    wanted=(("summary",), ("devs",), ("pools",), ("temps",), ("fans",), ("tunerstatus",)),
    read=read,
    fits=_fits,
    facts=_facts,
)

LUXOS = Dialect(
    name="luxos",
    maker=Maker.ANTMINER,
    ways=(Way.COMMAND,),
    wanted=(("summary",), ("devs",), ("pools",), ("temps",), ("fans",), ("power",)),
    read=read,
    fits=_fits,
    facts=_facts,
    more=_more_luxos,
)
