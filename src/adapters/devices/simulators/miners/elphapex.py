"""Elphapex: no port 4028, only pages of JSON over HTTP.  Chip temperatures are texts in thousandths of a degree."""

import json

from .cgminer import accepted_by_pool
from .life import Moment


def _wrap(m: Moment, message: str, body: str) -> str:
    return (
        f'{{"STATUS":{{"STATUS":"S","when":{m.uptime_s + 200},"timestamp":{m.when},"api_version":"1.0.0",'
        f'"Msg":"{message}"}},{body},'
        f'"INFO":{{"miner_version":"{m.hw.firmware}","CompileTime":"","dev_sn":"{m.serial}","type":"{m.hw.model}",'
        f'"hw_version":"{m.hw.model}_HW_V1.0"}}}}'
    )


def _rates(m: Moment) -> str:
    """Return the whole machine's rates; the five-second one jumps and cannot be trusted."""
    jumpy = m.rate_hs * (0.8 + 0.3 * ((m.when // 5 * 7919) % 10) / 10)
    return (
        f'"rate_unit":"MH/s","elapsed":{m.uptime_s},"rate_5s":{jumpy / 1e6:.2f},"rate_15m":{m.rate_calm_hs / 1e6:.0f},'
        f'"rate_30m":0,'
        f'"rate_avg":{m.rate_avg_hs / 1e6:.2f},"rate_ideal":{m.hw.nominal_hs / 1e6:.0f}'
    )


def _stats(m: Moment) -> str:
    chains = ",".join(
        f'{{"index":{b.slot},"sn":"{m.serial}{b.slot}","freq_avg":62000,"temp_chip":["{b.chip_c * 1000 - 4000}",'
        f'"{b.chip_c * 1000}","",""],'
        f'"eeprom_loaded":true,"rate_15m":{b.rate_hs / 1e6:.0f},"hw":{b.hw_errors},"temp_pcb":[{b.temp_c - 20},'
        f"{b.temp_c - 21},{b.temp_c},{b.temp_c - 1}],"
        f'"failrate":0.03,"asic":"{"o" * b.chips_ok}{"x" * (m.hw.chips - b.chips_ok)}",'
        f'"rate_real":{b.rate_hs / 1e6:.2f},"asic_num":{b.chips_ok},'
        f'"temp_pic":[{b.temp_c - 20},{b.temp_c - 21},{b.temp_c},{b.temp_c - 1}],'
        f'"rate_ideal":{m.hw.nominal_hs / 1e6 / m.hw.boards:.2f},'
        f'"hashrate":{b.rate_hs * 0.97 / 1e6:.2f}}}'
        for b in m.boards
    )
    fans = ",".join(f'"{rpm}"' for rpm in m.fans)
    return _wrap(
        m,
        "stats",
        f'"STATS":[{{{_rates(m)},"hwp_total":0.1155,"chain_num":{len(m.boards)},"fan_num":{len(m.fans)},'
        f'"fan":[{fans}],"chain":[{chains}]}}]',
    )


def _summary(m: Moment) -> str:
    marks = [
        ("rate", any(not b.chips_ok for b in m.boards), "hash rate is low"),
        ("network", False, ""),
        ("fans", 0 in m.fans and m.state != "sleeping", "fan lost"),
        ("temp", m.state == "fault", "temperature too high"),
    ]
    states = ",".join(
        f'{{"status":"{"e" if bad else "s"}","type":"{name}","msg":"{text if bad else ""}","code":{int(bad)}}}'
        for name, bad, text in marks
    )
    return _wrap(
        m,
        "summary",
        f'"SUMMARY":[{{{_rates(m)},"bestshare":0,"hw_all":{m.rate_avg_hs / 1e6:.2f},"status":[{states}]}}]',
    )


def _pools(m: Moment) -> str:
    """Return the pools; while the second one is worked for, the first cannot be reached."""
    items = ",".join(
        f'{{"index":{n},"url":"{url}","user":"{user}",'
        f'"status":"{"Alive" if state == "Alive" and n >= m.pool else "Unreachable"}","priority":{n},'
        f'"getworks":{accepted + rejected},"accepted":{accepted},"rejected":{rejected},"stale":{stale},"diff":"",'
        f'"diff1":0,"diffa":524288,'
        f'"diffr":524288,"diffs":0,"lsdiff":524288,"lstime":"00:00:05"}}'
        for n, ((url, user, _, state), (accepted, rejected, stale)) in enumerate(
            zip(m.pools, accepted_by_pool(m), strict=True)
        )
    )
    total = m.accepted + m.rejected
    share = 100 * m.rejected / total if total else 0.0
    return _wrap(
        m,
        "pools",
        f'"Device Total Rejected":{m.rejected},"Device Rejected%":{share:.2f},"Device Total Work":{total},'
        f'"POOLS":[{items}]',
    )


def _system(m: Moment) -> str:
    return (
        f'{{"ipaddress":"192.0.2.10","netmask":"255.255.255.0","gateway":"192.0.2.1","dnsservers":"","nettype":"DHCP",'
        f'"netdevice":"eth0",'
        f'"macaddr":"{m.mac}","hostname":"{m.hw.model}","minertype":"{m.hw.model}","Algorithm":"Scrypt",'
        f'"system_mode":"GNU/Linux",'
        f'"system_kernel_version":"4.4.194 #1 SMP","system_filesystem_version":"{m.hw.firmware}",'
        f'"firmware_type":"Release"}}'
    )


def _conf(m: Moment) -> str:
    pools = json.dumps([{"url": url, "user": user, "pass": password} for url, user, password, _ in m.pools])
    return (
        f'{{"pools":{pools},"algo":"ltc","fc-freq":"{m.hw.freq_mhz}","fc-voltage":"1470","fc-freq-level":"100",'
        f'"fc-fan-ctrl":false,'
        f'"fc-fan-pwm":"{m.fan_pct}","fc-work-mode":{int(m.state == "sleeping")}}}'
    )


def _blink(m: Moment) -> str:
    return f'{{"blink":{"true" if m.light else "false"}}}'


PAGES = {
    "/cgi-bin/stats.cgi": _stats,
    "/cgi-bin/summary.cgi": _summary,
    "/cgi-bin/pools.cgi": _pools,
    "/cgi-bin/get_system_info.cgi": _system,
    "/cgi-bin/get_miner_conf.cgi": _conf,
    "/cgi-bin/get_blink_status.cgi": _blink,
}
