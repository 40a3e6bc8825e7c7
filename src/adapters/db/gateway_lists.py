"""Which gateways and lines are on a page, in which order: numbers only, as to sort whole rows costs several times more.

Texts are compared case folded.  ``{binary}`` makes PostgreSQL sort text as SQLite does.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ...ports.errors import Invalid
from ...ports.gateways.inventory import GatewayQuery, LineQuery
from ...ports.gateways.watch import Health
from .engine import Statements
from .miner_lists import like

SORTED: Mapping[str, str] = MappingProxyType(
    {
        "name": "g.name_order{binary}",
        "status": "w.status{binary}",
        "enterprise": "e.name_key{binary}",
        "since": "w.since",
        "last_ok": "w.ok_at",
        "lines_down": "w.lines_down",
    }
)
ENTERPRISE = " join enterprise e on e.number = g.enterprise_number"
WATCH = " join gateway_watch w on w.gateway_id = g.id"
Values = dict[str, object]


def binary(db: Statements) -> str:
    """What makes a sorted text the same in both databases."""
    return ' collate "C"' if db.dialect == "postgresql" else ""


async def page_of(db: Statements, query: GatewayQuery) -> tuple[list[int], int]:
    """The gateways of a page, and how many there are in all.

    Raises:
        Invalid: They cannot be sorted by that.
    """
    if query.sort not in SORTED:
        raise Invalid(f"Gateways cannot be sorted by {query.sort!r}; try one of {', '.join(SORTED)}", field="sort")
    where, values = conditions(db, query)
    order = SORTED[query.sort].format(binary=binary(db)) + (" desc" if query.descending else "") + " nulls last"
    numbers = await db.fetch(
        int,
        f"select g.id from {_source(where + order)}{where} order by {order}, g.id limit :limit offset :offset",
        limit=query.limit, offset=query.offset, **values,
    )  # fmt: skip
    [total] = await db.fetch(int, f"select count(*) from {_source(where)}{where}", **values)
    return numbers, total


async def lines_of(db: Statements, query: LineQuery) -> tuple[list[tuple[int, int]], int]:
    """The lines of a page, as gateway and number, and how many there are in all."""
    chosen, values = _visible(db, query.visible, query.enterprise_number)
    if query.gateway_ids:
        chosen.append(db.among("l.gateway_id", "gateway_ids"))
        values["gateway_ids"] = list(query.gateway_ids)
    lines, more = line_conditions(query)
    where = _where([*chosen, *lines])
    source = f"gateway g join gateway_line l on l.gateway_id = g.id{where}"
    keys: list[tuple[int, int]] = await db.fetch(
        tuple,
        f"select l.gateway_id, l.line from {source} order by g.name_order{binary(db)}, g.id, l.line "
        "limit :limit offset :offset",
        limit=query.limit, offset=query.offset, **values, **more,
    )  # fmt: skip
    [total] = await db.fetch(int, f"select count(*) from {source}", **values, **more)
    return keys, total


def _source(text: str) -> str:
    """The tables that conditions and an order speak of: SQLite goes through all that are named."""
    return f"gateway g{ENTERPRISE if 'e.' in text else ''}{WATCH if 'w.' in text else ''}"


def conditions(db: Statements, query: GatewayQuery) -> tuple[str, Values]:
    """What a query's gateways are chosen by, as `` where …`` (or nothing), and its values."""
    chosen, values = _visible(db, query.visible, query.enterprise_number)
    if query.names:
        chosen.append(db.among("g.name", "names"))
        values["names"] = list(query.names)
    if query.status is not None:
        chosen.append("w.status = :status")
        values["status"] = query.status
    if query.search:
        chosen.append("(g.search like :search escape '!' or w.search like :search escape '!')")
        values["search"] = f"%{like(query.search.casefold())}%"
    lines, more = line_conditions(query)
    if lines:
        # One line has to be all that.
        chosen.append(f"exists (select 1 from gateway_line l where l.gateway_id = g.id and {' and '.join(lines)})")
    return _where(chosen), values | more


def line_conditions(query: GatewayQuery | LineQuery) -> tuple[list[str], Values]:
    chosen, values = list[str](), Values()
    if query.operator:
        chosen.append("l.operator_key like :operator escape '!'")
        values["operator"] = f"%{like(query.operator.casefold())}%"
    if query.health is not None:
        chosen.append("l.health = :health")
        values["health"] = query.health
    if query.weak is not None:
        chosen.append(f"l.health {'=' if query.weak else '<>'} '{Health.WEAK_SIGNAL}'")
    return chosen, values


def _visible(db: Statements, visible: frozenset[str] | None, enterprise_number: str | None) -> tuple[list[str], Values]:
    chosen, values = list[str](), Values()
    if visible is not None:
        chosen.append(db.among("g.enterprise_number", "visible"))
        values["visible"] = sorted(visible)
    if enterprise_number is not None:
        chosen.append("g.enterprise_number = :enterprise_number")
        values["enterprise_number"] = enterprise_number
    return chosen, values


def _where(chosen: list[str]) -> str:
    return f" where {' and '.join(chosen)}" if chosen else ""
