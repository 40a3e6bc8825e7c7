"""Many miners at once, over both databases: imports with broken rows, exports, and the same done to many."""

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from lineman.adapters.clock import SystemClock
from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.groups import SqlGroups
from lineman.adapters.db.journal import SqlJournal
from lineman.adapters.db.miners import SqlMiners
from lineman.core.miners.bulk import Bulk, Deed, Order
from lineman.core.miners.exporting import Exporting
from lineman.core.miners.importing import Importing, ImportReport
from lineman.core.miners.table import read_csv, read_objects, write_csv
from lineman.core.tables import RowStatus
from lineman.ports.errors import ConfirmationNeeded, Invalid, NotAllowed, Unavailable, Unreachable
from lineman.ports.identity import Actor, Role
from lineman.ports.miners import Maker, Miner, MinerQuery, NewContainer, NewGroup, NewMiner
from lineman.ports.secrets import Secret, Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLGA = Actor("olga", Role.OPERATOR)


@attrs.frozen
class Site:
    db: Database
    vault: Vault

    @property
    def miners(self) -> SqlMiners:
        return SqlMiners(self.db, self.vault)

    def stores(self) -> dict[str, Any]:
        return {
            "container_store": SqlContainers(self.db),
            "miner_store": self.miners,
            "group_store": SqlGroups(self.db, self.vault),
        }

    def changing(self) -> dict[str, Any]:
        return {**self.stores(), "journal": SqlJournal(self.db), "clock": SystemClock()}

    async def imported(self, items: list[dict[str, Any]], actor: Actor = OLGA, **how: bool) -> ImportReport:
        return await Importing(**self.changing()).run(actor, read_objects(items), **how)

    async def bulk(self, order: Order, actor: Actor = OLGA, **chosen: Any) -> list[tuple[int, str | None]]:
        done = await Bulk(**self.changing()).run(actor, order, poll=poll, **chosen)
        return [(one.miner_id, one.error) for one in done]

    async def all(self) -> dict[str, Miner]:
        return {miner.ip_address: miner for miner in await self.miners.all()}


async def poll(actor: Actor, miner_id: int) -> None:
    if miner_id == 2:
        raise Unreachable("10.0.0.2:4028 did not answer")


@pytest.fixture
async def site(database: Database, vault: Vault) -> Site:
    site = Site(database, vault)
    await SqlContainers(database).add(NewContainer("North", rows=2, shelves=5, slots=10), at=NOW)
    await SqlContainers(database).add(NewContainer("Юг"), at=NOW)
    await SqlGroups(database, vault).add(NewGroup("Hall", "root", Secret("pw")), at=NOW)
    return site


def row(number: int, **fields: Any) -> dict[str, Any]:
    return {"ip_address": f"10.0.{number // 250}.{number % 250 + 1}", "manufacturer": "antminer", **fields}


async def test_five_percent_broken_rows_stop_none_of_the_rest(site: Site) -> None:
    broken: list[dict[str, Any]] = [
        {"ip_address": "10.0.0.256"}, {"port": 0}, {"manufacturer": "Canon"}, {"container": "West"}, {"group_id": 9},
        {"tags": "a"}, {"row": 1}, {"colour": "red"}, {"ip_address": "10.0.0.2"}, {"container": "North", "row": 3,
        "shelf": 1, "slot": 1},
    ]  # fmt: skip
    items = [row(number, name=f"rig {number}") for number in range(200)]
    for place, wrong in enumerate(broken):
        items[20 * place + 5] |= wrong
    dry = await site.imported(items, dry_run=True)
    assert (dry.count(RowStatus.ADDED), dry.count(RowStatus.ERROR), await site.all()) == (190, 10, {})
    report = await site.imported(items)
    assert [one.status for one in report.rows] == [one.status for one in dry.rows]
    assert len(await site.all()) == 190
    failed = [(one.row, one.errors[0].field) for one in report.rows if one.status is RowStatus.ERROR]
    fields = [
        "ip_address",
        "port",
        "manufacturer",
        "container",
        "group_id",
        "tags",
        "shelf",
        "colour",
        "ip_address",
        "row",
    ]
    assert failed == [(20 * place + 6, field) for place, field in enumerate(fields)]
    stored = await site.all()
    assert all(stored[items[one.row - 1]["ip_address"]].id == one.miner_id for one in report.rows if one.miner_id)
    (line, *older) = await SqlJournal(site.db).read(action="miners.import")
    assert (line.detail, older) == ("190 added, 0 changed, 0 same, 10 error, of 200 rows", [])


