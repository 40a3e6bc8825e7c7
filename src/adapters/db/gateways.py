"""Gateways in SQL: passwords sealed, lists sorted and chosen by what is known now."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.enterprises import UnknownEnterprise
from ...ports.errors import Stale
from ...ports.gateways.inventory import (
    Gateway,
    GatewayExists,
    GatewayQuery,
    GatewayRow,
    GatewayStore,
    LineCounts,
    LineQuery,
    NewGateway,
    UnknownDirectory,
    UnknownGateway,
)
from ...ports.gateways.watch import GatewayWatch, LineWatch
from ...ports.secrets import Secret, Vault
from .engine import Dangling, Database, Statements, Taken
from .gateway_lists import lines_of, page_of
from .gateway_opening import GatewayOpener
from .gateway_rollup import forget_series
from .gateway_rows import KNOWN
from .miners import name_order

COLUMNS = (
    "g.id, g.name, g.enterprise_number, g.created_at, g.serial_last4, "
    "case when g.of_settings then 0 else g.directory_id end as directory_id, g.username, "
    "g.password_sealed as password, g.revision"
)
WATCH = ", ".join(f"w.{name}" for name in KNOWN)
LINES = (
    "l.gateway_id, g.name as gateway, g.enterprise_number, l.shown as line, l.health, l.health_since, l.seen_at, "
    "l.voip_used, l.forwards, l.authentication_id, l.authentication_known"
)
#: Names beside numbers, in the order of numbers.
BESIDE = """
select g.id, e.name, d.name, w.lines_at is not null, w.lines_total, w.lines_ok, w.lines_weak, w.lines_down, w.lines_busy
from gateway g join enterprise e on e.number = g.enterprise_number join gateway_watch w on w.gateway_id = g.id
     left join directory d on d.id = g.directory_id
where {chosen} order by g.id
"""

GATEWAY_COLUMNS = (
    "id", "name", "name_order", "enterprise_number", "directory_id", "of_settings", "serial_last4", "username",
    "password_sealed", "created_at", "revision", "search",
)  # fmt: skip
GATEWAY_TYPES = (
    "int4", "text", "text", "text", "int4", "bool", "text", "text", "text", "timestamptz", "int4", "text",
)  # fmt: skip
#: Nothing is known of those that are new.
WATCHED = """
insert into gateway_watch (gateway_id, status, detail, stale, missing, search)
select id, 'unknown', '', false, 0, '' from gateway where id between :first and :last
"""
CHANGE = """
update gateway set enterprise_number = :enterprise_number, directory_id = :directory_id, of_settings = :of_settings,
       serial_last4 = :serial_last4, username = :username, password_sealed = :password_sealed, search = :search,
       revision = revision + 1
