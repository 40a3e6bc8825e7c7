"""What one can ask about alerts, and the one thing to do about them: look after it."""

from collections.abc import Mapping, Sequence

import attrs

from ...ports.alerts import Alert, AlertQuery, AlertStore, Notice
from ...ports.clock import Clock
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ..permissions import allow, enterprises_of, may
from .checks import LONGEST_TEXT, checked, text


@attrs.frozen
class Told:
    """An alert, and what was told of it (nothing, to those who do not manage alerts)."""

    alert: Alert
    notices: Sequence[Notice] = ()


@attrs.frozen
class Alerts:
    """The list of alerts.  A client sees those of his containers only, an enterprise admin those of his enterprises."""

    alert_store: AlertStore
    journal: Journal
    clock: Clock

    async def find(self, actor: Actor, query: AlertQuery) -> tuple[Sequence[Told], int]:
        """A page, newest first, and how many there are."""
        allow(actor, Permission.SEE_ALERTS)
        sight = attrs.evolve(query, visible=actor.container_ids, visible_enterprises=enterprises_of(actor))
        alerts, total = await self.alert_store.find(sight)
        notices = await self._notices(actor, alerts)
        return [Told(alert, notices.get(alert.id, ())) for alert in alerts], total

    async def get(self, actor: Actor, alert_id: int) -> Told:
        """Raises ``UnknownAlert``."""
        allow(actor, Permission.SEE_ALERTS)
        alert = await self._seen(actor, alert_id)
        return Told(alert, (await self._notices(actor, [alert])).get(alert.id, ()))

    async def changed(self, actor: Actor, after: int, *, limit: int = 100) -> Sequence[Alert]:
        """Alerts that changed since the one whose ``seq`` was ``after``, oldest change first: for live pages."""
        allow(actor, Permission.SEE_ALERTS)
        return await self.alert_store.changed(
            after, limit=limit, visible=actor.container_ids, visible_enterprises=enterprises_of(actor)
        )

    async def latest(self, actor: Actor) -> int:
        """Where ``changed`` stands now."""
        allow(actor, Permission.SEE_ALERTS)
        return await self.alert_store.latest()

    async def acknowledge(self, actor: Actor, alert_id: int, comment: str | None = None) -> Told:
        """Say that somebody looks after it, which stops the escalation.

        Raises:
            UnknownAlert, AlertOver, Invalid
        """
        allow(actor, Permission.MANAGE_ALERTS)
        await self._seen(actor, alert_id)
        comment = checked({"comment": comment}, {"comment": text(LONGEST_TEXT)})["comment"]
        alert = await self.alert_store.acknowledge(alert_id, by=actor.name, at=self.clock.now(), comment=comment)
        await self.journal.write(
            Entry(self.clock.now(), actor.name, "alerts.acknowledge", f"alert {alert.id}", "ok", comment or "")
        )
        return Told(alert, (await self._notices(actor, [alert])).get(alert.id, ()))

    async def _seen(self, actor: Actor, alert_id: int) -> Alert:
        return await self.alert_store.get(
            alert_id, visible=actor.container_ids, visible_enterprises=enterprises_of(actor)
        )

    async def _notices(self, actor: Actor, alerts: Sequence[Alert]) -> Mapping[int, Sequence[Notice]]:
        if not may(actor, Permission.MANAGE_ALERTS) or not alerts:
            return {}
        return await self.alert_store.notices([alert.id for alert in alerts])