async def test_an_import_again_is_the_same_and_changes_only_when_told_to(site: Site) -> None:
    items = [row(0, name="a", container="юг", tags=["X"]), row(1, name="b", group="HALL", password="secret")]
    await site.imported(items)
    assert (await site.imported(items[:1])).count(RowStatus.SAME) == 1
    other = [row(0, name="a2"), row(1, container_id=1, row=1, shelf=5, slot=10), row(2)]
    refused = await site.imported(other)
    assert [one.status for one in refused.rows] == ["error", "error", "added"]
    assert "update=true" in refused.rows[0].errors[0].message
    report = await site.imported(other, update=True)
    assert [one.status for one in report.rows] == ["changed", "changed", "same"]
    first, second, third = (await site.all()).values()
    assert (first.name, first.container_id, first.tags) == ("a2", 2, ("x",))
    assert (second.container_id, second.slot, second.group_id, second.password) == (1, 10, 1, Secret("secret"))
    assert third.name == third.ip_address


async def test_two_rows_cannot_take_one_place_and_a_place_that_is_left_is_free(site: Site) -> None:
    place = {"container": "North", "row": 1, "shelf": 1, "slot": 1}
    report = await site.imported([row(0, **place), row(1, **place)])
    assert [one.status for one in report.rows] == ["added", "error"]
    assert report.rows[1].errors[0].field == "slot"
    swapped = [row(0, container="Юг"), row(1, **place)]
    assert [one.status for one in (await site.imported(swapped, update=True)).rows] == ["changed", "added"]
    stored = await site.all()
    assert [(one.container_id, one.row) for one in stored.values()] == [(2, None), (1, 1)]


async def test_who_is_confined_imports_into_his_containers_and_learns_nothing_of_others(site: Site) -> None:
    await site.imported([row(0, container="North"), row(1, container="Юг"), row(2, container="North")])
    confined = Actor("script", Role.OPERATOR, container_ids=frozenset({1}))
    report = await site.imported(
        [row(0, name="mine"), row(1, name="theirs"), row(2, container="Юг")], confined, update=True
    )
    assert [one.status for one in report.rows] == ["changed", "error", "error"]
    assert report.rows[1].miner_id is None
    with pytest.raises(NotAllowed):
        await site.imported([], Actor("carl", Role.CLIENT))


async def test_an_export_is_read_back_as_it_was_and_holds_no_password(site: Site) -> None:
    await site.imported(
        [row(n, name=f"=rig {n}", container="North", group="Hall", tags=["ä"], password="canary") for n in range(600)]
    )
    export = Exporting(**site.stores())
    batches = [batch async for batch in await export.start(OLGA, MinerQuery(sort="name", descending=True, limit=1))]
    text = "".join((write_csv(()), *(write_csv(batch, header=False) for batch in batches)))
    assert "canary" not in text
    assert batches[0][0]["name"] == "=rig 599"
    report = await Importing(**site.changing()).run(OLGA, read_csv(text), update=True)
    assert (report.count(RowStatus.SAME), len(report.rows)) == (600, 600)
    client = Actor("carl", Role.CLIENT, container_ids=frozenset({2}))
    assert [batch async for batch in await export.start(client, MinerQuery())] == []


