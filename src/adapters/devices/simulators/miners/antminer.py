"""AntMiner on port 4028: cgminer and bmminer as Bitmain ships them, before and after the modern firmware."""

from .antminer_stats import head, is_old, old_stats, program, stats, unit
from .antminer_web import modern_pools, modern_stats, modern_summary
from .cgminer import Dialect, accepted_by_pool, status
from .life import Moment


def _version(m: Moment) -> str:
    p = program(m)
    return f'{{{status(m, 22, f"{p.key} versions", p.description)},"VERSION":[{{"API":"3.1",{head(m)}}}],"id":1}}'


def _summary(m: Moment) -> str:
    u = unit(m)
    quote = '"' if is_old(m) else ""
    five = f"{quote}{m.rate_hs / u:.2f}{quote}"
    return (
        f'{{{status(m, 11, "Summary", program(m).description)},"SUMMARY":[{{"Elapsed":{m.uptime_s},'
        f'"GHS 5s":{five},"GHS av":{m.rate_avg_hs / u:.2f},'
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
    stale_key = "Pool Stale%" if is_old(m) else "Pool Stale%%"
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
        for n, ((url, user, _, state), (accepted, rejected, stale)) in enumerate(
            zip(m.pools, accepted_by_pool(m), strict=True)
        )
    )
    return f'{{{status(m, 7, f"{len(m.pools)} Pool(s)", program(m).description)},"POOLS":[{items}],"id":1}}'


def _devs(m: Moment) -> str:
    return (
        f'{{{status(m, 9, "1 ASC(s)", program(m).description)},"DEVS":[{{"ASC":0,"Name":"BTM_SOC","ID":0,'
        f'"Enabled":"Y",'
        f'"Status":"Alive","Tenperature":0.00,"MHS av":0.00,"MHS 5s":0.00,"Accepted":{m.accepted},'
        f'"Rejected":{m.rejected},'
        f'"Hardware Errors":0,"Utility":0.00,"Last Share Pool":{m.pool},"Last Share Time":{m.when - 5},'
        f'"Total MH":0.0000,'
        f'"Diff1 Work":0,"Last Valid Work":{m.when - 2},"Device Elapsed":{m.uptime_s}}}],"id":1}}'
    )


_COMMANDS = {"version": _version, "summary": _summary, "pools": _pools, "devs": _devs}


def _forget_comma(text: str) -> str:
    """Firmware of the time leaves out the comma between the two objects of ``stats``."""
    return text.replace('},{"STATS":0', '}{"STATS":0')


#: Before the S19, joined commands work.
S9 = Dialect("bmminer 1.0.0", {**_COMMANDS, "stats": old_stats}, spoil=_forget_comma)
L3 = Dialect("cgminer 4.9.0", {**_COMMANDS, "stats": old_stats}, spoil=_forget_comma)
#: From the S19 on: one command at a time, and a second shape for those who ask for it.
MODERN = Dialect(
    "cgminer 1.0.0",
    {**_COMMANDS, "stats": stats},
    joins=False,
    modern={"stats": modern_stats, "summary": modern_summary, "pools": modern_pools},
)
