"""What people write down about gateways and directories, one by one and from tables."""

from typing import Any

import attrs
import pytest

from lineman.core.gateways import GatewayConfig, GatewayDraft, RowStatus
from lineman.core.gateways.table import COLUMNS
from lineman.ports.errors import Conflict, Invalid, NotAllowed, Stale
from lineman.ports.gateways import (
    Directory,
    DirectoryExists,
    GatewayQuery,
    GatewayTimedOut,
    LineQuery,
    NotADirectory,
    Reason,
    ScanOutcome,
    Status,
    UnknownDirectory,
    UnknownGateway,
)
from lineman.ports.identity import Actor, Role
from lineman.ports.secrets import Secret

from ..gateway_site import OF_17, OPERATOR, SERVER, Site, listed, reading

pytestmark = pytest.mark.anyio

SECOND = Directory(1, "second", "203.0.113.99")
#: An enterprise admin to whom no enterprise was given.
OF_NONE = Actor("nina", Role.ENTERPRISE_ADMIN)
DRAFT = GatewayDraft("Main & Co", "17")


@pytest.mark.parametrize("name", ["Vochi-Main", "A & B", "Линия 7", "網關/1", "x" * 255, "a/../b", "<b>"])
async def test_names_are_kept_exactly_as_the_server_knows_them(name: str) -> None:
    gateways, *_ = Site().use_cases()
    assert (await gateways.add(OPERATOR, attrs.evolve(DRAFT, name=name))).gateway.name == name
    assert (await gateways.get(OPERATOR, name)).gateway.name == name
    with pytest.raises(UnknownGateway):
        await gateways.get(OPERATOR, name.swapcase() + "_")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, {"gateway_name"}),
        ({"name": "x" * 256}, {"gateway_name"}),
        ({"name": "a\u202eb"}, {"gateway_name"}),
        ({"name": "a\nb", "serial_last4": "12"}, {"gateway_name", "serial_last4"}),
        ({"serial_last4": "12a4"}, {"serial_last4"}),
        ({"serial_last4": "١٢٣٤"}, {"serial_last4"}),
        ({"enterprise_number": "99"}, {"enterprise_number"}),
        ({"enterprise_number": " "}, {"enterprise_number"}),
        ({"directory": "nowhere"}, {"directory"}),
        ({"directory": True}, {"directory"}),
        ({"username": "a:b"}, {"username"}),
        ({"password": Secret("a\nb")}, {"password"}),
        ({"password": Secret("x" * 1025)}, {"password"}),
    ],
)
async def test_every_wrong_field_is_named(fields: dict[str, Any], wrong: set[str]) -> None:
    site = Site()
    gateways, *_ = site.use_cases()
    with pytest.raises(Invalid) as error:
        await gateways.add(OPERATOR, attrs.evolve(DRAFT, **fields))
    assert {one.field for one in error.value.errors} == wrong
    assert site.shelf.gateways == {}


async def test_a_gateway_is_put_into_a_directory_by_its_name() -> None:
    site = Site()
    site.servers.stored[1] = SECOND
    gateways, *_ = site.use_cases()
    for which, number in (("second", 1), ("mftp", 0), (1, 1), (None, None)):
        row = await gateways.add(OPERATOR, attrs.evolve(DRAFT, name=str(which), directory=which))
        assert row.gateway.directory_id == number
    changed = await gateways.change(OPERATOR, "second", {"directory": None})
    assert changed.gateway.directory_id is None


async def test_only_the_fields_that_are_named_change_and_the_journal_has_no_secrets() -> None:
    site = Site()
    gateways, *_ = site.use_cases()
    await gateways.add(OPERATOR, attrs.evolve(DRAFT, username="u", password=Secret("canary")))
    row = await gateways.change(OPERATOR, "Main & Co", {"password": Secret("canary2"), "serial_last4": "0042"})
    assert (row.gateway.username, row.gateway.password, row.gateway.serial_last4) == ("u", Secret("canary2"), "0042")
    assert [(one.action, one.detail) for one in site.journal.lines] == [
        ("gateways.add", "of enterprise 17"),
        ("gateways.change", "serial_last4 None -> 0042, password changed"),
    ]
    await gateways.change(OPERATOR, "Main & Co", {"serial_last4": "0042"})
    await gateways.remove(OPERATOR, "Main & Co")
    assert [one.action for one in site.journal.lines[2:]] == ["gateways.remove"]
    with pytest.raises(Invalid, match="gateway_name"):
        await gateways.change(OPERATOR, "Main & Co", {"gateway_name": "other"})


async def test_who_has_seen_another_revision_changes_nothing() -> None:
    site = Site()
    gateways, *_ = site.use_cases()
    await gateways.add(OPERATOR, DRAFT)

    def expect(revision: int) -> None:
        raise Stale(f"revision {revision}")

    with pytest.raises(Stale):
        await gateways.change(OPERATOR, DRAFT.name, {"username": "u"}, expect=expect)
    assert site.shelf.gateways[1].username is None


