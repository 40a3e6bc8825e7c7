"""The rows that one observation becomes, ready for the fastest way into the database."""

import math
import zlib
from collections.abc import Sequence

import attrs

from ...ports.miners.reading import Reading
from ...ports.miners.watch import Observation, Sample, Watch
from .rows import to_json, to_text
from .series_time import slot_of


@attrs.frozen
class Row:
    """The columns of a kind of row, with PostgreSQL's types."""

    fields: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.fields)

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(kind for _, kind in self.fields)

    @property
    def names(self) -> str:
        return ", ".join(self.columns)

    def prefixed(self, alias: str) -> str:
        return ", ".join(f"{alias}.{name}" for name in self.columns)


def row_of(**fields: str) -> Row:
    """Columns and their types."""
    return Row(tuple(fields.items()))


WATCH = row_of(
    miner_id="int4", availability="text", misses="int4", state="text", fingerprint="text", polled_at="timestamptz",
    seen_at="timestamptz", availability_since="timestamptz", state_since="timestamptz", error="text",
    error_detail="text", uptime_s="int8", accepted="int8", rejected="int8", active_pool="int8",
    last_share_at="timestamptz", restarts="int4", pool_switches="int4", reject_ratio="float8", reasons="text",
    doubts="int4",
)  # fmt: skip
SAMPLE = row_of(
    slot="int4", miner_id="int4", at="timestamptz", container_id="int4", state="text", hash_rate_hs="float8",
    hash_rate_nominal_hs="float8", accepted="int8", rejected="int8", pool_switches="int4", restarts="int4",
    temperature="float8", fan_speed="int8", power_w="float8", hw_errors="int8", uptime_s="int8", error="text",
)  # fmt: skip
LAST = row_of(
    miner_id="int4", at="timestamptz", algorithm="text", model="text", hash_rate_hs="float8",
    hash_rate_nominal_hs="float8", accepted="int8", rejected="int8", pool_switches="int4", restarts="int4",
    temperature="float8", fan_speed="int8", power_w="float8", uptime_s="int8", power_kind="text",
)  # fmt: skip
READING = row_of(miner_id="int4", reading="bytea", raw="bytea")


def watch_row(watch: Watch) -> Sequence[object]:
    return (
        watch.miner_id,
        watch.availability.value,
        watch.misses,
        watch.state and watch.state.value,
        None if watch.fingerprint is None else to_text(watch.fingerprint),
        watch.polled_at,
        watch.seen_at,
        watch.availability_since,
        watch.state_since,
        clean(watch.error),
        clean(watch.error_detail),
        watch.uptime_s,
        watch.accepted,
        watch.rejected,
        watch.active_pool,
        watch.last_share_at,
        watch.restarts,
        watch.pool_switches,
        finite(watch.reject_ratio),
        to_text(watch.reasons) if watch.reasons else "[]",
        watch.doubts,
    )


def sample_row(observation: Observation) -> Sequence[object]:
    sample = observation.sample
    return (
        slot_of(sample.at),
        sample.miner_id,
        sample.at,
        observation.container_id,
        sample.state and sample.state.value,
        finite(sample.hash_rate_hs),
        finite(sample.hash_rate_nominal_hs),
        sample.accepted,
        sample.rejected,
        sample.pool_switches,
        sample.restarts,
        finite(sample.temperature),
        sample.fan_speed,
        finite(sample.power_w),
        sample.hw_errors,
        sample.uptime_s,
        clean(sample.error),
    )


def last_row(sample: Sample, reading: Reading) -> Sequence[object]:
    return (
        sample.miner_id,
        sample.at,
        clean(reading.algorithm),
        clean(reading.model),
        finite(sample.hash_rate_hs),
        finite(sample.hash_rate_nominal_hs),
        sample.accepted,
        sample.rejected,
        sample.pool_switches,
        sample.restarts,
        finite(sample.temperature),
        sample.fan_speed,
        finite(sample.power_w),
        sample.uptime_s,
        reading.power_kind and reading.power_kind.value,
    )


def reading_row(miner_id: int, reading: Reading, raw: bytes | None) -> Sequence[object]:
    """The reading as JSON; the replies compressed, lightly: they are written each minute and read by few."""
    return miner_id, to_json(reading), None if raw is None else zlib.compress(raw, 1)


def finite(value: float | None) -> float | None:
    """A number that both databases can add up."""
    return value if value is None or math.isfinite(value) else None


def clean(text: str | None) -> str | None:
    """Text that both databases can keep: a device may send anything, and one device must not spoil the batch."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
