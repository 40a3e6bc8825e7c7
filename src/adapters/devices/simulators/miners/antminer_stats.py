"""What an AntMiner says to ``stats``: one object with a number behind every key, one number a slot.

The label GHS is fixed and the unit is not: machines that mine scrypt say MH/s under it.
"""

from dataclasses import dataclass
from functools import lru_cache

from .cgminer import status
from .life import BoardNow, Moment


@dataclass(frozen=True, slots=True)
class Program:
    """How the mining program names itself, and where boards and fans are plugged in."""

    key: str
    number: str
    description: str
    build: str = "49.0.1.3"
    #: Free slots before the first board and the first fan.
    boards_after: int = 0
    fans_after: int = 0
    slots: int = 4
    fan_slots: int = 4


_MODERN = Program("BMMiner", "1.0.0", "cgminer 1.0.0")
_PROGRAMS = {
    # The boards of an S9 are in the slots 6 to 8.
    "s9": Program("BMMiner", "2.0.0", "bmminer 1.0.0", "16.8.1.3", 5, 4, 16, 8),
    "l3+": Program("CGMiner", "4.9.0", "cgminer 4.9.0", "1.0.1.3", fan_slots=2),
}


def program(m: Moment) -> Program:
    """Return the program that runs on a machine."""
    return _PROGRAMS.get(m.hw.kind, _MODERN)


def is_old(m: Moment) -> bool:
    """Whether the firmware is from before the S19."""
    return m.hw.kind in _PROGRAMS


def unit(m: Moment) -> float:
    """Return what one of the machine's "GHS" is, in H/s."""
    return 1e6 if m.hw.algorithm == "scrypt" else 1e9


def head(m: Moment) -> str:
    """Return the names, as ``stats`` and ``version`` give them."""
    p = program(m)
    return f'"{p.key}":"{p.number}","Miner":"{p.build}","CompileTime":"{m.hw.firmware}","Type":"{m.hw.model}"'


def chips(m: Moment, board: BoardNow, group: int) -> str:
    """Return one letter a chip: ``o`` works, ``x`` does not."""
    return _letters(m.hw.chips, 0 if m.state in ("sleeping", "fault") else board.chips_ok, group)


@lru_cache(maxsize=512)
def _letters(total: int, good: int, group: int) -> str:
    letters = "o" * good + "x" * (total - good)
    return "".join(" " + letters[at : at + group] for at in range(0, len(letters), group))


def _row(key: str, values: list[object], rest: str, slots: int, after: int = 0) -> str:
    """Return ``"key1":…`` up to the last slot; slots with nothing in them hold ``rest``."""
    filled = "".join([f'"{key}{n}":{value},' for n, value in enumerate(values, after + 1)])
    return _empty(key, 0, after, rest) + filled + _empty(key, after + len(values), slots, rest)


@lru_cache(maxsize=512)
def _empty(key: str, since: int, until: int, rest: str) -> str:
    return "".join(f'"{key}{n + 1}":{rest},' for n in range(since, until))


def _quoted(text: str) -> str:
    return f'"{text}"'


