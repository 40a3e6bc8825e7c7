"""Telling the alerts of units: after it is stored, within a bound, and never in the way of a look."""

from collections.abc import Sequence

import attrs

from ...ports.alerts import Facts
from ...ports.clock import Clock
from ...ports.units import Checked, Cycle, CycleResult, Outcome, Unit, UnitWatch
from ..reporting import Reporter
from .gates import GATES
from .surroundings import UNITS, subject_of


def facts_of(unit: Unit, watch: UnitWatch, checked: Checked, facts_at: Clock) -> Facts:
    """What a look says, in figures that rules of alerts can be about."""
    up = 0.0 if watch.state.incident else 1.0
    values: dict[str, float | None] = {
        "looked": 0.0 if checked.outcome is Outcome.UNKNOWN else 1.0,
        "person": 1.0 if watch.state.escalated else 0.0,
    }
    words = {"looked": checked.detail}
    if checked.outcome is not Outcome.UNKNOWN:
        values["up"] = up
        words["up"] = down_because(watch)
        words["person"] = words["up"]
    if checked.outcome is Outcome.ONLINE and checked.lines is not None:
        lines = checked.lines
        values["gsm_down"] = float(lines.gsm_total - lines.gsm_online)
        words["gsm_down"] = f"{lines.gsm_total - lines.gsm_online} of {lines.gsm_total} GSM lines down"
    if checked.disk_percent is not None:
        values["disk"] = float(checked.disk_percent)
    return Facts(subject_of(unit), facts_at.now(), values, words)


def down_because(watch: UnitWatch) -> str:
    """Why it is down, and what keeps its power from being cut."""
    seen = watch.last_error_message or ""
    if watch.state.ewelink_action_done:
        return f"{seen}; its power was cut in this outage"
    gate = f"; its power is not cut, since {GATES[watch.gate]}" if watch.gate in GATES else ""
    return f"{seen}{gate}"


@attrs.define(eq=False)
class UnitReports(Reporter):
    """Reports units."""

    clock: Clock = attrs.field(kw_only=True)

    async def seen(self, unit: Unit, watch: UnitWatch, checked: Checked) -> None:
        """Report a look.  Never raises a ``LinemanError``."""
        await self.report([facts_of(unit, watch, checked, self.clock)])

    async def cycled(self, unit: Unit, watch: UnitWatch, cycle: Cycle) -> None:
        """Report what a power cycle came to.  Never raises a ``LinemanError``."""
        stuck = cycle.result is CycleResult.STUCK_OFF
        values = {"stuck": float(stuck), "person": float(watch.state.escalated)}
        words = {"stuck": f"{cycle.plug} does not take ON: {cycle.error}", "person": down_because(watch)}
        await self.report([Facts(subject_of(unit), self.clock.now(), values, words)])

    async def present(self, units: Sequence[Unit]) -> None:
        """These are all units: alerts of others end.  Raises ``Unavailable``."""
        await self.sink.present(UNITS, {unit.id for unit in units})
