"""AntMiner on port 4028: cgminer and bmminer as Bitmain ships them, before and after the modern firmware.

The label GHS is fixed and the unit is not: machines that mine scrypt say MH/s under it.
"""

from .cgminer import POOLS, Dialect, accepted_by_pool, status, worker
from .life import BoardNow, Moment

_SLOTS = 16
_OLD_NAME, _NAME = "cgminer 4.9.0", "cgminer 1.0.0"


def unit(m: Moment) -> float:
    """Return what one of the machine's "GHS" is, in H/s."""
    return 1e6 if m.hw.algorithm == "scrypt" else 1e9


def _chips(m: Moment, board: BoardNow, group: int) -> str:
    """Return one letter a chip: ``o`` works, ``x`` does not."""
    good = 0 if m.state in ("sleeping", "fault") else board.chips_ok
    letters = "o" * good + "x" * (m.hw.chips - good)
    return "".join(" " + letters[at : at + group] for at in range(0, len(letters), group))


def _row(key: str, values: list[object], rest: str, slots: int = _SLOTS) -> str:
    """Return ``"key1":…`` up to the last slot; slots without a board hold ``rest``."""
    return "".join(f'"{key}{n + 1}":{values[n] if n < len(values) else rest},' for n in range(slots))


def _version(m: Moment) -> str:
    program, number = ("CGMiner", "4.9.0") if _old(m) else ("BMMiner", "1.0.0")
    return (
        f'{{{status(m, 22, "CGMiner versions", _OLD_NAME if _old(m) else _NAME)},"VERSION":[{{"{program}":"{number}",'
        f'"API":"3.1",'
        f'"Miner":"{_build(m)}","CompileTime":"{m.hw.firmware}","Type":"{m.hw.model}"}}],"id":1}}'
    )


def _old(m: Moment) -> bool:
    return m.hw.kind in ("s9", "l3+")


def _build(m: Moment) -> str:
    return "16.8.1.3" if _old(m) else "49.0.1.3"


def _head(m: Moment) -> str:
    program, number = ("CGMiner", "4.9.0") if _old(m) else ("BMMiner", "1.0.0")
    return f'{{"{program}":"{number}","Miner":"{_build(m)}","CompileTime":"{m.hw.firmware}","Type":"{m.hw.model}"}}'


def _old_stats(m: Moment) -> str:
    u, boards = unit(m), m.boards
    fans: list[object] = list(m.fans)
    return (
        f'{{{status(m, 70, "CGMiner stats", _OLD_NAME)},"STATS":[{_head(m)},{{"STATS":0,"ID":"BC50",'
        f'"Elapsed":{m.uptime_s},'
        f'"Calls":0,"Wait":0.000000,"Max":0.000000,"Min":99999999.000000,"GHS 5s":"{m.rate_hs / u:.2f}",'
        f'"GHS av":{m.rate_avg_hs / u:.2f},'
        f'"miner_count":{len(boards)},"frequency":"{m.hw.freq_mhz}","fan_num":{len(fans)},{_row("fan", fans, "0", 8)}'
        f'"temp_num":{len(boards)},'
        f"{_row('temp', [b.temp_c for b in boards], '0')}{_row('temp2_', [b.chip_c for b in boards], '0')}"
        f"{_row('freq_avg', [f'{m.hw.freq_mhz}.00' for _ in boards], '0.00')}"
        f'"total_rateideal":{m.hw.nominal_hs / u:.2f},'
        f'"total_freqavg":{m.hw.freq_mhz}.00,"total_acn":{len(boards) * m.hw.chips},"total_rate":{m.rate_hs / u:.2f},'
        f'"temp_max":{m.temp_max_c},"Device Hardware%":0.0000,"no_matching_work":{m.hw_errors},'
        f"{_row('chain_acn', [m.hw.chips for _ in boards], '0')}"
        f"{_row('chain_acs', [_quoted(_chips(m, b, 8)) for b in boards], _EMPTY)}"
        f"{_row('chain_hw', [b.hw_errors for b in boards], '0')}"
        f"{_row('chain_rate', [_quoted(f'{b.rate_hs / u:.2f}') for b in boards], _EMPTY)}"
        f'"miner_version":"{_build(m)}","miner_id":"{m.serial}"}}],"id":1}}'
    )


