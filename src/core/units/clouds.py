"""The account behind cloud plugs, for people: authorise, renew, see how long it lasts and what is in it."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import attrs

from ...ports.alerts import Facts, Subject
from ...ports.clock import Clock
from ...ports.errors import LinemanError
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.power import Grant, Listed, Plug, PlugKind, PlugState, PowerSwitch, UnknownPlug
from ...ports.power.cloud import BadState, Cloud, CloudTokenStore
from ...ports.units import Unit, UnitStore
from ..permissions import allow, enterprises_of, may
from .kinds import CLOUD
from .reporting import UnitReports

#: How long a person may take over the authorisation.
STATE_LASTS = timedelta(minutes=15)
#: Days before the end of an authorisation at which it is renewed by itself, and those at which people are warned.
RENEW_BEFORE, WARN_BEFORE = timedelta(days=7), timedelta(days=7)
#: Seconds that a question to a plug may take.
PATIENCE = 12.0


@attrs.frozen
class TokenState:
    """How long the authorisation lasts, and what is left of the quota.  ``None`` where there is none."""

    grant: Grant | None
    access_days_left: float | None
    refresh_days_left: float | None
    calls_this_month: int
    quota: int
    #: The day on which the application's own credential ends.
    application_ends: date | None
    warning: str | None


def days(until: datetime, now: datetime) -> float:
    return round((until - now) / timedelta(days=1), 1)


def warning_of(grant: Grant | None, application_ends: date | None, now: datetime) -> str | None:
    """What somebody has to do about the account, and by when."""
    if grant is None:
        return "The account is not authorised: open the address that GET /ewelink-auth-url gives."
    if grant.refresh_expires_at <= now:
        return "The authorisation has ended: authorise anew."
    if grant.refresh_expires_at - now <= WARN_BEFORE:
        return f"The authorisation ends on {grant.refresh_expires_at:%Y-%m-%d}: renew it."
    if application_ends is not None and application_ends - now.date() <= timedelta(days=30):
        return f"The application's own credential ends on {application_ends}: have it renewed at the developer's site."
    return None


@attrs.frozen(kw_only=True)
class Clouds:
    """The eWeLink account.  Changing it needs ``manage-cloud``."""

    cloud: Cloud
    token_store: CloudTokenStore
    switch: PowerSwitch
    unit_store: UnitStore
    reports: UnitReports
    journal: Journal
    clock: Clock
    quota: int = 50_000
    application_ends: date | None = None

    async def authorise_url(self, actor: Actor) -> str:
        """Where the owner of the account has to go; good for a quarter of an hour.  Raises ``CloudMisconfigured``."""
        allow(actor, Permission.MANAGE_CLOUD)
        now, state = self.clock.now(), secrets.token_urlsafe(24)
        await self.token_store.remember_state(state, by=actor.name, expires_at=now + STATE_LASTS)
        await self._note(actor.name, "power.authorise", "asked for the address")
        return await self.cloud.authorise_url(state, at=now)

    async def callback(self, code: str, region: str, state: str) -> Grant:
        """Take what the cloud sends back, and exchange it at once: a code lives thirty seconds.

        Needs no login: who knows the state was sent by us.

        Raises:
            BadState, BadRegion, ReauthoriseNeeded, CloudMisconfigured, CloudFault, Unreachable
        """
        if not state or not await self.token_store.take_state(state, now=self.clock.now()):
            raise BadState("This authorisation was not asked for here, was used already, or took too long: begin anew")
        grant = await self.cloud.exchange(code, region)
        await self._note("ewelink", "power.authorised", f"region {grant.region}")
        return grant

    async def exchange(self, actor: Actor, code: str, region: str) -> Grant:
        """Exchange a code that somebody brings by hand.  Raises as ``callback``, but for ``BadState``."""
        allow(actor, Permission.MANAGE_CLOUD)
        grant = await self.cloud.exchange(code, region)
        await self._note(actor.name, "power.authorised", f"region {grant.region}")
        return grant

    async def refresh(self, actor: Actor) -> Grant:
        """Renew the authorisation.  Raises as ``callback``."""
        allow(actor, Permission.MANAGE_CLOUD)
        grant = await self.cloud.refresh()
        await self._note(actor.name, "power.renew", f"until {grant.refresh_expires_at:%Y-%m-%d}")
        return grant

    async def state(self, actor: Actor) -> TokenState:
        """How long it lasts."""
        allow(actor, Permission.SEE_UNITS)
        return await self._state()

    async def devices(self, actor: Actor) -> Sequence[tuple[Listed, Unit | None]]:
        """The plugs of the account, and whose they are.  Raises as ``callback``."""
        allow(actor, Permission.MANAGE_CLOUD)
        listed = await self.cloud.devices()
        owners = await self._owners()
        return [(one, owners.get(one.device_id)) for one in listed]

    async def status(self, actor: Actor, plug: Plug) -> PlugState:
        """What a plug reported last: of one's own units, and of any in the account for those who manage that.

        Raises as ``PowerSwitch.state``.
        """
        allow(actor, Permission.SEE_UNITS)
        visible = enterprises_of(actor)
        local = plug.kind is not PlugKind.EWELINK
        if local or visible is not None or not may(actor, Permission.MANAGE_CLOUD):
            # Nobody is to try addresses in our network, or plugs of others.
            owner = await self.unit_store.bound(plug)
            if owner is None or (visible is not None and owner.enterprise_number not in visible):
                raise UnknownPlug(f"no unit that you may see has the plug {plug}; bind it first")
        return await self.switch.state(plug, deadline=PATIENCE)

    async def tend(self) -> None:
        """Renew what ends soon, and report how much is left; for the process that works, each hour."""
        now, grant = self.clock.now(), await self.cloud.grant()
        if grant is not None and now < grant.refresh_expires_at and grant.access_expires_at - now <= RENEW_BEFORE:
            try:
                grant = await self.cloud.refresh()
            except LinemanError as error:
                await self._note("scheduler", "power.renew", error.detail, "failed")
        left = 0.0 if grant is None else max(days(grant.refresh_expires_at, now), 0.0)
        values: dict[str, float | None] = {
            # An account that was never authorised is nobody's alarm.
            "days_left": left if grant is not None else None,
            "calls_left": float(self.quota - await self.cloud.calls_this_month()) if grant is not None else None,
        }
        words = {"days_left": warning_of(grant, self.application_ends, now) or ""}
        await self.reports.report([Facts(Subject(CLOUD, 1, "eWeLink account"), now, values, words)])

    async def _state(self) -> TokenState:
        grant, now = await self.cloud.grant(), self.clock.now()
        return TokenState(
            grant=grant,
            access_days_left=None if grant is None else days(grant.access_expires_at, now),
            refresh_days_left=None if grant is None else days(grant.refresh_expires_at, now),
            calls_this_month=await self.cloud.calls_this_month(),
            quota=self.quota,
            application_ends=self.application_ends,
            warning=warning_of(grant, self.application_ends, now),
        )

    async def _owners(self) -> Mapping[str, Unit]:
        return {
            unit.plug.device_id: unit
            for unit in await self.unit_store.all()
            if unit.plug is not None and unit.plug.kind is PlugKind.EWELINK
        }

    async def _note(self, by: str, action: str, detail: str, outcome: str = "ok") -> None:
        await self.journal.write(Entry(self.clock.now(), by, action, "eWeLink account", outcome, detail))
