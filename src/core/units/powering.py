"""What people do about a unit's power: cycle it, bind a plug, switch one, arm it anew, stop all."""

from collections.abc import Sequence

import attrs

from ...ports.clock import Clock
from ...ports.errors import ConfirmationNeeded, Conflict, DeviceError, Invalid, LinemanError, NotAllowed, Unavailable
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.power import Plug, PlugKind, PlugState, PowerSwitch, Startup, UnknownPlug, number_of
from ...ports.units import (
    Cycle,
    CycleResult,
    CycleStore,
    CycleUnderWay,
    NotStuck,
    Outcome,
    PlugTaken,
    PowerPolicy,
    PowerPolicyStore,
    Step,
    Unit,
    UnitEvent,
    UnitProbe,
    UnitStore,
    UnitWatch,
    UnitWatchStore,
    UnknownCycle,
)
from ..editing import Expect, anything, edit
from ..permissions import allow, enterprises_of
from .watching import Watching, target_of

#: Seconds that a plug, or a question to a unit, may take.
PATIENCE = 12.0


class NothingToCycle(Conflict):
    """No plug is bound to the unit."""


class PowerStopped(Conflict):
    """All power actions are stopped by the red switch."""


@attrs.frozen
class PlugCheck:
    """What a plug says of itself when it is bound; nothing was switched."""

    plug: Plug
    state: PlugState
    #: What may keep it from doing its work, for people.
    warnings: tuple[str, ...]


def warnings_of(state: PlugState) -> tuple[str, ...]:
    """What should be known of a plug before it is trusted with a unit."""
    found = ["See that the router which the plug's own Wi-Fi needs is not fed by it: ON could never arrive."]
    if state.online is False:
        found.append("It is not connected now.")
    if not state.on:
        found.append("It is off now.")
    if state.startup in (Startup.OFF, Startup.STAY):
        then = "stay off" if state.startup is Startup.OFF else "be as it was before"
        found.append(f"After a mains failure it would {then}, so the unit may stay dark: set its power-on state to on.")
    return tuple(found)


def same(plug: Plug) -> Sequence[Plug]:
    """The plug under each name that it may have: the only outlet has no number, or 0."""
    other = {None: 0, 0: None}
    return [plug, attrs.evolve(plug, outlet=other[plug.outlet])] if plug.outlet in other else [plug]


