"""Polling of miners: lineman against pyasic and against a bare client, in one run on one core.

    python benchmarks/miners.py [--bench ../shared/bench/miners] [--n 1000] [--rounds 5]

It needs the farm of fake miners beside the checkout (``--bench`` or
``LINEMAN_BENCH``), Linux (all of 127/8 answers), port 4028 for pyasic, and
two cores: the farm has one, each client in turn the other.  Every line is
JSON; the last ones are the ratios of CPU per miner and what they should be,
and a round in which 2 % of the miners hang.
"""

import argparse
import asyncio
import gc
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from lineman.adapters.devices.miners import AsicDriver
from lineman.ports.errors import DeviceError
from lineman.ports.miners import Answer, Fingerprint, Maker, Target

T = TypeVar("T")

HERE = Path(__file__).resolve()
MAKERS = {21: Maker.WHATSMINER, 22: Maker.ANTMINER, 23: Maker.ANTMINER, 24: Maker.AVALON}
#: Goals of the design: at least 8 times less than pyasic, at most twice the bare client.
PYASIC_GOAL, FLOOR_GOAL = 8.0, 2.0
#: Watts, boards, shares and the like come with the rate; each kind must have these.
COMPLETE = ("hash_rate_hs", "hash_rate_nominal_hs", "boards", "fans_rpm", "pools", "uptime_s")


