"""When a miner is to be polled next: spread over the interval, and slower for what keeps failing."""

from ...ports.miners import Watch
from ..resilience import backoff, spread

#: Seconds; how seldom a miner that does not answer is asked at most.
SLOWEST = 600.0


def next_due(watch: Watch, at: float, interval: float, *, offline_after: int, seed: object = "") -> float:
    """The moment of the next poll, on the same (monotonic) clock as ``at``, both in seconds.

    A miner that answers, or has not failed often enough to be offline, has its
    own fixed place within each interval, taken from a hash of its id: polls
    stay spread however long each takes.  An offline one waits for twice the
    interval, then four times, and so on up to ten minutes, so that the dead do
    not eat the workers.
    """
    beyond = watch.misses - offline_after + 1
    if beyond > 0 and watch.misses:
        wait = backoff(beyond + 1, base=interval, cap=max(interval, SLOWEST), seed=(seed, watch.miner_id))
        # After a start all the dead would else come at once.
        return at + (wait if watch.polled_at else wait * spread(seed, watch.miner_id))
    place = spread(seed, watch.miner_id) * interval
    gap = (place - at) % interval
    # Rounding, or a poll a little early, must not make two polls of one.
    return at + (gap if gap > interval / 10 else gap + interval)
