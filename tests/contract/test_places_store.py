"""Grids, places, tags, groups and devices, on both databases."""

from datetime import UTC, datetime

import attrs
import pytest

from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.groups import SqlGroups
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.watches import SqlWatches
from lineman.ports.errors import Stale
from lineman.ports.miners import (
    Container,
    ContainerExists,
    Fingerprint,
    GridInUse,
    GroupExists,
    GroupInUse,
    Maker,
    MinerExists,
    MinerQuery,
    MinerStore,
    NewContainer,
    NewGroup,
    NewMiner,
    Observation,
    PlaceTaken,
    Sample,
    UnknownContainer,
    UnknownGroup,
    UnknownMiner,
    Watch,
)
from lineman.ports.secrets import Secret, Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEW = NewMiner("Rig 1", "10.0.0.1", Maker.ANTMINER, 4028)


@pytest.fixture
def miners(database: Database, vault: Vault) -> MinerStore:
    return SqlMiners(database, vault)


@pytest.fixture
async def north(database: Database) -> Container:
    return await SqlContainers(database).add(NewContainer("North", rows=2, shelves=3, slots=4), at=NOW)


async def test_a_container_is_changed_by_who_saw_it_last_and_no_grid_leaves_miners_outside(
    database: Database, miners: MinerStore, north: Container
) -> None:
    store = SqlContainers(database)
    await miners.add(attrs.evolve(NEW, container_id=north.id, row=2, shelf=1, slot=4), at=NOW)
    changed = await store.change(attrs.evolve(north, location="hall 1", shelves=1))
    assert (await store.get(north.id), changed.revision) == (changed, 2)
    with pytest.raises(Stale):
        await store.change(north)
    with pytest.raises(GridInUse, match="1 miners"):
        await store.change(attrs.evolve(changed, slots=3))
    with pytest.raises(GridInUse):
        await store.change(attrs.evolve(changed, rows=None, shelves=None, slots=None))
    await store.add(NewContainer("South"), at=NOW)
    with pytest.raises(ContainerExists, match="South"):
        await store.change(attrs.evolve(changed, name="South"))
    with pytest.raises(UnknownContainer):
        await store.change(attrs.evolve(changed, id=9))
    assert await store.get(north.id) == changed


async def test_one_miner_stands_at_a_place_and_any_number_at_none(miners: MinerStore, north: Container) -> None:
    placed = attrs.evolve(NEW, container_id=north.id, row=1, shelf=2, slot=3)
    first = await miners.add(placed, at=NOW)
    assert (first.row, first.shelf, first.slot) == (1, 2, 3)
    with pytest.raises(PlaceTaken, match="row 1, shelf 2, slot 3") as taken:
        await miners.add(attrs.evolve(placed, ip_address="10.0.0.2"), at=NOW)
    assert [wrong.field for wrong in taken.value.errors] == ["slot"]
    for number in (2, 3):
        other = await miners.add(
            attrs.evolve(NEW, ip_address=f"10.0.0.{number}", container_id=north.id, row=2, shelf=2, slot=number), at=NOW
        )
        await miners.change(attrs.evolve(other, row=None, shelf=None, slot=None))
    with pytest.raises(PlaceTaken):
        await miners.change(attrs.evolve(await miners.get(other.id), row=1, shelf=2, slot=3))
    with pytest.raises(MinerExists):
        await miners.add(attrs.evolve(placed, slot=4), at=NOW)


async def test_miners_are_found_by_tag_and_tags_are_counted(miners: MinerStore, north: Container) -> None:
    await miners.add(attrs.evolve(NEW, tags=("a_b", "ряд 1")), at=NOW)
    await miners.add(attrs.evolve(NEW, ip_address="10.0.0.2", tags=("axb", "ряд 1"), container_id=north.id), at=NOW)
    await miners.add(attrs.evolve(NEW, ip_address="10.0.0.3", tags=("ряд 11", "100%")), at=NOW)

    async def found(tag: str) -> list[str]:
        return [miner.ip_address for miner, _ in (await miners.find(MinerQuery(tag=tag))).items]

    assert await found("Ряд 1") == ["10.0.0.1", "10.0.0.2"]
    assert await found("a_b") == ["10.0.0.1"]
    assert await found("1") == await found("%") == []
    assert await miners.tags() == {"a_b": 1, "axb": 1, "ряд 1": 2, "ряд 11": 1, "100%": 1}
    assert await miners.tags(visible=frozenset({north.id})) == {"axb": 1, "ряд 1": 1}


async def test_a_group_keeps_its_login_sealed_and_gives_it_to_miners_without_one(
    database: Database, vault: Vault, miners: MinerStore
) -> None:
    groups = SqlGroups(database, vault)
    hall = await groups.add(NewGroup("Halle", "root", Secret("canary-group")), at=NOW)
    with pytest.raises(GroupExists):
        await groups.add(NewGroup("HALLE"), at=NOW)
    shared = await miners.add(attrs.evolve(NEW, group_id=hall.id), at=NOW)
    own = await miners.add(
        attrs.evolve(NEW, ip_address="10.0.0.2", group_id=hall.id, username="me", password=Secret("mine")), at=NOW
    )
    assert shared.login == ("root", Secret("canary-group"))
    assert own.login == ("me", Secret("mine"))
    assert [miner.login for miner, _ in await SqlWatches(database, vault).active()] == [shared.login, own.login]
    assert [(group.name, group.miners) for group in await groups.all()] == [("Halle", 2)]
    before = await miners.version()
    changed = await groups.change(attrs.evolve(hall, password=Secret("new")))
    assert await miners.version() > before
    assert (await miners.get(shared.id)).login == ("root", Secret("new"))
    with pytest.raises(Stale):
        await groups.change(hall)
    with pytest.raises(GroupInUse):
        await groups.remove(hall.id)
    assert "canary" not in repr(await database.fetch(tuple, "select * from miner_group"))
    for miner_id in (shared.id, own.id):
        await miners.change(attrs.evolve(await miners.get(miner_id), group_id=None))
    await groups.remove(changed.id)
    with pytest.raises(UnknownGroup):
        await groups.get(hall.id)
    with pytest.raises(UnknownGroup):
        await miners.add(attrs.evolve(NEW, ip_address="10.0.0.3", group_id=hall.id), at=NOW)


