"""A year of history: charted, compared, ranked and accounted for, on both databases."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.ranking import SqlRanking
from lineman.adapters.db.retention import Retention
from lineman.adapters.db.series import SqlSeries
from lineman.adapters.db.uses import SqlUses
from lineman.adapters.db.watches import SqlWatches
from lineman.core.miners import Statistics
from lineman.core.miners.comparisons import Comparisons
from lineman.core.miners.reports import Accounts
from lineman.ports.clock import Clock
from lineman.ports.identity import Actor, Role
from lineman.ports.miners import Level, Maker, NewContainer, NewMiner
from lineman.ports.secrets import Vault

from ..history import fill

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANNA = Actor("anna", Role.ADMIN)


@attrs.define
class Still(Clock):
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        return


async def test_a_year_is_charted_by_the_level_that_fits_and_its_gaps_stay_gaps(
    database: Database, vault: Vault
) -> None:
    containers, miners, watches = SqlContainers(database), SqlMiners(database, vault), SqlWatches(database, vault)
    series = SqlSeries(database, Retention())
    for number in range(2):
        await containers.add(NewContainer(f"container {number}"), at=NOW)
        new = NewMiner("rig", f"10.0.0.{number}", Maker.AVALON, 4028, container_id=number + 1)
        await miners.add(new, at=NOW)
    await fill(database, [1, 2], until=NOW, crowd=100)
    statistics = Statistics(containers, miners, watches, series, Still())

    points = {}
    for hours in (24, 168, 24 * 30, 24 * 365):
        chart = await statistics.chart(ANNA, 1, hours=hours)
        points[hours] = (chart.level, len(chart.points))
    # A day in 53 is unknown; what was missed has a point without figures.
    assert points == {
        24: (Level.FIVE_MINUTES, 288), 168: (Level.FIVE_MINUTES, 2016), 720: (Level.HOUR, 720 - 24),
        8760: (Level.HOUR, 8760 - 7 * 24),
    }  # fmt: skip
    year = (await statistics.chart(ANNA, 1, hours=8760)).points
    assert (year[0].at, year[-1].at) == (NOW - timedelta(days=365), NOW - timedelta(hours=1))
    assert sum(point.hash_rate_hs is None for point in year) == sum(point.misses > 0 for point in year) == 141
    assert all(9.8e13 <= point.hash_rate_hs <= 1.021e14 for point in year if point.hash_rate_hs)

    course = await Comparisons(containers, miners, watches, series, SqlRanking(database), Still()).compare(
        ANNA, containers=[1, 2], hours=8760
    )
    for each in course.series:
        breaks = [place for place, (_, value) in enumerate(each.points) if value is None]
        assert len(breaks) in (6, 7)
        for place in breaks:
            assert each.points[place + 1][0] - each.points[place - 1][0] == 25 * 3600

    accounts = Accounts(containers, SqlUses(database), Still())
    months = await accounts.containers(ANNA, since=NOW - timedelta(days=365), tz="Europe/Kyiv", container_id=1)
    assert len(months) == 13
    [whole] = await accounts.containers(ANNA, since=NOW - timedelta(days=365), period="all", container_id=1)
    assert whole.energy_kwh == pytest.approx(sum(month.energy_kwh or 0 for month in months))
    assert whole.watched_ratio == pytest.approx(1 - 7 / 365)
    assert (whole.uptime_ratio, whole.energy_coverage) == (0.92, 0.92)
    assert 92 * 3250 * 8592 / 1e3 < (whole.energy_kwh or 0) < 92 * 3273 * 8592 / 1e3
