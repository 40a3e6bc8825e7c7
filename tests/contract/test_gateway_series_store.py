"""Events of gateways and the series of lines: drawn, rolled up, let go; on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.gateway_history import LineRetention, SqlGatewayHistory
from lineman.adapters.db.gateway_watches import SqlGatewayWatches
from lineman.adapters.db.gateways import SqlGateways
from lineman.ports.gateways import (
    EventKind,
    GatewayEvent,
    GatewayWatchStore,
    LineLevel,
    LinePoint,
    LineWatch,
    NewGateway,
)
from lineman.ports.secrets import Vault

from ..gateways import add_enterprise, line, seen

pytestmark = pytest.mark.anyio

START = datetime(2026, 11, 24, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def watches(database: Database, vault: Vault) -> GatewayWatchStore:
    await add_enterprise(database, "17", "Box")
    await SqlGateways(database, vault).add_all([NewGateway(f"GW {n}", "17") for n in (1, 2)], at=START)
    return SqlGatewayWatches(database, vault)


@pytest.fixture
def history(database: Database) -> SqlGatewayHistory:
    return SqlGatewayHistory(database, LineRetention(raw=7 * DAY, hours=90 * DAY, days=900 * DAY, events=30 * DAY))


async def points(
    history: SqlGatewayHistory, level: LineLevel, *, gateway_id: int = 1, line: int = 1, span: timedelta = 2 * DAY
) -> Sequence[LinePoint]:
    return await history.line(gateway_id, line, since=START - span, until=START + span, level=level)


def at(minute: float, gateway_id: int = 1, number: int = 1, **shown: Any) -> LineWatch:
    return line(gateway_id, number, START + minute * MINUTE, **shown)


async def keep(watches: GatewayWatchStore, *lines: LineWatch) -> None:
    for one in lines:
        await watches.keep([seen(one.gateway_id, one, at=one.seen_at)])


async def test_single_scans_are_points_and_what_is_not_known_is_not_no(
    watches: GatewayWatchStore, history: SqlGatewayHistory
) -> None:
    await keep(
        watches, at(0, state="BUSY"), at(5, gsm=None, voip=False), at(10, state=None, rssi=0), at(5, number=2), at(7, 2)
    )
    assert await points(history, LineLevel.RAW) == [
        LinePoint(START, 1, 20.0, 20, 20, 1.0, 1.0, 1.0),
        LinePoint(START + 5 * MINUTE, 1, None, None, None, None, 0.0, 0.0),
        LinePoint(START + 10 * MINUTE, 1, 0.0, 0, 0, 1.0, 1.0, None),
    ]
    since, until = START + 5 * MINUTE, START + 9 * MINUTE
    assert len(await history.line(1, 1, since=since, until=until, level=LineLevel.RAW)) == 1


async def test_an_hour_holds_mean_bounds_and_shares_of_the_scans_that_knew(
    watches: GatewayWatchStore, history: SqlGatewayHistory
) -> None:
    await keep(
        watches,
        at(0, rssi=10, state="BUSY", voip=False),
        at(5, rssi=31),
        at(10, gsm=False, state=None, voip=False),
        at(15, gsm=None, sim=None, voip=None),
        at(125, rssi=5),
    )
    assert await history.roll_up(now=START + 2 * HOUR) == 2
    first = LinePoint(START, 4, 20.5, 10, 31, 2 / 3, 1 / 3, 1 / 3)
    later = LinePoint(START + 2 * HOUR, 1, 5.0, 5, 5, 1.0, 1.0, 0.0)
    # The hour that runs is there as well, the one without scans is not.
    assert await points(history, LineLevel.HOUR) == [first, later]
    assert await points(history, LineLevel.DAY) == []
    assert await history.roll_up(now=START + DAY) == 1
    day = LinePoint(START, 5, 46 / 3, 5, 31, 3 / 4, 2 / 4, 1 / 4)
    assert await points(history, LineLevel.DAY) == [day]


async def test_a_late_scan_is_counted_at_every_level_and_nothing_twice(
    watches: GatewayWatchStore, history: SqlGatewayHistory
) -> None:
    await keep(watches, at(0, rssi=10), at(61, rssi=10))
    assert await history.roll_up(now=START + 2 * DAY) == 3
    assert await history.roll_up(now=START + 2 * DAY) == 0
    await keep(watches, at(30, rssi=20), at(30, rssi=20))
    assert await history.roll_up(now=START + 2 * DAY) == 2
    assert [(point.samples, point.rssi) for point in await points(history, LineLevel.HOUR)] == [(2, 15.0), (1, 10.0)]
    assert [(point.samples, point.rssi) for point in await points(history, LineLevel.DAY)] == [(3, 40 / 3)]


async def test_a_roll_up_that_is_killed_in_an_hour_is_made_again(
    database: Database, watches: GatewayWatchStore, history: SqlGatewayHistory
) -> None:
    await keep(watches, at(0))
    # The last of its statements fails: nothing of the hour may stay, nor may its mark go.
    await database.run("alter table gateway_1h rename to away")
    with pytest.raises(Exception, match="gateway_1h"):
        await history.roll_up(now=START + DAY)
    assert await points(history, LineLevel.HOUR) == []
    await database.run("alter table away rename to gateway_1h")
    assert await history.roll_up(now=START + DAY) == 2
    assert [point.samples for point in await points(history, LineLevel.DAY)] == [1]


async def test_a_scan_of_the_future_waits_for_its_time(watches: GatewayWatchStore, history: SqlGatewayHistory) -> None:
    await keep(watches, at(61))
    assert await history.roll_up(now=START) == 0
    assert await history.roll_up(now=START + HOUR) == 1


async def test_sparks_are_means_over_the_lines_of_a_gateway_by_the_hour(
    watches: GatewayWatchStore, history: SqlGatewayHistory
) -> None:
    await watches.keep([seen(1, at(0, rssi=10), at(0, number=2, rssi=20), at(0, number=3, sim=False), at=START)])
    await keep(watches, at(65, rssi=31), at(5, 2, sim=False))
    await history.roll_up(now=START + 2 * HOUR)
    first = int(START.timestamp())
    assert await history.sparks([1, 2, 3], since=START) == [(1, first, 15.0), (2, first, None), (1, first + 3600, 31.0)]
    assert await history.sparks([2], since=START) == [(2, first, None)]
    assert await history.sparks([1], since=START + HOUR) == [(1, first + 3600, 31.0)]


async def test_events_are_newest_first_within_their_span(
    watches: GatewayWatchStore, history: SqlGatewayHistory
) -> None:
    events = [
        GatewayEvent(START, EventKind.STATUS, None, "unknown", "active"),
        GatewayEvent(START + MINUTE, EventKind.PORT, None, "40000", "40001", "moved"),
        GatewayEvent(START + MINUTE, EventKind.LINE, 2, "ok", "no_sim"),
    ]
    for event in events:
        await watches.keep([attrs.evolve(seen(1, at=event.at), lines=None, events=(event,))])
    since, until = START, START + HOUR
    assert await history.events(1, since=since, until=until) == [events[1], events[2], events[0]]
    assert await history.events(1, since=since, until=until, limit=1) == [events[1]]
    assert await history.events(1, since=START + MINUTE, until=until) == [events[1], events[2]]
    assert await history.events(2, since=since, until=until) == []


async def test_each_level_goes_when_it_has_outlived_its_time_by_a_clock_that_can_be_believed(
    database: Database, watches: GatewayWatchStore, history: SqlGatewayHistory
) -> None:
    ages = (0, 8, 100, 1000)
    event = GatewayEvent(START, EventKind.RESTART, None, None, None)
    for days in ages:
        old = at(-days * 1440)
        happened = attrs.evolve(event, at=old.seen_at)
        await watches.keep([attrs.evolve(seen(1, old, at=old.seen_at), events=(happened,))])
    await history.roll_up(now=START + DAY)
    assert [len(await points(history, level, span=1100 * DAY)) for level in LineLevel] == [4, 4, 4]
    assert await history.prune(now=START + DAY) == 0, "a clock that was never seen"
    for hours in (36, 60):
        await history.prune(now=START + hours * HOUR)
    assert [len(await points(history, level, span=1100 * DAY)) for level in LineLevel] == [1, 2, 3]
    assert len(await history.events(1, since=START - 1100 * DAY, until=START)) == 2
    assert len(await history.sparks([1], since=START - 1100 * DAY)) == 2
    # What comes late of an hour whose scans are gone does not take the place of all of them.
    await keep(watches, at(-8 * 1440 + 1, rssi=1))
    assert await history.roll_up(now=START + 3 * DAY) == 0
    assert await database.fetch(int, "select hour from pending_line_hour") == []


async def test_a_removed_gateway_leaves_no_series(
    database: Database, vault: Vault, watches: GatewayWatchStore, history: SqlGatewayHistory
) -> None:
    await keep(watches, at(0), at(-1440 * 40), at(0, 2))
    await history.roll_up(now=START + DAY)
    await SqlGateways(database, vault).remove("GW 1")
    for table in ("line_sample", "line_1h", "line_1d", "gateway_1h"):
        assert await database.fetch(int, f"select gateway_id from {table}") == [2], table