async def test_a_serial_number_that_is_taken_back_is_learnt_anew() -> None:
    site = Site()
    gateways, *_ = site.use_cases()
    await site.put("GW")
    site.board.lists[0] = listed("GW")
    await site.scan()
    site.devices.readings["GW"] = reading(last4="9999")
    await site.scan()
    assert site.watch("GW").reason is Reason.IDENTITY
    await gateways.change(OPERATOR, "GW", {"username": "u"})
    assert site.watch("GW").serial_last4 == "1234"
    await gateways.change(OPERATOR, "GW", {"serial_last4": None})
    await site.scan()
    assert (site.watch("GW").status, site.watch("GW").serial_last4) == (Status.ACTIVE, "9999")


async def test_an_enterprise_admin_sees_his_own_and_changes_nothing() -> None:
    site = Site()
    gateways, importing, directories, scans = site.use_cases()
    await site.put("mine")
    await site.put("foreign", number="18")
    site.board.lists[0] = listed("mine", "foreign")
    scan = await site.scan()
    for actor, names in ((OF_17, ["mine"]), (OF_NONE, []), (OPERATOR, ["foreign", "mine"])):
        rows, total = await gateways.list(actor, GatewayQuery(visible=None))
        assert ([row.gateway.name for row in rows], total) == (names, len(names))
        lines, _ = await gateways.lines(actor, LineQuery(visible=None))
        assert sorted(line.gateway for line in lines) == names
        assert (await gateways.stats(actor)).gateways == len(names)
        seen = await scans.get(actor, scan.id)
        assert (seen.total, seen.active) == (len(names), len(names))
        outcomes, _ = await scans.outcomes(actor, scan.id)
        assert sorted(one.gateway for one in outcomes) == names
    assert (await scans.get(OF_17, scan.id)).directories == ()
    for told in (
        gateways.get(OF_17, "foreign"), gateways.lines_of(OF_17, "foreign"),
    ):  # fmt: skip
        with pytest.raises(UnknownGateway):
            await told
    for refused in (
        gateways.add(OF_17, DRAFT), gateways.change(OF_17, "mine", {}), gateways.remove(OF_17, "mine"),
        importing.run(OF_17, []), scans.request(OF_17), directories.all(OF_17), directories.test(OF_17, 0),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await refused


async def test_pages_are_bounded_and_sorted_by_what_there_is() -> None:
    gateways, *_ = Site().use_cases()
    for query in (
        GatewayQuery(limit=1001),
        GatewayQuery(sort="password"),
        GatewayQuery(offset=-1),
        GatewayQuery(limit=0),
    ):
        with pytest.raises(Invalid):
            await gateways.list(OPERATOR, query)
    with pytest.raises(Invalid):
        await gateways.lines(OPERATOR, LineQuery(limit=0))


async def test_the_directory_of_the_settings_comes_first_and_is_not_changed_here() -> None:
    site = Site()
    *_, directories, _ = site.use_cases()
    added = await directories.add(OPERATOR, {"name": "second", "host": "Radmin.Example", "password": Secret("canary")})
    assert (added.id, added.host, added.port, added.is_active) == (1, "radmin.example", 8086, True)
    assert [one.id for one in await directories.all(OPERATOR)] == [0, 1]
    assert await directories.get(OPERATOR, 0) == SERVER
    for refused in (directories.change(OPERATOR, 0, {"port": 1}), directories.remove(OPERATOR, 0)):
        with pytest.raises(Conflict, match="settings"):
            await refused
    for taken in ({"name": "mftp", "host": "h"}, {"name": "x", "host": SERVER.host}):
        with pytest.raises(DirectoryExists):
            await directories.add(OPERATOR, taken)
    changed = await directories.change(OPERATOR, 1, {"is_active": False, "password": None})
    assert (changed.is_active, changed.password) == (False, None)
    await directories.remove(OPERATOR, 1)
    assert "canary" not in str(site.journal.lines)
    assert [one.action for one in site.journal.lines] == ["directories.add", "directories.change", "directories.remove"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"name", "host"}),
        ({"name": "x", "host": "http://h"}, {"host"}),
        ({"name": "x", "host": "10.0.0.256"}, {"host"}),
        ({"name": "x", "host": "h", "port": 0}, {"port"}),
        ({"name": "x", "host": "h", "is_active": 1}, {"is_active"}),
        ({"name": "x", "host": "h", "colour": 1}, {"colour"}),
    ],
)
async def test_every_wrong_field_of_a_directory_is_named(fields: dict[str, Any], wrong: set[str]) -> None:
    *_, directories, _ = Site().use_cases()
    with pytest.raises(Invalid) as error:
        await directories.add(OPERATOR, fields)
    assert {one.field for one in error.value.errors} == wrong


