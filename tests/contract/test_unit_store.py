"""Units, on both databases."""

from datetime import timedelta

import anyio
import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.engine import Database
from lineman.adapters.db.enterprises import SqlEnterprises
from lineman.adapters.db.power_policy import SqlPowerPolicy
from lineman.adapters.db.unit_watches import SqlUnitWatches
from lineman.adapters.db.units import SqlUnits
from lineman.ports.enterprises import EnterpriseInUse, UnknownEnterprise
from lineman.ports.errors import LinemanError, Stale
from lineman.ports.power import Plug, PlugKind
from lineman.ports.secrets import Sealed, Secret, Vault
from lineman.ports.units import PlugTaken, PowerPolicy, Unit, UnitExists, UnitStore, UnknownUnit

from ..gateways import add_enterprise
from ..units import EVENT, NOW, PLUG, UNIT, WATCH

pytestmark = pytest.mark.anyio

PLAIN = Unit("2", "198.51.100.2", NOW)


@pytest.fixture
async def units(database: Database, vault: Vault) -> UnitStore:
    """A store with three enterprises and one unit."""
    for number in ("17", "2", "103"):
        await add_enterprise(database, number, f"Enterprise {number}")
    store = SqlUnits(database, vault)
    await store.add(UNIT)
    return store


async def test_a_unit_comes_back_whole_and_its_secrets_are_sealed(database: Database, units: UnitStore) -> None:
    assert await units.get("17") == attrs.evolve(UNIT, id=1)
    added = await units.add(PLAIN)
    assert added == attrs.evolve(PLAIN, id=2)
    assert await units.all() == [added, attrs.evolve(UNIT, id=1)]
    [sealed] = await database.fetch(tuple, "select password_sealed, key_sealed from unit where id = 1")
    assert "canary" not in "".join(sealed)
    other = SqlUnits(database, FernetVault([Secret("another key, long enough too")]))
    assert await other.get("2") == added
    with pytest.raises(Sealed, match="password of the unit of enterprise 17"):
        await other.all()


async def test_what_the_actor_may_not_see_is_not_there(units: UnitStore) -> None:
    await units.add(PLAIN)
    assert [unit.enterprise_number for unit in await units.all(visible=frozenset({"2", "103"}))] == ["2"]
    assert await units.all(visible=frozenset()) == []
    for number, visible in (("17", frozenset({"2"})), ("103", None)):
        with pytest.raises(UnknownUnit):
            await units.get(number, visible=visible)


async def test_what_cannot_be_added_is_named(units: UnitStore) -> None:
    other_outlet, local = attrs.evolve(PLUG, outlet=None), Plug(PlugKind.TASMOTA, PLUG.device_id, 2)
    wrong: list[tuple[Unit, type[LinemanError], str]] = [
        (attrs.evolve(PLAIN, enterprise_number="x"), UnknownEnterprise, "enterprise x"),
        (attrs.evolve(UNIT, plug=None), UnitExists, "17"),
        (attrs.evolve(PLAIN, plug=PLUG), PlugTaken, "ewelink:1000011001/2 is that of the unit of enterprise 17"),
        (attrs.evolve(PLAIN, parent="103"), UnknownUnit, "parent: enterprise 103"),
    ]
    for unit, error, words in wrong:
        with pytest.raises(error, match=words):
            await units.add(unit)
    await units.add(attrs.evolve(PLAIN, plug=other_outlet))
    with pytest.raises(PlugTaken, match="enterprise 2"):
        await units.add(attrs.evolve(PLAIN, enterprise_number="103", plug=other_outlet))
    await units.add(attrs.evolve(PLAIN, enterprise_number="103", plug=local))
    owners = [await units.bound(plug) for plug in (PLUG, other_outlet, local, attrs.evolve(PLUG, outlet=0))]
    assert [owner and owner.enterprise_number for owner in owners] == ["17", "2", "103", None]


