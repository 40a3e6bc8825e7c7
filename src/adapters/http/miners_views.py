"""What the world sees of miners: views, made by pure functions from what is known."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from ...core.miners import derive
from ...ports.miners import (
    Availability,
    Maker,
    Miner,
    PowerKind,
    Reading,
    Sample,
    Snapshot,
    State,
    Watch,
)
from .replies import stats_data, summary_data


class StatView(msgspec.Struct, frozen=True, kw_only=True):
    """One poll.

    ``hash_rate`` is in ``hash_rate_unit``; counters of shares run since the
    miner's process started, ``pool_switches`` and ``restarts`` since the miner
    is known.  A missed poll has an ``error`` and no figures.  The raw replies
    and the whole reading are kept of the latest poll only.  Where ``summary``
    was not asked for, because other replies say it all, ``summary_data`` is put
    together from those that ``composed_from`` names.
    """

    miner_id: int
    timestamp: datetime
    hash_rate: float | None
    hash_rate_unit: str
    hash_rate_hs: float | None
    state: State | None
    accepted_shares: int | None
    rejected_shares: int | None
    pool_switches: int | None
    restarts: int | None
    temperature: float | None
    fan_speed: int | None
    power_consumption: float | None
    hw_errors: int | None
    uptime_s: int | None
    error: str | None
    summary_data: Any
    stats_data: Any
    reading: Reading | None


class MinerView(msgspec.Struct, frozen=True, kw_only=True):
    """A miner and what is known of it now: our watching, and the figures of its last good reading and their age.

    ``hash_rate`` and the unit behind ``efficiency_j_th`` (joules) are
    ``hash_rate_unit``: TH/s for sha256, GH/s for scrypt and so on.
    """

    id: int
    name: str
    ip_address: str
    port: int
    web_port: int | None
    api3_port: int | None
    manufacturer: Maker
    model: str | None
    container_id: int | None
    is_active: bool
    created_at: datetime
    last_seen: datetime | None
    username: str | None
    has_password: bool
    revision: int
    tags: tuple[str, ...]
    group_id: int | None
    row: int | None
    shelf: int | None
    slot: int | None
    hardware_id: str | None

    availability: Availability
    availability_since: datetime | None
    misses: int
    state: State | None
    state_since: datetime | None
    error: str | None
    error_detail: str | None
    reasons: tuple[str, ...]
    polled_at: datetime | None
    reading_age_s: float | None

    hash_rate: float | None
    hash_rate_unit: str
    hash_rate_hs: float | None
    hash_rate_nominal_hs: float | None
    rate_ratio: float | None
    temperature: float | None
    fan_speed: int | None
    power_consumption: float | None
    power_kind: PowerKind | None
    efficiency_j_th: float | None

    algorithm: str | None
    #: What the device says it is, whatever somebody wrote down; null before it was identified.
    reported_manufacturer: Maker | None
    reported_model: str | None
    firmware: str | None
    uptime_s: int | None
    accepted_shares: int | None
    rejected_shares: int | None
    reject_ratio: float | None
    restarts: int
    pool_switches: int
    last_share_at: datetime | None
    last_share_age_s: float | None


class OneMinerView(MinerView, frozen=True, kw_only=True):
    """A miner with its last good poll; ``stats`` is null before there is one."""

    stats: StatView | None


def miner_view(miner: Miner, snapshot: Snapshot, now: datetime) -> MinerView:
    """A row of the miner table."""
    return MinerView(**_miner(miner, snapshot, now))


def one_miner_view(miner: Miner, snapshot: Snapshot, raw: Mapping[str, Any], now: datetime) -> OneMinerView:
    """One miner, with everything."""
    return OneMinerView(**_miner(miner, snapshot, now), stats=last_stat(snapshot, raw))


def last_stat(snapshot: Snapshot, raw: Mapping[str, Any]) -> StatView | None:
    """The last good poll, with its reading and raw replies."""
    watch, reading = snapshot.watch, snapshot.reading
    if reading is None or watch.seen_at is None:
        return None
    return StatView(
        miner_id=watch.miner_id,
        timestamp=watch.seen_at,
        hash_rate=derive.in_unit(reading.hash_rate_hs, reading.algorithm),
        hash_rate_unit=derive.unit(reading.algorithm).name,
        hash_rate_hs=reading.hash_rate_hs,
        state=reading.state,
        accepted_shares=reading.shares.accepted,
        rejected_shares=reading.shares.rejected,
        pool_switches=watch.pool_switches,
        restarts=watch.restarts,
        temperature=derive.temperature(reading),
        fan_speed=derive.fan_speed(reading),
        power_consumption=reading.power_w,
        hw_errors=reading.hw_errors,
        uptime_s=reading.uptime_s,
        error=None,
        summary_data=summary_data(raw, reading),
        stats_data=stats_data(raw),
        reading=reading,
    )


def past_stat(sample: Sample, algorithm: str | None) -> StatView:
    """A row of history."""
    return StatView(
        miner_id=sample.miner_id,
        timestamp=sample.at,
        hash_rate=derive.in_unit(sample.hash_rate_hs, algorithm),
        hash_rate_unit=derive.unit(algorithm).name,
        hash_rate_hs=sample.hash_rate_hs,
        state=sample.state,
        accepted_shares=sample.accepted,
        rejected_shares=sample.rejected,
        pool_switches=sample.pool_switches,
        restarts=sample.restarts,
        temperature=sample.temperature,
        fan_speed=sample.fan_speed,
        power_consumption=sample.power_w,
        hw_errors=sample.hw_errors,
        uptime_s=sample.uptime_s,
        error=sample.error,
        summary_data=None,
        stats_data=None,
        reading=None,
    )


def _miner(miner: Miner, snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    watch = snapshot.watch
    return {
        "id": miner.id,
        "name": miner.name,
        "ip_address": miner.ip_address,
        "port": miner.port,
        "web_port": miner.web_port,
        "api3_port": miner.api3_port,
        "manufacturer": miner.manufacturer,
        "model": miner.model,
        "container_id": miner.container_id,
        "is_active": miner.is_active,
        "created_at": miner.created_at,
        "last_seen": watch.seen_at or miner.last_seen,
        "username": miner.username,
        "has_password": miner.password is not None,
        "revision": miner.revision,
        "tags": miner.tags,
        "group_id": miner.group_id,
        "row": miner.row,
        "shelf": miner.shelf,
        "slot": miner.slot,
        "hardware_id": miner.hardware_id,
        "availability": watch.availability,
        "availability_since": watch.availability_since,
        "misses": watch.misses,
        "state": watch.state,
        "state_since": watch.state_since,
        "error": watch.error,
        "error_detail": watch.error_detail,
        "reasons": watch.reasons,
        "polled_at": watch.polled_at,
        "reading_age_s": derive.age(watch.seen_at, now),
        "reject_ratio": watch.reject_ratio,
        "restarts": watch.restarts,
        "pool_switches": watch.pool_switches,
        "last_share_at": watch.last_share_at,
        "last_share_age_s": derive.age(watch.last_share_at, now),
        **_figures(snapshot.reading, watch),
    }


def _figures(reading: Reading | None, watch: Watch) -> dict[str, Any]:
    known = reading or Reading(vendor=Maker.WHATSMINER, state=State.IDLE)
    fingerprint = watch.fingerprint
    return {
        "hash_rate": derive.in_unit(known.hash_rate_hs, known.algorithm),
        "hash_rate_unit": derive.unit(known.algorithm).name,
        "hash_rate_hs": known.hash_rate_hs,
        "hash_rate_nominal_hs": known.hash_rate_nominal_hs,
        "rate_ratio": derive.rate_ratio(known),
        "temperature": derive.temperature(known),
        "fan_speed": derive.fan_speed(known),
        "power_consumption": known.power_w,
        "power_kind": known.power_kind,
        "efficiency_j_th": derive.efficiency(known),
        "algorithm": known.algorithm,
        "reported_manufacturer": reading.vendor if reading else (fingerprint.maker if fingerprint else None),
        "reported_model": known.model or (fingerprint.model if fingerprint else None),
        "firmware": known.firmware or (fingerprint.firmware if fingerprint else None),
        "uptime_s": known.uptime_s,
        "accepted_shares": known.shares.accepted,
        "rejected_shares": known.shares.rejected,
    }
