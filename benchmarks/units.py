"""What looks at Asterisk units over SSH cost: a round of 1,000, some of them hung, all answered within a minute.

    .venv/bin/python benchmarks/units.py [--units 1000] [--hung 0.02] [--lanes 100] [--deadline 15]

The hosts are a simulated town in a process of its own: an SSH server for each
unit, with a key and peers of its own; some accept and say nothing.  A bare
client (asyncssh with the same settings, the same commands, nothing read) looks
at the same hosts in the same run.  Prints JSON lines.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import uvloop

from lineman.adapters.devices.simulators.units import SimulatedPbxTown
from lineman.adapters.devices.units import SshProbe
from lineman.adapters.devices.units.dialing import Dialler, Progress
from lineman.adapters.devices.units.looking import CHANNELS, DISK, SIP_PEERS, UPTIME_SECONDS, VERSION
from lineman.adapters.devices.units.shell import logged_in
from lineman.adapters.process import raise_open_files
from lineman.ports.secrets import Secret
from lineman.ports.units import Outcome, UnitTarget

#: What a look asks.
COMMANDS = (SIP_PEERS, DISK, CHANNELS, UPTIME_SECONDS, VERSION)


async def serve(ready: Connection, units: int, hung: float) -> None:
    began = time.perf_counter()
    async with SimulatedPbxTown(units, seed=1, faults={"hung": hung}) as town:
        ready.send((town.rows(), round(time.perf_counter() - began, 2)))
        while await asyncio.to_thread(ready.recv):
            ready.send((time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))


def host(ready: Connection, units: int, hung: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(serve(ready, units, hung))


@contextmanager
def hosts(units: int, hung: float) -> Iterator[tuple[Connection, tuple[list[dict[str, Any]], float]]]:
    """A line to them, that tells their CPU and memory; how to get in to each; and the seconds until all listened."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=host, args=(there, units, hung), daemon=True)
    process.start()
    try:
        yield here, here.recv()
        here.send(False)
    finally:
        process.join(10)
        process.terminate()


async def bare(target: UnitTarget, deadline: float) -> bool:
    """Log in and run the same commands, and read nothing of what they print."""
    until = asyncio.get_running_loop().time() + deadline
    try:
        async with asyncio.timeout_at(until), logged_in(target, Progress(), Dialler(), until, 1 << 20) as shell:
            for command in COMMANDS:
                await shell.run(command)
    except TimeoutError:
        return False
    return True


async def round_of(
    targets: list[UnitTarget], lanes: int, look: Callable[[UnitTarget], Awaitable[bool]]
) -> dict[str, float]:
    """One round: seconds, CPU of a look in milliseconds, and how many were online."""
    waiting, online = iter(targets), 0
    wall, cpu = time.perf_counter(), time.process_time()

    async def lane() -> None:
        nonlocal online
        for target in waiting:
            seen = await look(target)
            online += seen

    await asyncio.gather(*[lane() for _ in range(lanes)])
    return {
        "seconds": round(time.perf_counter() - wall, 2),
        "cpu_ms_a_look": round((time.process_time() - cpu) * 1000 / len(targets), 2),
        "online": online,
    }


def spent_by(line: Connection) -> tuple[float, int]:
    """Seconds of CPU that the hosts have taken, and the most MiB that they held."""
    line.send(True)
    spent: tuple[float, int] = line.recv()
    return spent


async def measure(options: argparse.Namespace, line: Connection, rows: list[dict[str, Any]], opened: float) -> None:
    raise_open_files(4096)
    targets = [
        UnitTarget(row["enterprise_number"], row["host"], row["port"], row["username"], Secret(row["password"]))
        for row in rows
    ]
    probe = SshProbe()

    async def look(target: UnitTarget) -> bool:
        return (await probe.check(target, deadline=options.deadline)).outcome is Outcome.ONLINE

    # The first look imports what speaks SSH, and the second round finds hosts that have made their keys.
    await look(targets[0])
    for what in ("probe, hosts fresh", "probe"):
        before, _ = spent_by(line)
        ours = await round_of(targets, options.lanes, look)
        after, held = spent_by(line)
        told = {"hosts_cpu_ms": round((after - before) * 1000 / len(targets), 2), "hosts_mib": held}
        print(json.dumps({"what": what, "units": options.units, "lanes": options.lanes, **ours, **told}))
    other = await round_of(targets, options.lanes, lambda target: bare(target, options.deadline))
    print(json.dumps({"what": "bare client", **other}))
    print(
        json.dumps(
            {
                "what": "ratio",
                "cpu": round(ours["cpu_ms_a_look"] / other["cpu_ms_a_look"], 2),
                "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "hosts_open_s": opened,
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--hung", type=float, default=0.02, help="the part of them that accept and say nothing")
    parser.add_argument("--lanes", type=int, default=100)
    parser.add_argument("--deadline", type=float, default=15.0)
    options = parser.parse_args()
    with hosts(options.units, options.hung) as (line, (rows, opened)):
        uvloop.run(measure(options, line, rows, opened))


if __name__ == "__main__":
    main()
