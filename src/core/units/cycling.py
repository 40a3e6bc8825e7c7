"""Carries out power cycles: every step is stored before it is sent, and from OFF on every way leads to ON."""

from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

import anyio
import attrs
from anyio.abc import TaskGroup

from ...ports.clock import Clock
from ...ports.errors import Conflict, Declined, Invalid, LinemanError, NotFound, Overloaded
from ...ports.power import Plug, PowerSwitch, number_of
from ...ports.units import Cycle, CycleResult, CycleStore, Step, UnitEvent
from .machine import CycleEnded
from .recording import AUTO
from .sequence import Answer, Audit, Command, Do, Limits, Lost, Move, Refused, Saw, Taken, advance, begin, call_off

#: Seconds that one command to a plug may take: the cloud needs five to find that one is offline.
PATIENCE = 12.0
#: Seconds that a process which has to stop takes for its last ON, goes at it, and the seconds between them.
LAST_ON, LAST_TRIES, LAST_PAUSE = 4.0, 3, 0.5
#: Seconds between two looks for cycles that others began.
LOOK_EVERY = 1.0

#: Errors after which it is sure that nothing was switched.
UNSENT = (Conflict, Declined, Invalid, NotFound, Overloaded)

#: The machine of a unit is told how its cycle went.
Told = Callable[[Cycle, CycleEnded], Awaitable[None]]
#: Why a cycle is not wanted any more, asked right before OFF: it may have waited for long.
Unwanted = Callable[[Cycle], Awaitable[str | None]]


async def always_wanted(cycle: Cycle) -> str | None:
    """Whatever was asked for is done."""
    return None


