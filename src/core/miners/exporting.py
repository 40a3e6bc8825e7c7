"""All miners as rows of a table: values and units in columns of their own, and no secret in any."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import attrs

from ...ports.identity import Actor, Permission
from ...ports.miners import ContainerStore, GroupStore, Miner, MinerQuery, MinerStore, Snapshot
from ..permissions import allow, may
from . import checks, derive
from .inventory import wrong_in

#: Rows that are in memory at a time.
BATCH = 500


@attrs.frozen
class Exporting:
    """Exports."""

    container_store: ContainerStore
    miner_store: MinerStore
    group_store: GroupStore

    async def start(self, actor: Actor, query: MinerQuery) -> AsyncGenerator[Sequence[dict[str, Any]]]:
        """Batches of rows of all miners that a query finds and the actor may see; its limit does not count.

        Which they are is settled now; their figures are those of when they are read.

        Raises:
            NotAllowed
            Invalid: The query is not valid.
        """
        allow(actor, Permission.SEE_MINERS)
        if wrong := list(wrong_in(query)):
            raise checks.invalid(wrong)
        numbers = await self.miner_store.numbers(attrs.evolve(query, visible=actor.container_ids))
        containers = {one.id: one.name for one in await self.container_store.all(visible=actor.container_ids)}
        # Groups and names of logins are for those who may change them.
        trusted = may(actor, Permission.CHANGE_MINERS)
        groups = {one.id: one.name for one in await self.group_store.all()} if trusted else {}
        return self._batches(numbers, containers, groups, trusted=trusted)

    async def _batches(
        self, numbers: Sequence[int], containers: Mapping[int, str], groups: Mapping[int, str], *, trusted: bool
    ) -> AsyncGenerator[Sequence[dict[str, Any]]]:
        for start in range(0, len(numbers), BATCH):
            found = await self.miner_store.some(numbers[start : start + BATCH])
            yield [export_row(miner, snapshot, containers, groups, trusted=trusted) for miner, snapshot in found]


def export_row(
    miner: Miner, snapshot: Snapshot, containers: Mapping[int, str], groups: Mapping[int, str], *, trusted: bool
) -> dict[str, Any]:
    """One miner as a row: first what an import reads."""
    watch, reading = snapshot.watch, snapshot.reading
    algorithm = reading.algorithm if reading else None
    unit = derive.unit(algorithm)
    efficiency = derive.efficiency(reading) if reading else None
    temperature = derive.temperature(reading) if reading else None
    fan_speed = derive.fan_speed(reading) if reading else None
    power = reading.power_w if reading else None
    fingerprint = watch.fingerprint
    return {
        "id": miner.id,
        "name": miner.name,
        "ip_address": miner.ip_address,
        "port": miner.port,
        "web_port": miner.web_port,
        "api3_port": miner.api3_port,
        "manufacturer": miner.manufacturer,
        "model": miner.model,
        "container": containers.get(miner.container_id or 0),
        "row": miner.row,
        "shelf": miner.shelf,
        "slot": miner.slot,
        "tags": miner.tags,
        "group": groups.get(miner.group_id or 0),
        "is_active": miner.is_active,
        "username": miner.username if trusted else None,
        "has_password": miner.password is not None,
        "hardware_id": miner.hardware_id,
        "created_at": miner.created_at,
        "last_seen": watch.seen_at or miner.last_seen,
        "availability": watch.availability,
        "state": watch.state,
        "error": watch.error,
        "hash_rate": derive.in_unit(reading.hash_rate_hs, algorithm) if reading else None,
        "hash_rate_unit": unit.name if reading else None,
        "hash_rate_nominal": derive.in_unit(reading.hash_rate_nominal_hs, algorithm) if reading else None,
        "rate_ratio": derive.rate_ratio(reading) if reading else None,
        "temperature": temperature,
        "temperature_unit": _of("°C", temperature),
        "fan_speed": fan_speed,
        "fan_speed_unit": _of("rpm", fan_speed),
        "power_consumption": power,
        "power_unit": _of("W", power),
        "power_kind": reading.power_kind if reading else None,
        "efficiency": efficiency,
        "efficiency_unit": _of(f"J/{unit.name.removesuffix('/s')}", efficiency),
        "reported_manufacturer": reading.vendor if reading else (fingerprint.maker if fingerprint else None),
        "reported_model": (reading.model if reading else None) or (fingerprint.model if fingerprint else None),
        "firmware": (reading.firmware if reading else None) or (fingerprint.firmware if fingerprint else None),
        "uptime_s": reading.uptime_s if reading else None,
        "accepted_shares": reading.shares.accepted if reading else None,
        "rejected_shares": reading.shares.rejected if reading else None,
    }


def _of(unit: str, value: float | None) -> str | None:
    return None if value is None else unit
