"""The power-cycle sequence: what was answered gives what is to be done next (facts: section 4).

Pure: ``Cycling`` stores the cycle before each command leaves.  From the moment
OFF was sent every way leads to ON: a cycle that is taken up again after a crash
begins with it, and it is tried until it was seen.
"""

from enum import StrEnum
from typing import Any, TypeAlias

import attrs

from ...ports.power import PlugState
from ...ports.units import Cycle, CycleResult, Step


@attrs.frozen(kw_only=True)
class Limits:
    """How patient a cycle is.  Seconds."""

    hold: float = 10.0
    #: Looks for OFF after it was sent, and the pause between them.
    off_looks: int = 3
    look_pause: float = 2.0
    #: Goes at ON before the loudest alarm; they never end.
    on_tries: int = 4
    on_pause: float = 5.0
    on_slowest: float = 300.0


class Command(StrEnum):
    """What is to be done at the plug."""

    LOOK = "get_status"
    OFF = "set_off"
    HOLD = "hold"
    ON = "set_on"


@attrs.frozen
class Do:
    """The next thing to do, after a pause of so many seconds."""

    command: Command
    pause: float = 0.0


@attrs.frozen
class Saw:
    """The plug's state was read."""

    state: PlugState


@attrs.frozen
class Taken:
    """A switch command was taken, or the hold is over."""


@attrs.frozen
class Refused:
    """A switch command was refused, for sure."""

    error: str


@attrs.frozen
class Lost:
    """No answer, or one that tells nothing."""

    error: str


Answer: TypeAlias = Saw | Taken | Refused | Lost


@attrs.frozen
class Audit:
    """One row of the history: each switch, asked for and what became of it."""

    action_type: str
    success: bool
    error: str | None = None
    before: bool | None = None
    after: bool | None = None


@attrs.frozen
class Run:
    """A cycle under way in this process: what need not outlive it stands beside the row."""

    cycle: Cycle
    doing: Command
    #: Looks for OFF so far; what OFF was answered with, and whether that was a refusal; OFF was never seen.
    looks: int = 0
    off_error: str | None = None
    off_refused: bool = False
    unseen: bool = False
    on_error: str | None = None

    def at(self, step: Step, **changes: Any) -> "Run":
        """The same at another step."""
        return attrs.evolve(self, cycle=attrs.evolve(self.cycle, step=step, **changes))


@attrs.frozen
class Move:
    """What follows: store ``run.cycle``, write ``audits``, then do ``next``; without one the cycle is over."""

    run: Run
    next: Do | None
    audits: tuple[Audit, ...] = ()


def begin(cycle: Cycle) -> Move:
    """Start a cycle, or take one up after a crash: if OFF may have left, the first act is ON."""
    if cycle.step is Step.PRECHECK:
        return _do(Run(cycle, Command.LOOK))
    return _switch_on(Run(cycle, Command.ON))


def advance(run: Run, answer: Answer, limits: Limits) -> Move:
    """What an answer leads to."""
    match run.cycle.step:
        case Step.PRECHECK:
            return _prechecked(run, answer)
        case Step.OFF_SENT if run.doing is Command.OFF:
            error = answer.error if isinstance(answer, Refused | Lost) else None
            # Whatever was answered, only the plug knows.
            return _do(attrs.evolve(run, off_error=error, off_refused=isinstance(answer, Refused)), Command.LOOK)
        case Step.OFF_SENT:
            return _looked_for_off(run, answer, limits)
        case Step.OFF_SEEN | Step.HOLD:
            return _switch_on(run)
        case Step.ON_SENT if run.doing is Command.ON:
            error = answer.error if isinstance(answer, Refused | Lost) else None
            return _do(attrs.evolve(run, on_error=error), Command.LOOK)
        case Step.ON_SENT:
            return _looked_for_on(run, answer, limits)
        case Step.ON_SEEN | Step.DONE:
            return Move(run, None)


def _do(run: Run, command: Command | None = None, pause: float = 0.0, *audits: Audit) -> Move:
    doing = command or run.doing
    return Move(attrs.evolve(run, doing=doing), Do(doing, pause), audits)


def _prechecked(run: Run, answer: Answer) -> Move:
    if not isinstance(answer, Saw):
        return _unsent(run, CycleResult.FAILED_PRECHECK, answer.error if isinstance(answer, Refused | Lost) else "")
    state = answer.state
    if state.online is False:
        return _unsent(run, CycleResult.FAILED_PRECHECK, "plug_offline")
    if not state.on:
        return _unsent(run, CycleResult.PLUG_WAS_OFF, "plug_already_off")
    if state.pulse:
        return _unsent(run, CycleResult.FAILED_PRECHECK, "pulse_on")
    return _do(run.at(Step.OFF_SENT), Command.OFF)


def call_off(cycle: Cycle, why: str) -> Move:
    """End a cycle of which nothing was sent."""
    return _unsent(Run(cycle, Command.LOOK), CycleResult.CALLED_OFF, why)


def _unsent(run: Run, result: CycleResult, error: str) -> Move:
    """The end of a cycle of which nothing was sent."""
    return Move(run.at(Step.DONE, result=result, error=error), None, (Audit("ewelink_toggle", False, error),))


def _looked_for_off(run: Run, answer: Answer, limits: Limits) -> Move:
    if isinstance(answer, Saw) and not answer.state.on:
        seen = Audit("ewelink_toggle_off", True, before=True, after=False)
        return _do(run.at(Step.HOLD), Command.HOLD, limits.hold, seen)
    if isinstance(answer, Saw) and run.off_refused:
        refused = Audit("ewelink_toggle_off", False, run.off_error, before=True, after=True)
        return Move(run.at(Step.DONE, result=CycleResult.FAILED_OFF, error=run.off_error), None, (refused,))
    run = attrs.evolve(run, looks=run.looks + 1)
    if run.looks < limits.off_looks:
        return _do(run, Command.LOOK, limits.look_pause)
    # It may be off or go off any moment: ON can do no harm.
    error = run.off_error or (answer.error if isinstance(answer, Refused | Lost) else "never_seen_off")
    unseen = attrs.evolve(run.at(run.cycle.step, error=error), unseen=True)
    return attrs.evolve(_switch_on(unseen), audits=(Audit("ewelink_toggle_off", False, error, before=True),))


def _switch_on(run: Run, pause: float = 0.0, *audits: Audit) -> Move:
    return _do(run.at(Step.ON_SENT), Command.ON, pause, *audits)


def _looked_for_on(run: Run, answer: Answer, limits: Limits) -> Move:
    if isinstance(answer, Saw) and answer.state.on:
        seen = Audit("ewelink_toggle_on", True, after=True)
        if run.unseen:
            return Move(run.at(Step.DONE, result=CycleResult.FAILED_OFF, next_at=None), None, (seen,))
        # What ON failed with before is over.
        return Move(run.at(Step.DONE, result=CycleResult.SUCCESS, error=None, next_at=None), None, (seen,))
    tries = run.cycle.on_tries + 1
    pause = min(limits.on_pause * 2 ** min(tries - 1, 16), limits.on_slowest)
    error = run.on_error or (answer.error if isinstance(answer, Refused | Lost) else "never_seen_on")
    run = run.at(Step.ON_SENT, on_tries=tries, error=error)
    if tries == limits.on_tries:
        stuck = Audit("ewelink_toggle_on", False, "not_confirmed", after=False if isinstance(answer, Saw) else None)
        return _switch_on(run.at(Step.ON_SENT, result=CycleResult.STUCK_OFF), pause, stuck)
    return _switch_on(run, pause)
