"""``lineman units check``, ``power-cycle``, ``rearm``, ``pause``, ``bind`` …: what is done about one unit."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import click

from ...ports import errors
from ..http.units_paths import path_of
from . import figures, words
from .asking import confirm, yes_option
from .client import DEADLINE, Answer, Api, asks, working
from .errors import exit_code, line
from .frame import Command, frame
from .lookup import given
from .moments import moment
from .output import emit, note, progress, show_table
from .units import SYSTEM
from .units_past import CYCLES
from .units_shown import COLUMNS, plug, show_plug, show_unit

#: Seconds between two looks at a power cycle, and after which waiting for one ends.
LOOK_EVERY, LONGEST_WAIT = 1.0, 900.0

KINDS = ("ewelink", "shelly", "tasmota")


@click.command(cls=Command)
@click.argument("unit", nargs=-1, required=True, shell_complete=words.units)
@asks
async def check(api: Api, unit: tuple[str, ...]) -> None:
    """Look at units now.

    What is wrong with one is its status, and no error of this command.
    """
    api = api.of(SYSTEM)
    numbers = list(dict.fromkeys(unit))
    if len(numbers) == 1:
        async with working(api):
            answer = await api.post(path_of(numbers[0], "/check"), deadline=3 * DEADLINE)
        emit(answer, show_unit)
        return
    found: list[Any] = []
    refused: list[errors.LinemanError] = []
    async with working(api):
        for number in numbers:
            try:
                found.append((await api.post(path_of(number, "/check"), deadline=3 * DEADLINE)).value)
            except errors.LinemanError as error:
                refused.append(error)
                note(f"{number}: {line(error)}")
    if frame().json:
        click.echo(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
    elif found:
        show_table(COLUMNS, found)
    if refused:
        raise click.exceptions.Exit(min(exit_code(error) for error in refused))


@click.command("power-cycle", cls=Command)
@click.argument("unit", shell_complete=words.units)
@yes_option
@click.option("--no-wait", is_flag=True, help="End once it was asked for; do not wait until power is back.")
@asks
async def power_cycle(api: Api, unit: str, yes: bool, no_wait: bool) -> None:
    """Cut a unit's power, give it back, and wait until it is on again.

    Where no service works, this command does it itself; ended early, it
    switches on first. The exit code is 6 if the power cycle did not succeed.
    """
    api = api.of(SYSTEM)
    found = (await api.get(path_of(unit))).value
    if found["plug"] is None:
        raise errors.Conflict(f"no plug is bound to unit {unit}; lineman units bind {unit} does it")
    confirm(f"Cut the power of unit {unit}, {found['name']}, at {plug(found['plug'])}, and give it back?", yes=yes)
    async with _carried_out(api) as own:
        if own and no_wait:
            raise errors.Invalid("nobody else works who would carry it out: leave out --no-wait", field="no_wait")
        answer = await _asked(api, unit, yes=yes)
        if not no_wait:
            answer = await _ended(api, unit, answer)
    emit(answer, lambda cycle: show_table(CYCLES, [cycle]))
    if answer.value["result"] not in (None, "success"):
        raise click.exceptions.Exit(6)


async def _asked(api: Api, unit: str, *, yes: bool) -> Answer:
    """Ask for it; what would be cut off is named, and asked about again."""
    path = path_of(unit, "/power-cycle")
    try:
        return await api.post(path, {"confirm": yes}, deadline=3 * DEADLINE)
    except errors.ConfirmationNeeded as error:
        confirm(f"{error.detail.partition(';')[0]}. Cut its power all the same?", yes=False)
        return await api.post(path, {"confirm": True}, deadline=3 * DEADLINE)


@asynccontextmanager
async def _carried_out(api: Api) -> AsyncIterator[bool]:
    """While the block lasts, somebody carries power cycles out: a service, or (``True``) this process."""
    import anyio

    async with working(api) as other:
        if other is not None or api.local is None:
            yield False
            return
        await api.local.service.systems[SYSTEM].begin()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(api.local.service.house.cycling().run)
            yield True
            tasks.cancel_scope.cancel()


async def _ended(api: Api, unit: str, asked: Answer) -> Answer:
    """The same power cycle once it has ended, or when that takes too long."""
    import anyio
    import attrs

    cycle: Mapping[str, Any] = asked.value
    stuck = False
    with anyio.move_on_after(LONGEST_WAIT), progress("power cycle", None) as advance:
        while cycle["finished_at"] is None:
            await anyio.sleep(LOOK_EVERY)
            rows = (await api.get(path_of(unit, "/cycles"))).value
            cycle = next((one for one in rows if one["id"] == cycle["id"]), cycle)
            advance(0, None, f"power cycle: {cycle['step']}")
            if cycle["result"] == "stuck_off" and not stuck:
                stuck = True
                note(f"its plug does not take ON ({cycle['error']}); that is tried without end")
                note(f"lineman units give-up {unit} ends it, if the plug is dead")
    return attrs.evolve(asked, body=json.dumps(cycle, ensure_ascii=False, separators=(",", ":")).encode())


@click.command("give-up", cls=Command)
@click.argument("unit", shell_complete=words.units)
@yes_option
@asks
async def give_up(api: Api, unit: str, yes: bool) -> None:
    """End a power cycle whose plug does not take ON, when the unit has power some other way."""
    api = api.of(SYSTEM)
    rows = (await api.get(path_of(unit, "/cycles"))).value
    stuck = next((one for one in rows if one["finished_at"] is None), None)
    if stuck is None:
        raise errors.Conflict(f"no power cycle of unit {unit} is under way")
    confirm(f"Try ON no more at {plug(stuck['plug'])}? See that unit {unit} has power first.", yes=yes)
    answer = await api.post(path_of(unit, f"/cycles/{stuck['id']}/give-up"), {"confirm": True})
    emit(answer, lambda cycle: show_table(CYCLES, [cycle]))


@click.command(cls=Command)
@click.argument("unit", shell_complete=words.units)
@asks
async def rearm(api: Api, unit: str) -> None:
    """Forget what was tried in this outage, so that a unit's power may be cut again."""
    emit(await api.of(SYSTEM).post(path_of(unit, "/rearm")), lambda _: click.echo(f"unit armed anew: {unit}"))


