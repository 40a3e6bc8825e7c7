"""Miners in SQL: passwords sealed, lists sorted by what is known now."""

import ipaddress
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from ...ports.errors import Invalid, Stale
from ...ports.miners.inventory import (
    Miner,
    MinerExists,
    MinerPage,
    MinerQuery,
    MinerStore,
    NewMiner,
    UnknownContainer,
    UnknownMiner,
)
from ...ports.miners.watch import Snapshot, Watch
from ...ports.secrets import Vault
from .containers import inventory_changed
from .engine import Dangling, Database, Statements, Taken, next_number
from .opening import Opener
from .snapshots import snapshots

COLUMNS = (
    "m.id, m.name, m.ip_address, m.port, m.web_port, m.api3_port, m.manufacturer, m.model, m.container_id, "
    "m.is_active, m.created_at, w.seen_at as last_seen, m.username, m.password_sealed as password, m.revision"
)
SOURCE = "miner m left join miner_watch w on w.miner_id = m.id left join miner_last l on l.miner_id = m.id"

#: What lists are sorted by.  ``{binary}`` makes PostgreSQL compare text as SQLite does.
SORTED: Mapping[str, str] = MappingProxyType(
    {
        "id": "m.id",
        "name": "m.name_order{binary}",
        "ip_address": "m.address_order{binary}",
        "manufacturer": "m.manufacturer{binary}",
        "model": "lower(coalesce(m.model, l.model)){binary}",
        "container_id": "m.container_id",
        "last_seen": "w.seen_at",
        "availability": "coalesce(w.availability, 'unknown'){binary}",
        "state": "w.state{binary}",
        "hash_rate_hs": "l.hash_rate_hs",
        "temperature": "l.temperature",
        "fan_speed": "l.fan_speed",
        "power_w": "l.power_w",
    }
)

ALWAYS_THERE = frozenset({"id", "name", "ip_address", "manufacturer", "availability"})

STORE = """
insert into miner (id, name, name_order, ip_address, address_order, port, web_port, api3_port, manufacturer, model,
                   container_id, is_active, created_at, username, password_sealed, revision, search)
values (:id, :name, :name_order, :ip_address, :address_order, :port, :web_port, :api3_port, :manufacturer, :model,
        :container_id, :is_active, :created_at, :username, :password_sealed, 1, :search)
"""
CHANGE = """
update miner set name = :name, name_order = :name_order, ip_address = :ip_address, address_order = :address_order,
       port = :port, web_port = :web_port, api3_port = :api3_port, manufacturer = :manufacturer, model = :model,
       container_id = :container_id, is_active = :is_active, username = :username,
       password_sealed = :password_sealed, search = :search, revision = revision + 1
where id = :id and revision = :revision
"""
#: What was learnt of a device is worth nothing when another stands there.
FORGET = """
update miner_watch set fingerprint = null
where miner_id = (select id from miner where id = :id and revision = :revision
                  and (ip_address <> :ip_address or port <> :port or manufacturer <> :manufacturer))
"""


