"""A scan of a town of gateways: 500 of them, 5 % dead or silent, behind one remote administration server.

    python benchmarks/gateways.py [--count 500] [--dead 0.05] [--lanes 16] [--database URL]

The town runs in a process of its own.  A bare client (sockets, two requests a
gateway, no meaning, no store) asks the same town with as many lanes; then ours
scans it, reads, judges and stores.  Every line is JSON; the last one is what
the town has counted: how often it was asked, and how often two requests came
to one gateway at once, which must be never.
"""

import argparse
import asyncio
import base64
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvloop

from lineman.adapters.devices.simulators.gateways import Knobs, SimulatedGatewayTown
from lineman.container import House, opened
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.gateways import NewGateway, Scan
from lineman.ports.secrets import Secret
from lineman.settings import Settings

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
    options.add_argument("--deadline", type=float, default=30.0, help="seconds that one gateway may take")
    options.add_argument("--scans", type=int, default=2, help="the first reads call forwarding and ids as well")
    options.add_argument("--database", help="an empty database; SQLite in a temporary folder without it")
    options.add_argument("--serve", action="store_true", help="only be the town")
    chosen = options.parse_args()
    if chosen.serve:
        uvloop.run(serve(chosen.count, chosen.dead, chosen.seed))
        return
    with town(chosen.count, chosen.dead, chosen.seed) as running:
        alone = uvloop.run(bare(running, chosen.lanes, chosen.deadline))
        print(json.dumps({"bench": "gateways/bare client", **alone}), flush=True)
        with tempfile.TemporaryDirectory(prefix="lineman-bench-") as folder:
            database = chosen.database or f"sqlite:///{folder}/lineman.db"
            for found in uvloop.run(ours(running, database, chosen.lanes, chosen.deadline, chosen.scans)):
                ratio = round(found["cpu_ms_a_gateway"] / alone["cpu_ms_a_gateway"], 2)
                print(json.dumps({"bench": "gateways/scan", **found, "cpu_ratio_to_bare": ratio}), flush=True)
        print(json.dumps({"bench": "gateways/town", **running.figures()}), flush=True)


def cpu() -> float:
    """Seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def bare(running: Town, lanes: int, deadline: float) -> dict[str, Any]:
    """Ask with bare sockets, read to the end and throw it away."""

    async def ask(port: int, path: str, login: tuple[str, str]) -> bytes:
        key = base64.b64encode(":".join(login).encode()).decode()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: town\r\nAuthorization: Basic {key}\r\n\r\n".encode())
            return await reader.read(-1)
        finally:
            writer.close()

    started, used = time.monotonic(), cpu()
    page = await ask(running.port, "/", running.login)
    ports = iter([int(found) for found in re.findall(rb':([0-9]+)">RADMIN', page)])
    asked = 0

    async def lane() -> None:
        nonlocal asked
        for port in ports:
            try:
                async with asyncio.timeout(deadline):
                    for kind in ("base", "list"):
                        path = f"/default/en_US/status.xml?type={kind}"
                        asked += b"</status>" in await ask(port, path, running.gateway_login)
            except (OSError, TimeoutError):
                continue

    await asyncio.gather(*(lane() for _ in range(lanes)))
    return {
        "seconds": round(time.monotonic() - started, 1),
        "answers": asked,
        "cpu_ms_a_gateway": round(1000 * (cpu() - used) / len(running.gateways), 2),
    }


async def ours(running: Town, database: str, lanes: int, deadline: float, scans: int) -> list[dict[str, Any]]:
    """Scan as ``lineman serve`` does."""
    settings = Settings(
        database=database, mftp_host="127.0.0.1", mftp_port=running.port, mftp_username=running.login[0],
        mftp_password=Secret(running.login[1]), goip_username=running.gateway_login[0],
        goip_password=Secret(running.gateway_login[1]), goip_lanes=lanes, goip_scan_timeout=deadline,
        secret_keys=Secret("a key for benchmarks only"),
    )  # fmt: skip
    async with opened(House(settings=settings)) as house:
        now = house.clock().now()
        await house.enterprise_store().add(NewEnterprise("0001", "Bench"), at=now)
        await house.gateway_store().add_all(
            [NewGateway(name, "0001", found["serial_last4"]) for name, found in running.gateways.items()], at=now
        )
        return [await one_scan(house) for _ in range(scans)]


async def one_scan(house: House) -> dict[str, Any]:
    scanning, store = house.scanning(), house.scan_store()
    started, used = time.monotonic(), cpu()
    asked: Scan = await store.request(by="bench", at=house.clock().now())
    await scanning.work()
    scan = await store.get(asked.id)
    return {
        "status": scan.status,
        "seconds": round(time.monotonic() - started, 1),
        "active": scan.active,
        "errors": scan.errors,
        "cpu_ms_a_gateway": round(1000 * (cpu() - used) / scan.total, 2),
        "mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    main()
