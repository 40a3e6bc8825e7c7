"""What rules of alerts can be about, for miners, their containers and the poller: a table."""

from ...ports.alerts import Kind, Severity

#: Systems of subjects.
MINERS, CONTAINERS, OURSELVES = "miners", "containers", "lineman"

_WARNING, _CRITICAL = Severity.WARNING, Severity.CRITICAL

KINDS: tuple[Kind, ...] = (
    Kind(
        "offline", MINERS, "Miner offline", "answers",
        "It has not answered a poll for so many minutes; what it did before is not known any more.",
        _CRITICAL, above=False, threshold=1.0, chosen=False, minutes=5, stands=True,
    ),
    Kind(
        "no-data", MINERS, "No news of a miner", "",
        "It was not even polled for so many minutes: lineman is at fault. Dead miners are polled each 10 minutes.",
        _WARNING, chosen=False, minutes=30, silence=True,
    ),
    Kind(
        "low-rate", MINERS, "Hash rate low", "rate_pct",
        "It hashes less than this part of its nominal rate, though it neither sleeps nor has just started.",
        _WARNING, "%", above=False, threshold=80.0, minutes=15, margin=0.05,
    ),
    Kind(
        "hot-chip", MINERS, "Chips hot", "chip_c", "The hottest chip is hotter than this.",
        _CRITICAL, "°C", threshold=100.0, minutes=3, margin=0.05,
    ),
    Kind(
        "hot-board", MINERS, "Board hot", "board_c", "The hottest board is hotter than this.",
        _WARNING, "°C", threshold=85.0, minutes=3, margin=0.05,
    ),
    Kind(
        "slow-fan", MINERS, "Fan slow", "fan_rpm",
        "The slowest fan turns slower than this, or one that should turn stands still.",
        _CRITICAL, "rpm", above=False, threshold=500.0, minutes=3, margin=0.1,
    ),
    Kind(
        "board-missing", MINERS, "Board missing", "boards_missing",
        "More than so many boards are missing, or dead while others hash.",
        _CRITICAL, threshold=0.0, minutes=5,
    ),
    Kind(
        "chips-missing", MINERS, "Chips missing", "chips_missing",
        "More than so many chips are missing or dead, over all boards.",
        _WARNING, threshold=0.0, minutes=15,
    ),
    Kind(
        "pool-dead", MINERS, "Pool dead", "pools_dead",
        "More than so many of its pools do not answer it. One that is down is what the others are there for.",
        _WARNING, threshold=1.0, minutes=5,
    ),
    Kind(
        "pool-switched", MINERS, "Pool switched", "pool_switched",
        "It went over to another of its pools. It recovers when it has stayed with one for so many minutes.",
        Severity.INFO, threshold=0.0, chosen=False, minutes=30, momentary=True,
    ),
    Kind(
        "rejects", MINERS, "Shares rejected", "reject_pct",
        "More than this part of the shares between two polls was rejected.",
        _WARNING, "%", threshold=5.0, minutes=15, margin=0.2,
    ),
    Kind(
        "container-power", CONTAINERS, "Container power", "power_kw",
        "The miners of a container together draw more than this, as far as they say.",
        _WARNING, "kW", threshold=1000.0, minutes=5, margin=0.02, usual=False,
    ),
    Kind(
        "late-polling", OURSELVES, "Polling late", "lag_s",
        "Polls start so many seconds late: there are more miners than this machine or its network can ask in time.",
        _CRITICAL, "s", threshold=60.0, minutes=3, margin=0.5,
    ),
)  # fmt: skip
