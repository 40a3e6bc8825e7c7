"""Whatsminer, API 2 (port 4028): btminer's dialect of cgminer, and its own commands beside it."""

from .cgminer import Dialect, accepted_by_pool
from .cgminer import status as section
from .life import Moment

_NAME = "btminer"


def _summary(m: Moment) -> str:
    hw, rate, calm = m.hw, m.rate_hs / 1e6, m.rate_calm_hs / 1e6
    inlet, outlet = (m.fans[0], m.fans[-1]) if m.fans else (0, 0)
    errors = "".join(f'"Error Code {n}":{code},"Error {n} Time":"",' for n, code in enumerate(error_codes(m)))
    chips = [board.chip_c for board in m.boards]
    return (
        f'{{{section(m, 11, "Summary", _NAME)},"SUMMARY":[{{"Elapsed":{m.uptime_s},"MHS av":{m.rate_avg_hs / 1e6:.2f},'
        f'"MHS 5s":{rate * 1.01:.2f},"MHS 1m":{rate:.2f},"MHS 5m":{calm:.2f},"MHS 15m":{calm:.2f},"HS RT":{rate:.2f},'
        f'"Found Blocks":0,"Getworks":{m.uptime_s // 24},"Accepted":{m.accepted},"Rejected":{m.rejected},'
        f'"Hardware Errors":{m.hw_errors},"Utility":{60 / hw.share_every_s:.2f},"Discarded":0,"Stale":{m.stale},'
        f'"Get Failures":0,"Local Work":{m.accepted * 1500},"Remote Failures":0,"Network Blocks":{m.uptime_s // 600},'
        f'"Total MH":{m.rate_avg_hs / 1e6 * m.uptime_s:.4f},"Work Utility":0.00,'
        f'"Difficulty Accepted":{m.accepted * 65536}.00000000,'
        f'"Difficulty Rejected":{m.rejected * 65536}.00000000,"Difficulty Stale":0.00000000,"Best Share":0,'
        f'"Temperature":{m.temp_max_c}.00,"freq_avg":{hw.freq_mhz},"Fan Speed In":{inlet},"Fan Speed Out":{outlet},'
        f'"Voltage":1206,"Power":{m.power_w},"Power_RT":{m.power_w},'
        f'"Power Rate":{m.power_w / max(m.rate_hs / 1e12, 1):.2f},'
        f'"Device Hardware%":0.0000,"Device Rejected%":0.0000,"Pool Rejected%":0.0000,"Pool Stale%":0.0000,'
        f'"Last getwork":0,"Uptime":{m.uptime_s + 130},"Chip Data":"SIM0-000000 BINV00-000000A",'
        f'"Power Current":{m.power_w // 12},'
        f'"Power Fanspeed":{7000 + m.fan_pct * 10},{errors}"Error Code Count":{len(error_codes(m))},'
        f'"Factory Error Code Count":0,"Security Mode":0,"Liquid Cooling":{"false" if m.fans else "true"},'
        f'"Hash Stable":true,'
        f'"Hash Stable Cost Seconds":1500,"Hash Deviation%":0.1061,"Target Freq":{hw.freq_mhz - 10},'
        f'"Target MHS":{hw.nominal_hs * 0.97 / 1e6:.0f},"Env Temp":{m.ambient_c}.00,"Power Mode":"Normal",'
        f'"Firmware Version":"\'{hw.firmware}\'","CB Platform":"ALLWINNER_H6OS","CB Version":"V10",'
        f'"MAC":"{m.mac.upper()}",'
        f'"Factory GHS":{hw.nominal_hs / 1e9:.0f},"Power Limit":{m.limit_w},'
        f'"Chip Temp Min":{min(chips) - 14}.00,'
        f'"Chip Temp Max":{m.chip_max_c}.00,"Chip Temp Avg":{sum(chips) / len(chips) - 6:.2f}}}],"id":1}}'
    )


