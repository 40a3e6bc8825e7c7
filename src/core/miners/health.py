"""What is wrong with a miner that answers, in words, from one reading."""

from collections.abc import Iterator

import attrs

from ...ports.miners import Maker, Reading, State


@attrs.frozen
class Policy:
    """When a miner counts as offline or degraded."""

    #: Missed polls after which a miner is offline; before, it is stale.
    offline_after: int = 3
    #: A miner that hashes less than this part of its nominal rate is degraded …
    degraded_below: float = 0.8
    #: … and one that is degraded must come this much above it to recover.
    recovery_margin: float = 0.05
    #: Readings in a row that it takes to change between online and degraded.
    confirm: int = 2
    #: Seconds after its start in which a miner may hash little or nothing.
    warm_up_s: int = 300


def faults(reading: Reading) -> tuple[str, ...]:
    """What the miner itself says is wrong: that needs no second look."""
    if reading.state is not State.FAULT:
        return ()
    codes = ", ".join(reading.errors[:5])
    return (f"it reports a fault ({codes})" if codes else "it reports a fault and does not hash",)


def doubts(reading: Reading, policy: Policy, *, degraded: bool) -> tuple[str, ...]:
    """What we conclude is wrong: one bad reading may be a bad moment.

    A miner that sleeps, starts or stops on purpose is not judged.
    ``degraded`` says that it is so already and has to do better to recover.
    """
    match reading.state:
        case State.IDLE:
            return () if warming_up(reading, policy) else ("it answers but does not hash",)
        case State.MINING:
            return (*_rate(reading, policy, degraded=degraded), *_boards(reading), *_fans(reading))
        case _:
            return ()


def warming_up(reading: Reading, policy: Policy) -> bool:
    """Whether the process started so lately that its rate says nothing yet."""
    return reading.uptime_s is not None and reading.uptime_s < policy.warm_up_s


def rate_ratio(reading: Reading) -> float | None:
    """Rate / nominal, if both are known and mean the same.

    The nominal rate that an Avalon controller of several modules gives is what
    its chips could do in theory; healthy ones reach 40 to 65 % of it.
    """
    rate, nominal = reading.hash_rate_hs, reading.hash_rate_nominal_hs
    if rate is None or not nominal or nominal <= 0 or (reading.modules or 1) > 1:
        return None
    return rate / nominal


def _rate(reading: Reading, policy: Policy, *, degraded: bool) -> Iterator[str]:
    ratio = rate_ratio(reading)
    wanted = policy.degraded_below + (policy.recovery_margin if degraded else 0)
    if ratio is not None and ratio < wanted and not warming_up(reading, policy):
        yield f"rate {ratio:.0%} of nominal"


def _boards(reading: Reading) -> Iterator[str]:
    boards = reading.boards
    if any((board.hash_rate_hs or 0) > 0 for board in boards):
        for board in boards:
            if board.hash_rate_hs == 0:
                yield f"board {board.slot} does not hash"
    if boards and reading.boards_expected is not None and len(boards) < reading.boards_expected:
        yield f"{len(boards)} of {reading.boards_expected} boards are there"


def _fans(reading: Reading) -> Iterator[str]:
    fans = reading.fans_rpm
    turning = sum(rpm > 0 for rpm in fans)
    if reading.fans_expected is not None:
        if turning < reading.fans_expected:
            yield f"{turning} of {reading.fans_expected} fans turn"
    # Firmwares of AntMiners that do not say how many fans there are list empty sockets as 0;
    # where nothing turns at all, the miner is cooled by water or oil.
    elif reading.vendor is not Maker.ANTMINER and turning:
        for number, rpm in enumerate(fans, 1):
            if rpm <= 0:
                yield f"fan {number} stands still"
