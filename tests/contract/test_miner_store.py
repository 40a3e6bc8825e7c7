"""Containers and miners, on both databases."""

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.miner_lists import SORTED
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.watches import SqlWatches
from lineman.ports.errors import Invalid, Stale
from lineman.ports.miners.driver import Fingerprint
from lineman.ports.miners.inventory import (
    SORTS,
    ContainerExists,
    ContainerInUse,
    ContainerStore,
    MinerExists,
    MinerQuery,
    MinerStore,
    NewContainer,
    NewMiner,
    UnknownContainer,
    UnknownMiner,
)
from lineman.ports.miners.reading import Maker, Reading, State
from lineman.ports.miners.stores import WatchStore
from lineman.ports.miners.watch import Availability, Observation, Sample, Watch
from lineman.ports.secrets import Sealed, Secret, Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
NEW = NewMiner("Rig 1", "10.0.0.1", Maker.ANTMINER, 4028, model="Antminer S19", password=Secret("canary-5ecret"))


@pytest.fixture
def containers(database: Database) -> ContainerStore:
    return SqlContainers(database)


@pytest.fixture
def miners(database: Database, vault: Vault) -> MinerStore:
    return SqlMiners(database, vault)


@pytest.fixture
def watches(database: Database, vault: Vault) -> WatchStore:
    return SqlWatches(database, vault)


def polled(
    miner_id: int, *, rate: float | None = 1e14, availability: Availability = Availability.ONLINE
) -> Observation:
    watch = Watch(
        miner_id, availability=availability, state=State.MINING, polled_at=NOW, seen_at=NOW,
        fingerprint=Fingerprint(Maker.ANTMINER, plan=("summary",)),
    )  # fmt: skip
    reading = Reading(Maker.ANTMINER, State.MINING, model="Antminer S19 Pro", algorithm="sha256", hash_rate_hs=rate)
    return Observation(watch, Sample(miner_id, NOW, state=State.MINING, hash_rate_hs=rate), reading)


async def names(miners: MinerStore, **query: Any) -> list[str]:
    page = await miners.find(MinerQuery(**query))
    return [miner.name for miner, _ in page.items]


async def test_containers_are_unique_by_name_and_stay_while_miners_are_in_them(
    containers: ContainerStore, miners: MinerStore
) -> None:
    north = await containers.add(NewContainer("North", location="hall 2"), at=NOW)
    assert await containers.get(north.id) == north
    with pytest.raises(ContainerExists, match="North"):
        await containers.add(NewContainer("North"), at=NOW)
    miner = await miners.add(attrs.evolve(NEW, container_id=north.id), at=NOW)
    with pytest.raises(ContainerInUse):
        await containers.remove(north.id)
    await miners.remove(miner.id)
    await containers.remove(north.id)
    with pytest.raises(UnknownContainer):
        await containers.remove(north.id)
    assert await containers.all() == []


async def test_who_sees_one_container_sees_only_its_miners(containers: ContainerStore, miners: MinerStore) -> None:
    north = await containers.add(NewContainer("North"), at=NOW)
    south = await containers.add(NewContainer("South"), at=NOW)
    mine = await miners.add(attrs.evolve(NEW, container_id=north.id), at=NOW)
    other = await miners.add(attrs.evolve(NEW, ip_address="10.0.0.2", container_id=south.id), at=NOW)
    await miners.add(attrs.evolve(NEW, ip_address="10.0.0.3"), at=NOW)
    visible = frozenset({north.id})
    assert await containers.all(visible=visible) == [north]
    assert await containers.all(visible=frozenset()) == []
    page = await miners.find(MinerQuery(visible=visible))
    assert ([miner for miner, _ in page.items], page.total) == ([mine], 1)
    with pytest.raises(UnknownMiner):
        await miners.get(other.id, visible=visible)
    with pytest.raises(UnknownContainer):
        await containers.get(south.id, visible=visible)


async def test_a_miner_comes_back_as_it_was_stored_and_its_password_is_not_in_the_database(
    database: Database, miners: MinerStore
) -> None:
    miner = await miners.add(NEW, at=NOW)
    assert await miners.get(miner.id) == miner
    assert miner.password is not None
    assert miner.password.reveal() == "canary-5ecret"
    assert "canary" not in repr(await database.fetch(tuple, "select * from miner"))


async def test_a_password_that_no_key_opens_is_an_error_that_names_the_miner(database: Database, vault: Vault) -> None:
    miner = await SqlMiners(database, vault).add(NEW, at=NOW)
    stranger = SqlMiners(database, FernetVault([Secret("another key, as long as the first")]))
    with pytest.raises(Sealed, match=r"miner 1 \(Rig 1\)"):
        await stranger.get(miner.id)