where id = :id and revision = :revision
"""


class SqlGateways(GatewayStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault, self._open = db, vault, GatewayOpener(vault)

    async def rows(self, query: GatewayQuery) -> tuple[Sequence[GatewayRow], int]:
        # One look at all: on PostgreSQL, a connection is had and checked once.
        async with self._db.snapshot() as db:
            numbers, total = await page_of(db, query)
            rows = {row.gateway.id: row for row in await self._rows(db, numbers)}
        return [rows[number] for number in numbers], total

    async def row(self, name: str, *, visible: frozenset[str] | None = None) -> GatewayRow:
        rows, _ = await self.rows(GatewayQuery(visible=visible, names=(name,), limit=1))
        if not rows:
            raise unknown(name)
        return rows[0]

    async def lines(self, query: LineQuery) -> tuple[Sequence[LineWatch], int]:
        async with self._db.snapshot() as db:
            keys, total = await lines_of(db, query)
            lines = await db.fetch(
                LineWatch,
                f"select {LINES} from gateway g join gateway_line l on l.gateway_id = g.id "
                f"where {db.among('g.id', 'numbers')} and {db.among('l.gateway_id * 100 + l.line', 'keys')}",
                numbers=sorted({gateway_id for gateway_id, _ in keys}),
                keys=[gateway_id * 100 + line for gateway_id, line in keys],
            )
        by_key = {(watch.gateway_id, watch.line.line): watch for watch in lines}
        return [by_key[key] for key in keys], total

    async def add(self, new: NewGateway, *, at: datetime) -> Gateway:
        [gateway] = await self.add_all([new], at=at)
        return gateway

    async def add_all(self, new: Sequence[NewGateway], *, at: datetime) -> Sequence[Gateway]:
        if not new:
            return []
        try:
            async with self._db.transaction() as tx:
                await _refuse(tx, new)
                [last] = await tx.fetch(
                    int,
                    "update counter set value = value + :many where name = 'gateway' returning value",
                    many=len(new),
                )
                first = last - len(new) + 1
                added = [
                    Gateway(id=number, created_at=at, **attrs.asdict(gateway, recurse=False))
                    for number, gateway in enumerate(new, first)
                ]
                values = [{**self._values(gateway), "name_order": name_order(gateway.name)} for gateway in added]
                await tx.bulk(
                    "gateway",
                    GATEWAY_COLUMNS,
                    GATEWAY_TYPES,
                    [[row[name] for name in GATEWAY_COLUMNS] for row in values],
                )
                await tx.run(WATCHED, first=first, last=last)
        except (Taken, Dangling) as error:
            raise await self._refused(error, new) from error
        return added

    async def change(self, gateway: Gateway) -> Gateway:
        values = self._values(gateway)
        for fixed in ("name", "created_at"):
            del values[fixed]
        try:
            async with self._db.transaction() as tx:
                if not await tx.run(CHANGE, **values):
                    if not await tx.fetch(int, "select 1 from gateway where id = cast(:id as bigint)", id=gateway.id):
                        raise unknown(gateway.name)
                    raise Stale(
                        f"Gateway {gateway.name} was changed by somebody else; read it again and repeat the change"
                    )
        except Dangling as error:
            raise await self._refused(error, [gateway]) from error
        return attrs.evolve(gateway, revision=gateway.revision + 1)

    async def remove(self, name: str) -> None:
        async with self._db.transaction() as tx:
            # Nobody may be writing samples of it meanwhile.
            await tx.lock("samples")
            found = await tx.fetch(int, "delete from gateway where name = :name returning id", name=name)
            if not found:
                raise unknown(name)
            await forget_series(tx, found[0])

    async def _rows(self, db: Statements, numbers: list[int]) -> list[GatewayRow]:
        chosen = db.among("g.id", "numbers")
        gateways = await db.fetch(
            Gateway, f"select {COLUMNS} from gateway g where {chosen} order by g.id", numbers=numbers
        )
        watches = await db.fetch(
            GatewayWatch,
            f"select {WATCH} from gateway g join gateway_watch w on w.gateway_id = g.id where {chosen} order by g.id",
            numbers=numbers,
        )
        beside: list[tuple[int, str, str | None, bool, int, int, int, int, int]] = await db.fetch(
            tuple, BESIDE.format(chosen=chosen), numbers=numbers
        )
        return [
            GatewayRow(
                self._open.gateway(gateway), enterprise, directory, watch, LineCounts(*counts) if read else LineCounts()
            )
            for gateway, watch, (_, enterprise, directory, read, *counts) in zip(gateways, watches, beside, strict=True)
        ]

    async def _refused(
        self, error: Taken | Dangling, new: Sequence[NewGateway | Gateway]
    ) -> GatewayExists | UnknownEnterprise | UnknownDirectory:
        """What a refusal by the schema means, once it is known that somebody else was faster."""
        if isinstance(error, Taken):
            return GatewayExists(
                "Another process has just added a gateway of such a name; try again", field="gateway_name"
            )
        try:
            await _know(self._db, new)
        except (UnknownEnterprise, UnknownDirectory) as reason:
            return reason
        return UnknownEnterprise("An enterprise or a directory was removed meanwhile; try again")

    def _values(self, gateway: Gateway) -> dict[str, object]:
        values = attrs.asdict(gateway, recurse=False, filter=lambda field, _: field.name != "password")
        return {
            **values,
            "directory_id": gateway.directory_id or None,
            "of_settings": gateway.directory_id == 0,
            "password_sealed": self._sealed(gateway.password),
            "search": f"{gateway.name}\n{gateway.serial_last4 or ''}".casefold(),
        }

    def _sealed(self, password: Secret | None) -> str | None:
        return None if password is None else self._vault.seal(password)


async def _refuse(db: Statements, new: Sequence[NewGateway]) -> None:
    """See that all can be added, to tell which one cannot.

    Raises:
        GatewayExists, UnknownEnterprise, UnknownDirectory
    """
    names = [gateway.name for gateway in new]
    there = set(await db.fetch(str, f"select name from gateway where {db.among('name', 'names')}", names=names))
    for name in names:
        if name in there:
            raise GatewayExists(f"There is a gateway named {name!r} already", field="gateway_name")
        there.add(name)
    await _know(db, new)


async def _know(db: Statements, gateways: Sequence[NewGateway | Gateway]) -> None:
    numbers = {gateway.enterprise_number for gateway in gateways}
    known = await db.fetch(
        str, f"select number from enterprise where {db.among('number', 'numbers')}", numbers=sorted(numbers)
    )
    for number in sorted(numbers.difference(known)):
        raise UnknownEnterprise(f"enterprise_number: there is no enterprise {number}")
    # The one of the settings is not kept.
    places = {gateway.directory_id for gateway in gateways if gateway.directory_id}
    stored = await db.fetch(int, f"select id from directory where {db.among('id', 'places')}", places=sorted(places))
    for place in sorted(places.difference(stored)):
        raise UnknownDirectory(f"directory: there is no directory {place}")


def unknown(name: str) -> UnknownGateway:
    return UnknownGateway(f"There is no gateway {name!r}")