_EMPTY = '""'


def _quoted(text: str) -> str:
    return f'"{text}"'


def _corners(value: int) -> str:
    """Return a board's four sensors; the hottest has the value."""
    return f'"{value}-{value - 24}-{value - 9}-{value - 8}"'


def _stats(m: Moment) -> str:
    if m.state == "sleeping" and m.hw.kind == "s21":  # nothing but the header
        return f'{{{status(m, 70, "CGMiner stats", _NAME)},"STATS":[{_head(m)}],"id":1}}'
    u, boards = unit(m), m.boards
    fans: list[object] = list(m.fans)
    each = "".join(f'"temp{b.slot + 1}":{b.temp_c},"temp2_{b.slot + 1}":{b.chip_c},' for b in boards)
    none = '"0-0-0-0"'
    return (
        f'{{{status(m, 70, "CGMiner stats", _NAME)},"STATS":[{_head(m)},{{"STATS":0,"ID":"BTM_SOC0",'
        f'"Elapsed":{m.uptime_s},"Calls":0,'
        f'"Wait":0,"Max":0,"Min":99999999,"GHS 5s":{m.rate_hs / u:.2f},"GHS av":{m.rate_avg_hs / u:.2f},'
        f'"rate_30m":{m.rate_calm_hs / u:.2f},'
        f'"Mode":{254 if m.state == "sleeping" else 2},"miner_count":{len(boards)},"frequency":{m.hw.freq_mhz},'
        f'"fan_num":{len(fans)},'
        f'{_row("fan", fans, "0", 4)}"temp_num":{len(boards)},'
        f"{each}{_row('temp_pcb', [_corners(b.temp_c) for b in boards], none, 4)}"
        f"{_row('temp_chip', [_corners(b.chip_c) for b in boards], none, 4)}"
        f"{_row('temp_pic', [_corners(b.temp_c - 8) for b in boards], none, 4)}"
        f'"total_rateideal":{m.hw.nominal_hs / u:.1f},"rate_unit":"{"MH" if u == 1e6 else "GH"}",'
        f'"total_freqavg":{m.hw.freq_mhz},'
        f'"total_acn":{len(boards) * m.hw.chips},"total rate":{m.rate_hs / u:.2f},"temp_max":0,'
        f'"no_matching_work":{m.hw_errors},'
        f"{_row('chain_acn', [m.hw.chips for _ in boards], '0', 4)}"
        f"{_row('chain_acs', [_quoted(_chips(m, b, 3)) for b in boards], _EMPTY, 4)}"
        f"{_row('chain_hw', [b.hw_errors for b in boards], '0', 4)}"
        f"{_row('chain_rate', [_quoted(f'{b.rate_hs / u:.2f}') for b in boards], _EMPTY, 4)}"
        f'{_row("freq", [m.hw.freq_mhz for _ in boards], "0", 4)}"miner_version":"{_build(m)}",'
        f'"miner_id":"{m.serial}"}}],"id":1}}'
    )


def _summary(m: Moment) -> str:
    u = unit(m)
    five = f"{m.rate_hs / u:.2f}"
    return (
        f'{{{status(m, 11, "Summary", _OLD_NAME if _old(m) else _NAME)},"SUMMARY":[{{"Elapsed":{m.uptime_s},'
        f'"GHS 5s":{_quoted(five) if _old(m) else five},"GHS av":{m.rate_avg_hs / u:.2f},'
        f'"GHS 30m":{m.rate_calm_hs / u:.2f},"Found Blocks":0,'
        f'"Getworks":{m.accepted // 3},"Accepted":{m.accepted},"Rejected":{m.rejected},'
        f'"Hardware Errors":{m.hw_errors},"Utility":'
        f'{60 / m.hw.share_every_s:.2f},"Discarded":{m.accepted * 5},"Stale":{m.stale},"Get Failures":0,'
        f'"Local Work":{m.accepted * 1500},'
        f'"Remote Failures":0,"Network Blocks":{m.uptime_s // 600},"Total MH":{m.rate_avg_hs / 1e6 * m.uptime_s:.4f},'
        f'"Work Utility":0.00,'
        f'"Difficulty Accepted":{m.accepted * 65536}.00000000,"Difficulty Rejected":{m.rejected * 65536}.00000000,'
        f'"Difficulty Stale":0.00000000,"Best Share":0,"Device Hardware%":0.0000,"Device Rejected%":118.4570,'
        f'"Pool Rejected%":0.0000,'
        f'"Pool Stale%%":0.0000,"Last getwork":{m.when}}}],"id":1}}'
    )


