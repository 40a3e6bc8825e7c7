"""``lineman miners bulk``: the same done to many miners."""

from collections.abc import Mapping
from typing import Any

import click

from ...core.miners.bulk import Deed
from . import words
from .asking import confirm, yes_option
from .client import Api, asks, working
from .frame import Command
from .lookup import container_id_of, given, group_id_of, miner_of
from .miners import filters, query_of
from .output import emit, field, note, show_table

#: Seconds; a thousand polls of silent miners take more than a minute.
DEADLINE = 150.0
PAGING = ("sort", "limit", "offset")


@click.command(cls=Command)
@click.argument("action", type=click.Choice([deed.value for deed in Deed]))
@click.argument("miner", nargs=-1, shell_complete=words.miners)
@filters
@click.option("--all", "everything", is_flag=True, help="All miners.")
@click.option("--to-container", shell_complete=words.containers, help="Where to move them (number or name).")
@click.option("--set-tag", multiple=True, shell_complete=words.tags, help="The tag to give or to take away.")
@click.option("--to-group", shell_complete=words.groups, help="Into which group (number or name).")
@yes_option
@asks
async def bulk(api: Api, action: str, miner: tuple[str, ...], everything: bool, yes: bool, **told: Any) -> None:
    """Do ACTION to the miners named, to all that the options choose, or to --all.

    move needs --to-container (without it, out of containers), tag and untag
    need --set-tag, group takes --to-group. The exit code is 6 if any failed.
    """
    chosen = {name: value for name, value in (await query_of(api, told)).items() if name not in PAGING}
    if not (miner or chosen or everything):
        raise click.UsageError("name miners, choose them with options, or give --all")
    if miner and chosen:
        raise click.UsageError("name miners or choose them with options, not both")
    body: dict[str, Any] = {"action": action, **(await _which(api, miner) if miner else {"filter": chosen})}
    body |= given(
        container_id=await container_id_of(api, told["to_container"]),
        group_id=await group_id_of(api, told["to_group"]),
        tags=list(told["set_tag"]) or None,
    )
    if action == Deed.REMOVE:
        many = f"{len(miner)} miners" if miner else "all miners chosen"
        confirm(f"Remove {many} with their history?", yes=yes)
        body["confirm"] = True
    async with working(api):
        answer = await api.post("/api/miners/bulk", body, deadline=DEADLINE)
    emit(answer, lambda report: _show(action, report))
    if answer.value["failed"]:
        raise click.exceptions.Exit(6)


async def _which(api: Api, miner: tuple[str, ...]) -> dict[str, Any]:
    return {"ids": [(await miner_of(api, word))["id"] for word in miner]}


def _show(action: str, report: Mapping[str, Any]) -> None:
    if failed := [row for row in report["rows"] if not row["ok"]]:
        show_table((field("Miner", "miner_id", right=True), field("Error", "error")), failed)
    note(f"{action}: {report['done']} done, {report['failed']} failed")