def error_codes(m: Moment) -> list[int]:
    """Return what is wrong, in the maker's numbers."""
    codes = []
    if 0 in m.fans and m.state != "sleeping":
        codes.append(111 if m.fans[-1] == 0 else 110)
    codes += [530 + board.slot for board in m.boards if board.chips_ok == 0]
    if m.boards[0].chips_ok not in (0, m.hw.chips):
        codes.append(550)
    if m.state == "fault":
        codes.append(350)
    return codes


def _devs(m: Moment) -> str:
    fans = (m.fans[0], m.fans[-1]) if m.fans else (0, 0)
    items = ",".join(
        f'{{"ASC":{b.slot},"Name":"SM","ID":{b.slot},"Slot":{b.slot},"Enabled":"Y",'
        f'"Status":"{"Alive" if b.chips_ok else "Dead"}","Temperature":{b.temp_c}.00,"Chip Frequency":{m.hw.freq_mhz},'
        f'"Fan Speed In":{fans[0]},"Fan Speed Out":{fans[1]},"MHS av":{b.rate_hs / 1e6:.2f},'
        f'"MHS 5s":{b.rate_hs / 1e6:.2f},'
        f'"MHS 1m":{b.rate_hs / 1e6:.2f},"MHS 5m":{b.rate_hs / 1e6:.2f},"MHS 15m":{b.rate_hs / 1e6:.2f},'
        f'"HS RT":{b.rate_hs / 1e6:.2f},'
        f'"Factory GHS":{m.hw.nominal_hs / 1e9 / m.hw.boards:.0f},"Accepted":{b.accepted},"Rejected":0,'
        f'"Hardware Errors":{b.hw_errors},"Utility":1.40,"Last Share Pool":{m.pool + 1},"Last Share Time":{m.when - 5},'
        f'"Total MH":0.0000,"Diff1 Work":0,"Difficulty Accepted":0.00000000,"Difficulty Rejected":0.00000000,'
        f'"Last Share Difficulty":65536.00000000,"Last Valid Work":{m.when - 2},"Device Hardware%":0.0000,'
        f'"Device Rejected%":0.0000,"Device Elapsed":{m.uptime_s},"Upfreq Complete":{int(m.state != "starting")},'
        f'"Effective Chips":{b.chips_ok},"PCB SN":"{m.serial}{b.slot}","Chip Data":"SIM0-000000 BINV00-000000A",'
        f'"Chip Temp Min":{b.chip_c - 14}.00,"Chip Temp Max":{b.chip_c}.00,"Chip Temp Avg":{b.chip_c - 6}.00,'
        f'"chip_vol_diff":9}}'
        for b in m.boards
    )
    return f'{{{section(m, 9, f"{len(m.boards)} ASC(s)", _NAME)},"DEVS":[{items}],"id":1}}'


def _pools(m: Moment) -> str:
    items = ",".join(
        f'{{"POOL":{n + 1},"URL":"{url}","Status":"{state}","Priority":{n},"Quota":1,"Long Poll":"N",'
        f'"Getworks":{accepted // 3},'
        f'"Accepted":{accepted},"Rejected":{rejected},"Works":{accepted * 900},"Discarded":0,"Stale":{stale},'
        f'"Get Failures":0,'
        f'"Remote Failures":0,"User":"{user}","Last Share Time":{m.when - 5 if n == m.pool else 0},"Diff1 Shares":0,'
        f'"Proxy Type":"","Proxy":"","Difficulty Accepted":{accepted * 65536}.00000000,'
        f'"Difficulty Rejected":{rejected * 65536}.00000000,'
        f'"Difficulty Stale":0.00000000,"Last Share Difficulty":65536.00000000,"Work Difficulty":65536.00000000,'
        f'"Has Stratum":true,'
        f'"Stratum Active":{"true" if n == m.pool and m.state != "sleeping" else "false"},'
        f'"Stratum URL":"{url[14:].split(":")[0]}",'
        f'"Stratum Difficulty":65536.00000000,"Best Share":0,"Pool Rejected%":0.0000,"Pool Stale%":0.0000,"Bad Work":0,'
        f'"Current Block Height":900000,"Current Block Version":536870912}}'
        for n, ((url, user, _, state), (accepted, rejected, stale)) in enumerate(
            zip(m.pools, accepted_by_pool(m), strict=True)
        )
    )
    return f'{{{section(m, 7, f"{len(m.pools)} Pool(s)", _NAME)},"POOLS":[{items}],"id":1}}'


