"""What is written down of the events of a poll."""

from datetime import datetime
from typing import assert_never

from ...ports.miners import EventKind, Fingerprint, MinerEvent, Reading
from .events import AvailabilityChanged, Event, PoolSwitched, Reidentified, Restarted, StateChanged

#: Characters of an event's text that are kept.
LONGEST = 500


def record(miner_id: int, at: datetime, events: tuple[Event, ...], reading: Reading | None) -> tuple[MinerEvent, ...]:
    """The rows of one poll; ``reading`` names the pools."""
    return tuple(_row(miner_id, at, event, reading) for event in events)


def _row(miner_id: int, at: datetime, event: Event, reading: Reading | None) -> MinerEvent:
    match event:
        case AvailabilityChanged(before, after, reasons):
            detail = "; ".join(reasons)[:LONGEST]
            return MinerEvent(miner_id, at, EventKind.AVAILABILITY, before.value, after.value, detail)
        case StateChanged(state_before, state):
            return MinerEvent(miner_id, at, EventKind.STATE, state_before and state_before.value, state.value)
        case Restarted(uptime_before, uptime):
            return MinerEvent(miner_id, at, EventKind.RESTART, str(uptime_before), str(uptime))
        case PoolSwitched(pool_before, pool):
            urls = {each.index: each.url for each in reading.pools} if reading else {}
            names = [urls.get(number) for number in (pool_before, pool)]
            detail = " → ".join(name or "?" for name in names) if any(names) else ""
            return MinerEvent(miner_id, at, EventKind.POOL, str(pool_before), str(pool), detail[:LONGEST])
        case Reidentified(device_before, device):
            return MinerEvent(miner_id, at, EventKind.DEVICE, _device(device_before), _device(device))
        case _:
            assert_never(event)


def _device(known: Fingerprint) -> str:
    return " ".join(part for part in (known.maker.value, known.model, known.firmware) if part)[:LONGEST]
