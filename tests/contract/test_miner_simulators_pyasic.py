"""pyasic, a client of other people, reads the simulated miners and sees the same."""

import asyncio
import json
import socket
import sys

import pytest

from lineman.adapters.devices.simulators.miners import SimulatedFarm

pytestmark = pytest.mark.anyio

# In a process of its own: importing pyasic sets off warnings of its dependencies, which are errors here.
PROBE = """
import asyncio, json, sys
from pyasic import get_miner

async def read(address):
    miner = await get_miner(address)
    data = await miner.get_data(include=["hashrate", "hashboards", "uptime", "pools"])
    return {
        "class": type(miner).__name__,
        "rate": float(data.hashrate),
        "unit": str(data.hashrate.unit),
        "uptime": data.uptime,
        "users": [pool.user for pool in data.pools],
    }

async def main():
    print(json.dumps([await read(address) for address in sys.argv[1:]]))

asyncio.run(main())
"""
UNITS = {"TH/s": 1e12, "GH/s": 1e9, "MH/s": 1e6, "H/s": 1.0}
#: The kinds that pyasic can read.  It cannot parse an M20S of that age, finds API 3 only beside API 2,
#: knows no Elphapex without a login, and takes the MH/s of an L3+ or L7 for GH/s.
KINDS = {
    "m30s": "BTMinerM30SVE10",
    "m50s": "BTMinerM50SVH50",
    "m60s": "BTMinerM60SVK40",
    "s9": "BMMinerS9",
    "s19pro": "BMMinerS19Pro",
    "s21": "BMMinerS21",
    "a1246": "CGMinerAvalon1246",
    "a1346": "AvalonUnknown",
}


def _may_use_port_80() -> bool:
    with socket.socket() as door:
        try:
            door.bind(("127.0.0.80", 80))
        except PermissionError:
            return False
        except OSError:  # taken, but not forbidden
            return True
        return True


# The Elphapex is on the web only, and pyasic has port 80 built in, which not everybody may open:
# there the case does not exist.
if _may_use_port_80():
    KINDS["dg1+"] = "ElphapexDG1Plus"


async def test_pyasic_knows_the_simulated_miners_and_reads_the_same_hash_rates() -> None:
    web_port = 80 if "dg1+" in KINDS else 8081
    frozen = SimulatedFarm(dict.fromkeys(KINDS, 1), len(KINDS), web_port=web_port, clock=lambda: 100.0)
    async with frozen as farm:
        assert all(miner.port in (80, 4028) for miner in farm.miners), "something here listens on 4028 at all addresses"
        probe = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", "-c", PROBE, *(miner.host for miner in farm.miners)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, errors = await asyncio.wait_for(probe.communicate(), 120)
        finally:
            if probe.returncode is None:
                probe.kill()
        assert probe.returncode == 0, errors.decode()[-2000:]
        for miner, seen in zip(farm.miners, json.loads(out), strict=True):
            kind, truth = miner.kind.hw.kind, miner.truth()
            assert seen["class"] == KINDS[kind]
            assert seen["rate"] * UNITS[seen["unit"]] == pytest.approx(truth["hash_rate_hs"], rel=1e-3), kind
            if kind != "dg1+":  # pyasic looks for it in the wrong entry
                assert seen["uptime"] == truth["uptime_s"], kind
            if kind != "m60s":  # pyasic reads no pools over API 3
                assert seen["users"] == [f"acct.w{miner.index:05d}"] * 3, kind
