"""``lineman miners poll``: readings now."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from ...ports import errors
from . import figures, words
from .client import DEADLINE, Answer, Api, asks, working
from .errors import exit_code
from .frame import Command, frame
from .lookup import container_id_of, miner_of
from .output import Column, field, note, print_json, progress, show_fields, show_table

#: Miners that this command asks for at the same time.
AT_ONCE = 100

Outcome = tuple[Mapping[str, Any], Answer | errors.LinemanError]


@click.command(cls=Command)
@click.argument("miner", nargs=-1, shell_complete=words.miners)
@click.option("--container", shell_complete=words.containers, help="All active miners of this container.")
@click.option("--all", "everything", is_flag=True, help="All active miners.")
@asks
async def poll(api: Api, miner: tuple[str, ...], container: str | None, everything: bool) -> None:
    """Ask miners for a reading now, and keep it.

    With --json, one miner's reading is printed as the API answers it; of
    several, each is a line, and a miner that failed is a line with a problem
    and its miner_id. The exit code is 6 if any failed.
    """
    if not (miner or container or everything):
        raise click.UsageError("name miners, or give --container or --all")
    chosen = {found["id"]: found for found in [await miner_of(api, word) for word in miner]}
    if container or everything:
        query = {"is_active": True, "container_id": await container_id_of(api, container)}
        chosen |= {found["id"]: found async for found in api.pages("/api/miners", query)}
    async with working(api):
        with progress("polling", len(chosen)) as advance:
            outcomes = await poll_all(api, list(chosen.values()), lambda done: advance(done, len(chosen)))
    if len(miner) == 1 and len(chosen) == 1:
        _show_one(*outcomes[0])
        return
    _show_all(outcomes)
    if failed := [found for _, found in outcomes if isinstance(found, errors.LinemanError)]:
        codes = {exit_code(error) for error in failed}
        raise click.exceptions.Exit(6 if 6 in codes else min(codes))


async def poll_all(
    api: Api, chosen: Sequence[Mapping[str, Any]], advance: Callable[[int], None] = lambda done: None
) -> list[Outcome]:
    """Poll miners, many at a time; each ends in an answer or in an error of its own."""
    import anyio

    outcomes: dict[int, Outcome] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def one(miner: Mapping[str, Any]) -> None:
        async with limiter:
            outcomes[miner["id"]] = (miner, await _polled(api, miner["id"]))
        advance(len(outcomes))

    async with anyio.create_task_group() as tasks:
        for miner in chosen:
            tasks.start_soon(one, miner)
    return [outcomes[miner["id"]] for miner in chosen]


async def _polled(api: Api, miner_id: int) -> Answer | errors.LinemanError:
    try:
        return await api.post(f"/api/miners/{miner_id}/poll", deadline=3 * DEADLINE)
    except errors.LinemanError as error:
        return error


def _show_one(miner: Mapping[str, Any], found: Answer | errors.LinemanError) -> None:
    if isinstance(found, errors.LinemanError):
        raise found
    if frame().json:
        print_json(found.body)
        return
    reading = {name: value for name, value in found.value.items() if not isinstance(value, dict | list)}
    reading["timestamp"] = figures.moment(reading["timestamp"])
    show_fields({name.replace("_", " "): value for name, value in reading.items() if value is not None})


def _show_all(outcomes: Sequence[Outcome]) -> None:
    if frame().json:
        for miner, found in outcomes:
            click.echo(found.body if isinstance(found, Answer) else _problem(miner, found))
        return
    show_table(COLUMNS, [_row(miner, found) for miner, found in outcomes])
    good = sum(isinstance(found, Answer) for _, found in outcomes)
    note(f"{good} of {len(outcomes)} miners answered")


def _problem(miner: Mapping[str, Any], error: errors.LinemanError) -> str:
    told = {"miner_id": miner["id"], "title": error.title, "detail": error.detail, "code": error.code}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _row(miner: Mapping[str, Any], found: Answer | errors.LinemanError) -> Mapping[str, Any]:
    if isinstance(found, errors.LinemanError):
        return {"id": miner["id"], "name": miner["name"], "result": "failed", "error": found.detail}
    return {**found.value, "id": miner["id"], "name": miner["name"], "result": "ok"}


def _rate(row: Mapping[str, Any]) -> object:
    value = row.get("hash_rate")
    return None if value is None else f"{figures.number(value)} {row['hash_rate_unit']}"


COLUMNS = (
    field("ID", "id", right=True),
    field("Name", "name"),
    field("Result", "result"),
    field("State", "state"),
    Column("Hash rate", _rate, right=True),
    field("Temp °C", "temperature", figures.number, right=True),
    field("Fan rpm", "fan_speed", figures.number, right=True, spare=1),
    field("Power W", "power_consumption", figures.number, right=True, spare=2),
    field("Error", "error"),
)
