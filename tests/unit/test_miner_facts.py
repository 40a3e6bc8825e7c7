"""What a poll tells the alerts: figures that are known, and no others."""

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from lineman.core.miners.backlog import Backlog, Polled
from lineman.core.miners.events import Event, PoolSwitched
from lineman.core.miners.facts import container_facts, facts_of, pace_facts
from lineman.core.miners.health import Policy
from lineman.core.miners.kinds import KINDS
from lineman.core.miners.reporting import Reporting
from lineman.ports.alerts import AlertSink, Facts, Subject
from lineman.ports.clock import Clock
from lineman.ports.errors import Unavailable
from lineman.ports.miners import (
    Board,
    Container,
    ContainerStore,
    Maker,
    Miner,
    Observation,
    Pool,
    Reading,
    Sample,
    State,
    Totals,
    Watch,
    WatchStore,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINER = Miner(
    7, "A1-07", "10.0.0.7", 4028, None, None, Maker.ANTMINER, None, 3, is_active=True, created_at=NOON, tags=("hot",)
)  # fmt: skip


def told(*events: Event, watch: Watch | None = None, **reading: Any) -> Facts:
    """The facts of a reading; that of a healthy miner, if nothing else is said."""
    said: dict[str, Any] = {"vendor": Maker.ANTMINER, "state": State.MINING, "uptime_s": 9999} | reading
    seen = Observation(watch or Watch(7), Sample(7, NOON), Reading(**said))
    return facts_of(MINER, seen, events, Policy())


def values(**reading: Any) -> dict[str, float | None]:
    found = dict(told(**reading).values)
    assert found.pop("answers") == 1.0
    return found


def test_a_miss_says_that_it_does_not_answer_and_why_and_nothing_else() -> None:
    watch = Watch(7, error="timed-out", error_detail="10.0.0.7:4028 did not answer in 5 s")
    facts = facts_of(MINER, Observation(watch, Sample(7, NOON, error="timed-out")), (), Policy())
    assert facts == Facts(
        Subject("miners", 7, "A1-07", 3, ("hot",)), NOON, {"answers": 0.0},
        {"answers": "10.0.0.7:4028 did not answer in 5 s"},
    )  # fmt: skip


def test_a_miner_that_says_nothing_of_itself_only_answers() -> None:
    assert values() == {}


@pytest.mark.parametrize(
    ("reading", "rate"),
    [
        ({"hash_rate_hs": 61e12, "hash_rate_nominal_hs": 100e12}, 61.0),
        ({"hash_rate_hs": 61e12}, "-"),
        ({"hash_rate_nominal_hs": 100e12}, "-"),
        ({"hash_rate_nominal_hs": 100e12, "state": State.FAULT}, 0.0),
        ({"hash_rate_hs": 0.0, "hash_rate_nominal_hs": 100e12, "state": State.IDLE}, 0.0),
        ({"hash_rate_hs": 0.0, "hash_rate_nominal_hs": 100e12, "state": State.STARTING}, "-"),
        ({"hash_rate_hs": 1e12, "hash_rate_nominal_hs": 100e12, "uptime_s": 60}, "-"),
        ({"hash_rate_hs": 0.0, "hash_rate_nominal_hs": 100e12, "state": State.SLEEPING}, None),
    ],
)
def test_the_rate_is_a_part_of_the_nominal_one_when_that_means_something(
    reading: dict[str, Any], rate: float | str | None
) -> None:
    assert values(**reading).get("rate_pct", "-") == rate


@pytest.mark.parametrize(
    ("reading", "rpm", "words"),
    [
        ({"fans_rpm": (4000, 3900), "fans_expected": 2}, 3900.0, "fan 2"),
        ({"fans_rpm": (4000, 0, 3900, 0)}, 3900.0, "fan 3"),
        ({"fans_rpm": (4000, 0), "vendor": Maker.AVALON}, 0.0, "fan 2 stands still"),
        ({"fans_rpm": (4000, 0, 3900, 4100), "fans_expected": 4}, 0.0, "3 of 4 fans turn"),
        ({"fans_rpm": (0, 0)}, "-", None),
        ({"fans_rpm": (), "fans_expected": 4}, "-", None),
        ({"fans_rpm": (0, 0), "fans_expected": 2, "state": State.IDLE}, "-", None),
    ],
)
def test_the_slowest_fan_counts_and_empty_sockets_do_not(
    reading: dict[str, Any], rpm: float | str, words: str | None
) -> None:
    facts = told(**reading)
    assert (facts.values.get("fan_rpm", "-"), facts.words.get("fan_rpm")) == (rpm, words)


def test_boards_and_chips_that_are_not_there_are_counted_and_named() -> None:
    boards = (Board(0, 1e12, chips_bad=2), Board(1, 0.0, chips_total=100, chips_ok=99), Board(2, 1e12))
    facts = told(boards=boards, boards_expected=4)
    assert (facts.values["boards_missing"], facts.values["chips_missing"]) == (2.0, 3.0)
    assert facts.words["boards_missing"] == "3 of 4 boards are there, board 1 does not hash"
    assert facts.words["chips_missing"] == "2 on board 0, 1 on board 1"
    assert values(boards=(Board(0, 1e12),), boards_expected=1) == {"boards_missing": 0.0}
    assert values(boards=(Board(0), Board(1))) == {"boards_missing": 0.0}


def test_pools_that_are_dead_are_counted_without_their_logins_and_fees_are_not_ours() -> None:
    pools = (
        Pool(0, "stratum+tcp://user:canary@a.example:3333", "w", "dead"), Pool(1, "b.example:443", "w", "alive"),
        Pool(2, "fee.example", "w", "dead", fee=True), Pool(3, "", "", "dead"),
    )  # fmt: skip
    facts = told(PoolSwitched(0, 1), pools=pools, active_pool=1)
    assert (facts.values["pools_dead"], facts.words["pools_dead"]) == (1.0, "a.example:3333")
    assert facts.values["pool_switched"] == 1.0
    assert facts.words["pool_switched"] == "from a.example:3333 to b.example:443"
    assert "canary" not in str(facts)
    assert values(pools=pools[1:2], active_pool=1) == {"pools_dead": 0.0, "pool_switched": 0.0}
    assert "pools_dead" not in values(pools=(Pool(0, "a.example", "w"),))


def test_temperatures_and_rejects_are_passed_on_unless_they_are_nonsense() -> None:
    facts = told(watch=Watch(7, reject_ratio=0.07), temp_chip_max_c=95.0, temp_board_max_c=70.0)
    found = {name: facts.values[name] for name in ("chip_c", "board_c", "reject_pct")}
    assert found == pytest.approx({"chip_c": 95.0, "board_c": 70.0, "reject_pct": 7.0})
    assert values(temp_chip_max_c=65535.0) == {}


def test_a_container_draws_what_its_miners_say_and_the_poller_has_its_lag() -> None:
    north = Container(3, "North", None, None, NOON)
    assert container_facts(north, Totals(3, power_w=1500.0), NOON).values == {"power_kw": 1.5}
    assert container_facts(north, Totals(3), NOON).values == {}
    assert container_facts(north, Totals(3), NOON).subject == Subject("containers", 3, "North", 3)
    assert pace_facts(2.5, NOON).values == {"lag_s": 2.5}


def test_every_kind_of_rule_has_a_name_of_its_own_and_reads_a_figure() -> None:
    assert len({kind.kind for kind in KINDS}) == len({kind.title for kind in KINDS}) == len(KINDS)
    assert all(kind.metric or kind.silence for kind in KINDS)
    assert all(kind.threshold is not None or kind.silence for kind in KINDS)


class Sink(AlertSink):
    """Takes facts, unless it is ``down``."""

    def __init__(self) -> None:
        self.got: list[Facts] = []
        self.down = False

    async def report(self, facts: Any) -> None:
        if self.down:
            raise Unavailable("the alerts cannot be stored")
        self.got += facts

    async def present(self, system: str, ids: Any) -> None: ...


class Kept(WatchStore):
    """Keeps observations and does nothing else."""

    def __init__(self) -> None:
        self.rows: list[Observation] = []

    async def keep(self, observations: Any) -> None:
        self.rows += observations

    async def active(self) -> Any: ...

    async def get(self, miner_id: int) -> Any: ...

    async def raw(self, miner_id: int) -> Any: ...

    async def totals(self, *, visible: frozenset[int] | None = None) -> Any: ...


@pytest.mark.anyio
async def test_polls_are_stored_whether_or_not_they_can_be_judged() -> None:
    sink, store = Sink(), Kept()
    unused: Any = None
    containers: ContainerStore = unused
    clock: Clock = unused
    reporting = Reporting(sink, container_store=containers, watch_store=store, clock=clock)
    backlog = Backlog(store, lambda miner, event: None, reporting.polled)
    for sink.down in (True, False):
        backlog.add(Polled(MINER, Observation(Watch(7, error="timed-out"), Sample(7, NOON))))
        assert await backlog.flush() == 1
    assert len(store.rows) == 2
    assert [facts.values for facts in sink.got] == [{"answers": 0.0}]
    assert (reporting.lost, reporting.error) == (1, "unavailable: the alerts cannot be stored")
    # One that nobody watches, polled by hand, is no matter for alerts.
    off = attrs.evolve(MINER, is_active=False)
    await reporting.polled([(off, Observation(Watch(7, error="timed-out"), Sample(7, NOON)), ())])
    assert len(sink.got) == 1
