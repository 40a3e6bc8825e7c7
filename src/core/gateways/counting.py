"""How many of what there are: pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

import attrs

from ...ports.gateways import GatewayRow, Health, Line, LineCounts, LineWatch, Status

#: What counts as neither good nor bad, nor merely weak.
_NOT_DOWN = frozenset({Health.OK, Health.WEAK_SIGNAL, Health.UNKNOWN})
#: What a line says of itself between calls.
IDLE = "IDLE"


@attrs.frozen
class OperatorStats:
    """The lines of one network operator."""

    operator: str
    lines: int
    #: Of those lines whose signal is known.
    mean_rssi: float | None


@attrs.frozen
class FleetStats:
    """All gateways and lines together."""

    gateways: int
    by_status: Mapping[Status, int]
    lines: int
    by_health: Mapping[Health, int]
    #: Lines in a call.
    busy: int
    #: Gateways whose last list could not be read.
    stale: int
    #: Most lines first.
    operators: tuple[OperatorStats, ...]


def is_busy(line: Line) -> bool:
    """Whether a call goes on."""
    return line.state is not None and line.state.upper() != IDLE


def counts_of(lines: Iterable[LineWatch]) -> LineCounts:
    """A gateway's lines by health."""
    lines = tuple(lines)
    return LineCounts(
        total=len(lines),
        ok=sum(one.health is Health.OK for one in lines),
        weak=sum(one.health is Health.WEAK_SIGNAL for one in lines),
        down=sum(one.health not in _NOT_DOWN for one in lines),
        busy=sum(is_busy(one.line) for one in lines),
    )


@attrs.define
class Tally:
    """Adds up, page by page."""

    _status: Counter[Status] = attrs.field(init=False, factory=Counter)
    _health: Counter[Health] = attrs.field(init=False, factory=Counter)
    _operators: dict[str, list[int | None]] = attrs.field(init=False, factory=dict)
    _stale: int = attrs.field(init=False, default=0)
    _busy: int = attrs.field(init=False, default=0)

    def gateways(self, rows: Iterable[GatewayRow]) -> None:
        """Count gateways."""
        for row in rows:
            self._status[row.watch.status] += 1
            self._stale += row.watch.stale

    def lines(self, lines: Iterable[LineWatch]) -> None:
        """Count lines."""
        for one in lines:
            self._health[one.health] += 1
            self._busy += is_busy(one.line)
            if one.line.operator:
                self._operators.setdefault(one.line.operator, []).append(one.line.rssi if one.line.gsm else None)

    def stats(self) -> FleetStats:
        """All that was counted; statuses and kinds of health that nothing has are there with 0."""
        return FleetStats(
            gateways=self._status.total(),
            by_status={one: self._status[one] for one in Status},
            lines=self._health.total(),
            by_health={one: self._health[one] for one in Health},
            busy=self._busy,
            stale=self._stale,
            operators=tuple(
                OperatorStats(operator, len(found), _mean([one for one in found if one is not None]))
                for operator, found in sorted(self._operators.items(), key=lambda item: (-len(item[1]), item[0]))
            ),
        )


def _mean(figures: list[int]) -> float | None:
    return round(sum(figures) / len(figures), 1) if figures else None