@attrs.frozen(kw_only=True)
class Powering:
    """Power, by hand.  Whatever is switched leaves a row in the history, also when the plug belongs to nobody."""

    unit_store: UnitStore
    watch_store: UnitWatchStore
    cycle_store: CycleStore
    policy_store: PowerPolicyStore
    switch: PowerSwitch
    probe: UnitProbe
    watching: Watching
    journal: Journal
    clock: Clock

    async def cycle(self, actor: Actor, number: str, *, confirmed: bool) -> Cycle:
        """Cut a unit's power and give it back; the process that works carries it out.

        The gates of the machine do not bind a person; the red switch does.  A
        crash right after this leaves the cycle to whoever works next.

        Raises:
            ConfirmationNeeded: There are calls in progress, or nobody knows how many a living unit has.
            NothingToCycle, PowerStopped, CycleUnderWay, UnknownUnit
        """
        allow(actor, Permission.CYCLE_POWER)
        unit = await self.unit_store.get(number, visible=enterprises_of(actor))
        if unit.plug is None:
            raise NothingToCycle(f"No plug is bound to unit {number}; bind one first")
        await self._not_stopped()
        if not confirmed:
            await self._no_calls(unit)
        now = self.clock.now()
        cycle = await self.cycle_store.begin(Cycle(0, number, unit.plug, "user", actor.name, now, step_at=now))
        await self._row(actor, number, "power_cycle", None, {"plug": str(unit.plug), "cycle": cycle.id})
        await self._note(actor, "units.power-cycle", f"unit {number}", str(unit.plug))
        return cycle

    async def cycles(self, actor: Actor, number: str) -> Sequence[Cycle]:
        """A unit's power cycles, newest first.  Raises ``UnknownUnit``."""
        allow(actor, Permission.SEE_UNITS)
        await self.unit_store.get(number, visible=enterprises_of(actor))
        return await self.cycle_store.of_unit(number, visible=enterprises_of(actor))

    async def give_up(self, actor: Actor, number: str, cycle_id: int, *, confirmed: bool) -> Cycle:
        """End a power cycle whose plug does not take ON: it is dead, and the unit gets its power some other way.

        Whoever works sees it before the next go at ON; a crash until then
        leaves the alert of it standing until the unit's next cycle.

        Raises:
            ConfirmationNeeded
            NotStuck: It has ended, or its plug may still take ON.
            UnknownCycle, UnknownUnit
        """
        allow(actor, Permission.CYCLE_POWER)
        await self.unit_store.get(number, visible=enterprises_of(actor))
        cycle = await self.cycle_store.get(cycle_id, visible=enterprises_of(actor))
        if cycle.enterprise_number != number:
            raise UnknownCycle(f"There is no power cycle {cycle_id} of unit {number}")
        if cycle.finished_at is not None:
            raise NotStuck(f"Power cycle {cycle_id} has ended: {cycle.result}")
        if cycle.result is not CycleResult.STUCK_OFF:
            raise NotStuck(f"Power cycle {cycle_id} is under way, and its plug may still take ON; wait for that")
        if not confirmed:
            raise ConfirmationNeeded(
                f"{cycle.plug} may be off, and ON will not be tried any more: see that unit {number} has power, "
                "then send it again with confirm: true"
            )
        now = self.clock.now()
        ended = attrs.evolve(cycle, step=Step.DONE, result=CycleResult.GIVEN_UP, next_at=None, finished_at=now)
        row = self._row_of(actor, number, "give_up", "success", {"plug": str(cycle.plug), "cycle": cycle.id})
        await self.cycle_store.save(ended, [row])
        await self._note(actor, "units.give-up", f"unit {number}", f"power cycle {cycle.id} of {cycle.plug}")
        return await self.cycle_store.get(cycle_id)

    async def check(self, actor: Actor, number: str) -> UnitWatch:
        """Look at a unit now; only in the process that works.  Raises ``UnknownUnit``, ``TooManyRequests``."""
        allow(actor, Permission.CHECK_UNITS)
        unit = await self.unit_store.get(number, visible=enterprises_of(actor))
        return await self.watching.look(unit)

    async def rearm(self, actor: Actor, number: str) -> UnitWatch:
        """Forget what was tried in this outage; only in the process that works.  Raises ``UnknownUnit``."""
        allow(actor, Permission.CYCLE_POWER)
        unit = await self.unit_store.get(number, visible=enterprises_of(actor))
        watch = await self.watching.rearmed(unit, actor.name)
        await self._note(actor, "units.rearm", f"unit {number}")
        return watch

    async def bind(self, actor: Actor, number: str, plug: Plug, *, dry_run: bool = False) -> PlugCheck:
        """Bind a plug to a unit, or with ``dry_run`` only look at it.  Nothing is switched.

        Raises:
            PlugTaken, UnknownUnit
            Invalid: It switches itself off again after each ON, is no switch, or the channel is missing.
            DeviceError: It cannot be asked.
        """
        allow(actor, Permission.CHANGE_UNITS)
        unit = await self.unit_store.get(number, visible=enterprises_of(actor))
        for owner in await self._owners(plug):
            if owner.enterprise_number != number:
                raise PlugTaken(f"{plug} is bound to unit {owner.enterprise_number} already")
        state = await self.switch.state(plug, deadline=PATIENCE)
        if not state.channels:
            # The only outlet has no number, so that none is given to it by mistake.
            plug = attrs.evolve(plug, outlet=None)
        if state.pulse:
            raise Invalid(
                f"{plug} is set to pulse: it would switch off again after each ON; turn that off first",
                field="device_id",
            )
        if not dry_run:
            await self._bound(actor, unit, plug)
        return PlugCheck(plug, state, warnings_of(state))

    async def unbind(self, actor: Actor, number: str) -> None:
        """Take a unit's plug away.  Raises ``UnknownUnit``."""
        allow(actor, Permission.CHANGE_UNITS)
        unit = await self.unit_store.get(number, visible=enterprises_of(actor))
        await self._bound(actor, unit, None)

    async def toggle(self, actor: Actor, plug: Plug, on: bool, *, initiator: str = "api") -> None:
        """Switch a plug, whoever it belongs to.  OFF needs a permission of its own.

        That it was asked for is in the history before it is sent; a crash in
        between leaves that row without a result.

        Raises:
            UnknownPlug: A plug of our own network that no unit has.
            CycleUnderWay: A power cycle has it in hand.
            PowerStopped: OFF, while the red switch is set.
            DeviceError: It did not do it, or nobody knows.
        """
        allow(actor, Permission.SWITCH_ON if on else Permission.SWITCH_OFF)
        owner = next(iter(await self._owners(plug)), None)
        visible = enterprises_of(actor)
        local = plug.kind is not PlugKind.EWELINK
        if (local and owner is None) or (
            visible is not None and (owner is None or owner.enterprise_number not in visible)
        ):
            # Nobody is to try addresses in our network, or plugs of others.
            raise UnknownPlug(f"no unit that you may see has the plug {plug}; bind it first")
        for cycle in await self.cycle_store.open():
            # ON may be given by hand to one that does not take it from us.
            if cycle.plug in same(plug) and not (on and cycle.result is CycleResult.STUCK_OFF):
                raise CycleUnderWay(f"Power cycle {cycle.id} of {plug} is under way")
        if not on:
            await self._not_stopped()
        asked = await self.watch_store.append(
            UnitEvent(
                at=self.clock.now(), enterprise_number=owner.enterprise_number if owner else None,
                action_type="ewelink_toggle", user_initiator=initiator,
                extra_info={
                    "device_id": plug.device_id, "kind": plug.kind, "outlet": plug.outlet, "state": on, "by": actor.name
                },
            )
        )  # fmt: skip
        error: LinemanError | None = None
        try:
            await self.switch.switch(plug, on, deadline=PATIENCE)
        except LinemanError as failed:
            error = failed
        await self._toggled(actor, plug, on, asked, error)
        if error is not None:
            raise error

    async def policy(self, actor: Actor) -> PowerPolicy:
        """The red switch and the dry run."""
        allow(actor, Permission.SEE_UNITS)
        return await self.policy_store.get()

    async def set_policy(
        self, actor: Actor, *, stopped: bool | None = None, dry_run: bool | None = None, expect: Expect = anything
    ) -> PowerPolicy:
        """Stop all power actions, or let them go on.  Raises ``Stale``."""
        allow(actor, Permission.CYCLE_POWER)
        if enterprises_of(actor) is not None:
            raise NotAllowed(f"{actor.name} may see some enterprises only, and this is about all of them")
        now = self.clock.now()

        async def changed(policy: PowerPolicy) -> PowerPolicy:
            expect(policy.revision)
            if stopped is not None and stopped != policy.stopped:
                policy = attrs.evolve(
                    policy,
                    stopped=stopped,
                    stopped_by=actor.name if stopped else None,
                    stopped_at=now if stopped else None,
                )
            return policy if dry_run is None else attrs.evolve(policy, dry_run=dry_run)

        before, after = await edit(self.policy_store.get, changed, self.policy_store.set)
        if after != before:
            said = f"stopped: {after.stopped}, dry run: {after.dry_run}"
            await self._note(actor, "units.policy", "all power actions", said)
        return after

    async def _toggled(self, actor: Actor, plug: Plug, on: bool, asked: UnitEvent, error: LinemanError | None) -> None:
        """Write down what became of a switch by hand.  Whether it was switched is told first, not whether that is."""
        word = "on" if on else "off"
        settled = attrs.evolve(
            asked, new_status=None if error else word,
            error_message=None if error is None else f"{number_of(error)}: {error.detail}",
            action_result="fail" if error else "success", action_time=self.clock.now(),
        )  # fmt: skip
        try:
            await self.watch_store.settle(settled)
            await self._note(actor, f"power.{word}", str(plug), "" if error is None else error.detail)
        except Unavailable as away:
            if error is None:
                raise Unavailable(
                    f"{plug} was switched {word}, but that could not be written down: {away.detail}"
                ) from away

    async def _no_calls(self, unit: Unit) -> None:
        """See that nobody is cut off; a unit that is down has no calls.  Raises ``ConfirmationNeeded``."""
        number = unit.enterprise_number
        watch = await self.watch_store.watch(number)
        if watch.outcome is Outcome.OFFLINE and watch.state.last_status is Outcome.OFFLINE:
            return
        try:
            calls = await self.probe.calls(target_of(unit), deadline=PATIENCE)
        except DeviceError as error:
            raise ConfirmationNeeded(
                f"How many calls unit {number} has is not known ({error.detail}); "
                "send it again with confirm: true to cut its power all the same"
            ) from error
        if calls:
            count = "1 call" if calls == 1 else f"{calls} calls"
            raise ConfirmationNeeded(
                f"Unit {number} has {count} in progress, to be cut off; send it again with confirm: true", calls=calls
            )

    async def _owners(self, plug: Plug) -> Sequence[Unit]:
        """Whose plug it is."""
        found = [await self.unit_store.bound(one) for one in same(plug)]
        return [unit for unit in found if unit is not None]

    async def _not_stopped(self) -> None:
        policy = await self.policy_store.get()
        if policy.stopped:
            raise PowerStopped(f"All power actions are stopped by {policy.stopped_by}; let them go on first")

    async def _bound(self, actor: Actor, unit: Unit, plug: Plug | None) -> None:
        async def read() -> Unit:
            return await self.unit_store.get(unit.enterprise_number, visible=enterprises_of(actor))

        async def changed(current: Unit) -> Unit:
            return attrs.evolve(current, plug=plug)

        before, after = await edit(read, changed, self.unit_store.change)
        if after == before:
            return
        action, which = ("bind" if plug else "unbind"), str(plug or before.plug)
        await self._row(actor, unit.enterprise_number, action, "success", {"plug": which})
        await self._note(actor, f"units.{action}", f"unit {unit.enterprise_number}", which)

    async def _row(self, actor: Actor, number: str, action: str, result: str | None, extra: dict[str, object]) -> None:
        await self.watch_store.append(self._row_of(actor, number, action, result, extra))

    def _row_of(
        self, actor: Actor, number: str, action: str, result: str | None, extra: dict[str, object]
    ) -> UnitEvent:
        now = self.clock.now()
        return UnitEvent(
            at=now, enterprise_number=number, action_type=action, action_result=result, action_time=now,
            user_initiator="user", extra_info=extra | {"by": actor.name},
        )  # fmt: skip

    async def _note(self, actor: Actor, action: str, subject: str, detail: str = "") -> None:
        await self.journal.write(Entry(self.clock.now(), actor.name, action, subject, "ok", detail))
