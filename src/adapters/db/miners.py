"""Miners in SQL: passwords sealed, lists sorted by what is known now."""

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import anyio
import attrs

from ...ports.errors import Stale
from ...ports.miners.groups import UnknownGroup
from ...ports.miners.inventory import (
    Miner,
    MinerExists,
    MinerPage,
    MinerQuery,
    MinerStore,
    NewMiner,
    PlaceTaken,
    Spot,
    UnknownContainer,
    UnknownMiner,
)
from ...ports.miners.watch import Snapshot, Watch
from ...ports.secrets import Vault
from .containers import inventory_changed
from .engine import Dangling, Database, Statements, Taken, next_number
from .miner_lists import conditions, numbers_of, page_of
from .opening import Opener
from .rows import to_text
from .snapshots import snapshots

COLUMNS = (
    "m.id, m.name, m.ip_address, m.port, m.web_port, m.api3_port, m.manufacturer, m.model, m.container_id, "
    "m.is_active, m.created_at, w.seen_at as last_seen, m.username, m.password_sealed as password, m.revision, "
    'm.tags, m.group_id, m.place_row as "row", m.place_shelf as shelf, m.place_slot as slot, m.hardware_id, '
    "g.username as group_username, g.password_sealed as group_password"
)
SOURCE = (
    "miner m left join miner_watch w on w.miner_id = m.id left join miner_last l on l.miner_id = m.id "
    "left join miner_group g on g.id = m.group_id"
)

#: By these words the databases name what was violated.
PLACE = re.compile(r"miner_by_place|miner\.place_row")
GROUP = re.compile("miner_group")

STORE = """
insert into miner (id, name, name_order, ip_address, address_order, port, web_port, api3_port, manufacturer, model,
                   container_id, is_active, created_at, username, password_sealed, revision, search,
                   tags, group_id, place_row, place_shelf, place_slot, hardware_id)
values (:id, :name, :name_order, :ip_address, :address_order, :port, :web_port, :api3_port, :manufacturer, :model,
        :container_id, :is_active, :created_at, :username, :password_sealed, 1, :search,
        :tags, :group_id, :row, :shelf, :slot, :hardware_id)
"""
CHANGE = """
update miner set name = :name, name_order = :name_order, ip_address = :ip_address, address_order = :address_order,
       port = :port, web_port = :web_port, api3_port = :api3_port, manufacturer = :manufacturer, model = :model,
       container_id = :container_id, is_active = :is_active, username = :username,
       password_sealed = :password_sealed, search = :search, tags = :tags, group_id = :group_id,
       place_row = :row, place_shelf = :shelf, place_slot = :slot, revision = revision + 1
where id = :id and revision = :revision
"""
#: What was learnt of a device is worth nothing when another stands there.
FORGET = """
update miner_watch set fingerprint = null
where miner_id = (select id from miner where id = :id and revision = :revision
                  and (ip_address <> :ip_address or port <> :port or manufacturer <> :manufacturer))
"""
#: Nobody watches a miner that is not active: what was said of it by watching is not so any more.
UNWATCHED = """
update miner_watch set availability = 'unknown', availability_since = null, misses = 0, reasons = '[]', doubts = 0
where miner_id = :id and availability <> 'unknown'
"""