@contextmanager
def farm(bench: Path, port: int, *options: str) -> Iterator[None]:
    """The fake miners on the second core."""
    command = [sys.executable, str(bench / "farm.py"), "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
        assert process.stdout is not None
        assert process.stdout.readline().startswith("farm ready")
        yield
    finally:
        process.terminate()
        process.wait(10)


def other(bench: Path, script: str, *options: str) -> dict[str, Any]:
    """A client of the bench in a process of its own on the first core; its JSON line."""
    core = str(min(os.sched_getaffinity(0)))
    done = subprocess.run(
        ["taskset", "-c", core, sys.executable, script, *options], cwd=bench, capture_output=True, text=True, check=True
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    print(line, flush=True)
    found: dict[str, Any] = json.loads(line)
    return found


def targets(bench: Path, count: int, port: int) -> list[Target]:
    sys.path.insert(0, str(bench))
    plan = importlib.import_module("plan")
    return [Target(host, port=port, maker=MAKERS[kind]) for kind, host in plan.ips(count)]


async def a_round(
    driver: AsicDriver, todo: list[Target], known: dict[str, Fingerprint], lanes: int, deadline: float
) -> tuple[dict[str, Answer], int, list[DeviceError]]:
    """Poll all once, fixed lanes pull from one list; the last answer of each kind, how many, and failures."""
    answers: dict[str, Answer] = {}
    read = 0
    failures: list[DeviceError] = []
    waiting = iter(todo)

    async def lane() -> None:
        nonlocal read
        for target in waiting:
            try:
                answer = await driver.poll(target, known.get(target.host), deadline=deadline)
            except DeviceError as error:
                failures.append(error)
            else:
                read += 1
                answers[target.host.split(".")[1]] = answer
                known[target.host] = answer.fingerprint

    await asyncio.gather(*[lane() for _ in range(lanes)])
    return answers, read, failures


async def ours(todo: list[Target], rounds: int, lanes: int) -> dict[str, Any]:
    """CPU per miner with remembered fingerprints; a first round identifies them all."""
    driver, known = AsicDriver(), dict[str, Fingerprint]()
    began = time.process_time()
    answers, _, failures = await a_round(driver, todo, known, lanes, 5.0)
    first = time.process_time() - began
    assert not failures, failures[0]
    for answer in answers.values():
        assert all(getattr(answer.reading, name) for name in COMPLETE), answer.reading
        json.loads(answer.raw)
    taken = []
    for _ in range(rounds + 1):
        gc.collect()
        began, wall = time.process_time(), time.perf_counter()
        _, read, failures = await a_round(driver, todo, known, lanes, 5.0)
        taken.append((time.process_time() - began, time.perf_counter() - wall))
        assert not failures
        assert read == len(todo)
    cpu, wall = (statistics.median(column) for column in zip(*taken[1:], strict=True))
    line = {
        "bench": "lineman/poll",
        "miners": len(todo),
        "rounds": rounds,
        "cpu_ms_per_miner": round(cpu / len(todo) * 1000, 4),
        "miners_per_s": round(len(todo) / wall, 1),
        "identify_cpu_ms_per_miner": round(first / len(todo) * 1000, 4),
    }
    print(json.dumps(line), flush=True)
    return line


async def hung(todo: list[Target], lanes: int, deadline: float) -> None:
    """A round with hung miners ends at the deadline, and names them."""
    began = time.perf_counter()
    _, read, failures = await a_round(AsicDriver(), todo, {}, lanes, deadline)
    kinds: dict[str, int] = {}
    for error in failures:
        kinds[error.code] = kinds.get(error.code, 0) + 1
    took = time.perf_counter() - began
    line = {
        "bench": "lineman/hung",
        "miners": len(todo),
        "wall_s": round(took, 2),
        "deadline_s": deadline,
        "read": read,
        "failed": kinds,
        "met": took < deadline * 1.2 and set(kinds) <= {"timed-out"},
    }
    print(json.dumps(line), flush=True)


def _pinned(work: Coroutine[Any, Any, T]) -> T:
    """Run it on the first core, where the other clients run as well."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return uvloop.run(work)
    finally:
        os.sched_setaffinity(0, cores)


def _verdict(name: str, ratio: float, *, at_most: float = 1e9, at_least: float = 0.0) -> None:
    goal = at_least or at_most
    print(json.dumps({"ratio": name, "is": round(ratio, 2), "goal": goal, "met": at_least <= ratio <= at_most}))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--bench", type=Path, default=os.environ.get("LINEMAN_BENCH", HERE.parents[2] / "shared/bench/miners")
    )
    options.add_argument("--port", type=int, default=4028)
    options.add_argument("--n", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--conc", type=int, default=200)
    options.add_argument("--kinds", default="21,22,23,24")
    options.add_argument("--only-ours", action="store_true", help="leave out pyasic and the bare client")
    chosen = options.parse_args()
    bench = Path(chosen.bench).resolve()
    kinds = {int(kind) for kind in chosen.kinds.split(",")}
    todo = [t for t in targets(bench, chosen.n, chosen.port) if int(t.host.split(".")[1]) in kinds]
    common = ["--n", str(chosen.n), "--rounds", str(chosen.rounds), "--conc", str(chosen.conc), "--kinds", chosen.kinds]
    clients: dict[str, Callable[[], dict[str, Any]]] = {"ours": lambda: _pinned(ours(todo, chosen.rounds, chosen.conc))}
    if not chosen.only_ours:
        bare = ["--mode", "proto", "--dec", "orjson", "--uvloop", "--plan", "joined", "--port", str(chosen.port)]
        clients["floor"] = lambda: other(bench, "floor.py", *common, *bare)
        if chosen.port == 4028:
            clients["pyasic"] = lambda: other(bench, "bench_pyasic.py", *common, "--fields", "lean")
    best: dict[str, float] = {}
    with farm(bench, chosen.port):
        # In turns, so that a busy machine disturbs all of them; what was least disturbed counts.
        for _ in range(chosen.repeat):
            for name, run in clients.items():
                best[name] = min(best.get(name, 1e9), run()["cpu_ms_per_miner"])
    if "floor" in best:
        _verdict("ours/floor", best["ours"] / best["floor"], at_most=FLOOR_GOAL)
    if "pyasic" in best:
        _verdict("pyasic/ours", best["pyasic"] / best["ours"], at_least=PYASIC_GOAL)
    with farm(bench, chosen.port, "--hang", "0.02"):
        _pinned(hung(todo[:500], chosen.conc, 2.0))


if __name__ == "__main__":
    main()
