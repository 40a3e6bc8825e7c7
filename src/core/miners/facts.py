"""What a poll says of a miner, in figures that rules of alerts can be about.  Pure; nothing is remembered."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from ...ports.alerts import Facts, Subject
from ...ports.miners import Board, Container, Maker, Miner, Observation, Pool, Reading, State, Totals, Watch
from .events import Event, PoolSwitched
from .health import Policy, rate_ratio, warming_up
from .kinds import CONTAINERS, MINERS, OURSELVES

#: What says nothing about a miner that sleeps on purpose, and ends what it had caused.
_ASLEEP: dict[str, float | None] = dict.fromkeys(("rate_pct", "fan_rpm", "boards_missing", "chips_missing"))


def subject_of(miner: Miner) -> Subject:
    """A miner, as alerts know it."""
    return Subject(MINERS, miner.id, miner.name, miner.container_id, miner.tags)


def facts_of(miner: Miner, seen: Observation, events: Sequence[Event], policy: Policy) -> Facts:
    """All that one poll says.  After a miss that is that it does not answer, and no more."""
    subject = subject_of(miner)
    if seen.reading is None:
        reason = seen.watch.error_detail or seen.watch.error or ""
        return Facts(subject, seen.sample.at, {"answers": 0.0}, {"answers": reason} if reason else {})
    values: dict[str, float | None] = {"answers": 1.0}
    words: dict[str, str] = {}
    _condition(seen.reading, policy, values, words)
    _pools(seen.reading, seen.watch, events, values, words)
    return Facts(subject, seen.sample.at, values, words)


def container_facts(container: Container, totals: Totals, at: datetime) -> Facts:
    """What is known of a container: the sum over its miners."""
    subject = Subject(CONTAINERS, container.id, container.name, container.id)
    return Facts(subject, at, {} if totals.power_w is None else {"power_kw": totals.power_w / 1000})


def pace_facts(lag_s: float, at: datetime) -> Facts:
    """How late the poller is."""
    return Facts(Subject(OURSELVES, 1, "the poller"), at, {"lag_s": lag_s})


def _condition(reading: Reading, policy: Policy, values: dict[str, float | None], words: dict[str, str]) -> None:
    if reading.temp_chip_max_c is not None and abs(reading.temp_chip_max_c) < 1000:
        values["chip_c"] = reading.temp_chip_max_c
    if reading.temp_board_max_c is not None and abs(reading.temp_board_max_c) < 1000:
        values["board_c"] = reading.temp_board_max_c
    match reading.state:
        case State.SLEEPING:
            values.update(_ASLEEP)
        case State.STARTING | State.STOPPING:
            pass
        case State.MINING | State.IDLE | State.FAULT:
            if not warming_up(reading, policy):
                _rate(reading, values)
            _boards(reading, values, words)
            if reading.state is not State.IDLE:
                _fans(reading, values, words)


def _rate(reading: Reading, values: dict[str, float | None]) -> None:
    ratio = rate_ratio(reading)
    if ratio is None and reading.hash_rate_hs is None and reading.hash_rate_nominal_hs:
        # It does not say a rate because it has none.
        ratio = None if reading.state is State.MINING else 0.0
    if ratio is not None:
        values["rate_pct"] = ratio * 100


def _boards(reading: Reading, values: dict[str, float | None], words: dict[str, str]) -> None:
    boards = reading.boards
    if not boards:
        return
    dead: list[Board] = []
    if any((board.hash_rate_hs or 0) > 0 for board in boards):
        dead = [board for board in boards if board.hash_rate_hs == 0]
    missing = max((reading.boards_expected or 0) - len(boards), 0)
    values["boards_missing"] = float(missing + len(dead))
    said = [f"{len(boards)} of {reading.boards_expected} boards are there"] if missing else []
    said += [f"board {board.slot} does not hash" for board in dead]
    if said:
        words["boards_missing"] = ", ".join(said)
    gone = [(board, found) for board in boards if (found := _chips_gone(board)) is not None]
    if gone:
        values["chips_missing"] = float(sum(found for _, found in gone))
        words["chips_missing"] = ", ".join(f"{found} on board {board.slot}" for board, found in gone if found)


def _chips_gone(board: Board) -> int | None:
    if board.chips_bad is not None:
        return max(board.chips_bad, 0)
    if board.chips_total is not None and board.chips_ok is not None:
        return max(board.chips_total - board.chips_ok, 0)
    return None


def _fans(reading: Reading, values: dict[str, float | None], words: dict[str, str]) -> None:
    fans = reading.fans_rpm
    if not fans:
        return
    turning = [rpm for rpm in fans if rpm > 0]
    if reading.fans_expected is not None and len(turning) < reading.fans_expected:
        values["fan_rpm"] = 0.0
        words["fan_rpm"] = f"{len(turning)} of {reading.fans_expected} fans turn"
    elif turning:
        # Firmwares of AntMiners that do not say how many fans there are list empty sockets as 0;
        # where nothing turns at all, the miner is cooled by water or oil.
        empty = reading.fans_expected is not None or reading.vendor is Maker.ANTMINER
        slowest = min(turning if empty else fans)
        values["fan_rpm"] = float(max(slowest, 0))
        words["fan_rpm"] = f"fan {fans.index(slowest) + 1}" + ("" if slowest > 0 else " stands still")


def _pools(
    reading: Reading, watch: Watch, events: Sequence[Event], values: dict[str, float | None], words: dict[str, str]
) -> None:
    if watch.reject_ratio is not None:
        values["reject_pct"] = watch.reject_ratio * 100
    own = [pool for pool in reading.pools if not pool.fee and pool.url]
    if any(pool.status for pool in own):
        dead = [pool for pool in own if pool.status == "dead"]
        values["pools_dead"] = float(len(dead))
        if dead:
            words["pools_dead"] = ", ".join(_places(dead))
    if reading.active_pool is not None:
        values["pool_switched"] = 0.0
    for event in events:
        if isinstance(event, PoolSwitched):
            values["pool_switched"] = 1.0
            named = {pool.index: place for pool, place in zip(own, _places(own), strict=True)}
            before, after = (named.get(index, f"pool {index}") for index in (event.before, event.after))
            words["pool_switched"] = f"from {before} to {after}"


def _places(pools: Sequence[Pool]) -> Iterator[str]:
    """Where pools are, without what their URLs may hold besides."""
    for pool in pools:
        try:
            place = urlsplit(pool.url if "://" in pool.url else f"//{pool.url}").netloc.rpartition("@")[2]
        except ValueError:
            place = ""
        yield place[:100] or f"pool {pool.index}"