class SqlMiners(MinerStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault, self._open = db, vault, Opener(vault)

    async def find(self, query: MinerQuery) -> MinerPage:
        if query.sort not in SORTED:
            raise Invalid(f"Miners cannot be sorted by {query.sort!r}; try one of {', '.join(SORTED)}", field="sort")
        where, values = self._conditions(query)
        binary = ' collate "C"' if self._db.dialect == "postgresql" else ""
        order = SORTED[query.sort].format(binary=binary) + (" desc" if query.descending else "") + " nulls last"
        # Numbers first: to sort whole rows costs several times as much.
        numbers = await self._db.fetch(
            int,
            f"select m.id from {SOURCE}{where} order by {order}, m.id limit :limit offset :offset",
            limit=query.limit, offset=query.offset, **values,
        )  # fmt: skip
        [total] = await self._db.fetch(int, f"select count(*) from {SOURCE}{where}", **values)
        rows = await self._db.fetch(
            Miner, f"select {COLUMNS} from {SOURCE} where {self._db.among('m.id', 'numbers')}", numbers=numbers
        )
        miners = {miner.id: self._open(miner) for miner in rows}
        known = await snapshots(self._db, numbers)
        return MinerPage(tuple((miners[n], known.get(n) or Snapshot(Watch(n))) for n in numbers if n in miners), total)

    def _conditions(self, query: MinerQuery) -> tuple[str, dict[str, object]]:
        conditions, values = [], dict[str, object]()
        for name, column in (
            ("container_id", "m.container_id = cast(:container_id as bigint)"),
            ("is_active", "m.is_active = :is_active"),
            ("manufacturer", "m.manufacturer = :manufacturer"),
            ("availability", "coalesce(w.availability, 'unknown') = :availability"),
            ("state", "w.state = :state"),
        ):
            if (value := getattr(query, name)) is not None:
                conditions.append(column)
                values[name] = value
        if query.search:
            conditions.append("(m.search like :search escape '!' or lower(l.model) like :search escape '!')")
            values["search"] = f"%{like(query.search.casefold())}%"
        if query.visible is not None:
            conditions.append(self._db.among("m.container_id", "visible"))
            values["visible"] = sorted(query.visible)
        return (f" where {' and '.join(conditions)}" if conditions else ""), values

    async def get(self, miner_id: int, *, visible: frozenset[int] | None = None) -> Miner:
        rows = await self._db.fetch(
            Miner, f"select {COLUMNS} from {SOURCE} where m.id = cast(:id as bigint)", id=miner_id
        )
        if not rows or (visible is not None and rows[0].container_id not in visible):
            raise _unknown(miner_id)
        return self._open(rows[0])

    async def add(self, new: NewMiner, *, at: datetime) -> Miner:
        fields = attrs.asdict(new, recurse=False)
        try:
            async with self._db.transaction() as tx:
                number = await next_number(tx, "miner")
                miner = Miner(id=number, created_at=at, **fields)
                await tx.run(STORE, created_at=at, **self._values(miner))
                await inventory_changed(tx)
        except (Taken, Dangling) as error:
            raise _translated(error, new) from error
        return miner

    async def change(self, miner: Miner) -> Miner:
        values = {**self._values(miner), "revision": miner.revision}
        try:
            async with self._db.transaction() as tx:
                place = {name: values[name] for name in ("id", "revision", "ip_address", "port", "manufacturer")}
                await tx.run(FORGET, **place)
                if not await tx.run(CHANGE, **values):
                    await _stale_or_unknown(tx, miner.id)
                await inventory_changed(tx)
        except (Taken, Dangling) as error:
            raise _translated(error, miner) from error
        return await self.get(miner.id)

    async def remove(self, miner_id: int) -> None:
        async with self._db.transaction() as tx:
            # Nobody may be writing samples of it meanwhile.
            await tx.lock("samples")
            if not await tx.run("delete from miner where id = cast(:id as bigint)", id=miner_id):
                raise _unknown(miner_id)
            await forget_history(tx, miner_id)
            await inventory_changed(tx)

    async def version(self) -> int:
        [version] = await self._db.fetch(int, "select value from counter where name = 'inventory'")
        return version

    def _values(self, miner: Miner) -> dict[str, object]:
        values = attrs.asdict(miner, recurse=False, filter=lambda field, _: field.name not in HELD_ELSEWHERE)
        return {
            **values,
            "name_order": name_order(miner.name),
            "address_order": address_order(miner.ip_address),
            "search": "\n".join((miner.name, miner.ip_address, miner.model or "")).casefold(),
            "password_sealed": None if miner.password is None else self._vault.seal(miner.password),
        }


HELD_ELSEWHERE = frozenset({"created_at", "last_seen", "password", "revision"})


async def forget_history(tx: Statements, miner_id: int) -> None:
    """Remove a miner's series.  They are clustered by time, so each group of them is visited by its key."""
    for table, group in (("miner_sample", "slot"), ("miner_5m", "hour"), ("miner_1h", "day")):
        await tx.run(
            f"""with recursive groups (number) as (
                  select min({group}) from {table}
                  union all
                  select (select min({group}) from {table} where {group} > number) from groups where number is not null
                )
                delete from {table} where {group} in (select number from groups) and miner_id = :miner_id""",
            miner_id=miner_id,
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


def like(text: str) -> str:
    """Text as it stands, for ``like … escape '!'``."""
    return re.sub(r"([!%_])", r"!\1", text)


async def _stale_or_unknown(tx: Statements, miner_id: int) -> None:
    if not await tx.fetch(int, "select 1 from miner where id = cast(:id as bigint)", id=miner_id):
        raise _unknown(miner_id)
    raise Stale(f"Miner {miner_id} was changed by somebody else; read it again and repeat the change")


def _unknown(miner_id: int) -> UnknownMiner:
    return UnknownMiner(f"There is no miner {miner_id}")


def _translated(error: Taken | Dangling, miner: Miner | NewMiner) -> MinerExists | UnknownContainer:
    if isinstance(error, Taken):
        return MinerExists(f"There is a miner at {miner.ip_address} port {miner.port} already")
    return UnknownContainer(f"container_id: there is no container {miner.container_id}")
