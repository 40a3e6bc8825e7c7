"""What scans leave behind of gateways, on both databases."""

from datetime import timedelta

import attrs
import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.gateway_watches import SqlGatewayWatches
from lineman.adapters.db.gateways import SqlGateways
from lineman.ports.gateways import (
    Gateway,
    GatewayWatch,
    GatewayWatchStore,
    Health,
    Line,
    LineCounts,
    NewGateway,
    Seen,
    Status,
    UnknownGateway,
    Watched,
)
from lineman.ports.secrets import Secret, Vault

from ..gateways import EVENT, LINE, LINE_WATCH, NOW, WATCH, add_enterprise, line, seen

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
async def watches(database: Database, vault: Vault) -> GatewayWatchStore:
    """A store with three gateways; the first two are of an enterprise with a login."""
    await add_enterprise(database, "17", "Box", password_sealed=vault.seal(Secret("shared")))
    await add_enterprise(database, "2", "Other")
    new = [NewGateway("GW 1", "17", password=Secret("own")), NewGateway("GW 2", "17"), NewGateway("GW 3", "2")]
    await SqlGateways(database, vault).add_all(new, at=NOW)
    return SqlGatewayWatches(database, vault)


async def test_every_field_of_a_watch_and_of_a_line_is_kept(watches: GatewayWatchStore) -> None:
    for full, plain, same in (
        (WATCH, GatewayWatch(), []),
        (LINE, Line(1), ["line"]),
        (LINE_WATCH, line(1, 1), ["gateway_id", "gateway", "enterprise_number", "seen_at"]),
    ):  # fmt: skip
        fields = [field.name for field in attrs.fields(type(full))]
        assert [name for name in fields if getattr(full, name) == getattr(plain, name)] == same
    await watches.keep([Seen(1, NOW, WATCH, (LINE_WATCH, line(1, 2)))])
    found = await watches.one(1)
    gateway = Gateway(1, "GW 1", "17", NOW, password=Secret("own"))
    assert found == Watched(gateway, WATCH, {1: LINE_WATCH, 2: line(1, 2)}, "admin", Secret("shared"))


async def test_all_gateways_come_with_their_lines_and_logins_also_those_never_seen(watches: GatewayWatchStore) -> None:
    await watches.keep([seen(2, line(2, 1), line(2, 2))])
    found = await watches.all()
    assert [(one.gateway.id, one.watch.status, list(one.lines)) for one in found] == [
        (1, Status.UNKNOWN, []), (2, Status.ACTIVE, [1, 2]), (3, Status.UNKNOWN, []),
    ]  # fmt: skip
    assert [(one.gateway.password, one.enterprise_password) for one in found] == [
        (Secret("own"), Secret("shared")), (None, Secret("shared")), (None, None),
    ]  # fmt: skip
    with pytest.raises(UnknownGateway):
        await watches.one(4)


async def test_the_same_batch_twice_leaves_the_same_as_once(database: Database, watches: GatewayWatchStore) -> None:
    events = (EVENT, EVENT, attrs.evolve(EVENT, line=3))
    for _ in range(2):
        await watches.keep([Seen(1, NOW, WATCH, (LINE_WATCH, line(1, 2)), events), seen(2, line(2, 1))])
    assert await database.fetch(tuple, "select gateway_id, line from line_sample order by 1, 2") == [
        (1, 1), (1, 2), (2, 1),
    ]  # fmt: skip
    assert await database.fetch(tuple, "select line, place from gateway_event order by 1, 2") == [
        (0, 0), (0, 1), (3, 0),
    ]  # fmt: skip


async def test_lines_that_were_not_read_stay_as_they_are(
    database: Database, vault: Vault, watches: GatewayWatchStore
) -> None:
    await watches.keep([seen(1, LINE_WATCH, line(1, 2))])
    lost = GatewayWatch(Status.ERROR, since=LATER)
    await watches.keep([Seen(1, LATER, lost)])
    found = await watches.one(1)
    assert (found.watch, found.lines) == (lost, {1: LINE_WATCH, 2: line(1, 2)})
    assert (await SqlGateways(database, vault).row("GW 1")).lines == LineCounts(2, ok=1, weak=1, busy=1)
    assert await database.fetch(int, "select count(*) from line_sample") == [2]


async def test_a_line_that_is_not_there_any_more_goes(
    database: Database, vault: Vault, watches: GatewayWatchStore
) -> None:
    await watches.keep([seen(1, line(1, 1), line(1, 2)), seen(2, line(2, 1), line(2, 2))])
    await watches.keep([seen(1, line(1, 1, LATER), at=LATER)])
    assert [list(one.lines) for one in await watches.all()] == [[1], [1, 2], []]
    assert (await SqlGateways(database, vault).row("GW 1")).lines == LineCounts(1, ok=1)


async def test_a_gateway_or_a_line_twice_in_a_batch_leaves_the_later_state_and_both_samples(
    database: Database, watches: GatewayWatchStore
) -> None:
    away = line(1, 1, LATER, health=Health.NO_SIM, sim=False)
    await watches.keep(
        [seen(1, line(1, 1)), seen(2, line(2, 1, operator="a"), line(2, 1, operator="b")), seen(1, away, at=LATER)]
    )
    assert (await watches.one(1)).lines == {1: away}
    assert (await watches.one(2)).lines[1].line.operator == "b"
    # Without a SIM the signal says nothing.
    assert await database.fetch(tuple, "select rssi, gsm, voip, busy from line_sample order by gateway_id, at") == [
        (20, 1, 1, 0), (None, 1, 1, 0), (20, 1, 1, 0),
    ]  # fmt: skip


async def test_a_gateway_removed_meanwhile_is_passed_over(
    database: Database, vault: Vault, watches: GatewayWatchStore
) -> None:
    await SqlGateways(database, vault).remove("GW 1")
    await watches.keep([Seen(1, NOW, WATCH, (LINE_WATCH,), (EVENT,)), seen(2, line(2, 1))])
    for table in ("gateway_line", "line_sample"):
        assert await database.fetch(int, f"select gateway_id from {table}") == [2], table
    assert await database.fetch(int, "select count(*) from gateway_event") == [0]


async def test_whatever_a_device_says_spoils_no_batch(watches: GatewayWatchStore) -> None:
    odd = attrs.evolve(WATCH, title="a\0b\udc80", uptime_s=2**70)
    strange = line(1, 1, operator="a\0\udc80", state="\0", cell="\ud800")
    event = attrs.evolve(EVENT, before="\0", detail="\udfff")
    await watches.keep([Seen(1, NOW, odd, (strange,), (event,)), seen(2, line(2, 1))])
    assert (await watches.one(1)).watch.uptime_s is None
    assert len((await watches.one(2)).lines) == 1
