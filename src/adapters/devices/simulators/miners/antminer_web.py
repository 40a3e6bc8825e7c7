"""The pages of a modern AntMiner: the only place where it says that it sleeps.

Three of them have the shape that port 4028 gives to those who ask for the new API.
"""

import json

from .antminer_stats import chips, program, unit
from .cgminer import accepted_by_pool
from .life import Moment


def modern(m: Moment, message: str, body: str) -> str:
    """Return a reply in the shape of the new API and of the web pages."""
    return (
        f'{{"STATUS":{{"STATUS":"S","when":{m.when},"Msg":"{message}","api_version":"1.0.0"}},'
        f'"INFO":{{"miner_version":"{program(m).build}",'
        f'"CompileTime":"{m.hw.firmware}","type":"{m.hw.model}"}},{body}}}'
    )


def modern_stats(m: Moment) -> str:
    """Return the statistics with one entry a chain."""
    u = unit(m)
    chains = ",".join(
        f'{{"index":{b.slot},"freq_avg":{m.hw.freq_mhz},"rate_ideal":{m.hw.nominal_hs / u / m.hw.boards:.1f},'
        f'"rate_real":{b.rate_hs / u:.2f},'
        f'"asic_num":{m.hw.chips},"asic":"{chips(m, b, 3).strip()}","temp_pic":{_list(b.temp_c - 8)},'
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
    items = ",".join(
        f'{{"index":{n},"url":"{url}","user":"{user}","status":"{state}","priority":{n},"getworks":{accepted // 3},'
        f'"accepted":{accepted},'
        f'"rejected":{rejected},"discarded":0,"stale":{stale},"diff":"65.5K","diff1":0,"diffa":{accepted * 65536},'
        f'"diffr":{rejected * 65536},'
        f'"diffs":0,"lsdiff":65536,"lstime":"0:00:05"}}'
        for n, ((url, user, _, state), (accepted, rejected, stale)) in enumerate(
            zip(m.pools, accepted_by_pool(m), strict=True)
        )
    )
    return modern(m, "pools", f'"POOLS":[{items}]')


def _system(m: Moment) -> str:
    return (
        f'{{"minertype":"{m.hw.model}","nettype":"DHCP","netdevice":"eth0","macaddr":"{m.mac}","hostname":"Antminer",'
        f'"ipaddress":"192.0.2.10","netmask":"255.255.255.0","gateway":"192.0.2.1","dnsservers":"192.0.2.1",'
        f'"curtime":"","uptime":"","loadaverage":"0.4","mem_total":"0","mem_used":"0","system_mode":"GNU/Linux",'
        f'"system_kernel_version":"Linux 4.6.0","system_filesystem_version":"{m.hw.firmware}",'
        f'"firmware_type":"Release",'
        f'"serinum":"{m.serial}"}}'
    )


def _conf(m: Moment) -> str:
    pools = json.dumps([{"url": url, "user": user, "pass": password} for url, user, password, _ in m.pools])
    return (
        f'{{"pools":{pools},"api-listen":true,"api-network":true,"api-groups":"A:stats:pools:devs:summary:version",'
        f'"api-allow":"A:0/0,W:*","bitmain-fan-ctrl":false,"bitmain-fan-pwm":"100","bitmain-use-vil":true,'
        f'"bitmain-freq":"{m.hw.freq_mhz}","bitmain-voltage":"1320","bitmain-ccdelay":"0","bitmain-pwth":"0",'
        f'"bitmain-work-mode":"{int(m.state == "sleeping")}","bitmain-freq-level":"100"}}'
    )


def _network(m: Moment) -> str:
    return (
        f'{{"nettype":"DHCP","netdevice":"eth0","macaddr":"{m.mac}","ipaddress":"192.0.2.10","netmask":"255.255.255.0",'
        f'"conf_nettype":"DHCP","conf_hostname":"Antminer","conf_ipaddress":"","conf_netmask":"","conf_gateway":"",'
        f'"conf_dnsservers":""}}'
    )


def _blink(m: Moment) -> str:
    return f'{{"blink":{"true" if m.light else "false"}}}'


PAGES = {
    "/cgi-bin/get_system_info.cgi": _system,
    "/cgi-bin/get_miner_conf.cgi": _conf,
    "/cgi-bin/get_network_info.cgi": _network,
    "/cgi-bin/get_blink_status.cgi": _blink,
    "/cgi-bin/stats.cgi": modern_stats,
    "/cgi-bin/summary.cgi": modern_summary,
    "/cgi-bin/pools.cgi": modern_pools,
}
