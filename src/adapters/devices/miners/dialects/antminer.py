"""AntMiner on port 4028: Bitmain's firmware, and Hiveon, MSK, asicseer, Blissz and Chipless, which look like it."""

import re
from typing import Any

from .....ports.miners import Board, Fingerprint, Maker, PowerKind, Reading, State, Target
from ..dialect import Dialect, Replies
from ..models import find_model
from ..pools import active_pool, last_share, read_pools, sum_shares, summary_shares
from ..values import G, K, M, Section, T, celsius, counter, first, hottest, number, positive, rate, rpm, sections, text
from ..words import Way

_CONF = "web /cgi-bin/get_miner_conf.cgi"

_WINDOWS = (("GHS 5s", "5s"), ("GHS av", "av"), ("GHS 30m", "30m"), ("rate_30m", "30m"))
_FANS = tuple(f"fan{number}" for number in range(1, 17))
_UNITS = {"th": T, "gh": G, "mh": M, "kh": K, "ks": K, "so": 1.0, "h": 1.0, "h/": 1.0}
#: Four sensors in one text: "45-42-45-42", and below zero "2--1-20-22".
_SENSORS = re.compile(r"(-?\d+(?:\.\d+)?)(?:-|$)")
_NO_SENSORS = {"", "-", "0-0", "0-0-0-0"}
_NO_RATE = (None, "", "0", "0.00", 0)

#: Bitmain's firmware stops its boards at about 80 °C, chips at 95.
_HOT_BOARD, _HOT_CHIP = 80, 95
_STARTS_S = 600
#: A board that takes less gives something else under that name.
_BOARD_W = 50


class _Keys:
    """The keys of one chain; there are up to 16, with gaps."""

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.rate, self.ideal = f"chain_rate{slot}", f"chain_rateideal{slot}"
        self.chips, self.chip_states, self.errors = f"chain_acn{slot}", f"chain_acs{slot}", f"chain_hw{slot}"
        self.board, self.boards = f"temp{slot}", f"temp_pcb{slot}"
        self.chip, self.chip_temps = f"temp2_{slot}", f"temp_chip{slot}"
        self.frequencies = (f"freq{slot}", f"freq_avg{slot}", f"frequency{slot}")
        self.powers = (f"chain_power{slot}", f"chain_consumption{slot}")


_CHAINS = tuple(_Keys(slot) for slot in range(1, 17))
#: X19 and later have no more.
_FEW_CHAINS = _CHAINS[:4]


def read(replies: Replies, known: Fingerprint) -> Reading:
    """A reading from ``stats`` and ``pools``, and from ``summary`` and the web's settings where they are needed."""
    header, data = _header_and_data(replies.get("stats"))
    summary = first(replies.get("summary"), "SUMMARY")
    model = text(header.get("Type")) or text(first(replies.get("version"), "VERSION").get("Type")) or known.model
    firmware = text(header.get("CompileTime")) or known.firmware
    table = find_model(Maker.ANTMINER, model)
    unit = _unit(data, table.unit if table else None, firmware)
    windows: dict[str, float] = {}
    for key, name in _WINDOWS:
        found = rate(data.get(key, summary.get(key)), unit)
        if found is not None:
            windows[name] = found
    boards, hot_board, hot_chip, power, hw_errors = _chains(data, unit)
    current = windows.get("5s")
    if current is None and boards:
        current = sum(board.hash_rate_hs or 0.0 for board in boards)
    nominal = positive(data.get("total_rateideal"))
    uptime = counter(data.get("Elapsed", summary.get("Elapsed")))
    pools = read_pools(replies.get("pools"))
    return Reading(
        vendor=Maker.ANTMINER,
        state=_state(current, windows, data, boards, hot_board, hot_chip, uptime, replies),
        model=model,
        firmware=firmware,
        algorithm=table.algorithm if table else None,
        hash_rate_hs=current,
        hash_rate_windows_hs=windows,
        hash_rate_nominal_hs=nominal * unit if nominal else None,
        power_w=power,
        power_kind=PowerKind.ESTIMATED_DC if power else None,
        temp_board_max_c=hot_board,
        temp_chip_max_c=hot_chip,
        fans_rpm=tuple([turns for key in _FANS if (said := data.get(key)) and (turns := rpm(said))]),
        fans_expected=counter(data.get("fan_num")),
        shares=summary_shares(summary) if "Accepted" in summary else sum_shares(pools),
        hw_errors=hw_errors,
        uptime_s=uptime,
        pools=pools,
        active_pool=active_pool(pools),
        boards=boards,
        boards_expected=table.boards if table else None,
        last_share_at=last_share(pools),
    )


def _header_and_data(stats: Section | None) -> tuple[Section, Section]:
    """STATS is a header and then the data; a sleeping X19 or X21 has the header alone."""
    header: Section = {}
    for entry in sections(stats, "STATS"):
        if "Elapsed" in entry or "GHS 5s" in entry:
            return (header or entry), entry
        header = header or entry
    return header, {}


