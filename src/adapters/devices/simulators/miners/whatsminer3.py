"""Whatsminer, API 3 (port 4433): four bytes of length, then JSON; TH/s, keys with dashes, no shares."""

import json

from .life import Moment
from .whatsminer import error_codes

#: What signatures are made with.
SALT = "SIMULATE"
#: The connection may stay open: that long without a word, and it is closed.
IDLE_S = 300.0


def answer(m: Moment, raw: bytes) -> bytes:
    """Return the reply to one request, both without their lengths."""
    try:
        request = json.loads(raw)
    except (ValueError, RecursionError):
        return _reply(m, "unknown", -1, '"invalid json"').encode()
    command = request.get("cmd") if isinstance(request, dict) else None
    if command == "get.device.info":
        return _reply(m, command, 0, _device(m, request.get("param"))).encode()
    if command == "get.miner.status":
        return _reply(m, command, 0, _status(m, str(request.get("param") or ""))).encode()
    return _reply(m, str(command), -2, '"invalid command"').encode()


def _reply(m: Moment, command: str, code: int, message: str) -> str:
    return f'{{"code":{code},"when":{m.when},"msg":{message},"desc":{json.dumps(command)}}}'


def _device(m: Moment, wanted: object) -> str:
    chips = "".join(
        f'"pcbsn{b.slot}":"{m.serial}{b.slot}","chipdata{b.slot}":"SIM0-000000 BINV00-000000A",' for b in m.boards
    )
    parts = {
        "network": '{"ip":"192.0.2.10","proto":"dhcp","netmask":"255.255.255.0","dns":"192.0.2.1",'
        f'"mac":"{m.mac.upper()}","gateway":"192.0.2.1","hostname":"whatsminer-{m.index}"}}',
        "miner": f'{{"working":"{"false" if m.state == "sleeping" else "true"}","type":"{m.hw.model}",'
        f'"hash-board":"SIM",'
        f'"detect-hash-rate":"0:0:0","cointype":"BTC","pool-strategy":"FAILOVER","fast-boot":"disable",'
        f'"board-num":"{len(m.boards)}",'
        f'{chips}"hash-percent":"0","miner-sn":"{m.serial}"}}',
        "system": f'{{"api":"3.0.2","platform":"H616","fwversion":"{m.hw.firmware}","control-board-version":"CB6V10",'
        f'"btrom":"1",'
        f'"ledstatus":"{"manual" if m.light else "auto"}","apiswitch":"{int(not m.locked)}"}}',
        "power": f'{{"type":"P221B","mode":"1","hwversion":"RT0159","swversion":"230224.220429","model":"P221B",'
        f'"iin":{m.power_w / 228:.2f},'
        f'"vin":228.0,"vout":1300,"pin":{m.power_w},"fanspeed":{6000 + m.fan_pct * 10},"temp0":{m.ambient_c + 12}.0,'
        f'"sn":"{m.serial}","vendor":"1"}}',
        "salt": f'"{SALT}"',
        "error-code": "["
        + ",".join(f'{{"{code}":"2026-01-02 03:04:05","reason":"simulated"}}' for code in error_codes(m))
        + "]",
    }
    names = [name for name in str(wanted).split("+") if name in parts] if wanted else list(parts)
    if parts["error-code"] == "[]" and "error-code" in names and not wanted:
        names.remove("error-code")  # there is no such key while all is well
    return "{" + ",".join(f'"{name}":{parts[name]}' for name in names) + "}"


def _status(m: Moment, wanted: str) -> str:
    parts = {"summary": _summary, "pools": _pools, "edevs": _edevs}
    return "{" + ",".join(f'"{name}":{parts[name](m)}' for name in wanted.split("+") if name in parts) + "}"


def _summary(m: Moment) -> str:
    inlet, outlet = (m.fans[0], m.fans[-1]) if m.fans else (0, 0)
    chips = [b.chip_c for b in m.boards]
    return (
        f'{{"elapsed":{m.uptime_s},"bootup-time":{m.uptime_s + 130},"freq-avg":{m.hw.freq_mhz},'
        f'"target-freq":{m.hw.freq_mhz},'
        f'"factory-hash":{m.hw.nominal_hs / 1e12:.3f},"hash-average":{m.rate_avg_hs / 1e12:.3f},'
        f'"hash-1min":{m.rate_hs / 1e12:.3f},'
        f'"hash-15min":{m.rate_calm_hs / 1e12:.3f},"hash-realtime":{m.rate_hs / 1e12:.3f},'
        f'"power-rate":{m.power_w / max(m.rate_hs / 1e12, 1):.3f},'
        f'"power-5min":{m.power_w}.0,"power-realtime":{m.power_w}.0,"environment-temperature":{m.ambient_c}.0,'
        f'"board-temperature":[{",".join(f"{b.temp_c}.0" for b in m.boards)}],"chip-temp-min":{min(chips) - 14}.0,'
        f'"chip-temp-avg":{sum(chips) / len(chips) - 6:.1f},"chip-temp-max":{m.chip_max_c}.0,'
        f'"power-limit":{m.limit_w},'
        f'"up-freq-finish":{int(m.state != "starting")},"fan-speed-in":{inlet},"fan-speed-out":{outlet},"Debug":""}}'
    )


def _edevs(m: Moment) -> str:
    items = ",".join(
        f'{{"id":{b.slot},"slot":{b.slot},"status":"{"alive" if b.chips_ok else "dead"}",'
        f'"hash-average":{b.rate_hs / 1e12:.3f},'
        f'"factory-hash":{m.hw.nominal_hs / 1e12 / m.hw.boards:.3f},"hash-realtime":{b.rate_hs / 1e12:.3f},'
        f'"freq":{m.hw.freq_mhz}.0,'
        f'"effective-chips":{b.chips_ok},"chip-temp-min":{b.chip_c - 14}.0,"chip-temp-avg":{b.chip_c - 6}.0,'
        f'"chip-temp-max":{b.chip_c}.0}}'
        for b in m.boards
    )
    return f"[{items}]"


def _pools(m: Moment) -> str:
    items = ",".join(
        f'{{"url":"{url}","account":"{user}","status":"{state.lower()}","pool-priority":{n},'
        f'"stratum-active":{"true" if n == m.pool and m.state != "sleeping" else "false"},"reject-rate":0.0,'
        f'"last-share-time":{m.when - 5}}}'
        for n, (url, user, _, state) in enumerate(m.pools)
    )
    return f"[{items}]"
