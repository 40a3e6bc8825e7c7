"""Avalon: cgminer with the machine's state in one string of ``KEY[VALUE]`` pairs."""

from functools import lru_cache, partial

from .cgminer import Dialect, Reply, accepted_by_pool, status
from .life import Moment

_NAME = "cgminer 4.11.1"


def _version(m: Moment) -> str:
    return (
        f'{{{status(m, 22, "CGMiner versions", _NAME)},"VERSION":[{{"CGMiner":"4.11.1","API":"3.7",'
        f'"PROD":"AvalonMiner {m.hw.model}",'
        f'"MODEL":"{m.hw.model}","HWTYPE":"MM4v2_X3","SWTYPE":"MM319","VERSION":"{m.hw.firmware}",'
        f'"LVERSION":"{m.hw.firmware}",'
        f'"DNA":"{m.serial}","MAC":"{m.mac.replace(":", "")}","UPAPI":"2"}}],"id":1}}'
    )


def _stale(m: Moment) -> float:
    """Return what is left of the time when a sleeping machine worked, in GH/s."""
    return m.hw.nominal_hs / 1e9 * 0.2


def _averages(m: Moment) -> str:
    rate, calm = m.rate_hs / 1e6, m.rate_calm_hs / 1e6
    average = m.rate_avg_hs / 1e6
    if m.state == "sleeping":  # the averages forget slowly, and are not to be believed
        return f'"MHS av":{_stale(m) * 1000:.2f},"MHS 30s":0.00,"MHS 1m":1102.80,"MHS 5m":9311.42,"MHS 15m":52686.37'
    return f'"MHS av":{average:.2f},"MHS 30s":{rate:.2f},"MHS 1m":{rate:.2f},"MHS 5m":{calm:.2f},"MHS 15m":{calm:.2f}'


def _summary(name: str, m: Moment) -> str:
    return (
        f'{{{status(m, 11, "Summary", name)},"SUMMARY":[{{"Elapsed":{m.uptime_s},{_averages(m)},"Found Blocks":0,'
        f'"Getworks":{m.accepted // 3},"Accepted":{m.accepted},"Rejected":{m.rejected},"Hardware Errors":{m.hw_errors},'
        f'"Utility":{60 / m.hw.share_every_s:.2f},"Discarded":0,"Stale":{m.stale},"Get Failures":0,'
        f'"Local Work":{m.accepted * 240},'
        f'"Remote Failures":0,"Network Blocks":{m.uptime_s // 600},"Total MH":{m.rate_avg_hs / 1e6 * m.uptime_s:.4f},'
        f'"Work Utility":0.00,"Difficulty Accepted":{m.accepted * 65536}.00000000,'
        f'"Difficulty Rejected":{m.rejected * 65536}.00000000,'
        f'"Difficulty Stale":0.00000000,"Best Share":0,"Device Hardware%":0.0000,"Device Rejected%":0.0000,'
        f'"Pool Rejected%":0.0000,'
        f'"Pool Stale%":0.0000,"Last getwork":0}}],"id":1}}'
    )


def _devs(name: str, m: Moment) -> str:
    return (
        f'{{{status(m, 9, "1 ASC(s)", name)},"DEVS":[{{"ASC":0,"Name":"AVA10","ID":0,"Enabled":"Y","Status":"Alive",'
        f'"Temperature":{m.ambient_c}.00,{_averages(m)},"Accepted":{m.accepted},"Rejected":{m.rejected},'
        f'"Hardware Errors":{m.hw_errors},"Utility":6.60,"Last Share Pool":{m.pool},"Last Share Time":{m.when - 5},'
        f'"Total MH":0.0000,'
        f'"Diff1 Work":0,"Last Valid Work":{m.when - 2},"Device Hardware%":0.0000,"Device Rejected%":0.0000,'
        f'"Device Elapsed":{m.uptime_s}}}],"id":1}}'
    )


def _devdetails(m: Moment) -> str:
    return (
        f'{{{status(m, 69, "Device Details", _NAME)},"DEVDETAILS":[{{"DEVDETAILS":0,"Name":"AVA10","ID":0,'
        f'"Driver":"avalon10",'
        f'"Kernel":"","Model":"","Device Path":""}}],"id":1}}'
    )


def _pools(name: str, m: Moment) -> str:
    items = ",".join(
        f'{{"POOL":{n},"URL":"{url}","Status":"{state}","Priority":{n},"Quota":1,"Long Poll":"N",'
        f'"Getworks":{accepted // 3},'
        f'"Accepted":{accepted},"Rejected":{rejected},"Works":{accepted * 100},"Discarded":0,"Stale":{stale},'
        f'"Get Failures":0,'
        f'"Remote Failures":0,"User":"{user}","Last Share Time":{m.when - 5 if n == m.pool else 0},"Diff1 Shares":0,'
        f'"Proxy Type":"",'
        f'"Proxy":"","Difficulty Accepted":{accepted * 65536}.00000000,'
        f'"Difficulty Rejected":{rejected * 65536}.00000000,'
        f'"Difficulty Stale":0.00000000,"Last Share Difficulty":65536.00000000,"Work Difficulty":65536.00000000,'
        f'"Has Stratum":true,'
        f'"Stratum Active":{"true" if n == m.pool else "false"},"Stratum URL":"{url[14:].split(":")[0]}",'
        f'"Stratum Difficulty":65536.00000000,'
        f'"Has Vmask":true,"Has GBT":false,"Best Share":0,"Pool Rejected%":0.0000,"Pool Stale%":0.0000,"Bad Work":0,'
        f'"Current Block Height":900000,"Current Block Version":536870912}}'
        for n, ((url, user, _, state), (accepted, rejected, stale)) in enumerate(
            zip(m.pools, accepted_by_pool(m), strict=True)
        )
    )
    return f'{{{status(m, 7, f"{len(m.pools)} Pool(s)", name)},"POOLS":[{items}],"id":1}}'


