"""What looks at Asterisk units over SSH cost: a round of 1,000, some of them hung, all answered within a minute.

    .venv/bin/python benchmarks/units.py [--units 1000] [--hung 0.02] [--lanes 100] [--deadline 15]

The hosts run in a process of their own: one SSH server that answers as an
Asterisk of 17 peers, and a port that accepts and says nothing.  A bare client
(asyncssh with the same settings, the same commands, nothing read) looks at the
same hosts in the same run.  Prints JSON lines.
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

import asyncssh
import uvloop

from lineman.adapters.devices.units import SshProbe
from lineman.adapters.devices.units.dialing import Dialler, Progress
from lineman.adapters.devices.units.looking import CHANNELS, DISK, SIP_PEERS, UPTIME_SECONDS, VERSION
from lineman.adapters.devices.units.shell import logged_in
from lineman.adapters.process import raise_open_files
from lineman.ports.secrets import Secret
from lineman.ports.units import Outcome, UnitTarget

PASSWORD = "for benchmarks only"
ROW = "%-25.25s %-39.39s %-3.3s %-10.10s %-10.10s %-3.3s %-8s %-11s %-32.32s \n"
PEERS = 17
SAYS = {
    SIP_PEERS: ROW % ("Name/username", "Host", "Dyn", "Forcerport", "Comedia", "ACL", "Port", "Status", "Description")
    + "".join(ROW % (f"{n:07}/s", "192.0.2.7", " D ", "Yes", "Yes", "", 5060, "OK (7 ms)", "") for n in range(PEERS))
    + f"{PEERS} sip peers [Monitored: {PEERS} online, 0 offline Unmonitored: 0 online, 0 offline]\n",
    DISK: "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 28 72 28% /\n",
    CHANNELS: "SIP/150-1!internal!600!1!Up!Wait!600!!!!3!12!!u-1.1\n",
    UPTIME_SECONDS: "System uptime: 788659\nLast reload: 788659\n",
    VERSION: "Asterisk 18.26.4 built by root @ build on a x86_64 running Linux\n",
}


class Door(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == PASSWORD


async def answer(process: asyncssh.SSHServerProcess[str]) -> None:
    process.stdout.write(SAYS[process.command or ""])
    process.exit(0)


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def serve(ready: Connection) -> None:
    raise_open_files(4096)
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(
        Door, "127.0.0.1", 0, server_host_keys=[key], process_factory=answer, backlog=2000, login_timeout=0
    )
    silent = await asyncio.start_server(mute, "127.0.0.1", 0, backlog=2000)
    ready.send((server.get_port(), silent.sockets[0].getsockname()[1]))
    while await asyncio.to_thread(ready.recv):
        ready.send(time.process_time())


def host(ready: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(serve(ready))


@contextmanager
def hosts() -> Iterator[tuple[Connection, tuple[int, int]]]:
    """A line to them, that tells their CPU, and the ports of the host that answers and of the one that does not."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=host, args=(there,), daemon=True)
    process.start()
    try:
        yield here, here.recv()
        here.send(False)
    finally:
        process.join(10)
        process.terminate()


async def bare(target: UnitTarget, deadline: float) -> bool:
    """Log in and run the same commands, and read nothing of what they print."""
    progress, dialler = Progress(), Dialler()
    try:
        async with (
            asyncio.timeout(deadline),
            logged_in(
                target, progress, lambda: dialler.dial("127.0.0.1", target.port, progress, until=1e9), 1 << 20
            ) as shell,
        ):
            for command in SAYS:
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


def cpu_of(line: Connection) -> float:
    """Seconds of CPU that the hosts have taken."""
    line.send(True)
    spent: float = line.recv()
    return spent


async def measure(options: argparse.Namespace, line: Connection, ports: tuple[int, int]) -> None:
    raise_open_files(4096)
    every = max(round(1 / options.hung), 1) if options.hung else options.units + 1
    targets = [
        UnitTarget(str(n), "127.0.0.1", ports[n % every == every - 1], "root", Secret(PASSWORD))
        for n in range(options.units)
    ]
    probe = SshProbe()

    async def look(target: UnitTarget) -> bool:
        return (await probe.check(target, deadline=options.deadline)).outcome is Outcome.ONLINE

    await look(targets[0])
    before = cpu_of(line)
    ours = await round_of(targets, options.lanes, look)
    hosts_ms = round((cpu_of(line) - before) * 1000 / len(targets), 2)
    print(
        json.dumps({"what": "probe", "units": options.units, "lanes": options.lanes, **ours, "hosts_cpu_ms": hosts_ms})
    )
    other = await round_of(targets, options.lanes, lambda target: bare(target, options.deadline))
    print(json.dumps({"what": "bare client", **other}))
    print(
        json.dumps(
            {
                "what": "ratio",
                "cpu": round(ours["cpu_ms_a_look"] / other["cpu_ms_a_look"], 2),
                "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
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
    with hosts() as (line, ports):
        uvloop.run(measure(options, line, ports))


if __name__ == "__main__":
    main()