def _devdetails(m: Moment) -> str:
    items = ",".join(
        f'{{"DEVDETAILS":{n},"Name":"SM","ID":{n},"Driver":"bitmicro","Kernel":"","Model":"{m.hw.model}"}}'
        for n in range(m.hw.boards)
    )
    return f'{{{section(m, 69, "Device Details", _NAME)},"DEVDETAILS":[{items}],"id":1}}'


def _own(m: Moment, message: str) -> str:
    """Btminer's own commands answer without sections."""
    return f'{{"STATUS":"S","When":{m.when},"Code":131,"Msg":{message},"Description":""}}'


def _status(m: Moment) -> str:
    off = "true" if m.state == "sleeping" else "false"
    if m.hw.kind in ("m20s", "m30s"):
        return _own(m, f'{{"btmineroff":"{off}","Firmware Version":"\'{m.hw.firmware}\'"}}')
    return _own(
        m,
        f'{{"mineroff":"{off}","mineroff_reason":"","mineroff_time":"","FirmwareVersion":"{m.hw.firmware}",'
        f'"power_mode":"normal","power_limit_set":"{m.limit_w}","hash_percent":"0"}}',
    )


def _get_psu(m: Moment) -> str:
    return _own(
        m,
        f'{{"name":"P221B","hw_version":"V01.00","sw_version":"V01.00.V01.03","model":"P221B",'
        f'"iin":"{m.power_w * 1000 // 228}",'
        f'"vin":"22800","fan_speed":"{7000 + m.fan_pct * 10}","version":"-1","serial_no":"{m.serial}","vendor":"7"}}',
    )


def _get_version(m: Moment) -> str:
    return _own(m, f'{{"api_ver":"2.0.5","fw_ver":"{m.hw.firmware}","platform":"H6OS","chip":"SIM"}}')


def _get_miner_info(m: Moment) -> str:
    return _own(
        m,
        f'{{"ip":"192.0.2.10","proto":"dhcp","netmask":"255.255.255.0","dns":"192.0.2.1","mac":"{m.mac.upper()}",'
        f'"ledstat":"{"manual" if m.light else "auto"}","gateway":"192.0.2.1",'
        f'"hostname":"whatsminer-{m.index}","minersn":"{m.serial}"}}',
    )


def _get_error_code(m: Moment) -> str:
    if m.hw.kind == "m30s":  # a flat list of pairs
        flat = ",".join(f'"{code}","2026-01-02 03:04:05"' for code in error_codes(m))
        return _own(m, f'{{"error_code":[{flat}]}}')
    pairs = ",".join(f'{{"{code}":"2026-01-02 03:04:05"}}' for code in error_codes(m))
    return _own(m, f'{{"error_code":[{pairs}]}}')


_ALONE = frozenset({"status", "get_psu", "get_version", "get_miner_info", "get_error_code"})
_COMMON = {
    "summary": _summary,
    "devs": _devs,
    "pools": _pools,
    "devdetails": _devdetails,
    "status": _status,
    "get_version": _get_version,
}
_NEW = {
    **_COMMON,
    "edevs": _devs,
    "get_psu": _get_psu,
    "get_miner_info": _get_miner_info,
    "get_error_code": _get_error_code,
}

#: Before 2020-09: the key is "command", there is no "edevs", and quotes are escaped as nobody else does it.
OLD = Dialect(_NAME, _COMMON, alone=_ALONE, spoil=lambda text: text.replace("'20", "\\'20").replace("REL'", "REL\\'"))
#: From then on: "cmd", and "command" still.
API2 = Dialect(_NAME, _NEW, keys=("cmd", "command"), alone=_ALONE)
#: The same without the NUL.
API2_BARE = Dialect(_NAME, _NEW, keys=("cmd", "command"), alone=_ALONE, end=b"")