class SqlMiners(MinerStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault, self._open = db, vault, Opener(vault)

    async def find(self, query: MinerQuery) -> MinerPage:
        # One look at all: on PostgreSQL, a connection is had and checked once.
        async with self._db.snapshot() as db:
            numbers, total = await page_of(db, query)
            items = await self._known(db, numbers)
        return MinerPage(items, total)

    async def numbers(self, query: MinerQuery) -> Sequence[int]:
        async with self._db.snapshot() as db:
            return await numbers_of(db, query)

    async def some(self, miner_ids: Sequence[int]) -> Sequence[tuple[Miner, Snapshot]]:
        return await self._known(self._db, list(miner_ids))

    async def _known(self, db: Statements, numbers: list[int]) -> tuple[tuple[Miner, Snapshot], ...]:
        rows = await db.fetch(
            Miner, f"select {COLUMNS} from {SOURCE} where {db.among('m.id', 'numbers')}", numbers=numbers
        )
        known = await snapshots(db, numbers)
        miners = {miner.id: self._open(miner) for miner in rows}
        return tuple((miners[n], known.get(n) or Snapshot(Watch(n))) for n in numbers if n in miners)

    async def all(self) -> Sequence[Miner]:
        rows = await self._db.fetch(Miner, f"select {COLUMNS} from {SOURCE} order by m.id")
        # Opening thousands of passwords would hold up the loop.
        return await anyio.to_thread.run_sync(lambda: [self._open(miner) for miner in rows])

    async def get(self, miner_id: int, *, visible: frozenset[int] | None = None) -> Miner:
        rows = await self._db.fetch(
            Miner, f"select {COLUMNS} from {SOURCE} where m.id = cast(:id as bigint)", id=miner_id
        )
        if not rows or (visible is not None and rows[0].container_id not in visible):
            raise _unknown(miner_id)
        return self._open(rows[0])

    async def add(self, new: NewMiner, *, at: datetime) -> Miner:
        try:
            async with self._db.transaction() as tx:
                number = await self._insert(tx, new, at)
                await inventory_changed(tx)
        except (Taken, Dangling) as error:
            raise translated(error, new) from error
        return await self.get(number)

    async def change(self, miner: Miner) -> Miner:
        try:
            async with self._db.transaction() as tx:
                await self._update(tx, miner)
                await inventory_changed(tx)
        except (Taken, Dangling) as error:
            raise translated(error, miner) from error
        return await self.get(miner.id)

    async def write(self, new: Sequence[NewMiner], changed: Sequence[Miner], *, at: datetime) -> Sequence[int]:
        numbers = []
        miner: NewMiner | Miner | None = None
        try:
            async with self._db.transaction() as tx:
                for miner in changed:
                    await self._update(tx, miner)
                for miner in new:
                    numbers.append(await self._insert(tx, miner, at))
                await inventory_changed(tx)
        except (Taken, Dangling) as error:
            if miner is None:
                raise
            raise translated(error, miner) from error
        return numbers

    async def relocate(self, moves: Sequence[tuple[int, str, int]]) -> None:
        miner: tuple[int, str, int] | None = None
        try:
            async with self._db.transaction() as tx:
                for miner in moves:
                    # Out of the way first: one may go where another still stands.
                    if not await tx.run("update miner set port = -id where id = cast(:id as bigint)", id=miner[0]):
                        raise _unknown(miner[0])
                for miner in moves:
                    await self._move(tx, *miner)
                await inventory_changed(tx)
        except Taken as error:
            if miner is None:
                raise
            raise MinerExists(f"There is a miner at {miner[1]} port {miner[2]} already") from error

    async def arrange(self, container_id: int, places: Mapping[int, Spot | None]) -> None:
        spot: Spot | None = None
        try:
            async with self._db.transaction() as tx:
                # All off the map first, each time in one order: two may change places, and no two of us lock crosswise.
                for number in sorted(places):
                    if not await tx.run(
                        "update miner set place_row = null, place_shelf = null, place_slot = null, "
                        "revision = revision + 1 where id = :id and container_id = :container_id",
                        id=number, container_id=container_id,
                    ):  # fmt: skip
                        raise UnknownMiner(f"There is no miner {number} in container {container_id} any more")
                for number, spot in sorted(places.items()):
                    if spot:
                        row, shelf, slot = spot
                        await tx.run(
                            "update miner set place_row = :row, place_shelf = :shelf, place_slot = :slot "
                            "where id = :id",
                            id=number, row=row, shelf=shelf, slot=slot,
                        )  # fmt: skip
                await inventory_changed(tx)
        except Taken as error:
            raise _place_taken(spot or (0, 0, 0), container_id) from error

    async def identified(self, miner_id: int, hardware_id: str | None) -> None:
        async with self._db.transaction() as tx:
            changed = await tx.run(
                "update miner set hardware_id = :hardware_id where id = cast(:id as bigint) "
                "and coalesce(hardware_id, '') <> coalesce(:hardware_id, '')",
                id=miner_id, hardware_id=hardware_id,
            )  # fmt: skip
            if changed:
                await tx.run(
                    "update miner_watch set fingerprint = null where miner_id = cast(:id as bigint)", id=miner_id
                )
                await inventory_changed(tx)

    async def tags(self, *, visible: frozenset[int] | None = None) -> Mapping[str, int]:
        where, values = conditions(self._db, MinerQuery(visible=visible))
        rows = await self._db.fetch(
            _Tagged, f"select m.tags from miner m{where}{' and' if where else ' where'} m.tags <> '[]'", **values
        )
        return Counter(tag for row in rows for tag in row.tags)

    async def _insert(self, tx: Statements, new: NewMiner, at: datetime) -> int:
        number = await next_number(tx, "miner")
        miner = Miner(id=number, created_at=at, **attrs.asdict(new, recurse=False))
        await tx.run(STORE, created_at=at, hardware_id=miner.hardware_id, **self._values(miner))
        return number

    async def _update(self, tx: Statements, miner: Miner) -> None:
        values = {**self._values(miner), "revision": miner.revision}
        place = {name: values[name] for name in ("id", "revision", "ip_address", "port", "manufacturer")}
        await tx.run(FORGET, **place)
        if not await tx.run(CHANGE, **values):
            await _stale_or_unknown(tx, miner.id)
        if not miner.is_active:
            await tx.run(UNWATCHED, id=miner.id)

    async def _move(self, tx: Statements, miner_id: int, address: str, port: int) -> None:
        [(name, model)] = await tx.fetch(tuple, "select name, model from miner where id = :id", id=miner_id)
        await tx.run("update miner_watch set fingerprint = null where miner_id = :id", id=miner_id)
        await tx.run(
            "update miner set ip_address = :address, address_order = :address_order, port = :port, search = :search, "
            "revision = revision + 1 where id = :id",
            id=miner_id, address=address, address_order=address_order(address), port=port,
            search=searched(name, address, model),
        )  # fmt: skip

    async def remove(self, miner_id: int) -> None:
        if not await self.remove_many([miner_id]):
            raise _unknown(miner_id)

    async def remove_many(self, miner_ids: Sequence[int], *, visible: frozenset[int] | None = None) -> frozenset[int]:
        where = self._db.among("id", "ids")
        values = {"ids": list(miner_ids)}
        if visible is not None:
            where += f" and {self._db.among('container_id', 'visible')}"
            values["visible"] = sorted(visible)
        async with self._db.transaction() as tx:
            # Nobody may be writing samples of them meanwhile.
            await tx.lock("samples")
            gone = await tx.fetch(int, f"delete from miner where {where} returning id", **values)
            if gone:
                await forget_history(tx, gone)
                await inventory_changed(tx)
        return frozenset(gone)

    async def version(self) -> int:
        [version] = await self._db.fetch(int, "select value from counter where name = 'inventory'")
        return version

    def _values(self, miner: Miner) -> dict[str, object]:
        values = attrs.asdict(miner, recurse=False, filter=lambda field, _: field.name not in HELD_ELSEWHERE)
        return {
            **values,
            "name_order": name_order(miner.name),
            "address_order": address_order(miner.ip_address),
            "tags": to_text(miner.tags),
            "search": searched(miner.name, miner.ip_address, miner.model),
            "password_sealed": None if miner.password is None else self._vault.seal(miner.password),
        }


@attrs.frozen
class _Tagged:
    tags: tuple[str, ...]


HELD_ELSEWHERE = frozenset(
    {"created_at", "last_seen", "password", "revision", "hardware_id", "group_username", "group_password"}
)


def searched(name: str, address: str, model: str | None) -> str:
    """What a search looks at."""
    return "\n".join((name, address, model or "")).casefold()


async def forget_history(tx: Statements, miner_ids: list[int]) -> None:
    """Remove miners' series.  They are clustered by time, so each group of them is visited by its key, once for all."""
    for table, group in (("miner_sample", "slot"), ("miner_5m", "hour"), ("miner_1h", "day")):
        await tx.run(
            f"""with recursive groups (number) as (
                  select min({group}) from {table}
                  union all
                  select (select min({group}) from {table} where {group} > number) from groups where number is not null
                )
                delete from {table} where {group} in (select number from groups) and {tx.among("miner_id", "ids")}""",
            ids=miner_ids,
        )


def name_order(name: str) -> str:
    """A name as people sort it: any case, and ``rig 2`` before ``rig 10``."""
    return re.sub(r"\d+", lambda number: number[0].zfill(12), name.casefold())


def address_order(address: str) -> str:
    """An address as a number; names of hosts come after all numbers."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"h{address.casefold()}"
    return f"{found.version}{found.packed.hex()}"


async def _stale_or_unknown(tx: Statements, miner_id: int) -> None:
    if not await tx.fetch(int, "select 1 from miner where id = cast(:id as bigint)", id=miner_id):
        raise _unknown(miner_id)
    raise Stale(f"Miner {miner_id} was changed by somebody else; read it again and repeat the change")


def _unknown(miner_id: int) -> UnknownMiner:
    return UnknownMiner(f"There is no miner {miner_id}")


def _place_taken(place: Sequence[int | None], container_id: int | None) -> PlaceTaken:
    row, shelf, slot = place
    return PlaceTaken(
        f"Another miner stands at row {row}, shelf {shelf}, slot {slot} of container {container_id} already",
        field="slot",
    )


def translated(
    error: Taken | Dangling, miner: Miner | NewMiner
) -> MinerExists | PlaceTaken | UnknownContainer | UnknownGroup:
    """What a refusal by the schema means."""
    if isinstance(error, Taken):
        if PLACE.search(str(error)):
            return _place_taken((miner.row, miner.shelf, miner.slot), miner.container_id)
        return MinerExists(f"There is a miner at {miner.ip_address} port {miner.port} already")
    # SQLite does not say which reference it was.
    if GROUP.search(str(error)) or miner.container_id is None:
        return UnknownGroup(f"group_id: there is no group {miner.group_id}")
    return UnknownContainer(f"container_id: there is no container {miner.container_id}")
