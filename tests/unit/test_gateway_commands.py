"""Commands to gateways: never sent twice, never to another device, and seen to have come about."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import anyio
import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineman.core.gateways import commanding
from lineman.core.gateways.health import rebooting
from lineman.ports.errors import ConfirmationNeeded, Invalid, NotAllowed, TooManyRequests
from lineman.ports.gateways import (
    Command,
    CommandKind,
    CommandStatus,
    CommandUnderWay,
    EventKind,
    GatewayTimedOut,
    Identity,
    LoginDenied,
    NoAnswer,
    OtherDevice,
    Reading,
    Reason,
    Sent,
    Status,
    UnknownCommand,
    UnknownGateway,
    UnknownLine,
)
from lineman.ports.identity import Actor, Role

from ..gateway_site import IDENTITY, OF_17, OPERATOR, SERVER, START, Site, line, listed, reading

pytestmark = pytest.mark.anyio

REBOOT, RESTART = CommandKind.REBOOT, CommandKind.RESTART_LINE
LEFT = Sent(True, "200", IDENTITY)
AT = START + timedelta(seconds=60)


def command(kind: CommandKind = REBOOT, **fields: Any) -> Command:
    """One that has left at the start, from a device that had run for 1000 s."""
    told = Command(1, 1, "GW", "17", kind, 1 if kind is RESTART else None, "olga", START)
    left = commanding.accepted(commanding.sending(told, at=START), LEFT, at=START)
    return attrs.evolve(left, **fields)


@pytest.mark.parametrize(
    ("before", "found", "seconds", "back"),
    [
        (1000, reading(uptime_s=5), 60, True),
        (1000, reading(uptime_s=1060), 60, False),
        # It had run for less than it takes to reboot.
        (20, reading(uptime_s=25), 120, True),
        (20, reading(uptime_s=80), 60, False),
        # Who does not tell his uptime proves it by being gone and answering again.
        (1000, reading(uptime_s=None), 60, False),
        (None, reading(uptime_s=None), 60, False),
        # One that was not known before is young, or it is not.
        (None, reading(uptime_s=30), 60, True),
        (None, reading(uptime_s=5000), 60, False),
    ],
)
def test_a_reboot_is_proved_by_an_uptime_that_began_anew(
    before: int | None, found: Reading, seconds: int, back: bool
) -> None:
    after = commanding.looked(command(uptime_s=before), found, at=START + timedelta(seconds=seconds))
    assert (after.status is CommandStatus.BACK) is back


def test_a_gap_and_an_answer_prove_it_only_where_no_uptime_is_told() -> None:
    gone = commanding.looked(command(), None, at=AT)
    assert (gone.status, gone.gap_seen) == (CommandStatus.ACCEPTED, True)
    assert commanding.looked(gone, reading(uptime_s=None), at=AT).status is CommandStatus.BACK
    assert commanding.looked(gone, reading(uptime_s=1060), at=AT).status is CommandStatus.ACCEPTED


@pytest.mark.parametrize(
    ("shown", "gap", "seconds", "back"),
    [
        ({"gsm": True}, True, 5, True),
        # It is still shown as it was before.
        ({"gsm": True}, False, 5, False),
        ({"gsm": True}, False, 20, True),
        ({"gsm": False}, True, 60, False),
        ({"gsm": None}, True, 60, False),
        ({"module": False}, True, 60, False),
    ],
)
def test_a_line_is_back_when_it_is_registered_again(shown: dict[str, Any], gap: bool, seconds: int, back: bool) -> None:
    told, at = command(RESTART, gap_seen=gap), START + timedelta(seconds=seconds)
    after = commanding.looked(told, reading(line(**shown)), at=at)
    assert (after.status is CommandStatus.BACK) is back


def test_a_line_that_is_seen_without_registration_was_gone() -> None:
    assert commanding.looked(command(RESTART), reading(line(gsm=False)), at=AT).gap_seen
    assert not commanding.looked(command(RESTART), reading(line(2)), at=AT).gap_seen


def test_what_never_comes_about_has_failed_in_its_time() -> None:
    for told, minutes in ((command(), 10), (command(RESTART), 5)):
        end = START + timedelta(minutes=minutes)
        assert commanding.overdue(told, at=end - timedelta(seconds=1)) == told
        failed = commanding.overdue(told, at=end)
        assert (failed.status, failed.finished_at) == (CommandStatus.FAILED, end)
        assert f"within {minutes} min" in failed.detail


def test_what_a_process_left_behind_has_failed_if_it_was_not_sent_and_else_is_looked_for() -> None:
    asked = attrs.evolve(command(), status=CommandStatus.REQUESTED, sent_at=None, accepted_at=None)
    failed = commanding.left_behind(asked, "lineman ended", at=AT)
    assert (failed.status, failed.sent_at) == (CommandStatus.FAILED, None)
    sent = commanding.left_behind(attrs.evolve(asked, sent_at=START), "lineman ended", at=AT)
    assert (sent.status, sent.accepted_at) == (CommandStatus.ACCEPTED, START)
    assert "not sent again" in sent.detail
    assert commanding.left_behind(command(), "lineman ended", at=AT) == command()


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([None, reading(uptime_s=5), reading(uptime_s=1200), reading(uptime_s=None)]), max_size=8),
    st.integers(0, 900),
)
def test_what_has_ended_never_changes_again(looks: list[Reading | None], seconds: int) -> None:
    told = command()
    for place, found in enumerate(looks, 1):
        at = START + timedelta(seconds=place * seconds)
        after = commanding.overdue(commanding.looked(told, found, at=at), at=at)
        if commanding.has_ended(told):
            assert after == told
        assert after.sent_at == told.sent_at
        told = after


async def site_of(*names: str) -> Site:
    site = Site()
    await site.put(*names)
    site.board.lists[0] = listed(*names)
    await site.scan()
    site.devices.asked.clear()
    site.devices.targets.clear()
    site.board.read = 0
    return site


async def tell(site: Site, name: str = "GW", kind: CommandKind = REBOOT, line: int | None = None) -> Command:
    row = await site.commands.may_order(OPERATOR, name, kind, line, confirmed=True)
    return await site.commands.order(OPERATOR, row, kind, line)


async def test_a_reboot_reads_the_list_first_and_goes_to_the_port_of_now_with_the_serial_number() -> None:
    site = await site_of("GW")
    site.board.lists[0] = listed("GW", port=38123)
    told = await tell(site)
    assert (told.status, told.uptime_s) == (CommandStatus.ACCEPTED, 1000)
    assert site.board.read == 1
    [target] = site.devices.targets
    assert (target.host, target.port, target.serial_last4) == (SERVER.host, 38123, "1234")
    watch = site.watch("GW")
    assert (watch.status, watch.port) == (Status.ACTIVE, 38123)
    assert rebooting(watch, at=site.clock.now())
    assert [one.detail for one in site.journal.lines] == ["requested"]
    [event] = [one for seen in site.memory.kept[-1] for one in seen.events if one.kind is EventKind.ORDER]
    assert (event.before, event.after) == ("reboot", "accepted")


async def test_it_is_stored_that_a_command_leaves_before_it_leaves() -> None:
    site = await site_of("GW")

    def look() -> Sent:
        [told] = site.orders.commands.values()
        assert told.sent_at is not None
        assert told.status is CommandStatus.REQUESTED
        return LEFT

    site.devices.answer = look
    await tell(site)


@pytest.mark.parametrize("error", [NoAnswer("eof"), GatewayTimedOut("5 s"), LoginDenied("401")])
async def test_where_nothing_was_sent_the_command_has_failed_and_leaves_no_trace_of_a_reboot(error: Exception) -> None:
    site = await site_of("GW")
    site.devices.answer = error
    told = await tell(site)
    assert (told.status, told.sent_at, told.accepted_at) == (CommandStatus.FAILED, None, None)
    assert str(error) in told.detail
    assert not rebooting(site.watch("GW"), at=site.clock.now())
    assert [one.outcome for one in site.journal.lines] == ["ok", "failed"]
    assert (await tell(site)).id == 2, "the next one may be tried at once"


async def test_another_device_on_the_port_is_a_conflict_and_gets_no_commands_from_then_on() -> None:
    site = await site_of("GW")
    site.devices.answer = OtherDevice("ends with 9999")
    with pytest.raises(OtherDevice):
        await tell(site)
    assert site.orders.commands[1].status is CommandStatus.FAILED
    assert site.watch("GW").reason is Reason.IDENTITY
    site.devices.answer = LEFT
    with pytest.raises(OtherDevice, match="check it again"):
        await tell(site)
    assert site.devices.sent() == ["reboot"]
    assert site.journal.lines[-1].outcome == "refused"


@pytest.mark.parametrize("rows", [(), listed("Other"), NoAnswer("eof")])
async def test_who_is_not_on_the_list_now_is_not_talked_to(rows: Any) -> None:
    site = await site_of("GW")
    site.board.lists[0] = rows
    told = await tell(site)
    assert (told.status, site.devices.asked) == (CommandStatus.FAILED, [])


async def test_a_lost_answer_counts_as_accepted_and_nothing_is_sent_again() -> None:
    for answer in (Sent(False, "cut off", IDENTITY), TimeoutError()):
        site = await site_of("GW")
        site.devices.answer = answer
        told = await tell(site)
        assert told.status is CommandStatus.ACCEPTED
        assert "not sent again" in told.detail
        for _ in range(5):
            site.clock.passed += 30
            await site.commands.tend()
        assert site.devices.sent() == ["reboot"]


async def test_a_reboot_is_looked_after_until_the_gateway_is_back() -> None:
    site = await site_of("GW")
    told = await tell(site)
    await site.commands.tend()
    assert len(site.devices.asked) == 1, "it is left alone first"
    site.clock.passed += 30
    site.devices.readings["GW"] = NoAnswer("eof")
    await site.commands.tend()
    await site.commands.tend()
    assert len(site.devices.asked) == 2, "and between two looks"
    assert site.watch("GW").status is Status.ACTIVE
    site.clock.passed += 60
    site.devices.readings["GW"] = reading(line(gsm=False), uptime_s=12)
    assert await site.commands.tend() == 1
    back = site.orders.commands[told.id]
    assert (back.status, back.gap_seen, back.detail) == (CommandStatus.BACK, True, "it runs for 12 s")
    assert not rebooting(site.watch("GW"), at=site.clock.now())
    assert [(one.outcome, one.actor) for one in site.journal.lines] == [("ok", "olga"), ("ok", "olga")]
    kinds = [(one.kind, one.after) for seen in site.memory.kept[-1] for one in seen.events]
    assert (EventKind.ORDER, "back") in kinds
    assert (EventKind.RESTART, "12") in kinds
    assert await site.commands.tend() == 0


async def test_a_reboot_after_which_a_gateway_stays_away_has_failed_after_ten_minutes() -> None:
    site = await site_of("GW")
    told = await tell(site)
    site.devices.readings["GW"] = GatewayTimedOut("30 s")
    for _ in range(11):
        site.clock.passed += 60
        await site.commands.tend()
    failed = site.orders.commands[told.id]
    assert (failed.status, failed.detail) == (CommandStatus.FAILED, "it has not come back within 10 min")
    assert site.journal.lines[-1].outcome == "failed"


async def test_a_line_is_restarted_and_seen_to_register_again() -> None:
    site = await site_of("GW")
    told = await tell(site, kind=RESTART, line=1)
    assert (told.status, told.line, site.devices.sent()) == (CommandStatus.ACCEPTED, 1, ["restart 1"])
    assert not rebooting(site.watch("GW"), at=site.clock.now())
    site.clock.passed += 30
    site.devices.readings["GW"] = reading(line(gsm=False))
    await site.commands.tend()
    site.clock.passed += 30
    site.devices.readings["GW"] = reading()
    await site.commands.tend()
    assert site.orders.commands[told.id].status is CommandStatus.BACK


async def test_a_line_that_the_gateway_does_not_have_is_never_sent() -> None:
    site = await site_of("GW")
    for number in (0, 2, 33):
        with pytest.raises(Invalid, match="line"):
            await site.commands.may_order(OPERATOR, "GW", RESTART, number, confirmed=True)
    with pytest.raises(Invalid):
        await site.commands.may_order(OPERATOR, "GW", RESTART, confirmed=True)
    site.devices.answer = UnknownLine("no line 1")
    assert (await tell(site, kind=RESTART, line=1)).status is CommandStatus.FAILED


async def test_a_command_needs_a_confirmation_and_the_permission_and_the_sight() -> None:
    site = await site_of("GW")
    await site.put("Foreign", number="18")
    with pytest.raises(ConfirmationNeeded, match="reboot of GW"):
        await site.commands.may_order(OPERATOR, "GW", REBOOT, confirmed=False)
    with pytest.raises(NotAllowed):
        await site.commands.may_order(Actor("c", Role.CLIENT), "GW", REBOOT, confirmed=True)
    with pytest.raises(UnknownGateway):
        await site.commands.may_order(OF_17, "Foreign", REBOOT, confirmed=True)
    assert (await site.commands.may_order(OF_17, "GW", REBOOT, confirmed=True)).gateway.name == "GW"
    told = await tell(site, "GW")
    assert (await site.commands.get(OF_17, told.id)).id == told.id
    with pytest.raises(UnknownCommand):
        await site.commands.get(attrs.evolve(OF_17, enterprise_numbers=frozenset()), told.id)
    assert await site.commands.of_gateway(OF_17, "GW") == ([told], 1)


async def test_one_gateway_has_one_command_at_a_time() -> None:
    site = await site_of("GW")
    await tell(site)
    with pytest.raises(CommandUnderWay):
        await tell(site)
    assert site.devices.sent() == ["reboot"]


async def test_a_command_waits_for_a_scan_that_talks_to_the_gateway_and_its_reboot_outlives_that_look() -> None:
    site = await site_of("GW")
    held = site.devices.held["GW"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(site.scan)
        while not site.devices.talking:
            await anyio.lowlevel.checkpoint()
        tasks.start_soon(tell, site)
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        held.set()
    assert [what for what, *_ in site.devices.asked] == ["read", "reboot"]
    assert rebooting(site.watch("GW"), at=site.clock.now()), "the scan's memory of before is not written over it"


async def test_who_asked_may_go_away_and_the_command_is_brought_to_its_end() -> None:
    site = await site_of("GW")
    held = site.devices.held["GW"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tell, site)
        while not site.devices.talking:
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
        held.set()
    assert site.orders.commands[1].status is CommandStatus.ACCEPTED


async def test_nothing_is_sent_that_could_not_be_stored_before() -> None:
    site = await site_of("GW")
    site.orders.full = True
    told = await tell(site)
    assert (told.status, site.devices.sent()) == (CommandStatus.FAILED, [])
    site.orders.full = False
    await site.commands.tend()
    assert site.orders.commands[1].status is CommandStatus.FAILED, "and that is stored as soon as it can be"


async def test_what_was_sent_and_could_not_be_stored_is_stored_later_and_never_sent_again() -> None:
    site = await site_of("GW")

    def leave() -> Sent:
        site.orders.full = True
        return LEFT

    site.devices.answer = leave
    assert (await tell(site)).status is CommandStatus.ACCEPTED
    assert site.orders.commands[1].accepted_at is None
    site.orders.full = False
    await site.commands.tend()
    assert site.orders.commands[1].status is CommandStatus.ACCEPTED
    assert site.devices.sent() == ["reboot"]


async def test_too_many_who_want_to_talk_to_a_gateway_make_a_command_fail_unsent() -> None:
    site = await site_of("GW")
    site.probing.turns.taken[1] = type("Full", (), {"people": 9})()
    told = await tell(site)
    assert (told.status, site.devices.sent()) == (CommandStatus.FAILED, [])
    assert TooManyRequests.__doc__ is not None
    assert TooManyRequests.__doc__.rstrip(".") in told.detail


async def test_a_fault_of_ours_leaves_a_command_to_be_looked_for() -> None:
    site = await site_of("GW")
    site.devices.answer = ZeroDivisionError("ours")
    with pytest.raises(ZeroDivisionError):
        await tell(site)
    assert site.orders.commands[1].status is CommandStatus.ACCEPTED
    await site.commands.recover()
    assert site.devices.sent() == ["reboot"]


@pytest.mark.parametrize("sent", [True, False])
async def test_the_next_process_sends_nothing_again(sent: bool) -> None:
    site = await site_of("GW")
    asked = commanding.requested(await site.shelf.row("GW"), REBOOT, None, by="olga", at=START)
    left = commanding.sending(asked, at=START) if sent else asked
    await site.orders.add(left)
    await site.commands.recover()
    after = site.orders.commands[1]
    assert after.status is (CommandStatus.ACCEPTED if sent else CommandStatus.FAILED)
    assert rebooting(site.watch("GW"), at=START) is sent
    assert site.devices.sent() == []
    site.clock.passed += 40
    site.devices.readings["GW"] = reading(uptime_s=10)
    await site.commands.tend()
    assert site.orders.commands[1].status is (CommandStatus.BACK if sent else CommandStatus.FAILED)


async def test_recovery_leaves_alone_what_this_process_has_in_hand() -> None:
    site = await site_of("GW")
    held = site.devices.held["GW"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tell, site)
        while not site.devices.talking:
            await anyio.lowlevel.checkpoint()
        await site.commands.recover()
        await site.commands.tend()
        assert site.orders.commands[1].status is CommandStatus.REQUESTED
        held.set()
    assert site.orders.commands[1].detail == "200"


async def test_commands_of_a_gateway_that_was_removed_trouble_nobody() -> None:
    site = await site_of("GW")
    await tell(site)
    await site.shelf.remove("GW")
    site.clock.passed += 40
    await site.commands.tend()
    await site.commands.recover()


COURSE = st.lists(
    st.sampled_from(["order", "tend", "recover", "scan", "lose", "find", "away", "young", "old", "other", "right"]),
    max_size=15,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COURSE)
async def test_whatever_happens_a_command_is_sent_at_most_once(course: list[str]) -> None:
    site = await site_of("GW")
    for step in course:
        site.clock.passed += 45
        match step:
            case "order":
                with suppress(CommandUnderWay, OtherDevice):
                    await tell(site)
            case "tend":
                await site.commands.tend()
            case "recover":
                await site.commands.recover()
            case "scan":
                await site.scan()
            case "lose" | "find":
                site.orders.full = step == "lose"
            case "away":
                site.devices.readings["GW"] = NoAnswer("eof")
            case "young" | "old":
                site.devices.readings["GW"] = reading(uptime_s=5 if step == "young" else 90_000)
            case "other" | "right":
                site.devices.answer = OtherDevice("9999") if step == "other" else Sent(True, "200", Identity())
    told = len(site.devices.sent())
    site.orders.full = False
    for _ in range(15):
        site.clock.passed += 60
        await site.commands.recover()
        await site.commands.tend()
    commands = site.orders.commands.values()
    assert len(site.devices.sent()) == told <= len(commands)
    assert all(commanding.has_ended(one) for one in commands)
    assert sum(one.accepted_at is not None for one in commands) <= told