async def test_a_miner_needs_a_free_address_and_a_container_that_is_there(miners: MinerStore) -> None:
    await miners.add(NEW, at=NOW)
    with pytest.raises(MinerExists, match=r"10\.0\.0\.1 port 4028"):
        await miners.add(NEW, at=NOW)
    other = await miners.add(attrs.evolve(NEW, port=4029), at=NOW)
    with pytest.raises(MinerExists):
        await miners.change(attrs.evolve(other, port=4028))
    with pytest.raises(UnknownContainer, match="container_id"):
        await miners.add(attrs.evolve(NEW, port=4030, container_id=7), at=NOW)
    with pytest.raises(UnknownContainer):
        await miners.change(attrs.evolve(other, container_id=7))
    assert (await miners.find(MinerQuery())).total == 2


async def test_a_change_based_on_an_older_revision_is_stale(miners: MinerStore) -> None:
    miner = await miners.add(NEW, at=NOW)
    changed = await miners.change(attrs.evolve(miner, name="Rig 2", password=None))
    assert (changed.name, changed.password, changed.revision) == ("Rig 2", None, 2)
    with pytest.raises(Stale):
        await miners.change(attrs.evolve(miner, name="Rig 3"))
    with pytest.raises(UnknownMiner):
        await miners.change(attrs.evolve(miner, id=99))


async def test_only_a_new_address_port_or_maker_forgets_the_fingerprint(
    miners: MinerStore, watches: WatchStore
) -> None:
    miner = await miners.add(NEW, at=NOW)
    await watches.keep([polled(miner.id)])
    miner = await miners.change(attrs.evolve(miner, name="Rig 2"))
    assert (await watches.get(miner.id)).watch.fingerprint is not None
    await miners.change(attrs.evolve(miner, port=4029))
    assert (await watches.get(miner.id)).watch.fingerprint is None


async def test_a_removed_miner_takes_all_it_left_behind_along_and_its_number_is_not_given_again(
    database: Database, miners: MinerStore, watches: WatchStore
) -> None:
    miner = await miners.add(NEW, at=NOW)
    stays = await miners.add(attrs.evolve(NEW, port=4029), at=NOW)
    await watches.keep([polled(miner.id), polled(stays.id)])
    await miners.remove(stays.id)
    with pytest.raises(UnknownMiner):
        await miners.remove(stays.id)
    for table in ("miner_watch", "miner_last", "miner_reading", "miner_sample"):
        assert await database.fetch(int, f"select miner_id from {table}") == [miner.id]
    assert (await miners.add(attrs.evolve(NEW, port=4029), at=NOW)).id > stays.id


async def test_every_change_of_miners_or_containers_raises_the_version(
    containers: ContainerStore, miners: MinerStore
) -> None:
    versions = [await miners.version()]
    container = await containers.add(NewContainer("North"), at=NOW)
    versions.append(await miners.version())
    miner = await miners.add(NEW, at=NOW)
    versions.append(await miners.version())
    await miners.change(miner)
    versions.append(await miners.version())
    await miners.remove(miner.id)
    versions.append(await miners.version())
    await containers.remove(container.id)
    versions.append(await miners.version())
    assert versions == sorted(set(versions))


async def test_miners_are_found_by_part_of_name_address_or_model_in_any_case(
    miners: MinerStore, watches: WatchStore
) -> None:
    await miners.add(attrs.evolve(NEW, name="Риг 100%", model=None), at=NOW)
    found = await miners.add(attrs.evolve(NEW, name="Rig_2", ip_address="10.0.7.2", model="M30S"), at=NOW)
    await watches.keep([polled(found.id)])
    assert await names(miners, search="риг") == ["Риг 100%"]
    assert await names(miners, search="0%") == ["Риг 100%"]
    assert await names(miners, search="g_") == ["Rig_2"]
    assert await names(miners, search="m30") == ["Rig_2"]
    assert await names(miners, search="0.7") == ["Rig_2"]
    assert await names(miners, search="s19 pro") == ["Rig_2"]
    assert await names(miners, search="nowhere") == []


async def test_filters_narrow_together_and_the_total_counts_all_pages(miners: MinerStore, watches: WatchStore) -> None:
    for number in range(5):
        await miners.add(attrs.evolve(NEW, name=f"rig {number}", port=number + 1, is_active=number != 0), at=NOW)
    await watches.keep([polled(2, availability=Availability.OFFLINE)])
    page = await miners.find(MinerQuery(is_active=True, limit=2, offset=1))
    assert ([miner.name for miner, _ in page.items], page.total) == (["rig 2", "rig 3"], 4)
    assert await names(miners, availability=Availability.OFFLINE) == ["rig 1"]
    assert await names(miners, availability=Availability.UNKNOWN, is_active=True) == ["rig 2", "rig 3", "rig 4"]
    assert await names(miners, state=State.MINING, manufacturer=Maker.ANTMINER) == ["rig 1"]
    assert await names(miners, manufacturer=Maker.AVALON) == []


