"""Rankings and distributions of figures: pure functions over what miners did."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

import attrs

from ...ports.miners import PowerKind, Present, Standing
from .derive import Unit, unit


class By(StrEnum):
    """What miners are ranked by."""

    RATE_RATIO = "rate_ratio"
    HASH_RATE = "hash_rate"
    TEMPERATURE = "temperature"
    EFFICIENCY = "efficiency"
    MISSES = "misses"
    RESTARTS = "restarts"


class Metric(StrEnum):
    """Figures that are compared over time, and distributed over miners."""

    HASH_RATE = "hash_rate"
    TEMPERATURE = "temperature"
    POWER = "power"
    FAN = "fan"
    REJECT_RATIO = "reject_ratio"
    #: Of nominal; of now only.
    RATE_RATIO = "rate_ratio"


RATIO = Unit("ratio", 1.0)
UNITS = {Metric.TEMPERATURE: Unit("°C", 1.0), Metric.POWER: Unit("W", 1.0), Metric.FAN: Unit("rpm", 1.0)}


@attrs.frozen
class Ranked:
    """A miner and its figure: H/s, °C, joules per customary unit, a ratio or a count."""

    miner_id: int
    name: str
    value: float
    algorithm: str | None
    polls: int
    misses: int


@attrs.frozen
class Ranking:
    """The greatest, falling, and the least, rising."""

    by: By
    unit: Unit
    top: tuple[Ranked, ...]
    bottom: tuple[Ranked, ...]
    #: How many have a figure, and how many have none or mine something else.
    ranked: int
    unranked: int


@attrs.frozen
class Distribution:
    """How a figure is spread over miners, in ``unit``; nothing of none."""

    metric: Metric
    unit: Unit
    algorithm: str | None
    n: int
    min: float | None
    p5: float | None
    p25: float | None
    p50: float | None
    p75: float | None
    p95: float | None
    max: float | None


def chief(algorithms: Iterable[str | None]) -> str | None:
    """The algorithm that most mine: rates of others cannot stand beside theirs."""
    counts = Counter(algorithm for algorithm in algorithms if algorithm is not None)
    return max(sorted(counts), key=lambda algorithm: counts[algorithm], default=None)


def rank(standings: Sequence[Standing], by: By, n: int) -> Ranking:
    """Rank miners by a figure; equal ones by name."""
    algorithm = chief(standing.algorithm for standing in standings)
    shown = unit(algorithm)
    alike = by in (By.HASH_RATE, By.EFFICIENCY)
    rows = [
        Ranked(each.miner_id, each.name, value, each.algorithm, each.polls, each.misses)
        for each in standings
        if (value := _figure(each, by)) is not None and not (alike and each.algorithm != algorithm)
    ]
    rising = sorted(rows, key=lambda row: (row.value, row.name, row.miner_id))
    falling = sorted(rows, key=lambda row: (-row.value, row.name, row.miner_id))
    units = {
        By.RATE_RATIO: RATIO,
        By.HASH_RATE: shown,
        By.TEMPERATURE: UNITS[Metric.TEMPERATURE],
        By.EFFICIENCY: Unit(f"J/{shown.name.removesuffix('/s')}", 1.0),
        By.MISSES: Unit("polls", 1.0),
        By.RESTARTS: Unit("restarts", 1.0),
    }
    return Ranking(by, units[by], tuple(falling[:n]), tuple(rising[:n]), len(rows), len(standings) - len(rows))


def _figure(standing: Standing, by: By) -> float | None:
    rate, nominal = standing.hash_rate_hs, standing.hash_rate_nominal_hs
    match by:
        case By.HASH_RATE:
            return rate
        case By.RATE_RATIO:
            return rate / nominal if rate is not None and nominal else None
        case By.TEMPERATURE:
            return standing.temperature_max
        case By.EFFICIENCY:
            # Only watts at the wall can stand beside each other.
            watts = standing.power_w if standing.power_kind is PowerKind.WALL else None
            return watts / (rate / unit(standing.algorithm).divisor) if watts and rate else None
        case By.MISSES:
            return standing.misses if standing.polls or standing.misses else None
        case By.RESTARTS:
            return standing.restarts


def distribute(present: Sequence[Present], metric: Metric) -> Distribution:
    """How a figure of now is spread."""
    algorithm = chief(each.algorithm for each in present) if metric is Metric.HASH_RATE else None
    shown = UNITS.get(metric, RATIO) if metric is not Metric.HASH_RATE else unit(algorithm)
    values = sorted(
        value / shown.divisor
        for each in present
        if (value := _now(each, metric)) is not None and (algorithm is None or each.algorithm == algorithm)
    )
    low, p5, p25, p50, p75, p95, high = (percentile(values, part) for part in (0, 5, 25, 50, 75, 95, 100))
    return Distribution(metric, shown, algorithm, len(values), low, p5, p25, p50, p75, p95, high)


def _now(present: Present, metric: Metric) -> float | None:
    match metric:
        case Metric.HASH_RATE:
            return present.hash_rate_hs
        case Metric.TEMPERATURE:
            return present.temperature
        case Metric.POWER:
            return present.power_w
        case Metric.FAN:
            return present.fan_speed
        case Metric.REJECT_RATIO:
            return present.reject_ratio
        case Metric.RATE_RATIO:
            nominal = present.hash_rate_nominal_hs
            return present.hash_rate_hs / nominal if present.hash_rate_hs is not None and nominal else None


def percentile(values: Sequence[float], part: float) -> float | None:
    """Of rising values, ``part`` from 0 to 100, between two neighbours in proportion; ``None`` of none."""
    if not values:
        return None
    place = (len(values) - 1) * part / 100
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)
