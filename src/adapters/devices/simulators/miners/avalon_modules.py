"""Avalon before the A10: one address is a controller with ten machines behind it, on two buses of five.

There is no rate of a machine and no power anywhere, only what the controller adds up.
"""

from functools import lru_cache

from .avalon import named
from .cgminer import Dialect, status
from .life import BoardNow, Moment

_NAME = "cgminer 4.10.0"
_A_BUS = 5


def _version(m: Moment) -> str:
    return (
        f'{{{status(m, 22, "CGMiner versions", _NAME)},"VERSION":[{{"CGMiner":"4.10.0","API":"3.7",'
        f'"VERSION":"{m.hw.firmware}","MAC":"{m.mac.replace(":", "")}"}}],"id":1}}'
    )


def _devdetails(m: Moment) -> str:
    items = ",".join(
        f'{{"DEVDETAILS":{n},"Name":"AV7","ID":{n},"Driver":"avalon7","Kernel":"","Model":"","Device Path":""}}'
        for n in range(len(m.boards) // _A_BUS)
    )
    return f'{{{status(m, 69, "Device Details", _NAME)},"DEVDETAILS":[{items}],"id":1}}'


def _machine(m: Moment, board: BoardNow) -> str:
    """Return the state of one machine."""
    return (
        f"Ver[{m.hw.firmware}] DNA[{m.serial}] Elapsed[{m.uptime_s}] "
        f"MW[1289 1298 1302 1245] LW[{board.accepted * 240}] "
        f"MH[0 0 0 0] "
        f"HW[{board.hw_errors}] DH[0.000%] Temp[{m.ambient_c}] TMax[{board.chip_c}] "
        f"Fan[{m.fans[board.slot]}] FanR[{m.fan_pct}%] Vi[1215 1216 1215 1215] Vo[4074 4069 4065 4078] "
        f"GHSmm[{m.hw.nominal_hs / 1e9 / m.hw.boards:.2f}] WU[0.00] Freq[{m.hw.freq_mhz}.00] "
        f"PG[{15 if board.chips_ok else 0}] "
        f"Led[0] {_work(m.hw.chips // 4)} TA[{board.chips_ok}] ECHU[0 0 0 0] ECMM[0] FM[1] CRC[0 0 0 0] PAIRS[0 0 0] "
        f"PVT_T[21-80/14-88/84 0-81/11-89/86 21-78/10-87/83 20-77/11-85/81]"
    )


@lru_cache(maxsize=8)
def _work(chips: int) -> str:
    """Return what each chip of the four chains did, which is much and says little."""
    return " ".join(f"MW{chain}[{' '.join(['4'] * chips)}]" for chain in range(4))


def _stats(m: Moment) -> str:
    items = []
    for bus in range(len(m.boards) // _A_BUS):
        machines = m.boards[bus * _A_BUS : (bus + 1) * _A_BUS]
        texts = ",".join([f'"MM ID{n}":"{_machine(m, board)}"' for n, board in enumerate(machines, 1)])
        items.append(
            f'{{"STATS":{bus},"ID":"AV7{bus}","Elapsed":{m.uptime_s},"Calls":0,"Wait":0.000000,"Max":0.000000,'
            f'"Min":99999999.000000,{texts},"MM Count":{len(machines)},"Smart Speed":1,"Connecter":"AUC",'
            f'"AUC VER":"AUC-20151208","AUC I2C Speed":400000,"AUC I2C XDelay":19200,"AUC Sensor":14500,'
            f'"AUC Temperature":{m.ambient_c}.00,"Connection Overloaded":false,"Nonce Mask":29}}'
        )
    return f'{{{status(m, 70, "CGMiner stats", _NAME)},"STATS":[{",".join(items)}],"id":1}}'


MODULES = Dialect(
    _NAME, {**named(_NAME), "version": _version, "devdetails": _devdetails, "stats": _stats, "estats": _stats}
)