@click.command(cls=Command)
@click.argument("unit", shell_complete=words.units)
@click.option("--until", metavar="TIME", help="A date, or a time such as 2026-11-01T06:00.")
@click.option("--minutes", type=click.IntRange(1, 60 * 24 * 31), help="For so long.")
@click.option("--reason", default="", help="Why, for others.")
@asks
async def pause(api: Api, unit: str, until: str | None, minutes: int | None, reason: str) -> None:
    """Keep a unit's power from being cut by itself; it is watched all the same."""
    if (until is None) == (minutes is None):
        raise click.UsageError("give --until or --minutes")
    body = given(until=moment("until", until), minutes=minutes, reason=reason)
    answer = await api.of(SYSTEM).post(path_of(unit, "/pause"), body)
    emit(answer, lambda found: click.echo(f"unit paused until {figures.moment(found['paused_until'])}: {unit}"))


@click.command(cls=Command)
@click.argument("unit", shell_complete=words.units)
@asks
async def resume(api: Api, unit: str) -> None:
    """End a unit's pause."""
    emit(await api.of(SYSTEM).delete(path_of(unit, "/pause")), lambda _: click.echo(f"pause ended: {unit}"))


@click.command(cls=Command)
@click.argument("unit", shell_complete=words.units)
@click.argument("device_id", shell_complete=words.plugs)
@click.option("--kind", type=click.Choice(KINDS), default="ewelink", show_default=True)
@click.option("--outlet", type=click.IntRange(0, 63), help="Of a strip, from 0.")
@click.option("--dry-run", is_flag=True, help="Only look at the plug.")
@asks
async def bind(api: Api, unit: str, device_id: str, kind: str, outlet: int | None, dry_run: bool) -> None:
    """Bind the plug DEVICE_ID to a unit, after a look at it; nothing is switched.

    DEVICE_ID has ten characters for eWeLink; it is a host or host:port for plugs
    with an HTTP interface of their own.
    """
    path = path_of(unit, "/plug") + ("?dry_run=true" if dry_run else "")

    def show(found: Mapping[str, Any]) -> None:
        show_plug(found)
        for warning in found["warnings"]:
            note(f"mind: {warning}")
        note("nothing was bound" if dry_run else f"bound to unit {unit}")

    emit(await api.of(SYSTEM).put(path, given(kind=kind, device_id=device_id, outlet=outlet)), show)


@click.command(cls=Command)
@click.argument("unit", shell_complete=words.units)
@yes_option
@asks
async def unbind(api: Api, unit: str, yes: bool) -> None:
    """Take a unit's plug away: its power cannot be cut any more."""
    api = api.of(SYSTEM)
    found = (await api.get(path_of(unit))).value
    confirm(f"Take the plug {plug(found['plug']) or '(none)'} from unit {unit}?", yes=yes)
    emit(await api.delete(path_of(unit, "/plug")), lambda _: click.echo(f"plug taken away: unit {unit}"))