def _pools(m: Moment) -> str:
    user = worker(m)
    stale_key = "Pool Stale%" if _old(m) else "Pool Stale%%"
    items = ",".join(
        f'{{"POOL":{n},"URL":"{url}","Status":"{state}","Priority":{n},"Quota":1,"Long Poll":"N",'
        f'"Getworks":{accepted // 3},'
        f'"Accepted":{accepted},"Rejected":{rejected},"Discarded":{accepted * 5},"Stale":{stale},"Get Failures":0,'
        f'"Remote Failures":0,'
        f'"User":"{user}","Last Share Time":"{"0:00:05" if n == m.pool else "0"}","Diff":"65.5K","Diff1 Shares":0,'
        f'"Proxy Type":"",'
        f'"Proxy":"","Difficulty Accepted":{accepted * 65536}.00000000,'
        f'"Difficulty Rejected":{rejected * 65536}.00000000,'
        f'"Difficulty Stale":0.00000000,"Last Share Difficulty":65536.00000000,"Has Stratum":true,'
        f'"Stratum Active":{"true" if n == m.pool else "false"},'
        f'"Stratum URL":"{url[14:].split(":")[0] if n == m.pool else ""}",'
        f'"Has GBT":false,"Best Share":0,"Pool Rejected%":0.0000,"{stale_key}":0.0000}}'
        for n, ((url, state), (accepted, rejected, stale)) in enumerate(zip(POOLS, accepted_by_pool(m), strict=True))
    )
    return f'{{{status(m, 7, "3 Pool(s)", _OLD_NAME if _old(m) else _NAME)},"POOLS":[{items}],"id":1}}'


def _devs(m: Moment) -> str:
    return (
        f'{{{status(m, 9, "1 ASC(s)", _OLD_NAME if _old(m) else _NAME)},"DEVS":[{{"ASC":0,"Name":"BTM_SOC","ID":0,'
        f'"Enabled":"Y",'
        f'"Status":"Alive","Tenperature":0.00,"MHS av":0.00,"MHS 5s":0.00,"Accepted":{m.accepted},'
        f'"Rejected":{m.rejected},'
        f'"Hardware Errors":0,"Utility":0.00,"Last Share Pool":{m.pool},"Last Share Time":{m.when - 5},'
        f'"Total MH":0.0000,'
        f'"Diff1 Work":0,"Last Valid Work":{m.when - 2},"Device Elapsed":{m.uptime_s}}}],"id":1}}'
    )


def modern(m: Moment, message: str, body: str) -> str:
    """Return a reply in the shape of the new API and of the web pages."""
    return (
        f'{{"STATUS":{{"STATUS":"S","when":{m.when},"Msg":"{message}","api_version":"1.0.0"}},'
        f'"INFO":{{"miner_version":"{_build(m)}",'
        f'"CompileTime":"{m.hw.firmware}","type":"{m.hw.model}"}},{body}}}'
    )


