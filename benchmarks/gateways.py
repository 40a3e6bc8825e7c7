"""A scan of a town of gateways: 500 of them, 5 % dead or silent, behind one remote administration server.

    python benchmarks/gateways.py [--count 500] [--dead 0.05] [--lanes 16]

The town runs in a process of its own.  Every line is JSON; the last one is
what the town has counted: how often it was asked, and how often two requests
came to one gateway at once, which must be never.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvloop

from lineman.adapters.devices.simulators.gateways import Knobs, SimulatedGatewayTown

#: Milliseconds to a gateway and back, behind its NAT.
LATENCY_MS, JITTER_MS = 80.0, 120.0


@dataclass
class Town:
    """A town in another process."""

    process: subprocess.Popen[str]
    port: int
    login: tuple[str, str]
    gateway_login: tuple[str, str]
    #: By name: the last four digits of the serial number, and whether it is dead.
    gateways: dict[str, dict[str, Any]]

    def figures(self) -> dict[str, Any]:
        """What it has counted so far."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@contextmanager
def town(count: int, dead: float, seed: int = 1) -> Iterator[Town]:
    """Run a town in a process of its own."""
    command = [sys.executable, __file__, "--serve", "--count", str(count), "--dead", str(dead), "--seed", str(seed)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Town(process, **json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(10)


async def serve(count: int, dead: float, seed: int) -> None:
    """Be the town: one line of JSON when it is ready, and one for each line that comes in."""
    knobs = Knobs(latency_ms=LATENCY_MS, jitter_ms=JITTER_MS)
    async with SimulatedGatewayTown(count, seed=seed, dead_share=dead, knobs=knobs) as served:
        ready = {
            "port": served.radmin.port,
            "login": served.radmin.login,
            "gateway_login": served.gateways[0].login,
            "gateways": {
                gateway.name: {"serial_last4": gateway.serial[-4:], "dead": gateway in served.dead}
                for gateway in served.gateways
            },
        }
        print(json.dumps(ready), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(served.figures()), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--dead", type=float, default=0.05)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--lanes", type=int, default=16)
    options.add_argument("--serve", action="store_true", help="only be the town")
    chosen = options.parse_args()
    if chosen.serve:
        uvloop.run(serve(chosen.count, chosen.dead, chosen.seed))
        return
    with town(chosen.count, chosen.dead, chosen.seed) as running:
        print(json.dumps({"bench": "gateways/town", **running.figures()}), flush=True)


if __name__ == "__main__":
    main()
