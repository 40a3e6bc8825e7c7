"""Commands to gateways, on both databases."""

from datetime import timedelta

import anyio
import attrs
import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.gateway_commands import SqlCommands
from lineman.adapters.db.gateways import SqlGateways
from lineman.ports.gateways import (
    Command,
    CommandKind,
    CommandStatus,
    CommandStore,
    CommandUnderWay,
    GatewayStore,
    NewGateway,
    UnknownCommand,
    UnknownGateway,
)
from lineman.ports.secrets import Vault

from ..gateways import NOW, add_enterprise

pytestmark = pytest.mark.anyio

REBOOT = Command(0, 1, "GW 1", "17", CommandKind.REBOOT, None, "anna", NOW)
RESTART = Command(0, 2, "GW 2", "2", CommandKind.RESTART_LINE, 7, "ben", NOW)


@pytest.fixture
async def gateways(database: Database, vault: Vault) -> GatewayStore:
    await add_enterprise(database, "17", "Box")
    await add_enterprise(database, "2", "Other")
    store = SqlGateways(database, vault)
    await store.add_all([NewGateway("GW 1", "17"), NewGateway("GW 2", "2")], at=NOW)
    return store


@pytest.fixture
def commands(database: Database, gateways: GatewayStore) -> CommandStore:
    return SqlCommands(database)


async def test_what_becomes_of_a_command_comes_back_until_it_has_ended(commands: CommandStore) -> None:
    added = await commands.add(REBOOT)
    assert added == attrs.evolve(REBOOT, id=1)
    sent = attrs.evolve(
        added, status=CommandStatus.ACCEPTED, detail="200", sent_at=NOW, accepted_at=NOW, uptime_s=2**40,
        gap_seen=True, until=NOW + timedelta(minutes=10),
    )  # fmt: skip
    await commands.save(sent)
    assert await commands.get(1) == sent
    assert await commands.open() == [sent]
    back = attrs.evolve(sent, status=CommandStatus.BACK, finished_at=NOW)
    await commands.save(back)
    await commands.save(attrs.evolve(sent, status=CommandStatus.FAILED))
    assert await commands.get(1) == back
    assert await commands.open() == []


async def test_one_at_a_time_a_gateway_whoever_asks(commands: CommandStore) -> None:
    added, refused = list[Command](), list[str]()

    async def order(by: str) -> None:
        try:
            added.append(await commands.add(attrs.evolve(REBOOT, by=by)))
        except CommandUnderWay as error:
            refused.append(error.detail)

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(order, f"user {number}")
    assert (len(added), len(refused)) == (1, 3)
    assert f"command {added[0].id}" in refused[0]
    assert (await commands.add(RESTART)).line == 7
    with pytest.raises(UnknownGateway):
        await commands.add(attrs.evolve(REBOOT, gateway_id=9))


async def test_commands_of_others_gateways_are_unknown_also_when_they_changed_hands(
    gateways: GatewayStore, commands: CommandStore
) -> None:
    command = await commands.add(REBOOT)
    assert await commands.get(command.id, visible=frozenset({"17"})) == command
    with pytest.raises(UnknownCommand):
        await commands.get(command.id, visible=frozenset({"2"}))
    await gateways.change(attrs.evolve((await gateways.row("GW 1")).gateway, enterprise_number="2"))
    assert (await commands.get(command.id, visible=frozenset({"2"}))).enterprise_number == "2"
    with pytest.raises(UnknownCommand):
        await commands.get(command.id, visible=frozenset({"17"}))


async def test_a_gateways_commands_are_newest_first_and_old_ones_go(
    database: Database, gateways: GatewayStore, commands: CommandStore
) -> None:
    for days in (9, 2, 1):
        command = await commands.add(REBOOT)
        ended = NOW - timedelta(days=days)
        await commands.save(attrs.evolve(command, status=CommandStatus.FAILED, finished_at=ended))
    await commands.add(attrs.evolve(REBOOT, requested_at=NOW - timedelta(days=99)))
    found, total = await commands.of_gateway(1, limit=2, offset=1)
    assert ([command.id for command in found], total) == ([3, 2], 4)
    assert await commands.of_gateway(2) == ([], 0)
    assert await commands.prune(before=NOW - timedelta(days=3)) == 1
    assert [command.id for command in (await commands.of_gateway(1))[0]] == [4, 3, 2]
    await gateways.remove("GW 1")
    assert await database.fetch(int, "select count(*) from gateway_command") == [0]
