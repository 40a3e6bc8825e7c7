"""VNish on AntMiners, over its own HTTP interface."""

from typing import Any

from .....ports.miners import Board, Fingerprint, Maker, Pool, PowerKind, Reading, State
from ..dialect import Dialect, Replies
from ..models import find_model
from ..pools import is_fee, status_of, sum_shares
from ..values import G, K, M, T, celsius, counter, hottest, number, positive, rate, rpm, text
from ..words import Way

_UNITS = {"t": T, "g": G, "m": M, "k": K}
_STATES = {
    "mining": State.MINING,
    "initializing": State.STARTING,
    "starting": State.STARTING,
    "auto-tuning": State.STARTING,
    "restarting": State.STARTING,
    "shutting-down": State.STOPPING,
    "stopped": State.SLEEPING,
    "failure": State.FAULT,
}
_MANY = 16


def read(replies: Replies, known: Fingerprint) -> Reading:
    """A reading from ``/api/v1/summary`` and ``/api/v1/info``."""
    info = replies.get("info", {})
    miner = _object(replies.get("summary", {}).get("miner"))
    said = text(info.get("hr_measure"))
    unit = _UNITS.get(said[0].lower(), G) if said else G
    windows = {}
    for key, name in (("hr_realtime", "rt"), ("hr_average", "av")):
        found = rate(miner.get(key), unit)
        if found is not None:
            windows[name] = found
    if "rt" not in windows and (instant := rate(miner.get("instant_hashrate"), G)) is not None:
        # This one is in GH/s, whatever hr_measure says.
        windows["rt"] = instant
    current = windows.get("rt")
    nominal = positive(miner.get("hr_stock"))
    chains = _objects(miner.get("chains"))
    boards = tuple(_board(place, chain, unit) for place, chain in enumerate(chains))
    pools = _pools(miner.get("pools"))
    power = positive(miner.get("power_usage")) or positive(miner.get("power_consumption"))
    cooling = _object(miner.get("cooling"))
    model = text(info.get("miner")) or (text(miner.get("miner_type")) or "").partition(" (")[0] or known.model
    table = find_model(Maker.ANTMINER, model)
    algorithm = text(info.get("algorithm"))
    state = text(_object(miner.get("miner_status")).get("miner_state"))
    return Reading(
        vendor=Maker.ANTMINER,
        state=_STATES.get(state or "", State.MINING if current else State.IDLE),
        model=model,
        firmware=" ".join(part for key in ("fw_name", "fw_version") if (part := text(info.get(key)))) or known.firmware,
        algorithm=algorithm or (table.algorithm if table else None),
        hash_rate_hs=current,
        hash_rate_windows_hs=windows,
        hash_rate_nominal_hs=nominal * unit if nominal else None,
        power_w=power,
        power_kind=PowerKind.ESTIMATED_DC if power else None,
        temp_board_max_c=hottest(
            [_object(miner.get("pcb_temp")).get("max"), *(board.temp_board_c for board in boards)]
        ),
        temp_chip_max_c=hottest([_object(miner.get("chip_temp")).get("max"), *(board.temp_chip_c for board in boards)]),
        fans_rpm=tuple(turns for fan in _objects(cooling.get("fans")) if (turns := rpm(fan.get("rpm"))) is not None),
        fans_expected=counter(cooling.get("fan_num")),
        fan_pct=(duty,) if (duty := number(cooling.get("fan_duty"))) is not None else None,
        shares=sum_shares(pools),
        hw_errors=counter(miner.get("hw_errors")),
        pools=pools,
        active_pool=next((pool.index for pool in pools if pool.active and not pool.fee), None),
        errors=tuple(
            f"chain {place} {text(status.get('description')) or 'failure'}"
            for place, chain in enumerate(chains)
            if (status := _object(chain.get("status"))).get("state") == "failure"
        ),
        boards=boards,
        boards_expected=table.boards if table else None,
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value[:_MANY] if isinstance(entry, dict)] if isinstance(value, list) else []


def _board(place: int, chain: dict[str, Any], unit: float) -> Board:
    slot = counter(chain.get("id"))
    chips = _object(chain.get("chip_statuses"))
    return Board(
        place if slot is None else slot,
        rate(chain.get("hashrate_rt"), unit),
        rate(positive(chain.get("hashrate_ideal")), unit),
        celsius(_object(chain.get("pcb_temp")).get("max")),
        celsius(_object(chain.get("chip_temp")).get("max")),
        chips_bad=counter(chips.get("red")),
        freq_mhz=positive(chain.get("frequency")),
        hw_errors=counter(chain.get("hw_errors")),
    )


def _pools(entries: Any) -> tuple[Pool, ...]:
    found = []
    for place, entry in enumerate(_objects(entries)):
        url, user = text(entry.get("url")) or "", text(entry.get("user")) or ""
        index = counter(entry.get("id"))
        status = status_of(entry.get("status"))
        found.append(
            Pool(
                place if index is None else index,
                url,
                user,
                status,
                place,
                status in ("active", "working"),
                counter(entry.get("accepted")),
                counter(entry.get("rejected")),
                counter(entry.get("stale")),
                is_fee(url, user, None) or text(entry.get("pool_type")) == "DevFee",
            )
        )
    return tuple(found)


def _fits(replies: Replies) -> bool:
    return isinstance(replies.get("summary", {}).get("miner"), dict)


DIALECT = Dialect(
    name="vnish",
    maker=Maker.ANTMINER,
    ways=(Way.WEB,),
    wanted=(("/api/v1/summary",), ("/api/v1/info",)),
    read=read,
    fits=_fits,
    joins=False,
)
