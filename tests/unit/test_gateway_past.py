"""The past of gateways: which level a course has, and who may see whose."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
import pytest

from lineman.core.gateways import GatewayPast
from lineman.core.gateways.config import GatewayConfig
from lineman.core.gateways.past import level_for
from lineman.ports.errors import Invalid
from lineman.ports.gateways import EventKind, GatewayEvent, GatewayHistory, LineLevel, LinePoint, UnknownGateway

from ..gateway_site import OF_17, OPERATOR, START, Site

pytestmark = pytest.mark.anyio

POINT = LinePoint(START, 1, 20.0, 20, 20, 1.0, 1.0, 0.0)


@attrs.define
class Archive(GatewayHistory):
    """Remembers what was asked; has points of these levels."""

    levels: tuple[LineLevel, ...] = (LineLevel.RAW,)
    asked: list[tuple[object, ...]] = attrs.field(factory=list)

    async def events(
        self, gateway_id: int, *, since: datetime, until: datetime, limit: int = 1000
    ) -> Sequence[GatewayEvent]:
        self.asked.append((gateway_id, since, limit))
        return [GatewayEvent(START, EventKind.STATUS, None, "active", "error: auth")]

    async def line(
        self, gateway_id: int, line: int, *, since: datetime, until: datetime, level: LineLevel
    ) -> Sequence[LinePoint]:
        self.asked.append((gateway_id, line, level))
        return [POINT] if level in self.levels else []

    async def sparks(self, gateway_ids: Sequence[int], *, since: datetime) -> Sequence[tuple[int, int, float | None]]:
        self.asked.append((tuple(gateway_ids), since))
        return [(number, 3600 * place, 20.0) for number in gateway_ids for place in (1, 2)]

    async def roll_up(self, *, now: datetime) -> int:
        raise NotImplementedError

    async def prune(self, *, now: datetime) -> int:
        raise NotImplementedError


async def past_of(*levels: LineLevel) -> tuple[GatewayPast, Archive]:
    site, archive = Site(), Archive(levels or (LineLevel.RAW,))
    await site.put("GW")
    await site.put("Foreign", number="18")
    return GatewayPast(gateway_store=site.shelf, history=archive, clock=site.clock), archive


@pytest.mark.parametrize(
    ("hours", "ago", "level"),
    [
        (1, 0, LineLevel.RAW), (48, 0, LineLevel.RAW), (49, 0, LineLevel.HOUR), (24, 7 * 24, LineLevel.HOUR),
        (24 * 87, 0, LineLevel.HOUR), (24 * 88, 0, LineLevel.DAY), (24, 401 * 24, LineLevel.DAY),
    ],
)  # fmt: skip
def test_a_course_is_as_fine_as_fits_and_is_still_kept(hours: int, ago: int, level: LineLevel) -> None:
    until = START - timedelta(hours=ago)
    found = level_for(until - timedelta(hours=hours), until, now=START, config=GatewayConfig())
    assert found is level


def test_frequent_scans_make_a_course_coarser_before_it_has_too_many_points() -> None:
    since = START - timedelta(hours=24)
    assert level_for(since, START, now=START, config=GatewayConfig(interval=10)) is LineLevel.HOUR


async def test_what_began_lately_is_shown_from_finer_levels() -> None:
    past, archive = await past_of(LineLevel.RAW)
    course = await past.line(OPERATOR, "GW", 3, hours=24 * 365)
    assert (course.level, course.line, list(course.points)) == (LineLevel.RAW, 3, [POINT])
    assert [one[-1] for one in archive.asked] == [LineLevel.DAY, LineLevel.HOUR, LineLevel.RAW]
    named = await past.line(OPERATOR, "GW", 3, hours=24, level="1h")
    assert (named.level, list(named.points)) == (LineLevel.HOUR, [])


async def test_questions_that_make_no_sense_are_refused() -> None:
    past, archive = await past_of()
    for level, hours, line in (("5m", 1, 1), ("raw", 24 * 365, 1), ("auto", 1, 33), ("auto", 0, 1)):
        with pytest.raises(Invalid):
            await past.line(OPERATOR, "GW", line, hours=hours, level=level)
    for more in ({"limit": 0}, {"hours": 1, "since": START}, {"since": datetime(2026, 1, 1)}):  # noqa: DTZ001 That is what is refused.
        with pytest.raises(Invalid):
            await past.events(OPERATOR, "GW", **more)
    assert archive.asked == []


async def test_everybody_sees_the_past_of_his_own_gateways_only() -> None:
    past, archive = await past_of()
    assert len(await past.events(OF_17, "GW", hours=2, limit=5)) == 1
    assert archive.asked == [(1, START - timedelta(hours=2), 5)]
    for refused in (past.events(OF_17, "Foreign"), past.line(OF_17, "Foreign", 1)):
        with pytest.raises(UnknownGateway):
            await refused
    assert await past.sparks(OF_17) == {"GW": [(3600, 20.0), (7200, 20.0)]}
    assert set(await past.sparks(OPERATOR)) == {"GW", "Foreign"}
    assert set(await past.sparks(OPERATOR, names=["Foreign"])) == {"Foreign"}
