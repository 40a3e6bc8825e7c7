"""A look that ended long after its deadline: this process stood still, and says nothing about the unit."""

import attrs

from ...ports.units import Cause, Checked, Outcome

#: Seconds by which a look may pass its deadline; what is later than that was not late by the unit's doing.
SLACK = 1.0
#: What a standstill of ours looks like.  A refusal was heard, whenever it was.
_SILENCE = frozenset({Cause.TIMED_OUT, Cause.CLOSED, Cause.ASTERISK_DOWN})


def believed(checked: Checked, deadline: float) -> Checked:
    """What a look that had ``deadline`` seconds counts as."""
    late = checked.took_ms / 1000 - deadline
    if checked.outcome is not Outcome.OFFLINE or checked.cause not in _SILENCE or late <= SLACK:
        return checked
    return attrs.evolve(
        checked,
        outcome=Outcome.UNKNOWN,
        cause=Cause.STALLED,
        detail=f"lineman itself stood still: the look ended {late:.1f} s after its deadline",
    )
