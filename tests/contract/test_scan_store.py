"""Scans of gateways, on both databases."""

from datetime import timedelta

import anyio
import attrs
import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.gateway_scans import SqlScans
from lineman.ports.gateways import (
    DirectoryOutcome,
    Reason,
    Scan,
    ScanOutcome,
    ScanStatus,
    ScanStore,
    Status,
    UnknownScan,
)

from ..gateways import NOW

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(minutes=1)
FOUND = (
    ScanOutcome("GW 10", "2", Status.ERROR, Reason.AUTH, "401", 30),
    ScanOutcome("gw 2", "17", Status.ACTIVE, None, "", 20),
)


@pytest.fixture
def scans(database: Database) -> ScanStore:
    return SqlScans(database)


async def begun(scans: ScanStore) -> Scan:
    await scans.request(by="anna", at=NOW)
    scan = await scans.begin(at=LATER)
    assert scan is not None
    return scan


async def test_who_asks_while_one_is_under_way_gets_that_one(scans: ScanStore) -> None:
    assert await scans.begin(at=NOW) is None
    asked = list[Scan]()

    async def ask(by: str) -> None:
        asked.append(await scans.request(by=by, at=NOW))

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(ask, f"user {number}")
    assert len(set(asked)) == 1
    scan = await scans.begin(at=LATER)
    assert scan == attrs.evolve(asked[0], status=ScanStatus.RUNNING, started_at=LATER)
    assert await scans.request(by="ben", at=LATER) == scan
    assert await scans.begin(at=LATER) is None
    await scans.end(attrs.evolve(scan, status=ScanStatus.DONE, finished_at=LATER))
    following = await scans.request(by="ben", at=LATER)
    assert (following.id, following.by) == (2, "ben")
    assert [found.id for found in await scans.latest()] == [2, 1]
    assert [found.id for found in await scans.latest(limit=1)] == [2]


async def test_figures_and_outcomes_come_back_by_name(scans: ScanStore) -> None:
    scan = await begun(scans)
    listed = (DirectoryOutcome("Hub", True, 7), DirectoryOutcome("Büro", False, detail="timed out"))
    scan = attrs.evolve(scan, total=4, done=2, active=1, errors=1, inactive=5, directories=listed, detail="half")
    await scans.progress(attrs.evolve(scan, done=1), FOUND[:1])
    for _ in range(2):
        await scans.progress(scan, FOUND)
    assert await scans.get(scan.id) == scan
    assert await scans.outcomes(scan.id) == ([FOUND[1], FOUND[0]], 2)
    assert await scans.outcomes(scan.id, limit=1, offset=1) == ([FOUND[0]], 2)
    assert await scans.outcomes(scan.id, visible=frozenset({"2"})) == ([FOUND[0]], 1)
    assert await scans.outcomes(scan.id, visible=frozenset()) == ([], 0)
    ended = attrs.evolve(scan, status=ScanStatus.FAILED, finished_at=LATER, detail="no list")
    await scans.end(ended)
    # What comes after the end changes nothing.
    await scans.progress(scan, [ScanOutcome("late", "2", Status.ACTIVE, None, "", 1)])
    await scans.end(attrs.evolve(scan, status=ScanStatus.DONE))
    assert await scans.get(scan.id) == ended
    assert (await scans.outcomes(scan.id))[1] == 2
    with pytest.raises(UnknownScan):
        await scans.get(9)


async def test_a_scan_whose_process_ended_begins_anew_but_not_for_ever(scans: ScanStore) -> None:
    scan = await begun(scans)
    for _ in range(2):
        await scans.progress(attrs.evolve(scan, total=2, done=2), FOUND)
        await scans.resume(at=LATER)
        assert await scans.begin(at=LATER) == attrs.evolve(scan, total=0, done=0)
        assert await scans.outcomes(scan.id) == ([], 0)
    await scans.resume(at=LATER)
    failed = await scans.get(scan.id)
    assert (failed.status, failed.finished_at) == (ScanStatus.FAILED, LATER)
    assert "cut off" in failed.detail
    assert await scans.begin(at=LATER) is None


async def test_old_scans_go_with_their_outcomes(database: Database, scans: ScanStore) -> None:
    for minute in range(2):
        scan = await begun(scans)
        await scans.progress(scan, FOUND)
        at = NOW + timedelta(minutes=minute)
        await scans.end(attrs.evolve(scan, status=ScanStatus.DONE, finished_at=at))
    await scans.request(by="anna", at=NOW - timedelta(days=9))
    assert await scans.prune(before=LATER) == 1
    assert [scan.id for scan in await scans.latest()] == [3, 2]
    assert set(await database.fetch(int, "select scan_id from gateway_scan_outcome")) == {2}
