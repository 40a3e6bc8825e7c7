"""What judging a round of a large fleet costs.

    python benchmarks/alerts.py [--miners 10000]

One JSON line a figure: CPU and wall seconds of this process for a round of
polls, from the observation to what is stored, on SQLite.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio

from lineman.adapters.clock import SystemClock
from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.alert_rules import SqlRules
from lineman.adapters.db.alerts import SqlAlerts
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.core.alerts.checks import usual_rules
from lineman.core.alerts.judging import Judging
from lineman.core.miners.facts import facts_of
from lineman.core.miners.health import Policy
from lineman.core.miners.kinds import KINDS
from lineman.ports.miners import Board, Maker, Miner, Observation, Pool, Reading, Sample, State, Watch
from lineman.ports.secrets import Secret

NOW = datetime.now(UTC)
#: Polls are stored, and so reported, in batches.
BATCH = 250
HEALTHY = Reading(
    vendor=Maker.ANTMINER, state=State.MINING, hash_rate_hs=95e12, hash_rate_nominal_hs=100e12, uptime_s=9999,
    temp_chip_max_c=80.0, temp_board_max_c=70.0, fans_rpm=(4000, 4100, 4000, 4200), fans_expected=4, active_pool=0,
    boards=tuple(Board(slot, 31e12, chips_total=100, chips_ok=100, chips_bad=0) for slot in range(3)),
    boards_expected=3, pools=tuple(Pool(n, f"stratum+tcp://pool{n}.example:3333", "w", "alive") for n in range(3)),
)  # fmt: skip


def miner(number: int) -> Miner:
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    return Miner(
        number, f"A1-{number}", address, 4028, None, None, Maker.ANTMINER, None, number % 20 + 1, is_active=True,
        created_at=NOW,
    )  # fmt: skip


def answered(number: int) -> Observation:
    return Observation(Watch(number, reject_ratio=0.01), Sample(number, NOW), HEALTHY)


def missed(number: int) -> Observation:
    return Observation(Watch(number, error="timed-out", error_detail="no answer in 5 s"), Sample(number, NOW))


async def judged(judging: Judging, miners: Sequence[Miner], what: str, seen: Sequence[Observation]) -> None:
    cpu, wall = time.process_time(), time.perf_counter()
    for start in range(0, len(seen), BATCH):
        pairs = zip(miners[start : start + BATCH], seen[start : start + BATCH], strict=True)
        await judging.report([facts_of(one, observation, (), Policy()) for one, observation in pairs])
    figures = {"what": what, "miners": len(miners), "rules": judging.stats().rules}
    figures |= {"cpu_s": round(time.process_time() - cpu, 3), "wall_s": round(time.perf_counter() - wall, 3)}
    print(json.dumps(figures), flush=True)


async def main(count: int) -> None:
    kinds = {kind.kind: kind for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        async with SqliteDatabase(Path(folder, "lineman.db")) as db:
            rules = SqlRules(db, FernetVault([Secret("a key for benchmarks only")]))
            await rules.add_usual(usual_rules(kinds))
            judging = Judging(rules, SqlAlerts(db), SystemClock(), kinds)
            await judging.start()
            miners = [miner(number) for number in range(1, count + 1)]
            good, bad = [answered(one.id) for one in miners], [missed(one.id) for one in miners]
            await judged(judging, miners, "first round", good)
            await judged(judging, miners, "a healthy round", good)
            await judged(judging, miners, "all go offline", bad)
            await judged(judging, miners, "all stay offline", bad)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--miners", type=int, default=10_000)
    anyio.run(main, parser.parse_args().miners)