async def test_numbers_that_no_database_holds_are_no_fault_of_the_house(miners: MinerStore) -> None:
    for number in (2**40, -1):
        with pytest.raises(UnknownMiner):
            await miners.get(number)
    with pytest.raises(Invalid):
        await miners.get(10**30)


async def test_names_and_addresses_sort_as_people_count(miners: MinerStore) -> None:
    for name, address in (("rig 10", "10.0.0.10"), ("Rig 2", "10.0.0.9"), ("rig 1", "192.168.0.1"), ("a", "rig.lan")):
        await miners.add(attrs.evolve(NEW, name=name, ip_address=address), at=NOW)
    assert await names(miners, sort="name") == ["a", "rig 1", "Rig 2", "rig 10"]
    assert await names(miners, sort="ip_address", descending=True) == ["a", "rig 1", "rig 10", "Rig 2"]


async def test_miners_without_a_figure_come_last_in_either_direction(miners: MinerStore, watches: WatchStore) -> None:
    for number in range(4):
        await miners.add(attrs.evolve(NEW, name=f"rig {number}", port=number + 1), at=NOW)
    await watches.keep([polled(2, rate=5e13), polled(3, rate=9e13), polled(4, rate=None)])
    assert await names(miners, sort="hash_rate_hs") == ["rig 1", "rig 2", "rig 0", "rig 3"]
    assert await names(miners, sort="hash_rate_hs", descending=True) == ["rig 2", "rig 1", "rig 0", "rig 3"]


async def test_nothing_is_known_of_the_availability_of_a_miner_that_is_not_active(
    miners: MinerStore, watches: WatchStore
) -> None:
    miner = await miners.add(NEW, at=NOW)
    online = polled(miner.id, availability=Availability.DEGRADED)
    online = attrs.evolve(online, watch=attrs.evolve(online.watch, reasons=("hot",), misses=1, availability_since=NOW))
    await watches.keep([online])
    off = await miners.change(attrs.evolve(miner, is_active=False))
    # The poll that was under way comes in after that.
    for observations in ([], [online]):
        await watches.keep(observations)
        [(_, snapshot)] = (await miners.find(MinerQuery(availability=Availability.UNKNOWN))).items
        watch = snapshot.watch
        assert (watch.availability, watch.availability_since, watch.reasons, watch.misses) == ("unknown", None, (), 0)
        assert (watch.seen_at, await miners.numbers(MinerQuery(availability=Availability.DEGRADED))) == (NOW, [])
    assert snapshot.reading is not None
    [totals] = await watches.totals()
    assert (totals.miners, totals.active, totals.availability) == (1, 0, {})
    await miners.change(attrs.evolve(off, is_active=True))
    await watches.keep([online])
    assert await miners.numbers(MinerQuery(availability=Availability.DEGRADED)) == [miner.id]


@pytest.mark.parametrize("descending", [False, True])
async def test_pages_by_rate_are_parts_of_one_list_whether_read_off_the_index_or_sorted(
    miners: MinerStore, watches: WatchStore, descending: bool
) -> None:
    for number in range(7):
        await miners.add(attrs.evolve(NEW, name=f"rig {number}", port=number + 1), at=NOW)
    rates = {1: 5e13, 2: 9e13, 3: None, 4: 5e13, 6: 1e12}
    await watches.keep([polled(number, rate=rate) for number, rate in rates.items()])
    whole = [2, 1, 4, 6, 3, 5, 7] if descending else [6, 1, 4, 2, 3, 5, 7]
    query = MinerQuery(sort="hash_rate_hs", descending=descending)
    for asked in (query, attrs.evolve(query, is_active=True)):
        assert await miners.numbers(asked) == whole
        for offset in range(9):
            for limit in (1, 3, 7):
                page = await miners.find(attrs.evolve(asked, limit=limit, offset=offset))
                assert [miner.id for miner, _ in page.items] == whole[offset : offset + limit]
                assert page.total == 7


async def test_lists_sort_by_all_that_the_port_promises_and_nothing_else(miners: MinerStore) -> None:
    await miners.add(NEW, at=NOW)
    assert set(SORTED) == set(SORTS)
    for sort in SORTS:
        assert await names(miners, sort=sort) == ["Rig 1"]
    with pytest.raises(Invalid) as caught:
        await names(miners, sort="password; drop table miner")
    assert [error.field for error in caught.value.errors] == ["sort"]