def old_stats(m: Moment) -> str:
    """Return the statistics of an S9 or an L3+."""
    u, boards, p = unit(m), m.boards, program(m)

    def row(key: str, values: list[object], rest: str) -> str:
        return _row(key, values, rest, p.slots, p.boards_after)

    return (
        f'{{{status(m, 70, f"{p.key} stats", p.description)},"STATS":[{{{head(m)}}},{{"STATS":0,'
        f'"ID":"{"BC50" if p.slots > 4 else "L30"}","Elapsed":{m.uptime_s},"Calls":0,"Wait":0.000000,"Max":0.000000,'
        f'"Min":99999999.000000,"GHS 5s":"{m.rate_hs / u:.2f}","GHS av":{m.rate_avg_hs / u:.2f},'
        f'"miner_count":{len(boards)},"frequency":"{m.hw.freq_mhz}","fan_num":{len(m.fans)},'
        f"{_row('fan', list(m.fans), '0', p.fan_slots, p.fans_after)}"
        f'"temp_num":{len(boards)},{row("temp", [b.temp_c for b in boards], "0")}'
        f"{row('temp2_', [b.chip_c for b in boards], '0')}"
        f"{row('freq_avg', [f'{m.hw.freq_mhz}.00' for _ in boards], '0.00') if p.slots > 4 else ''}"
        f'"total_rateideal":{m.hw.nominal_hs / u:.2f},"total_freqavg":{m.hw.freq_mhz}.00,'
        f'"total_acn":{len(boards) * m.hw.chips},"total_rate":{m.rate_hs / u:.2f},"temp_max":{m.temp_max_c},'
        f'"Device Hardware%":0.0000,"no_matching_work":{m.hw_errors},'
        f"{row('chain_acn', [m.hw.chips for _ in boards], '0')}"
        f"{row('chain_acs', [_quoted(chips(m, b, 8)) for b in boards], _EMPTY)}"
        f"{row('chain_hw', [b.hw_errors for b in boards], '0')}"
        f"{row('chain_rate', [_quoted(f'{b.rate_hs / u:.2f}') for b in boards], _EMPTY)}"
        f'"miner_version":"{p.build}","miner_id":"{m.serial}"}}],"id":1}}'
    )


_EMPTY = '""'


def _corners(value: int) -> str:
    """Return a board's four sensors; the hottest has the value."""
    return f'"{value}-{value - 24}-{value - 9}-{value - 8}"'


def stats(m: Moment) -> str:
    """Return the statistics of an S19 and later."""
    if m.state == "sleeping" and m.hw.kind == "s21":  # nothing but the header
        return f'{{{status(m, 70, "CGMiner stats", program(m).description)},"STATS":[{{{head(m)}}}],"id":1}}'
    u, boards = unit(m), m.boards
    each = "".join(f'"temp{b.slot + 1}":{b.temp_c},"temp2_{b.slot + 1}":{b.chip_c},' for b in boards)
    none = '"0-0-0-0"'
    return (
        f'{{{status(m, 70, "CGMiner stats", program(m).description)},"STATS":[{{{head(m)}}},{{"STATS":0,'
        f'"ID":"BTM_SOC0",'
        f'"Elapsed":{m.uptime_s},"Calls":0,'
        f'"Wait":0,"Max":0,"Min":99999999,"GHS 5s":{m.rate_hs / u:.2f},"GHS av":{m.rate_avg_hs / u:.2f},'
        f'"rate_30m":{m.rate_calm_hs / u:.2f},'
        f'"Mode":{254 if m.state == "sleeping" else 2},"miner_count":{len(boards)},"frequency":{m.hw.freq_mhz},'
        f'"fan_num":{len(m.fans)},'
        f'{_row("fan", list(m.fans), "0", 4)}"temp_num":{len(boards)},'
        f"{each}{_row('temp_pcb', [_corners(b.temp_c) for b in boards], none, 4)}"
        f"{_row('temp_chip', [_corners(b.chip_c) for b in boards], none, 4)}"
        f"{_row('temp_pic', [_corners(b.temp_c - 8) for b in boards], none, 4)}"
        f'"total_rateideal":{m.hw.nominal_hs / u:.1f},"rate_unit":"{"MH" if u == 1e6 else "GH"}",'
        f'"total_freqavg":{m.hw.freq_mhz},'
        f'"total_acn":{len(boards) * m.hw.chips},"total rate":{m.rate_hs / u:.2f},"temp_max":0,'
        f'"no_matching_work":{m.hw_errors},'
        f"{_row('chain_acn', [m.hw.chips for _ in boards], '0', 4)}"
        f"{_row('chain_acs', [_quoted(chips(m, b, 3)) for b in boards], _EMPTY, 4)}"
        f"{_row('chain_hw', [b.hw_errors for b in boards], '0', 4)}"
        f"{_row('chain_rate', [_quoted(f'{b.rate_hs / u:.2f}') for b in boards], _EMPTY, 4)}"
        f'{_row("freq", [m.hw.freq_mhz for _ in boards], "0", 4)}"miner_version":"{program(m).build}",'
        f'"miner_id":"{m.serial}"}}],"id":1}}'
    )