async def test_many_are_moved_tagged_grouped_and_removed_with_a_result_for_each(site: Site) -> None:
    await site.imported([row(n, container="North", row=1, shelf=1, slot=n + 1, tags=["old"]) for n in range(5)])
    assert await site.bulk(Order(Deed.TAG, tags=("B", "a")), ids=[1, 99, 2, 1]) == [
        (1, None), (99, "There is no miner 99"), (2, None),
    ]  # fmt: skip
    await site.bulk(Order(Deed.UNTAG, tags=("old",)), query=MinerQuery(tag="a"))
    await site.bulk(Order(Deed.GROUP, group_id=1), ids=[1])
    await site.bulk(Order(Deed.DEACTIVATE), ids=[2])
    assert await site.bulk(Order(Deed.MOVE, container_id=2), query=MinerQuery(container_id=1, search="10.0.0.5")) == [
        (5, None)
    ]
    found = {miner.id: miner for miner in await site.miners.all()}
    assert (found[1].tags, found[1].group_id, found[1].slot) == (("a", "b"), 1, 1)
    assert (found[2].is_active, found[3].tags) == (False, ("old",))
    assert (found[5].container_id, found[5].row) == (2, None)
    assert await site.bulk(Order(Deed.POLL), ids=[1, 2, 3]) == [
        (1, None),
        (2, "10.0.0.2:4028 did not answer"),
        (3, None),
    ]
    with pytest.raises(ConfirmationNeeded, match="5 miners"):
        await site.bulk(Order(Deed.REMOVE), query=MinerQuery())
    assert len(await site.bulk(Order(Deed.REMOVE, confirm=True), query=MinerQuery())) == 5
    assert await site.all() == {}
    lines = await SqlJournal(site.db).read(action="miners.bulk")
    assert [(line.action, line.detail) for line in lines][-1] == ("miners.bulk-tag", "2 done, 1 failed: B, a")
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("order", "chosen", "field"),
    [
        (Order(Deed.TAG), {"ids": [1]}, "tags"),
        (Order(Deed.MOVE, container_id=9), {"ids": [1]}, "container_id"),
        (Order(Deed.GROUP, group_id=9), {"ids": [1]}, "group_id"),
        (Order(Deed.ACTIVATE), {}, "ids"),
        (Order(Deed.ACTIVATE), {"ids": [1], "query": MinerQuery()}, "ids"),
        (Order(Deed.POLL), {"ids": list(range(1, 1002))}, "ids"),
    ],
)
async def test_an_order_that_is_not_complete_does_nothing(site: Site, order: Order, chosen: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await site.bulk(order, **chosen)
    assert [wrong.field for wrong in refused.value.errors] == [field]


async def test_many_are_removed_in_few_batches_and_one_that_fails_stays(site: Site) -> None:
    await site.imported([row(n) for n in range(250)])

    class Full(SqlMiners):
        """The disk is full for the batch of miner 100."""

        async def remove_many(self, miner_ids: Any, *, visible: Any = None) -> frozenset[int]:
            if 100 in miner_ids:
                raise Unavailable("the disk is full")
            return await super().remove_many(miner_ids, visible=visible)

    class Quick(SystemClock):
        """Nothing takes time."""

        def monotonic(self) -> float:
            return 0.0

    miners = Full(site.db, site.vault)
    before = await miners.version()
    bulk = Bulk(**(site.changing() | {"miner_store": miners, "clock": Quick()}))
    done = await bulk.run(OLGA, Order(Deed.REMOVE, confirm=True), poll=poll, ids=[*range(1, 251), 999])
    # Each transaction that changes what there is counts one on: of 25, 50, (100 that fail,) 50 and the rest.
    assert await miners.version() - before == 4
    failed = [(one.miner_id, one.error) for one in done if one.error]
    assert failed == [*((n, "the disk is full") for n in range(76, 176)), (999, "There is no miner 999")]
    assert [miner.id for miner in await miners.all()] == list(range(76, 176))
    (line,) = await SqlJournal(site.db).read(action="miners.bulk-remove")
    assert line.detail == "150 done, 101 failed"


async def test_who_is_confined_changes_only_his(site: Site) -> None:
    await site.imported([row(0, container="North"), row(1, container="Юг"), row(2, container="North")])
    confined = Actor("script", Role.OPERATOR, container_ids=frozenset({1}))
    done = await site.bulk(Order(Deed.TAG, tags=("x",)), confined, ids=[1, 2])
    assert done == [(1, None), (2, "There is no miner 2")]
    assert await site.bulk(Order(Deed.TAG, tags=("y",)), confined, query=MinerQuery(tag="x")) == [(1, None)]
    everything = await site.bulk(Order(Deed.REMOVE, confirm=True), confined, ids=[2, 3])
    assert everything == [(2, "There is no miner 2"), (3, None)]
    assert [miner.id for miner in await site.miners.all()] == [1, 2]
    with pytest.raises(Invalid):
        await site.bulk(Order(Deed.MOVE), confined, ids=[1])
    with pytest.raises(NotAllowed):
        await site.bulk(Order(Deed.TAG, tags=("x",)), Actor("anna", Role.ACCOUNTANT), ids=[1])


async def test_a_change_by_somebody_else_meanwhile_costs_one_row(site: Site) -> None:
    await site.imported([row(n) for n in range(3)])

    class Busy(SqlMiners):
        """Somebody adds a miner at the address of the second row between the look and the write."""

        async def all(self) -> Any:
            found = await super().all()
            await self.add(NewMiner("sudden", "10.0.9.9", Maker.AVALON, 4028), at=NOW)
            return found

    importing = Importing(**(site.changing() | {"miner_store": Busy(site.db, site.vault)}))
    report = await importing.run(OLGA, read_objects([row(10), {**row(11), "ip_address": "10.0.9.9"}, row(12)]))
    assert [one.status for one in report.rows] == ["added", "error", "added"]
    assert "already" in report.rows[1].errors[0].message
