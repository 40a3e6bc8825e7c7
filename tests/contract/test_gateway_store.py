"""Gateways and directories, on both databases."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.engine import Database
from lineman.adapters.db.gateway_directories import SqlDirectories
from lineman.adapters.db.gateway_watches import SqlGatewayWatches
from lineman.adapters.db.gateways import SqlGateways
from lineman.ports.enterprises import UnknownEnterprise
from lineman.ports.errors import Invalid, Stale
from lineman.ports.gateways import (
    Directory,
    DirectoryExists,
    DirectoryInUse,
    DirectoryStore,
    Gateway,
    GatewayExists,
    GatewayQuery,
    GatewayRow,
    GatewayStore,
    GatewayWatch,
    Health,
    LineCounts,
    LineQuery,
    NewGateway,
    Seen,
    Status,
    UnknownDirectory,
    UnknownGateway,
)
from lineman.ports.secrets import Sealed, Secret, Vault

from ..gateways import LINE_WATCH, NOW, WATCH, add_enterprise, line, seen

pytestmark = pytest.mark.anyio

OWN = NewGateway("GW 1", "17", "1234", 1, "root", Secret("canary"))


@pytest.fixture
async def gateways(database: Database, vault: Vault) -> GatewayStore:
    """A store with two enterprises, a directory and three gateways."""
    await add_enterprise(database, "17", "Ящик")
    await add_enterprise(database, "2", "Box")
    await SqlDirectories(database, vault).add(Directory(9, "Hub", "hub.example"), at=NOW)
    store = SqlGateways(database, vault)
    await store.add(OWN, at=NOW)
    await store.add_all([NewGateway("ЛИНИЯ 10/a&b", "2"), NewGateway("линия 2", "2", directory_id=0)], at=NOW)
    return store


@pytest.fixture
def directories(database: Database, vault: Vault) -> DirectoryStore:
    return SqlDirectories(database, vault)


async def names(store: GatewayStore, **query: Any) -> list[str]:
    rows, total = await store.rows(attrs.evolve(GatewayQuery(), **query))
    assert total == len(rows)
    return [row.gateway.name for row in rows]


async def test_a_gateway_comes_back_whole_and_its_password_is_sealed(
    database: Database, gateways: GatewayStore
) -> None:
    gateway = Gateway(1, "GW 1", "17", NOW, "1234", 1, "root", Secret("canary"))
    assert await gateways.row("GW 1") == GatewayRow(gateway, "Ящик", "Hub", GatewayWatch(), LineCounts())
    assert (await gateways.row("линия 2")).gateway.directory_id == 0
    assert (await gateways.row("ЛИНИЯ 10/a&b")).gateway.directory_id is None
    [sealed] = await database.fetch(str, "select password_sealed from gateway where id = 1")
    assert "canary" not in sealed


async def test_a_password_that_the_keys_at_hand_do_not_open_is_named(
    database: Database, gateways: GatewayStore
) -> None:
    other = SqlGateways(database, FernetVault([Secret("another key, long enough too")]))
    assert (await other.row("линия 2")).gateway.password is None
    with pytest.raises(Sealed, match="gateway GW 1"):
        await other.row("GW 1")


async def test_names_are_compared_exactly_and_sorted_as_people_do(gateways: GatewayStore) -> None:
    await gateways.add(NewGateway("gw 1", "17"), at=NOW)
    with pytest.raises(GatewayExists, match="'GW 1'"):
        await gateways.add(NewGateway("GW 1", "17"), at=NOW)
    with pytest.raises(UnknownGateway):
        await gateways.row("Gw 1")
    assert await names(gateways) == ["GW 1", "gw 1", "линия 2", "ЛИНИЯ 10/a&b"]
    assert (await names(gateways, descending=True))[:2] == ["ЛИНИЯ 10/a&b", "линия 2"]


async def test_all_are_added_or_none_and_what_is_wrong_is_named(gateways: GatewayStore) -> None:
    for wrong, error in (
        ([NewGateway("a", "2"), NewGateway("b", "x")], UnknownEnterprise),
        ([NewGateway("a", "2"), NewGateway("b", "2", directory_id=7)], UnknownDirectory),
        ([NewGateway("a", "2"), NewGateway("a", "2")], GatewayExists),
    ):
        with pytest.raises(error):
            await gateways.add_all(wrong, at=NOW)
    assert (await gateways.rows(GatewayQuery()))[1] == 3
    assert [gateway.id for gateway in await gateways.add_all([NewGateway("a", "2")], at=NOW)] == [4]


async def test_a_change_raises_the_revision_and_finds_who_came_later(gateways: GatewayStore) -> None:
    first = (await gateways.row("GW 1")).gateway
    second = await gateways.change(attrs.evolve(first, enterprise_number="2", directory_id=0, serial_last4=None))
    assert second.revision == 2
    assert (await gateways.row("GW 1")).gateway == second
    with pytest.raises(Stale, match="GW 1"):
        await gateways.change(first)
    with pytest.raises(UnknownEnterprise):
        await gateways.change(attrs.evolve(second, enterprise_number="x"))
    with pytest.raises(UnknownDirectory):
        await gateways.change(attrs.evolve(second, directory_id=7))
    await gateways.remove("GW 1")
    with pytest.raises(UnknownGateway):
        await gateways.change(second)


async def test_what_is_known_and_the_lines_stand_in_the_row(
    database: Database, vault: Vault, gateways: GatewayStore
) -> None:
    lines = (
        LINE_WATCH, line(1, 2), line(1, 3, health=Health.NO_SIM), line(1, 4, health=Health.UNKNOWN, state="ACTIVE")
    )  # fmt: skip
    await SqlGatewayWatches(database, vault).keep([Seen(1, NOW, WATCH, lines)])
    row = await gateways.row("GW 1")
    assert row.watch == WATCH
    assert row.lines == LineCounts(total=4, ok=1, weak=1, down=1, busy=2)
    assert await gateways.lines(LineQuery()) == (list(lines), 4)


async def test_lists_are_chosen_by_what_is_known_any_case(
    database: Database, vault: Vault, gateways: GatewayStore
) -> None:
    later = NOW + timedelta(minutes=1)
    await SqlGatewayWatches(database, vault).keep(
        [
            Seen(1, NOW, WATCH, (LINE_WATCH, line(1, 2, operator="Other"))),
            seen(2, line(2, 1, operator="оператор 2", health=Health.NO_SIM), at=later),
        ]
    )
    cases: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"search": "Линия"}, ["линия 2", "ЛИНИЯ 10/a&b"]),
        ({"search": "8mcdrm"}, ["GW 1"]),
        ({"search": "MEGACOM"}, ["GW 1"]),
        ({"search": "%"}, []),
        ({"status": Status.ERROR}, ["GW 1"]),
        ({"status": Status.UNKNOWN}, ["линия 2"]),
        ({"enterprise_number": "2"}, ["линия 2", "ЛИНИЯ 10/a&b"]),
        ({"operator": "ОПЕРАТОР"}, ["GW 1", "ЛИНИЯ 10/a&b"]),
        ({"operator": "оператор", "weak": True}, ["GW 1"]),
        # No one line is both.
        ({"operator": "other", "weak": True}, []),
        ({"health": Health.NO_SIM}, ["ЛИНИЯ 10/a&b"]),
        ({"names": ("GW 1", "gw 1")}, ["GW 1"]),
        ({"visible": frozenset({"2"})}, ["линия 2", "ЛИНИЯ 10/a&b"]),
        ({"visible": frozenset()}, []),
        ({"visible": frozenset({"2"}), "enterprise_number": "17"}, []),
        ({"sort": "status"}, ["ЛИНИЯ 10/a&b", "GW 1", "линия 2"]),
        ({"sort": "enterprise"}, ["ЛИНИЯ 10/a&b", "линия 2", "GW 1"]),
        ({"sort": "since", "descending": True}, ["ЛИНИЯ 10/a&b", "GW 1", "линия 2"]),
        ({"sort": "last_ok"}, ["GW 1", "ЛИНИЯ 10/a&b", "линия 2"]),
        ({"sort": "lines_down", "descending": True}, ["ЛИНИЯ 10/a&b", "GW 1", "линия 2"]),
    )
    for query, found in cases:
        assert await names(gateways, **query) == found, query
    with pytest.raises(Invalid, match="lines_down"):
        await gateways.rows(GatewayQuery(sort="password"))
    rows, total = await gateways.rows(GatewayQuery(limit=1, offset=1))
    assert ([row.gateway.id for row in rows], total) == ([3], 3)


async def test_lines_of_all_gateways_are_chosen_as_well(
    database: Database, vault: Vault, gateways: GatewayStore
) -> None:
    await SqlGatewayWatches(database, vault).keep(
        [
            Seen(1, NOW, WATCH, (LINE_WATCH, line(1, 2, operator="Other"))),
            seen(2, line(2, 1, operator="оператор 2", health=Health.NO_SIM), line(2, 11)),
        ]
    )
    cases: tuple[tuple[dict[str, Any], list[tuple[int, int]]], ...] = (
        ({}, [(1, 1), (1, 2), (2, 1), (2, 11)]),
        ({"gateway_ids": (2,)}, [(2, 1), (2, 11)]),
        ({"operator": "ОПЕРАТОР"}, [(1, 1), (2, 1)]),
        ({"weak": True}, [(1, 1)]),
        ({"weak": False}, [(1, 2), (2, 1), (2, 11)]),
        ({"health": Health.NO_SIM}, [(2, 1)]),
        ({"enterprise_number": "17"}, [(1, 1), (1, 2)]),
        ({"visible": frozenset({"2"})}, [(2, 1), (2, 11)]),
        ({"visible": frozenset()}, []),
    )
    for query, found in cases:
        lines, total = await gateways.lines(attrs.evolve(LineQuery(), **query))
        assert ([(watch.gateway_id, watch.line.line) for watch in lines], total) == (found, len(found)), query
    lines, total = await gateways.lines(LineQuery(limit=2, offset=1))
    assert ([watch.line.line for watch in lines], total) == ([2, 1], 4)


async def test_others_gateways_are_unknown(gateways: GatewayStore) -> None:
    assert (await gateways.row("GW 1", visible=frozenset({"17"}))).gateway.id == 1
    with pytest.raises(UnknownGateway, match="'GW 1'"):
        await gateways.row("GW 1", visible=frozenset({"2"}))


async def test_a_removed_gateway_leaves_nothing(database: Database, vault: Vault, gateways: GatewayStore) -> None:
    await SqlGatewayWatches(database, vault).keep([seen(1, line(1, 1)), seen(2, line(2, 1))])
    await gateways.remove("GW 1")
    with pytest.raises(UnknownGateway):
        await gateways.remove("GW 1")
    for table in ("gateway_watch", "gateway_line", "line_sample"):
        assert 1 not in await database.fetch(int, f"select gateway_id from {table}"), table
        assert 2 in await database.fetch(int, f"select gateway_id from {table}"), table
    assert (await gateways.add(NewGateway("GW 1", "17"), at=NOW)).id == 4


async def test_directories_are_kept_with_sealed_passwords(database: Database, directories: DirectoryStore) -> None:
    added = await directories.add(Directory(7, "Hub", "Hub.example", 8086, "admin", Secret("canary")), at=NOW)
    assert (added.id, added.revision) == (1, 1)
    assert await directories.all() == [added]
    assert await directories.get(1) == added
    [sealed] = await database.fetch(str, "select password_sealed from directory")
    assert "canary" not in sealed
    for same in (Directory(0, "HUB", "other"), Directory(0, "other", "hub.EXAMPLE")):
        with pytest.raises(DirectoryExists):
            await directories.add(same, at=NOW)
    other = await directories.add(Directory(0, "Other", "hub.example", 8087), at=NOW)
    changed = await directories.change(attrs.evolve(other, is_active=False, password=Secret("s")))
    assert await directories.get(2) == changed == attrs.evolve(other, is_active=False, password=Secret("s"), revision=2)
    with pytest.raises(Stale):
        await directories.change(other)
    with pytest.raises(DirectoryExists):
        await directories.change(attrs.evolve(changed, port=8086))
    await directories.remove(2)
    for gone in (directories.remove(2), directories.get(2), directories.change(changed)):
        with pytest.raises(UnknownDirectory):
            await gone


async def test_a_directory_with_gateways_stays(gateways: GatewayStore, directories: DirectoryStore) -> None:
    with pytest.raises(DirectoryInUse, match="directory 1"):
        await directories.remove(1)
    await gateways.remove("GW 1")
    await directories.remove(1)
