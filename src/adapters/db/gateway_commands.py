"""Commands to gateways in SQL.  That only one of a gateway is under way is the database's to hold."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.gateways.inventory import UnknownGateway
from ...ports.gateways.scans import Command, CommandStore, CommandUnderWay, UnknownCommand
from .engine import Dangling, Database, Taken, next_number
from .inbox import clean

QUERY = """
select c.id, c.gateway_id, g.name as gateway, g.enterprise_number, c.kind, c.line, c.ordered_by as "by",
       c.requested_at, c.status, c.detail, c.sent_at, c.accepted_at, c.finished_at, c.uptime_s, c.gap_seen, c.until
from gateway_command c join gateway g on g.id = c.gateway_id
"""
STORE = """
insert into gateway_command (id, gateway_id, kind, line, ordered_by, requested_at, status, detail, sent_at, accepted_at,
                             finished_at, uptime_s, gap_seen, until)
values (:id, :gateway_id, :kind, :line, :by, :requested_at, :status, :detail, :sent_at, :accepted_at,
        :finished_at, :uptime_s, :gap_seen, :until)
"""
UNDER_WAY = "('requested', 'accepted')"
SAVE = f"""
update gateway_command set status = :status, detail = :detail, sent_at = :sent_at, accepted_at = :accepted_at,
       finished_at = :finished_at, uptime_s = :uptime_s, gap_seen = :gap_seen, until = :until
where id = :id and status in {UNDER_WAY}
"""
#: What is the gateway's, and what ``SAVE`` does not change.
ELSEWHERE = frozenset({"gateway", "enterprise_number"})
FIXED = frozenset({"gateway_id", "kind", "line", "by", "requested_at"})


class SqlCommands(CommandStore):
    """Whose a command is, is whose its gateway is now."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, command: Command) -> Command:
        try:
            async with self._db.transaction() as tx:
                added = attrs.evolve(command, id=await next_number(tx, "gateway_command"))
                await tx.run(STORE, **_values(added))
        except Taken as error:
            raise CommandUnderWay(await self._under_way(command)) from error
        except Dangling as error:
            raise UnknownGateway(f"There is no gateway {command.gateway!r}") from error
        return added

    async def save(self, command: Command) -> None:
        await self._db.run(SAVE, **{name: value for name, value in _values(command).items() if name not in FIXED})

    async def get(self, command_id: int, *, visible: frozenset[str] | None = None) -> Command:
        rows = await self._db.fetch(Command, f"{QUERY} where c.id = cast(:id as bigint)", id=command_id)
        if not rows or (visible is not None and rows[0].enterprise_number not in visible):
            raise UnknownCommand(f"There is no command {command_id}")
        return rows[0]

    async def of_gateway(self, gateway_id: int, *, limit: int = 100, offset: int = 0) -> tuple[Sequence[Command], int]:
        async with self._db.snapshot() as db:
            commands = await db.fetch(
                Command,
                f"{QUERY} where c.gateway_id = cast(:gateway_id as bigint) "
                "order by c.id desc limit :limit offset :offset",
                gateway_id=gateway_id, limit=limit, offset=offset,
            )  # fmt: skip
            [total] = await db.fetch(
                int,
                "select count(*) from gateway_command where gateway_id = cast(:gateway_id as bigint)",
                gateway_id=gateway_id,
            )
        return commands, total

    async def open(self) -> Sequence[Command]:
        return await self._db.fetch(Command, f"{QUERY} where c.status in {UNDER_WAY} order by c.id")

    async def prune(self, *, before: datetime) -> int:
        return await self._db.run(
            f"delete from gateway_command where finished_at < :before and status not in {UNDER_WAY}", before=before
        )

    async def _under_way(self, command: Command) -> str:
        rows = await self._db.fetch(
            Command,
            f"{QUERY} where c.status in {UNDER_WAY} and c.gateway_id = cast(:gateway_id as bigint)",
            gateway_id=command.gateway_id,
        )
        if not rows:
            return f"Another command of gateway {command.gateway!r} was under way; try again"
        other = rows[0]
        until = f" and is waited for until {other.until:%H:%M:%S} UTC" if other.until else ""
        return f"A {other.kind} of gateway {other.gateway!r} is {other.status}{until}: command {other.id}"


def _values(command: Command) -> dict[str, object]:
    values = attrs.asdict(command, recurse=False, filter=lambda field, _: field.name not in ELSEWHERE)
    return {**values, "detail": clean(command.detail)}
