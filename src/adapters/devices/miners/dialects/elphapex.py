"""Elphapex over HTTP: no source shows one that answers on port 4028."""

from typing import Any

from .....ports.miners import Board, Fingerprint, Maker, Pool, PowerKind, Reading, State, Target
from ..dialect import Dialect, Replies
from ..models import find_model
from ..pools import is_fee, last_share, status_of, sum_shares
from ..values import (
    G,
    K,
    M,
    Section,
    T,
    celsius,
    counter,
    first,
    hottest,
    moment,
    number,
    positive,
    rate,
    rpm,
    sections,
    text,
)
from ..words import Way

_UNITS = {"t": T, "g": G, "m": M, "k": K}
_BOARDS = 16


def read(replies: Replies, known: Fingerprint) -> Reading:
    """A reading from ``stats.cgi``, ``pools.cgi`` and ``summary.cgi``."""
    reply = replies.get("stats", {})
    stats = first(reply, "STATS")
    info = first(reply, "INFO")
    system = replies.get("get_system_info", {})
    unit = _UNITS.get((text(stats.get("rate_unit")) or "M")[0].lower(), M)
    boards = _boards(stats.get("chain"), unit)
    rates = [board.hash_rate_hs for board in boards if board.hash_rate_hs is not None]
    windows = {"rt": sum(rates)} if rates else {}
    # rate_5s jumps by a fifth from one reading to the next; the boards' sum does not.
    for key, name in (("rate_5s", "5s_unreliable"), ("rate_15m", "15m"), ("rate_30m", "30m"), ("rate_avg", "av")):
        found = rate(stats.get(key), unit)
        if found is not None and (found or name != "30m"):
            windows[name] = found
    current = windows.get("rt", windows.get("5s_unreliable"))
    nominal = positive(stats.get("rate_ideal"))
    pools = _pools(replies.get("pools"))
    errors = _errors(replies.get("summary"))
    fans = stats.get("fan")
    model = text(info.get("type")) or text(system.get("minertype")) or known.model
    table = find_model(Maker.ELPHAPEX, model)
    algorithm = text(system.get("Algorithm"))
    power = positive(_find_power(replies.get("get_power")))
    return Reading(
        vendor=Maker.ELPHAPEX,
        state=_state(current, errors, replies),
        model=model,
        firmware=text(info.get("miner_version")) or text(system.get("system_filesystem_version")) or known.firmware,
        algorithm=algorithm.lower() if algorithm else table.algorithm if table else "scrypt",
        hash_rate_hs=current,
        hash_rate_windows_hs=windows,
        hash_rate_nominal_hs=nominal * unit if nominal else None,
        power_w=power,
        power_kind=PowerKind.WALL if power else None,
        temp_board_max_c=hottest(board.temp_board_c for board in boards),
        temp_chip_max_c=hottest(board.temp_chip_c for board in boards),
        fans_rpm=tuple(turns for fan in fans if (turns := rpm(fan)) is not None) if isinstance(fans, list) else (),
        fans_expected=counter(stats.get("fan_num")),
        shares=sum_shares(pools),
        uptime_s=counter(stats.get("elapsed")),
        system_uptime_s=counter(first(reply, "STATUS").get("when")),
        pools=pools,
        active_pool=_active(pools),
        errors=errors,
        boards=boards,
        boards_expected=counter(stats.get("chain_num")) or (table.boards if table else None),
        last_share_at=last_share(pools),
    )


def _state(current: float | None, errors: tuple[str, ...], replies: Replies) -> State:
    if current:
        return State.MINING
    if number(replies.get("get_miner_conf", {}).get("fc-work-mode")) == 1:
        return State.SLEEPING
    return State.FAULT if errors else State.IDLE


def _boards(chains: Any, unit: float) -> tuple[Board, ...]:
    found = []
    for place, entry in enumerate(chains[:_BOARDS] if isinstance(chains, list) else ()):
        if not isinstance(entry, dict):
            continue
        slot = counter(entry.get("index"))
        ideal = positive(entry.get("rate_ideal"))
        found.append(
            Board(
                place if slot is None else slot,
                rate(entry.get("rate_real"), unit),
                ideal * unit if ideal else None,
                hottest(entry["temp_pcb"]) if isinstance(entry.get("temp_pcb"), list) else None,
                _chip_temp(entry.get("temp_chip")),
                chips_ok=counter(entry.get("asic_num")),
            )
        )
    return tuple(found)


def _chip_temp(values: Any) -> float | None:
    """Thousandths of a degree, as text; other firmware may give degrees."""
    found = [number(value) for value in values] if isinstance(values, list) else []
    return hottest(value / 1000 if value > 1000 else celsius(value) for value in found if value is not None)


def _pools(reply: Section | None) -> tuple[Pool, ...]:
    now = first(reply, "STATUS").get("timestamp")
    found = []
    for place, entry in enumerate(sections(reply, "POOLS")):
        url, user = text(entry.get("url")) or "", text(entry.get("user")) or ""
        priority, index = counter(entry.get("priority")), counter(entry.get("index"))
        found.append(
            Pool(
                place if index is None else index,
                url,
                user,
                status_of(entry.get("status")),
                priority,
                None,
                counter(entry.get("accepted")),
                counter(entry.get("rejected")),
                counter(entry.get("stale")),
                is_fee(url, user, priority),
                moment(entry.get("lstime"), now),
            )
        )
    return tuple(found)


def _active(pools: tuple[Pool, ...]) -> int | None:
    """It does not say which pool works: the first that is alive does."""
    alive = [pool for pool in pools if pool.status == "alive" and not pool.fee]
    return min(alive, key=lambda pool: pool.priority or 0).index if alive else None


def _errors(summary: Section | None) -> tuple[str, ...]:
    """``{"status": "e", "type": "fans", "code": 3}`` of SUMMARY as ``fans 3``."""
    states = first(summary, "SUMMARY").get("status")
    return tuple(
        f"{text(entry.get('type')) or 'unknown'} {text(str(entry.get('code', ''))) or ''}".strip()
        for entry in (states[:_BOARDS] if isinstance(states, list) else ())
        if isinstance(entry, dict) and entry.get("status") not in ("s", "S", None)
    )


def _find_power(reply: Section | None) -> Any:
    """A DG-Home1 has a page for it; what it calls the figure differs."""
    if reply is None:
        return None
    return reply.get("power", reply.get("watts"))


def _more(replies: Replies, reading: Reading, known: Fingerprint, target: Target) -> tuple[str, ...]:
    """Why it does not hash is asked only while it does not."""
    return () if reading.hash_rate_hs or "get_miner_conf" in replies else ("web /cgi-bin/get_miner_conf.cgi",)


def _fits(replies: Replies) -> bool:
    return bool(sections(replies.get("stats"), "STATS"))


DIALECT = Dialect(
    name="elphapex",
    maker=Maker.ELPHAPEX,
    ways=(Way.WEB,),
    wanted=(("/cgi-bin/stats.cgi",), ("/cgi-bin/pools.cgi",), ("/cgi-bin/summary.cgi",), ("/cgi-bin/get_power.cgi",)),
    read=read,
    fits=_fits,
    more=_more,
    joins=False,
)
