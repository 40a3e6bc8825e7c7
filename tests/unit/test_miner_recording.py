"""What is written down of what a poll showed."""

from datetime import UTC, datetime

from lineman.core.miners.events import (
    AvailabilityChanged,
    PoolSwitched,
    Reidentified,
    Restarted,
    StateChanged,
)
from lineman.core.miners.recording import LONGEST, record
from lineman.ports.miners import Availability, EventKind, Fingerprint, Maker, MinerEvent, Pool, Reading, State

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
READING = Reading(
    Maker.AVALON, State.MINING, pools=(Pool(0, "stratum+tcp://one", "u"), Pool(1, "stratum+tcp://two", "u"))
)


def test_each_event_becomes_a_row_with_before_after_and_what_there_is_to_say() -> None:
    happened = (
        AvailabilityChanged(Availability.ONLINE, Availability.DEGRADED, ("fan 2 stands still", "rate 61 % of nominal")),
        StateChanged(None, State.MINING),
        Restarted(5000, 12),
        PoolSwitched(0, 1),
        Reidentified(Fingerprint(Maker.AVALON, "A1246", "x"), Fingerprint(Maker.ANTMINER, None, "y")),
    )
    assert record(7, NOW, happened, READING) == (
        MinerEvent(
            7, NOW, EventKind.AVAILABILITY, "online", "degraded", "fan 2 stands still; rate 61 % of nominal"
        ),
        MinerEvent(7, NOW, EventKind.STATE, None, "mining"),
        MinerEvent(7, NOW, EventKind.RESTART, "5000", "12"),
        MinerEvent(7, NOW, EventKind.POOL, "0", "1", "stratum+tcp://one → stratum+tcp://two"),
        MinerEvent(7, NOW, EventKind.DEVICE, "Avalon A1246 x", "AntMiner y"),
    )  # fmt: skip


def test_a_pool_that_nobody_names_stays_a_number_and_long_words_are_cut() -> None:
    [unnamed] = record(7, NOW, (PoolSwitched(3, 4),), READING)
    [half] = record(7, NOW, (PoolSwitched(3, 1),), READING)
    [long] = record(7, NOW, (AvailabilityChanged(Availability.STALE, Availability.OFFLINE, ("x" * 9999,)),), None)
    assert (unnamed.detail, half.detail, len(long.detail)) == ("", "? → stratum+tcp://two", LONGEST)
