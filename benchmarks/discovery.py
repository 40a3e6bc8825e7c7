"""What a discovery of a whole subnet costs: 500 simulated miners in a /20, the rest dead.

    .venv/bin/python benchmarks/discovery.py [--miners 500] [--prefix 20] [--latency 20] [--silent 0.5] [--database URL]

The simulators run in a process of their own, the discovery in this one, through
the real house and store.  Dead addresses of loopback refuse at once, which no
real dead address does; so a second run makes a part of them silent: listeners
whose backlog is full, at all three ports, so that a connection gets no answer.
A bare client (one connection attempt an address, the same number at once, the
same patience, no second try and no questions) walks the same subnet in the same
run.  Prints JSON lines.
"""

import argparse
import asyncio
import ipaddress
import json
import multiprocessing
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import anyio

from lineman.adapters.process import raise_open_files
from lineman.container import House, opened
from lineman.core.miners.scan import AT_ONCE, PATIENCE
from lineman.ports.identity import Actor, Role
from lineman.ports.secrets import Secret
from lineman.settings import Settings

BIN = Path(sys.executable).parent
KEY = "a key for benchmarks only"
#: Addresses that one process keeps silent: six open files each.
HELD = 2000
ADMIN = Actor("benchmark", Role.ADMIN)
PORTS = {"port": 4028, "api3_port": 4433, "web_port": 8081}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--miners", type=int, default=500)
    parser.add_argument("--prefix", type=int, default=20)
    parser.add_argument("--latency", default="20", help="milliseconds before each reply")
    parser.add_argument("--mute", default="0%", help="part of the miners that accept and never answer")
    parser.add_argument("--silent", type=float, default=1.0, help="part of the dead that do not even refuse")
    parser.add_argument("--database", help="an empty database; SQLite in a temporary folder without it")
    parser.add_argument("--address", default="127.130.0.1")
    return parser.parse_args()


@contextmanager
def silence(hosts: list[str]) -> Iterator[None]:
    """Have these addresses listened at with full backlogs, by processes of their own for the sake of open files."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    parts = [hosts[start : start + HELD] for start in range(0, len(hosts), HELD)]
    ready = context.Barrier(len(parts) + 1)
    keepers = [context.Process(target=hold, args=(part, ready, stop)) for part in parts]
    for keeper in keepers:
        keeper.start()
    ready.wait(60)
    try:
        yield
    finally:
        stop.set()
        for keeper in keepers:
            keeper.join(30)


def hold(hosts: list[str], ready: Any, stop: Any) -> None:
    """Listen with a full backlog: the kernel drops whoever comes next."""
    raise_open_files(65536)
    with ExitStack() as held:
        for host in hosts:
            for port in PORTS.values():
                door = held.enter_context(socket.socket())
                door.bind((host, port))
                door.listen(0)
                filler = held.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex((host, port))
        ready.wait(60)
        stop.wait()


async def bare(hosts: list[str]) -> float:
    """Seconds of one attempt at each address."""
    waiting = iter(hosts)

    async def lane() -> None:
        for host in waiting:
            with socket.socket() as door:
                door.setblocking(False)
                try:
                    async with asyncio.timeout(PATIENCE):
                        await asyncio.get_running_loop().sock_connect(door, (host, PORTS["port"]))
                except OSError:
                    continue

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    return time.perf_counter() - started


async def discovered(database: str, subnet: str) -> dict[str, Any]:
    """One discovery, from the order to the end, and what it took of this process."""
    async with opened(House(settings=Settings(database=database, secret_keys=Secret(KEY)))) as house:
        discovery = house.discovery()
        before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        job = await discovery.start(ADMIN, [subnet], username="root", password=Secret("root"), ports=PORTS)
        await discovery.work()
        took = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_SELF)
        job, finds = await discovery.get(ADMIN, job.id)
        return {
            "seconds": round(took, 2),
            "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
            "rss_mib": round(after.ru_maxrss / 1024, 1),
            "addresses": job.addresses,
            "answered": job.answered,
            "found": job.found,
            "with_hardware_id": sum(find.hardware_id is not None for find in finds),
            "finds": dict(job.tally),
        }


def main() -> None:
    asked = options()
    raise_open_files(65536)
    subnet = ipaddress.ip_network(f"{asked.address}/{asked.prefix}", strict=False)
    farm = subprocess.Popen(
        [BIN / "lineman", "simulate", "miners", "--json", "--count", str(asked.miners), "--address", asked.address,
         "--latency", asked.latency, "--mute", asked.mute],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        try:
            assert farm.stdout is not None
            alive = {json.loads(farm.stdout.readline())["ip_address"] for _ in range(asked.miners)}
            hosts = [str(host) for host in subnet.hosts()]
            dead = [host for host in hosts if host not in alive]
            for part in dict.fromkeys((0.0, asked.silent)):
                database = asked.database or f"sqlite:///{folder}/discovery-{part}.db"
                with silence(dead[: int(part * len(dead))]):
                    floor = anyio.run(bare, hosts, backend_options={"use_uvloop": True})
                    found = anyio.run(discovered, database, str(subnet), backend_options={"use_uvloop": True})
                told = {"bench": "discovery", "database": database.partition(":")[0], "subnet": f"/{asked.prefix}",
                        "miners": asked.miners, "mute": asked.mute, "silent_part_of_the_dead": part,
                        "bare_knocks_s": round(floor, 2)}  # fmt: skip
                print(json.dumps(told | found), flush=True)
        finally:
            farm.send_signal(signal.SIGINT)
            farm.wait(30)


if __name__ == "__main__":
    main()
