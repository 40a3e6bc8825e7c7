"""The present of each container, added up from the latest states."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import attrs

from ...ports.miners.watch import Totals
from .engine import Statements

Number = TypeVar("Number", int, float)

QUERY = """
select m.container_id, m.is_active, coalesce(w.availability, 'unknown') as availability, w.state, l.algorithm,
       cast(count(*) as integer) as miners, sum(l.hash_rate_hs) as hash_rate_hs,
       sum(l.hash_rate_nominal_hs) as hash_rate_nominal_hs, sum(l.power_w) as power_w,
       cast(count(l.power_w) as integer) as power_miners,
       max(l.temperature) as temperature_max, sum(l.temperature) as temperature_sum,
       count(l.temperature) as temperature_count
from miner m left join miner_watch w on w.miner_id = m.id left join miner_last l on l.miner_id = m.id
where {visible}
group by m.container_id, m.is_active, coalesce(w.availability, 'unknown'), w.state, l.algorithm
order by m.container_id
"""

#: Whose last figures count as the present: who answers, and who missed a poll or two.
PRESENT = frozenset({"online", "degraded", "stale"})


@attrs.frozen
class _Part:
    """Miners of one container that are alike."""

    container_id: int | None
    is_active: bool
    availability: str
    state: str | None
    algorithm: str | None
    miners: int
    hash_rate_hs: float | None
    hash_rate_nominal_hs: float | None
    power_w: float | None
    power_miners: int
    temperature_max: float | None
    temperature_sum: float | None
    temperature_count: int


async def totals(db: Statements, visible: frozenset[int] | None) -> Sequence[Totals]:
    """One a container, those without one last.

    ``miners`` counts all; everything else counts active miners, and states and
    figures only of those that are online, degraded or stale.
    """
    if visible is None:
        parts = await db.fetch(_Part, QUERY.format(visible="true"))
    else:
        parts = await db.fetch(
            _Part, QUERY.format(visible=db.among("m.container_id", "visible")), visible=sorted(visible)
        )
    by_container: dict[int | None, list[_Part]] = {}
    for part in parts:
        by_container.setdefault(part.container_id, []).append(part)
    known = sorted(by_container.items(), key=lambda item: (item[0] is None, item[0] or 0))
    return [_added_up(container_id, group) for container_id, group in known]


def _added_up(container_id: int | None, parts: Sequence[_Part]) -> Totals:
    active = [part for part in parts if part.is_active]
    present = [part for part in active if part.availability in PRESENT]
    measured = sum(part.temperature_count for part in present)
    return Totals(
        container_id=container_id,
        miners=sum(part.miners for part in parts),
        active=sum(part.miners for part in active),
        availability=_counts((part.availability, part.miners) for part in active),
        states=_counts((part.state, part.miners) for part in present),
        hash_rate_hs=_counts((part.algorithm or "unknown", part.hash_rate_hs) for part in present),
        hash_rate_nominal_hs=_counts((part.algorithm or "unknown", part.hash_rate_nominal_hs) for part in present),
        power_w=_sum(part.power_w for part in present),
        temperature_max=max(
            (part.temperature_max for part in present if part.temperature_max is not None), default=None
        ),
        temperature_avg=(_sum(part.temperature_sum for part in present) or 0.0) / measured if measured else None,
        power_miners=sum(part.power_miners for part in present),
    )


def _counts(pairs: Iterable[tuple[str | None, Number | None]]) -> dict[str, Number]:
    sums: dict[str, Number] = {}
    for key, value in pairs:
        if key is not None and value is not None:
            sums[key] = sums[key] + value if key in sums else value
    return sums


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
