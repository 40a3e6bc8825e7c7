"""Which miners are on a page, in which order: numbers only, as to sort whole rows costs several times as much."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from ...ports.errors import Invalid
from ...ports.miners.inventory import MinerQuery
from .engine import Statements

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

#: The order with an index of its own: pages of it are read off, and those without the figure come behind.
INDEXED = "hash_rate_hs"

WATCH = " left join miner_watch w on w.miner_id = m.id"
LAST = " left join miner_last l on l.miner_id = m.id"
Values = Mapping[str, object]


async def page_of(db: Statements, query: MinerQuery) -> tuple[list[int], int]:
    """The miners of a page, and how many there are in all.

    Raises:
        Invalid: They cannot be sorted by that.
    """
    numbers = await numbers_of(db, query, query.limit, query.offset)
    where, values = conditions(db, query)
    [total] = await db.fetch(int, f"select count(*) from {_source(where)}{where}", **values)
    return numbers, total


async def numbers_of(db: Statements, query: MinerQuery, limit: int | None = None, offset: int = 0) -> list[int]:
    """The miners of a page, or all of them.  Raises as ``page_of``."""
    if query.sort not in SORTED:
        raise Invalid(f"Miners cannot be sorted by {query.sort!r}; try one of {', '.join(SORTED)}", field="sort")
    where, values = conditions(db, query)
    # Those that a condition chooses may all stand at the end of the index.
    if query.sort == INDEXED and not where:
        return await _by_index(db, query.descending, limit, offset)
    binary = ' collate "C"' if db.dialect == "postgresql" else ""
    order = SORTED[query.sort].format(binary=binary) + (" desc" if query.descending else "") + " nulls last"
    return await _fetch(db, f"{_source(where + order)}{where} order by {order}, m.id", values, limit, offset)


async def _by_index(db: Statements, descending: bool, limit: int | None, offset: int) -> list[int]:
    """Both databases read the index only where all rows have the figure, so those without are asked for apart."""
    figure = SORTED[INDEXED]
    told = f"miner_last l join miner m on m.id = l.miner_id where {figure} is not null"
    numbers = await _fetch(db, f"{told} order by {figure}{' desc' if descending else ''}, m.id", {}, limit, offset)
    if limit is not None and len(numbers) == limit:
        return numbers
    before = offset + len(numbers)
    if limit is not None and not numbers:
        [before] = await db.fetch(int, f"select count(*) from {told}")
    rest = None if limit is None else limit - len(numbers)
    silent = f"miner m{LAST} where {figure} is null order by m.id"
    return numbers + await _fetch(db, silent, {}, rest, max(offset - before, 0))


async def _fetch(db: Statements, rest: str, values: Values, limit: int | None, offset: int) -> list[int]:
    if limit is None:
        return await db.fetch(int, f"select m.id from {rest}", **values)
    return await db.fetch(
        int, f"select m.id from {rest} limit :limit offset :offset", limit=limit, offset=offset, **values
    )


def _source(text: str) -> str:
    """The tables that a condition and an order speak of: SQLite goes through all that are named."""
    return f"miner m{WATCH if 'w.' in text else ''}{LAST if 'l.' in text else ''}"


def conditions(db: Statements, query: MinerQuery) -> tuple[str, dict[str, object]]:
    """What a query's miners are chosen by, as `` where …`` (or nothing), and its values."""
    chosen, values = [], dict[str, object]()
    for name, column in (
        ("container_id", "m.container_id = cast(:container_id as bigint)"),
        ("is_active", "m.is_active = :is_active"),
        ("manufacturer", "m.manufacturer = :manufacturer"),
        ("availability", "coalesce(w.availability, 'unknown') = :availability"),
        ("state", "w.state = :state"),
        ("group_id", "m.group_id = cast(:group_id as bigint)"),
    ):
        if (value := getattr(query, name)) is not None:
            chosen.append(column)
            values[name] = value
    if query.search:
        chosen.append("(m.search like :search escape '!' or lower(l.model) like :search escape '!')")
        values["search"] = f"%{like(query.search.casefold())}%"
    if query.tag:
        chosen.append("m.tags like :tag escape '!'")
        values["tag"] = f'%"{like(query.tag.casefold())}"%'
    if query.visible is not None:
        chosen.append(db.among("m.container_id", "visible"))
        values["visible"] = sorted(query.visible)
    return (f" where {' and '.join(chosen)}" if chosen else ""), values


def like(text: str) -> str:
    """Text as it stands, for ``like … escape '!'``."""
    return re.sub(r"([!%_])", r"!\1", text)