def _unit(data: Section, label: str | None, firmware: str | None) -> float:
    """What the label GHS means: the reply's own word, else the model's habit."""
    said = text(data.get("rate_unit")) or label
    if said == "kSol" and firmware and "chipless" in firmware.lower():
        return 1.0
    return _UNITS.get(said[:2].lower(), G) if said else G


def _chains(
    data: Section, unit: float
) -> tuple[tuple[Board, ...], float | None, float | None, float | None, int | None]:
    """Boards, the hottest board and chip, the power of the boards, and hardware errors."""
    boards: list[Board] = []
    hot_board: float | None = None
    hot_chip: float | None = None
    hw_errors: int | None = None
    power = 0.0
    many = any(keys.chips in data for keys in _CHAINS[4:8])
    for keys in _CHAINS if many else _FEW_CHAINS:
        errors, chips, current = data.get(keys.errors), data.get(keys.chips), data.get(keys.rate)
        if errors is not None and (count := counter(errors)) is not None:
            hw_errors = (hw_errors or 0) + count
        if chips == 0 and current in _NO_RATE:
            # An empty slot, whatever its sensors say.
            continue
        if chips is None and keys.board not in data and keys.chip not in data:
            continue
        # Where there is a text of all sensors, the single figure is one of them.
        board_temp = _sensors(data.get(keys.boards)) or celsius(data.get(keys.board))
        chip_temp = _sensors(data.get(keys.chip_temps)) or celsius(data.get(keys.chip))
        if board_temp is not None and (hot_board is None or board_temp > hot_board):
            hot_board = board_temp
        if chip_temp is not None and (hot_chip is None or chip_temp > hot_chip):
            hot_chip = chip_temp
        chips, current = counter(chips), rate(current, unit)
        if not chips and not current:
            continue
        states = data.get(keys.chip_states)
        states = states if type(states) is str and states else None
        ideal = positive(data.get(keys.ideal))
        watts = number(data.get(keys.powers[0], data.get(keys.powers[1])))
        if watts is not None and watts >= _BOARD_W:
            power += watts
        boards.append(
            Board(
                keys.slot,
                current,
                ideal * unit if ideal else None,
                board_temp,
                chip_temp,
                chips,
                states.count("o") if states else None,
                states.count("x") if states else None,
                _frequency(data, keys),
                counter(errors),
            )
        )
    return tuple(boards), hot_board, hot_chip, power or None, hw_errors


def _frequency(data: Section, keys: _Keys) -> float | None:
    for key in keys.frequencies:
        found = positive(data.get(key))
        if found is not None:
            return found
    return None


def _sensors(value: Any) -> float | None:
    if type(value) is not str or value in _NO_SENSORS or len(value) > 100:
        return None
    try:
        degrees = max(map(int, value.split("-")))
    except ValueError:
        degrees = 0
    if 0 < degrees <= 150:
        # Nothing below zero, nothing broken: the usual case.
        return degrees
    return hottest(_SENSORS.findall(value))


def _state(
    current: float | None,
    windows: dict[str, float],
    data: Section,
    boards: tuple[Board, ...],
    hot_board: float | None,
    hot_chip: float | None,
    uptime: int | None,
    replies: Replies,
) -> State:
    if current:
        return State.MINING
    if _set_to_sleep(replies.get("get_miner_conf")) or number(data.get("Mode")) == 254:
        return State.SLEEPING
    if (hot_board or 0) >= _HOT_BOARD or (hot_chip or 0) >= _HOT_CHIP:
        return State.FAULT
    if data and not windows.get("av"):
        # Since it started it has not hashed.  An X19 that sleeps shows all of its chips as missing.
        if (uptime or 0) < _STARTS_S:
            return State.STARTING
        if boards and all(board.chips_bad and not board.chips_ok for board in boards):
            return State.SLEEPING
    return State.IDLE


def _set_to_sleep(conf: Section | None) -> bool:
    if conf is None:
        return False
    return any(number(conf.get(key)) == 1 for key in ("bitmain-work-mode", "miner-mode"))


def _more(replies: Replies, reading: Reading, known: Fingerprint, target: Target) -> tuple[str, ...]:
    """Sleep shows only in the web's settings, so they are asked while it does not hash and nothing says why."""
    if reading.hash_rate_hs or reading.state in (State.SLEEPING, State.FAULT):
        return ()
    words = () if reading.hash_rate_hs is not None else ("command summary",)
    return words if "get_miner_conf" in replies else (*words, _CONF)


def _fits(replies: Replies) -> bool:
    return any("Type" in entry or "GHS 5s" in entry for entry in sections(replies.get("stats"), "STATS"))


DIALECT = Dialect(
    name="antminer",
    maker=Maker.ANTMINER,
    ways=(Way.COMMAND, Way.TEXT),
    # SUMMARY says nothing that these do not; stock X19 and later refuse joined commands, so it would cost a connection.
    wanted=(("stats",), ("pools",)),
    read=read,
    fits=_fits,
    more=_more,
)
