"""What a round of a whole fleet costs: 10,000 simulated miners, polled and stored every 60 seconds.

    .venv/bin/python benchmarks/fleet.py [--miners 10000] [--rounds 3] [--database URL]

The simulators run in a process of their own, ``lineman serve`` in another, as an
operator runs it.  A bare client (an ``asyncio.Protocol``, one joined command, no
meaning, no store) asks the same miners in the same run.  Prints JSON lines:
CPU and memory of the service, misses, lag, and the ratio to the bare client.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import anyio

from lineman.adapters.process import raise_open_files
from lineman.container import House, opened
from lineman.ports.miners import Maker, NewMiner
from lineman.ports.secrets import Secret
from lineman.settings import Settings

BIN = Path(sys.executable).parent
TICK = os.sysconf("SC_CLK_TCK")
KEY = "a key for benchmarks only"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--miners", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--interval", type=float, default=60.0)
    parser.add_argument("--mute", default="0%", help="part of the miners that never answer")
    parser.add_argument("--latency", default="20", help="milliseconds before each reply")
    parser.add_argument("--database", help="an empty database; SQLite in a temporary folder without it")
    parser.add_argument("--address", default="127.120.0.1")
    return parser.parse_args()


async def fill(settings: Settings, miners: list[dict[str, object]]) -> None:
    async with opened(House(settings=settings)) as house:
        now = house.clock().now()
        store = house.miner_store()
        for row in miners:
            row["manufacturer"] = Maker(str(row["manufacturer"]))
            if "password" in row:
                row["password"] = Secret(str(row["password"]))
            await store.add(NewMiner(**row), at=now)  # type: ignore[arg-type]  the simulators' own rows


def usage(pid: int) -> tuple[float, int]:
    """CPU seconds and resident KiB of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    resident = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return (int(fields[11]) + int(fields[12])) / TICK, int(resident.split()[1])


async def bare(miners: list[dict[str, object]], lanes: int = 200) -> float:
    """CPU milliseconds a miner of a client that asks once, reads to the end and throws it away."""

    class Reply(asyncio.Protocol):
        def __init__(self, done: asyncio.Future[int]) -> None:
            self.done, self.size = done, 0

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transport.write(b'{"command":"summary+devs+pools"}')  # type: ignore[attr-defined]

        def data_received(self, data: bytes) -> None:
            self.size += len(data)

        def connection_lost(self, exc: Exception | None) -> None:
            if not self.done.done():
                self.done.set_result(self.size)

    loop = asyncio.get_running_loop()
    waiting = iter([row for row in miners if row["port"] == 4028])
    asked = 0

    async def lane() -> None:
        nonlocal asked
        for row in waiting:
            done: asyncio.Future[int] = loop.create_future()
            try:
                transport, _ = await loop.create_connection(lambda d=done: Reply(d), str(row["ip_address"]), 4028)
                async with asyncio.timeout(2):
                    await done
            except (OSError, TimeoutError):
                continue
            transport.close()
            asked += 1

    before = resource.getrusage(resource.RUSAGE_SELF)
    await asyncio.gather(*(lane() for _ in range(lanes)))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * cpu / max(asked, 1)


def main() -> None:
    asked = options()
    raise_open_files(65536)
    farm = subprocess.Popen(
        [BIN / "lineman", "simulate", "miners", "--json", "--count", str(asked.miners), "--address", asked.address,
         "--latency", asked.latency, "--mute", asked.mute],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        service: subprocess.Popen[str] | None = None
        try:
            assert farm.stdout is not None
            miners = [json.loads(farm.stdout.readline()) for _ in range(asked.miners)]
            database = asked.database or f"sqlite:///{folder}/fleet.db"
            settings = Settings(database=database, secret_keys=Secret(KEY))
            anyio.run(fill, settings, [dict(row) for row in miners])
            floor = anyio.run(bare, miners, backend_options={"use_uvloop": True})
            environment = os.environ | {
                "LINEMAN_DATABASE": database, "LINEMAN_SECRET_KEYS": KEY, "LINEMAN_LOG_LEVEL": "warning",
                "LINEMAN_ADMIN_PASSWORD": "a password for benchmarks", "POLLING_INTERVAL": str(asked.interval),
            }  # fmt: skip
            service = subprocess.Popen([BIN / "lineman", "serve", "--port", "0"], env=environment, cwd=folder)
            time.sleep(asked.interval * 1.5)  # the first round identifies
            peak = 0
            for number in range(asked.rounds):
                cpu, _ = usage(service.pid)
                ends = time.monotonic() + asked.interval
                while time.monotonic() < ends:
                    time.sleep(1)
                    peak = max(peak, usage(service.pid)[1])
                used = usage(service.pid)[0] - cpu
                print(
                    json.dumps(
                        {
                            "bench": "fleet",
                            "database": database.partition(":")[0],
                            "miners": asked.miners,
                            "round": number + 1,
                            "cpu_s": round(used, 2),
                            "cpu_ms_per_miner": round(1000 * used / asked.miners, 3),
                            "bare_client_ms_per_miner": round(floor, 3),
                            "ratio": round(1000 * used / asked.miners / floor, 2),
                            "rss_mib": round(peak / 1024, 1),
                        }
                    ),
                    flush=True,
                )
        finally:
            for process in (service, farm):
                if process is not None:
                    process.send_signal(signal.SIGINT)
                    process.wait(30)


if __name__ == "__main__":
    main()
