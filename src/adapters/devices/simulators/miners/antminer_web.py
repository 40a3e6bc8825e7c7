"""The pages of a modern AntMiner: the only place where it says that it sleeps."""

from .antminer import modern_pools, modern_stats, modern_summary
from .cgminer import POOLS, worker
from .life import Moment


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
    user = worker(m)
    pools = ",".join(f'{{"url":"{url}","user":"{user}","pass":"x"}}' for url, _ in POOLS)
    return (
        f'{{"pools":[{pools}],"api-listen":true,"api-network":true,"api-groups":"A:stats:pools:devs:summary:version",'
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
    return '{"blink":false}'


PAGES = {
    "/cgi-bin/get_system_info.cgi": _system,
    "/cgi-bin/get_miner_conf.cgi": _conf,
    "/cgi-bin/get_network_info.cgi": _network,
    "/cgi-bin/get_blink_status.cgi": _blink,
    "/cgi-bin/stats.cgi": modern_stats,
    "/cgi-bin/summary.cgi": modern_summary,
    "/cgi-bin/pools.cgi": modern_pools,
}