async def test_a_change_raises_the_revision_and_finds_who_came_later(units: UnitStore) -> None:
    await units.add(PLAIN)
    first = await units.get("17")
    second = await units.change(
        attrs.evolve(first, plug=None, key=None, parent="2", paused_until=NOW + timedelta(days=1), host_key=None)
    )
    assert second.revision == 2
    assert await units.get("17") == second
    with pytest.raises(Stale, match="17"):
        await units.change(first)
    with pytest.raises(UnknownUnit, match="103"):
        await units.change(attrs.evolve(first, enterprise_number="103"))
    with pytest.raises(UnknownUnit, match="parent"):
        await units.change(attrs.evolve(second, parent="x"))
    taken = await units.change(attrs.evolve(await units.get("2"), plug=PLUG))
    with pytest.raises(PlugTaken, match="enterprise 2"):
        await units.change(attrs.evolve(second, plug=PLUG))
    assert await units.bound(PLUG) == taken


async def test_the_first_host_key_is_kept_and_everybody_learns_of_every_change(units: UnitStore) -> None:
    versions = [await units.version()]
    await units.add(PLAIN)
    versions.append(await units.version())
    await units.pin("2", "SHA256:first")
    versions.append(await units.version())
    await units.pin("2", "SHA256:second")
    await units.pin("x", "SHA256:nobody")
    pinned = await units.get("2")
    assert (pinned.host_key, pinned.revision) == ("SHA256:first", 1)
    assert await units.version() == versions[-1]
    await units.change(pinned)
    versions.append(await units.version())
    await units.remove("2")
    versions.append(await units.version())
    assert versions == sorted(set(versions))


async def test_a_removed_unit_leaves_its_history_and_nothing_else(database: Database, units: UnitStore) -> None:
    watches = SqlUnitWatches(database)
    await units.add(attrs.evolve(PLAIN, parent="17"))
    await watches.keep({"17": WATCH}, [EVENT])
    await units.remove("17")
    with pytest.raises(UnknownUnit):
        await units.remove("17")
    orphan = await units.get("2")
    assert (orphan.parent, orphan.revision) == (None, 2)
    assert await watches.watches() == {}
    assert await watches.line_counts("17", since=NOW, until=NOW) == []
    assert await watches.history(enterprise_number="17", since=NOW, until=NOW) == [attrs.evolve(EVENT, id=1)]
    assert (await units.add(UNIT)).id == 3


async def test_an_enterprise_with_a_unit_stays(database: Database, vault: Vault, units: UnitStore) -> None:
    enterprises = SqlEnterprises(database, vault)
    with pytest.raises(EnterpriseInUse, match="a unit of enterprise 17; remove"):
        await enterprises.remove("17")
    await units.remove("17")
    await enterprises.remove("17")


async def test_two_who_bind_one_plug_at_once_do_not_both_get_it(
    processes: tuple[Database, Database], vault: Vault
) -> None:
    for number in ("17", "2"):
        await add_enterprise(processes[0], number, number)
    bound, refused = list[Unit](), list[PlugTaken]()

    async def bind(db: Database, number: str) -> None:
        try:
            bound.append(await SqlUnits(db, vault).add(attrs.evolve(UNIT, enterprise_number=number)))
        except PlugTaken as error:
            refused.append(error)

    async with anyio.create_task_group() as group:
        for db, number in zip(processes, ("17", "2"), strict=True):
            group.start_soon(bind, db, number)
    assert (len(bound), len(refused)) == (1, 1)


async def test_the_policy_is_set_by_one_at_a_time(processes: tuple[Database, Database]) -> None:
    stores = [SqlPowerPolicy(db) for db in processes]
    assert await stores[0].get() == PowerPolicy()
    set_, stale = list[PowerPolicy](), list[Stale]()

    async def press(store: SqlPowerPolicy, policy: PowerPolicy) -> None:
        try:
            set_.append(await store.set(policy))
        except Stale as error:
            stale.append(error)

    pressed = PowerPolicy(stopped=True, stopped_by="anna", stopped_at=NOW)
    for revision in (1, 2):
        async with anyio.create_task_group() as group:
            for store in stores:
                group.start_soon(press, store, attrs.evolve(pressed, dry_run=revision == 2, revision=revision))
    assert [policy.revision for policy in set_] == [2, 3]
    assert len(stale) == 2
    assert await stores[1].get() == set_[1]
    with pytest.raises(Stale):
        await stores[0].set(pressed)