def watts(m: Moment) -> int:
    """Return what the machine draws at the wall: 11 W asleep, and some hundred as soon as it is awake."""
    return 11 if m.state == "sleeping" else max(m.power_w, 837)


def _brackets(m: Moment) -> str:
    """Return the machine's state; one that wakes up is "In Work" and makes nothing."""
    asleep = m.state == "sleeping"
    wall = watts(m)
    dc = 0 if asleep else wall * 92 // 100
    average_rate = _stale(m) if asleep else m.rate_avg_hs / 1e9
    zeros = " ".join("0" for _ in m.boards)
    fans = " ".join(f"Fan{n + 1}[{rpm}]" for n, rpm in enumerate(m.fans))
    average = sum(b.chip_c for b in m.boards) // len(m.boards) - 9
    boards = [
        ("MGHS", [f"{b.rate_hs / 1e9:.2f}" for b in m.boards]),
        ("MTmax", [str(b.chip_c) for b in m.boards]),
        ("MTavg", [str(b.chip_c - 9) for b in m.boards]),
    ]
    per_board = " ".join(f"{key}[{' '.join(values)}]" for key, values in boards)
    return (
        f"Ver[{m.hw.model}-{m.hw.firmware}] DNA[{m.serial}] MEMFREE[1201472.0] NETFAIL[0 0 0 0 0 0 0 0] "
        f"SYSTEMSTATU[Work: In {'Idle' if asleep else 'Work'}, Hash Board: {len(m.boards)} ] Elapsed[{m.uptime_s}] "
        f"BOOTBY[0x01.00000000] LW[{m.accepted * 240}] MH[{zeros}] HW[{m.hw_errors}] DH[0.412%] Temp[{m.ambient_c}] "
        f"TMax[{m.chip_max_c}] TAvg[{average}] {fans} FanR[{m.fan_pct}%] Vo[329] "
        f"PS[0 1214 1316 {dc // 13} {dc} 1320 {wall}] GHSspd[{m.rate_hs / 1e9:.2f}] DHspd[0.412%] "
        f"GHSmm[{m.hw.nominal_hs / 1e9 if m.state == 'mining' else 0:.2f}] GHSavg[{average_rate:.2f}] WU[0.00] "
        f"Freq[{m.hw.freq_mhz}.00] Led[{int(m.light)}] {per_board} TA[{sum(b.chips_ok for b in m.boards)}] Core[SIM] "
        f"PING[131] POWS[0] HASHS[{zeros}] POOLS[0] SoftOFF[{5 if asleep else 0}] ECHU[{zeros}] ECMM[0]"
    )


def _chip_lists(m: Moment) -> str:
    """Return what only ``estats`` and ``stats`` have: every chip's temperature and voltage."""
    return " " + " ".join([_board_list(b.slot, b.chip_c - 6, m.hw.chips) for b in m.boards]) + " FACOPTS0[] WORKMODE[1]"


@lru_cache(maxsize=512)
def _board_list(slot: int, temp: int, chips: int) -> str:
    temps, volts, work = (" ".join([text] * chips) for text in (f"{temp:3d}", "305", "620"))
    return f"PVT_T{slot}[{temps}] PVT_V{slot}[{volts}] MW{slot}[{work}]"


def _stats_with(m: Moment, more: str) -> str:
    return (
        f'{{{status(m, 70, "CGMiner stats", _NAME)},"STATS":[{{"STATS":0,"ID":"AVA100","Elapsed":{m.uptime_s},'
        f'"Calls":0,'
        f'"Wait":0.000000,"Max":0.000000,"Min":99999999.000000,"MM ID0":"{_brackets(m)}{more}","MM Count":1,'
        f'"Smart Speed":1,"Voltage Level Offset":0,"Nonce Mask":25}},{{"STATS":1,"ID":"POOL0","Elapsed":{m.uptime_s},'
        f'"Calls":0,'
        f'"Wait":0.000000,"Max":0.000000,"Min":99999999.000000,"Times Sent":{m.accepted},'
        f'"Bytes Sent":{m.accepted * 120}}}],"id":1}}'
    )


def _stats(m: Moment) -> str:
    return _stats_with(m, _chip_lists(m))


def _litestats(m: Moment) -> str:
    return _stats_with(m, "")


def _config(m: Moment) -> str:
    return (
        f'{{{status(m, 33, "CGMiner config", _NAME)},"CONFIG":[{{"ASC Count":1,"PGA Count":0,"Pool Count":3,'
        f'"Strategy":"Failover",'
        f'"Log Interval":5,"Device Code":"AVA10 ","OS":"Linux","Hotplug":"None"}}],"id":1}}'
    )


def named(name: str) -> dict[str, Reply]:
    """Return the commands that all Avalons answer alike, by a program of that name."""
    return {"summary": partial(_summary, name), "devs": partial(_devs, name), "pools": partial(_pools, name)}


AVALON = Dialect(
    _NAME,
    {
        **named(_NAME),
        "version": _version,
        "devdetails": _devdetails,
        "estats": _stats,
        "stats": _stats,
        "litestats": _litestats,
        "config": _config,
    },
)