@attrs.define(kw_only=True, eq=False)
class Cycling:
    """The power cycles that run in this process."""

    cycle_store: CycleStore
    switch: PowerSwitch
    clock: Clock
    #: Nobody else talks to the plug while the block lasts.
    alone: Callable[[Hashable], AbstractAsyncContextManager[None]]
    told: Told
    unwanted: Unwanted = always_wanted
    #: Says in the log what happened.
    say: Callable[[str, Cycle | None, str], None] = lambda what, cycle, detail: None
    limits: Limits = attrs.field(factory=Limits)
    at_once: int = 2
    _running: set[int] = attrs.field(init=False, factory=set)
    _new: int = attrs.field(init=False, default=0)

    async def run(self) -> None:
        """Take up what others left, and begin what was asked for, until cancelled.

        A ``kill -9`` leaves the row: whoever works next switches ON first.
        """
        async with anyio.create_task_group() as tasks:
            while True:
                try:
                    await self._start_all(tasks)
                except LinemanError as error:
                    self.say("power cycles could not be looked for", None, error.detail)
                await self.clock.sleep(LOOK_EVERY)

    def under_way(self) -> int:
        """How many cycles run here."""
        return len(self._running)

    async def _start_all(self, tasks: TaskGroup) -> None:
        for cycle in await self.cycle_store.open():
            if cycle.id in self._running:
                continue
            fresh = cycle.step is Step.PRECHECK
            if fresh and self._new >= self.at_once:
                continue
            self._running.add(cycle.id)
            self._new += fresh
            tasks.start_soon(self._guarded, cycle, fresh)

    async def _guarded(self, cycle: Cycle, fresh: bool) -> None:
        try:
            async with self.alone(str(cycle.plug)):
                await self.carry_out(cycle)
        except LinemanError as error:
            # Nothing was sent, or all of it was and cannot be written down: the row is taken up again.
            self.say("a power cycle was put off", cycle, error.detail)
        finally:
            self._running.discard(cycle.id)
            self._new -= fresh

    async def carry_out(self, cycle: Cycle) -> Cycle:
        """One cycle from where it stands to its end; returns it as it ended.

        Raises:
            LinemanError: It could not be stored, and nothing was sent.
        """
        move, unsaved = begin(cycle), list[UnitEvent]()
        #: From here on OFF may have left.
        risky = cycle.step is not Step.PRECHECK
        try:
            while True:
                if move.next is not None and move.next.command is Command.OFF:
                    why = await self.unwanted(cycle)
                    move = move if why is None else call_off(cycle, why)
                move, unsaved = await self._stored(move, unsaved, must=not risky)
                if move.next is None:
                    break
                risky |= move.next.command is Command.OFF
                if move.next.pause:
                    await self.clock.sleep(move.next.pause)
                if move.run.cycle.result is CycleResult.STUCK_OFF and (given_up := await self._given_up(cycle)):
                    await self._tell(given_up, CycleResult.GIVEN_UP)
                    return given_up
                answer = await self._done(move.run.cycle.plug, move.next)
                was = move.run.cycle.result
                move = advance(move.run, answer, self.limits)
                if move.run.cycle.result is CycleResult.STUCK_OFF and was is not CycleResult.STUCK_OFF:
                    await self._tell(move.run.cycle, CycleResult.STUCK_OFF)
        except BaseException:
            # The process has to stop, or something broke: the plug must not stay off for that.
            if risky:
                await self._last_on(move.run.cycle)
            raise
        ended = await self._ended(move.run.cycle, unsaved)
        if ended.result is not None:
            await self._tell(ended, ended.result)
        return ended

    async def _stored(self, move: Move, unsaved: list[UnitEvent], *, must: bool) -> tuple[Move, list[UnitEvent]]:
        """Store the step, and what the history is to say.

        Once OFF may have left, a database that is away stops nothing: the rows wait for the next step.
        """
        now = self.clock.now()
        due = now + timedelta(seconds=move.next.pause) if move.next is not None and move.next.pause else None
        cycle = attrs.evolve(move.run.cycle, step_at=now, next_at=due)
        move = attrs.evolve(move, run=attrs.evolve(move.run, cycle=cycle))
        rows = [*unsaved, *(row_of(cycle, audit, now) for audit in move.audits)]
        if move.next is None:
            return move, rows
        try:
            await self.cycle_store.save(cycle, rows)
        except LinemanError as error:
            if must:
                raise
            self.say("a step of a power cycle could not be stored", cycle, error.detail)
            return move, rows
        return move, []

    async def _ended(self, cycle: Cycle, unsaved: list[UnitEvent]) -> Cycle:
        """Store the end; goes on trying, for a row that stays open is taken up again."""
        ended = attrs.evolve(cycle, finished_at=self.clock.now())
        pause = 1.0
        while True:
            try:
                await self.cycle_store.save(ended, unsaved)
            except LinemanError as error:
                self.say("the end of a power cycle could not be stored", ended, error.detail)
                await self.clock.sleep(pause)
                pause = min(pause * 2, 60.0)
            else:
                return ended

    async def _given_up(self, cycle: Cycle) -> Cycle | None:
        """The cycle as a person ended it, if one did."""
        try:
            stored = await self.cycle_store.get(cycle.id)
        except LinemanError as error:
            self.say("whether a power cycle was given up is not known", cycle, error.detail)
            return None
        return stored if stored.result is CycleResult.GIVEN_UP else None

    async def _done(self, plug: Plug, do: Do) -> Answer:
        """Do the next thing and say what came of it."""
        if do.command is Command.HOLD:
            return Taken()
        try:
            if do.command is Command.LOOK:
                return Saw(await self.switch.state(plug, deadline=PATIENCE))
            await self.switch.switch(plug, do.command is Command.ON, deadline=PATIENCE)
        except UNSENT as error:
            return Refused(number_of(error))
        except LinemanError as error:
            return Lost(number_of(error))
        return Taken()

    async def _last_on(self, cycle: Cycle) -> None:
        with anyio.CancelScope(shield=True), anyio.move_on_after(LAST_ON):
            for _ in range(LAST_TRIES):
                try:
                    await self.switch.switch(cycle.plug, True, deadline=LAST_ON)
                except LinemanError as error:
                    self.say("the last ON was not taken; whoever works next tries it first", cycle, error.detail)
                    await anyio.sleep(LAST_PAUSE)
                else:
                    break

    async def _tell(self, cycle: Cycle, result: CycleResult) -> None:
        self.say("a power cycle came to " + result, cycle, cycle.error or "")
        try:
            await self.told(cycle, CycleEnded(self.clock.now(), result, by_hand=cycle.initiator != AUTO))
        except LinemanError as error:
            self.say("a unit could not be told of its power cycle", cycle, error.detail)


def row_of(cycle: Cycle, audit: Audit, at: datetime) -> UnitEvent:
    """The row of the history that one switch leaves behind; ``prev_status`` and ``new_status`` are the plug's."""
    return UnitEvent(
        at=at,
        enterprise_number=cycle.enterprise_number,
        prev_status=_word(audit.before),
        new_status=_word(audit.after),
        error_message=audit.error,
        action_type=audit.action_type,
        action_result="success" if audit.success else "fail",
        action_time=at,
        user_initiator=cycle.initiator,
        extra_info={
            "device_id": cycle.plug.device_id,
            "kind": cycle.plug.kind,
            "outlet": cycle.plug.outlet,
            "state": audit.action_type == "ewelink_toggle_on",
            "cycle": cycle.id,
            "by": cycle.by,
        },
    )


def _word(on: bool | None) -> str | None:
    return None if on is None else "on" if on else "off"