async def test_two_miners_change_addresses_in_one_step_or_not_at_all(database: Database, miners: MinerStore) -> None:
    one = await miners.add(NEW, at=NOW)
    two = await miners.add(attrs.evolve(NEW, ip_address="10.0.0.2"), at=NOW)
    three = await miners.add(attrs.evolve(NEW, ip_address="10.0.0.3"), at=NOW)
    await miners.relocate([(one.id, "10.0.0.2", 4028), (two.id, "10.0.0.1", 4028)])
    assert [(await miners.get(number)).ip_address for number in (1, 2)] == ["10.0.0.2", "10.0.0.1"]
    assert (await miners.get(one.id)).revision == 2
    assert [miner.id for miner, _ in (await miners.find(MinerQuery(search="10.0.0.2"))).items] == [one.id]
    with pytest.raises(MinerExists, match=r"10\.0\.0\.3"):
        await miners.relocate([(one.id, "10.0.0.9", 4028), (two.id, "10.0.0.3", 4028)])
    with pytest.raises(UnknownMiner):
        await miners.relocate([(one.id, "10.0.0.9", 4028), (99, "10.0.0.8", 4028)])
    assert [(await miners.get(number)).port for number in (1, 2, three.id)] == [4028] * 3
    assert (await miners.get(one.id)).ip_address == "10.0.0.2"


async def test_miners_of_a_container_change_places_all_or_none(miners: MinerStore, north: Container) -> None:
    for slot in (1, 2, 3):
        await miners.add(
            attrs.evolve(NEW, ip_address=f"10.0.0.{slot}", container_id=north.id, row=1, shelf=1, slot=slot), at=NOW
        )
    await miners.add(attrs.evolve(NEW, ip_address="10.0.0.4"), at=NOW)

    async def slots() -> list[int | None]:
        return [(await miners.get(number)).slot for number in (1, 2, 3, 4)]

    before = await miners.version()
    await miners.arrange(north.id, {1: (1, 1, 2), 2: (1, 1, 1), 3: None})
    assert (await slots(), (await miners.get(1)).revision) == ([2, 1, None, None], 2)
    assert await miners.version() > before
    with pytest.raises(PlaceTaken, match="row 1, shelf 1, slot 1 "):
        await miners.arrange(north.id, {1: (2, 1, 1), 3: (1, 1, 1)})
    with pytest.raises(UnknownMiner, match="no miner 4 in"):
        await miners.arrange(north.id, {1: (2, 1, 1), 4: (2, 1, 2)})
    assert (await slots(), (await miners.get(1)).revision) == ([2, 1, None, None], 2)


async def test_which_device_it_is_is_learnt_once_and_another_one_is_told_of(
    database: Database, vault: Vault, miners: MinerStore
) -> None:
    miner, watches = await miners.add(NEW, at=NOW), SqlWatches(database, vault)
    fingerprint = Fingerprint(Maker.ANTMINER, "S19", hardware_id="aa:00:00:00:00:01")
    seen = Observation(Watch(miner.id, fingerprint=fingerprint), Sample(miner.id, NOW), hardware_id="aa:00:00:00:00:01")
    await watches.keep([seen])
    learnt = await miners.get(miner.id)
    assert (learnt.hardware_id, learnt.revision) == ("aa:00:00:00:00:01", 1)
    await watches.keep([attrs.evolve(seen, hardware_id="bb:00:00:00:00:02")])
    assert (await miners.get(miner.id)).hardware_id == "aa:00:00:00:00:01"
    assert (await watches.get(miner.id)).watch.fingerprint == fingerprint
    await miners.identified(miner.id, "bb:00:00:00:00:02")
    assert (await miners.get(miner.id)).hardware_id == "bb:00:00:00:00:02"
    assert (await watches.get(miner.id)).watch.fingerprint is None
    # A change by people leaves alone what was learnt.
    await miners.change(attrs.evolve(learnt, name="Rig 2"))
    assert (await miners.get(miner.id)).hardware_id == "bb:00:00:00:00:02"


async def test_many_are_written_all_or_none(miners: MinerStore) -> None:
    first = await miners.add(NEW, at=NOW)
    new = [attrs.evolve(NEW, ip_address=f"10.0.1.{number}") for number in range(50)]
    numbers = await miners.write(new, [attrs.evolve(first, name="Rig one")], at=NOW)
    assert [(await miners.get(number)).ip_address for number in numbers] == [one.ip_address for one in new]
    assert (await miners.get(first.id)).name == "Rig one"
    with pytest.raises(MinerExists):
        await miners.write([attrs.evolve(NEW, port=1), NEW], [], at=NOW)
    with pytest.raises(Stale):
        await miners.write([attrs.evolve(NEW, port=1)], [first], at=NOW)
    assert (await miners.find(MinerQuery())).total == 51