def modern_stats(m: Moment) -> str:
    """Return the statistics with one entry a chain."""
    u = unit(m)
    chains = ",".join(
        f'{{"index":{b.slot},"freq_avg":{m.hw.freq_mhz},"rate_ideal":{m.hw.nominal_hs / u / m.hw.boards:.1f},'
        f'"rate_real":{b.rate_hs / u:.2f},'
        f'"asic_num":{m.hw.chips},"asic":"{_chips(m, b, 3).strip()}","temp_pic":{_list(b.temp_c - 8)},'
        f'"temp_pcb":{_list(b.temp_c)},'
        f'"temp_chip":{_list(b.chip_c)},"hw":{b.hw_errors},"eeprom_loaded":true,"sn":"{m.serial}{b.slot}"}}'
        for b in m.boards
    )
    fans = ",".join(map(str, m.fans))
    return modern(
        m,
        "stats",
        f'"STATS":[{{"elapsed":{m.uptime_s},"rate_5s":{m.rate_hs / u:.2f},"rate_30m":{m.rate_calm_hs / u:.2f},'
        f'"rate_avg":{m.rate_avg_hs / u:.2f},'
        f'"rate_ideal":{m.hw.nominal_hs / u:.1f},"rate_unit":"{"MH/s" if u == 1e6 else "GH/s"}",'
        f'"chain_num":{len(m.boards)},'
        f'"fan_num":{len(m.fans)},"fan":[{fans}],"hwp_total":0.0,"miner-mode":{int(m.state == "sleeping")},'
        f'"freq-level":100,"chain":[{chains}]}}]',
    )


def _list(value: int) -> str:
    return f"[{value},{value - 24},{value - 9},{value - 8}]"


def modern_summary(m: Moment) -> str:
    """Return the summary with one entry a thing that may fail."""
    u = unit(m)
    lost = sum(1 for b in m.boards if not b.chips_ok)
    marks = [
        ("rate", lost > 0, "hash rate is low"),
        ("network", False, ""),
        ("fans", 0 in m.fans and m.state != "sleeping", "fan lost"),
        ("temp", m.state == "fault", "temperature too high"),
    ]
    states = ",".join(
        f'{{"type":"{name}","status":"{"e" if bad else "s"}","code":{int(bad)},"msg":"{text if bad else ""}"}}'
        for name, bad, text in marks
    )
    return modern(
        m,
        "summary",
        f'"SUMMARY":[{{"elapsed":{m.uptime_s},"rate_5s":{m.rate_hs / u:.2f},"rate_30m":{m.rate_calm_hs / u:.2f},'
        f'"rate_avg":{m.rate_avg_hs / u:.2f},'
        f'"rate_ideal":{m.hw.nominal_hs / u:.1f},"rate_unit":"{"MH/s" if u == 1e6 else "GH/s"}",'
        f'"hw_all":{m.hw_errors},"bestshare":0,"status":[{states}]}}]',
    )


def modern_pools(m: Moment) -> str:
    """Return the pools in the lower case of the new API."""
    user = worker(m)
    items = ",".join(
        f'{{"index":{n},"url":"{url}","user":"{user}","status":"{state}","priority":{n},"getworks":{accepted // 3},'
        f'"accepted":{accepted},'
        f'"rejected":{rejected},"discarded":0,"stale":{stale},"diff":"65.5K","diff1":0,"diffa":{accepted * 65536},'
        f'"diffr":{rejected * 65536},'
        f'"diffs":0,"lsdiff":65536,"lstime":"0:00:05"}}'
        for n, ((url, state), (accepted, rejected, stale)) in enumerate(zip(POOLS, accepted_by_pool(m), strict=True))
    )
    return modern(m, "pools", f'"POOLS":[{items}]')


#: S9, L3+: joined commands work, and the comma between the two objects of ``stats`` is missing.
OLD = Dialect(
    _OLD_NAME,
    {"version": _version, "stats": _old_stats, "summary": _summary, "pools": _pools, "devs": _devs},
    spoil=lambda text: text.replace('},{"STATS":0', '}{"STATS":0'),
)
#: From the S19 on: one command at a time, and a second shape for those who ask for it.
MODERN = Dialect(
    _NAME,
    {"version": _version, "stats": _stats, "summary": _summary, "pools": _pools, "devs": _devs},
    joins=False,
    modern={"stats": modern_stats, "summary": modern_summary, "pools": modern_pools},
)