async def test_a_directory_is_tested_without_any_effect_on_gateways() -> None:
    site = Site()
    *_, directories, _ = site.use_cases()
    await site.put("GW")
    site.board.lists[0] = listed("GW", "other")
    assert len((await directories.test(OPERATOR, 0)).rows) == 2
    site.board.lists[0] = NotADirectory("a printer")
    with pytest.raises(NotADirectory):
        await directories.test(OPERATOR, 0)
    site.board.lists[0] = TimeoutError()
    with pytest.raises(GatewayTimedOut):
        await directories.test(OPERATOR, 0)
    assert [one.outcome for one in site.journal.lines] == ["ok", "failed", "failed"]
    assert site.memory.kept == []
    *_, without, _ = Site(config=GatewayConfig()).use_cases()
    with pytest.raises(UnknownDirectory, match="MFTP_HOST"):
        await without.test(OPERATOR, 0)


TABLE = """\
gateway_name;enterprise_number;serial_last4;directory;username;password
A & B;17;0042;;admin;pw
Линия;18;;mftp;;
old;;;;new;
"""


async def test_a_table_is_imported_row_by_row() -> None:
    site = Site()
    _, importing, *_ = site.use_cases()
    await site.put("old", "same")
    rows = COLUMNS.read_csv(TABLE)
    dry = await importing.run(OPERATOR, rows, dry_run=True, update=True)
    assert [row.status for row in dry.rows] == [RowStatus.ADDED, RowStatus.ADDED, RowStatus.CHANGED]
    assert len(site.shelf.gateways) == 2
    assert site.journal.lines == []
    done = await importing.run(OPERATOR, rows, update=True)
    assert [row.status for row in done.rows] == [row.status for row in dry.rows]
    by_name = {one.name: one for one in site.shelf.gateways.values()}
    assert (by_name["A & B"].serial_last4, by_name["A & B"].password) == ("0042", Secret("pw"))
    assert (by_name["Линия"].directory_id, by_name["Линия"].username) == (0, None)
    assert (by_name["old"].username, by_name["old"].enterprise_number) == ("new", "17")
    again = await importing.run(OPERATOR, rows)
    assert [row.status for row in again.rows] == [RowStatus.SAME] * 3
    assert [one.detail for one in site.journal.lines] == [
        "2 added, 1 changed, 0 same, 0 error, of 3 rows",
        "0 added, 0 changed, 3 same, 0 error, of 3 rows",
    ]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({}, "gateway_name"),
        ({"gateway_name": "new"}, "enterprise_number"),
        ({"gateway_name": "new", "enterprise_number": "99"}, "enterprise_number"),
        ({"gateway_name": "new", "enterprise_number": "17", "directory": "x"}, "directory"),
        ({"gateway_name": "new", "enterprise_number": "17", "serial_last4": "1"}, "serial_last4"),
        ({"gateway_name": "new", "enterprise_number": 17}, "enterprise_number"),
        ({"gateway_name": "new", "enterprise_number": "17", "colour": "red"}, "colour"),
        ({"gateway_name": "good", "enterprise_number": "17"}, "gateway_name"),
        ({"gateway_name": "old", "username": "other"}, "gateway_name"),
        ("no object", ""),
    ],
)
async def test_a_broken_row_stops_no_other(row: Any, field: str) -> None:
    site = Site()
    _, importing, *_ = site.use_cases()
    await site.put("old")
    rows = COLUMNS.read_objects([{"gateway_name": "good", "enterprise_number": "17"}, row])
    report = await importing.run(OPERATOR, rows)
    assert [one.status for one in report.rows] == [RowStatus.ADDED, RowStatus.ERROR]
    assert [one.field for one in report.rows[1].errors] == [field]
    assert "good" in {one.name for one in site.shelf.gateways.values()}


async def test_a_gateway_that_others_add_during_an_import_is_one_broken_row(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()
    _, importing, *_ = site.use_cases()
    rows = COLUMNS.read_objects([{"gateway_name": name, "enterprise_number": "17"} for name in ("a", "b", "c")])
    look = importing._look

    async def looked(found: Any) -> Any:
        plan = await look(found)
        await site.put("b")
        return plan

    monkeypatch.setattr(type(importing), "_look", lambda _, found: looked(found))
    report = await importing.run(OPERATOR, rows)
    assert [one.status for one in report.rows] == [RowStatus.ADDED, RowStatus.ERROR, RowStatus.ADDED]


async def test_figures_of_a_scan_are_those_of_who_asks() -> None:
    site = Site()
    *_, scans = site.use_cases()
    scan = await scans.request(OPERATOR)
    site.scan_rows.found[scan.id] = [
        ScanOutcome("a", "17", Status.ERROR, Reason.AUTH, "", 5),
        ScanOutcome("b", "18", Status.ACTIVE, None, "", 5),
    ]
    [seen] = await scans.latest(OF_17)
    assert (seen.total, seen.errors, seen.active) == (1, 1, 0)
    with pytest.raises(Invalid):
        await scans.latest(OPERATOR, limit=0)
