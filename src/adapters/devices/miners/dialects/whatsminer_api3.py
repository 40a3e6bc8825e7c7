"""Whatsminer API 3 on port 4433, the only one of firmware since about 2024-11."""

from typing import Any

from .....ports.miners import Board, Fingerprint, Maker, Pool, PowerKind, Reading, State
from ..dialect import Dialect, Replies
from ..models import find_model
from ..pools import active_pool, is_fee, status_of
from ..values import T, celsius, counter, hottest, positive, rate, rpm, text
from ..words import Way

_WINDOWS = (("hash-realtime", "rt"), ("hash-1min", "1m"), ("hash-15min", "15m"), ("hash-average", "av"))
_ERRORS = 64


def read(replies: Replies, known: Fingerprint) -> Reading:
    """A reading from ``get.miner.status`` and ``get.device.info``.  Pools give no shares here."""
    status = _object(replies.get("get.miner.status", {}).get("msg"))
    info = _object(replies.get("get.device.info", {}).get("msg"))
    summary, miner, system = _object(status.get("summary")), _object(info.get("miner")), _object(info.get("system"))
    windows = {
        name: found for key, name in _WINDOWS if (found := rate(summary.get(key), T)) is not None
    }  # fmt: skip
    asleep = text(miner.get("working")) == "false"
    current = windows.get("rt", windows.get("1m", 0.0 if asleep else None))
    temperatures = summary.get("board-temperature")
    temperatures = temperatures if isinstance(temperatures, list) else []
    boards = _boards(status.get("edevs"), temperatures)
    pools = _pools(status.get("pools"))
    errors = _errors(info.get("error-code"))
    model = text(miner.get("type")) or known.model
    table = find_model(Maker.WHATSMINER, model)
    power = positive(summary.get("power-realtime"))
    return Reading(
        vendor=Maker.WHATSMINER,
        state=_state(current, errors, asleep=asleep),
        model=model,
        firmware=text(system.get("fwversion")) or known.firmware,
        algorithm="sha256",
        hash_rate_hs=current,
        hash_rate_windows_hs=windows,
        hash_rate_nominal_hs=rate(positive(summary.get("factory-hash")), T),
        power_w=power,
        power_kind=PowerKind.WALL if power else None,
        power_limit_w=positive(summary.get("power-limit")),
        temp_env_c=celsius(summary.get("environment-temperature")),
        temp_board_max_c=hottest([*temperatures, *(board.temp_board_c for board in boards)]),
        temp_chip_max_c=hottest([summary.get("chip-temp-max"), *(board.temp_chip_c for board in boards)]),
        fans_rpm=tuple(
            turns for key in ("fan-speed-in", "fan-speed-out") if (turns := rpm(summary.get(key))) is not None
        ),
        fan_psu_rpm=rpm(_object(info.get("power")).get("fanspeed")),
        uptime_s=counter(summary.get("elapsed")),
        pools=pools,
        active_pool=active_pool(pools),
        errors=errors,
        boards=boards,
        boards_expected=counter(miner.get("board-num")) or (table.boards if table else None),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _boards(devices: Any, temperatures: list[Any]) -> tuple[Board, ...]:
    found = []
    for place, entry in enumerate(_objects(devices)):
        slot = counter(entry.get("slot", entry.get("id")))
        current = rate(entry.get("hash-realtime"), T)
        found.append(
            Board(
                place if slot is None else slot,
                rate(entry.get("hash-average"), T) if current is None else current,
                rate(positive(entry.get("factory-hash")), T),
                celsius(temperatures[place]) if place < len(temperatures) else None,
                celsius(entry.get("chip-temp-max")),
                None,
                counter(entry.get("effective-chips")),
                None,
                positive(entry.get("freq")),
            )
        )
    return tuple(found)


def _pools(entries: Any) -> tuple[Pool, ...]:
    found = []
    for place, entry in enumerate(_objects(entries)):
        url, user = text(entry.get("url")) or "", text(entry.get("account")) or ""
        priority = counter(entry.get("pool-priority"))
        index = counter(entry.get("id"))
        active = entry.get("stratum-active")
        found.append(
            Pool(
                place if index is None else index,
                url,
                user,
                status_of(entry.get("status")),
                priority,
                active if isinstance(active, bool) else text(active) == "true",
                fee=is_fee(url, user, priority),
            )
        )
    return tuple(found)


def _errors(entries: Any) -> tuple[str, ...]:
    """``[{"264": "2026-05-23 09:19:10", "reason": …}]``"""
    return tuple(code for entry in _objects(entries)[:_ERRORS] for code in entry if code.isdigit())


def _state(current: float | None, errors: tuple[str, ...], *, asleep: bool) -> State:
    if asleep:
        return State.SLEEPING
    if current:
        return State.MINING
    return State.FAULT if errors else State.IDLE


def _fits(replies: Replies) -> bool:
    return isinstance(replies.get("get.miner.status", {}).get("msg"), dict)


STATUS = "get.miner.status summary+pools+edevs"
INFO = "get.device.info"

DIALECT = Dialect(
    name="whatsminer-api3", maker=Maker.WHATSMINER, ways=(Way.API3,), wanted=((STATUS,), (INFO,)), read=read, fits=_fits
)
