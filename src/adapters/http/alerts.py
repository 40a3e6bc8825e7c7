"""Alerts over HTTP: the list, the rules, the channels and the maintenance windows, for every system alike."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.routing import Route

from ...core.alerts import Alerts, Channels, Maintenance, RuleBook
from ...ports.alerts import (
    AlertOver,
    AlertQuery,
    ChannelExists,
    NotDelivered,
    Rule,
    RuleExists,
    Severity,
    Status,
    UnknownAlert,
    UnknownChannel,
    UnknownRule,
    UnknownWindow,
)
from ...ports.errors import Invalid, NotAllowed, Stale, TooManyRequests
from ...ports.secrets import Secret
from .alerts_views import (
    MINERS,
    AlertView,
    ChannelView,
    KindView,
    WindowView,
    alert_view,
    channel_view,
    kind_view,
    window_view,
)
from .wire import Call, Id, Limit, Offset, Page, operation, route

Name = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 200})]
Ids = Annotated[tuple[int, ...], Meta(max_length=1000)]
Tags = Annotated[tuple[str, ...], Meta(max_length=1000)]
Minutes = Annotated[float, Meta(description="How long it must be so, in minutes", extra_json_schema={"minimum": 0})]
Url = Annotated[Secret, Meta(description="As apprise has them: tgram://TOKEN/CHAT. Kept encrypted, never shown")]
Comment = Annotated[str, Meta(extra_json_schema={"maxLength": 2000})]


class _Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is not named stays as it is, or becomes what is usual."""

    def named(self) -> dict[str, Any]:
        """The fields that were sent."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value is not UNSET}


class RuleChange(_Fields, frozen=True, kw_only=True):
    """Null takes away a threshold of one's own and the escalation; empty lists mean all."""

    name: Name | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    threshold: float | UnsetType | None = UNSET
    minutes: Minutes | UnsetType = UNSET
    severity: Severity | UnsetType = UNSET
    container_ids: Ids | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    channel_ids: Annotated[Ids, Meta(description="Who is told; empty = every active channel")] | UnsetType = UNSET
    escalate_after_minutes: int | UnsetType | None = UNSET
    escalate_channel_ids: Ids | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class RuleBody(RuleChange, frozen=True, kw_only=True):
    kind: str


class ChannelChange(_Fields, frozen=True, kw_only=True):
    name: Name | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class ChannelBody(ChannelChange, frozen=True, kw_only=True):
    name: Name
    url: Url


class WindowChange(_Fields, frozen=True, kw_only=True):
    """A window that names neither containers nor miners is about everything."""

    system: str | UnsetType | None = UNSET
    container_ids: Ids | UnsetType = UNSET
    miner_ids: Ids | UnsetType = UNSET
    since: datetime | UnsetType = UNSET
    until: datetime | UnsetType = UNSET
    reason: Comment | UnsetType | None = UNSET

    def fields(self) -> Mapping[str, Any]:
        """The fields as the core calls them: miners are subjects of a system."""
        found = self.named()
        if (miners := found.pop("miner_ids", None)) is not None:
            found["subject_ids"] = miners
            if miners:
                found.setdefault("system", MINERS)
        return found


class WindowBody(WindowChange, frozen=True, kw_only=True):
    """Without ``since`` it begins now."""

    until: datetime


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    comment: Comment | None = None


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    limit: Limit = 100
    offset: Offset = 0


class AlertsQuery(PageQuery, frozen=True, kw_only=True):
    status: Status | None = None
    open: Annotated[bool, Meta(description="Not recovered, or recovered")] | None = None
    severity: Severity | None = None
    container_id: Id | None = None
    system: Annotated[str, Meta(max_length=50)] | None = None
    subject_id: Id | None = None
    subject: Annotated[str, Meta(max_length=200, description="Part of its name, in any case")] | None = None


@attrs.frozen
class AlertApi:
    """The list of alerts."""

    alerts: Alerts

    @operation(returns=Page[AlertView], query=AlertsQuery, errors=(NotAllowed,), tag="alerts")
    async def all(self, call: Call, query: AlertsQuery) -> Page[AlertView]:
        """List alerts, the newest first.

        A client gets those of his containers, without who was told.
        """
        wanted = AlertQuery(
            query.status, query.open, query.severity, query.container_id, query.system, query.subject_id,
            query.subject, query.limit, query.offset,
        )  # fmt: skip
        found, total = await self.alerts.find(call.actor, wanted)
        return Page([alert_view(told) for told in found], total)

    @operation(returns=AlertView, errors=(NotAllowed, UnknownAlert), tag="alerts")
    async def one(self, call: Call, alert_id: int) -> AlertView:
        """Show an alert."""
        return alert_view(await self.alerts.get(call.actor, alert_id))

    @operation(
        returns=AlertView, body=Acknowledgement, errors=(NotAllowed, UnknownAlert, AlertOver, Invalid), tag="alerts"
    )
    async def acknowledge(self, call: Call, alert_id: int, body: Acknowledgement) -> AlertView:
        """Say that somebody looks after it, which stops the escalation."""
        return alert_view(await self.alerts.acknowledge(call.actor, alert_id, body.comment))


@attrs.frozen
class RuleApi:
    """When an alert is raised."""

    rules: RuleBook

    @operation(returns=list[KindView], errors=(NotAllowed,), tag="alerts")
    async def kinds(self, call: Call) -> list[KindView]:
        """List what rules can be about, and with what a rule of each kind starts."""
        return [kind_view(kind) for kind in self.rules.kinds(call.actor)]

    @operation(returns=Page[Rule], query=PageQuery, errors=(NotAllowed,), tag="alerts")
    async def all(self, call: Call, query: PageQuery) -> Page[Rule]:
        """List the rules."""
        found = await self.rules.all(call.actor)
        return Page(found[query.offset : query.offset + query.limit], len(found))

    @operation(returns=Rule, errors=(NotAllowed, UnknownRule), tag="alerts")
    async def one(self, call: Call, rule_id: int) -> Rule:
        """Show a rule."""
        return _tagged(call, await self.rules.get(call.actor, rule_id))

    @operation(returns=Rule, body=RuleBody, status=201, errors=(NotAllowed, Invalid, RuleExists), tag="alerts")
    async def add(self, call: Call, body: RuleBody) -> Rule:
        """Add a rule; what is not named is what its kind starts with."""
        fields = body.named()
        return _tagged(call, await self.rules.add(call.actor, fields.pop("kind"), fields))

    @operation(
        returns=Rule, body=RuleChange, errors=(NotAllowed, UnknownRule, Invalid, RuleExists, Stale), tag="alerts"
    )
    async def change(self, call: Call, rule_id: int, body: RuleChange) -> Rule:
        """Change the fields that are named; the kind stays."""
        return _tagged(call, await self.rules.change(call.actor, rule_id, body.named(), expect=call.expect))

    @operation(status=204, errors=(NotAllowed, UnknownRule), tag="alerts")
    async def remove(self, call: Call, rule_id: int) -> None:
        """Remove a rule; its alerts end, and stay in the list."""
        await self.rules.remove(call.actor, rule_id)


@attrs.frozen
class ChannelApi:
    """How people are reached."""

    channels: Channels

    @operation(returns=Page[ChannelView], query=PageQuery, errors=(NotAllowed,), tag="alerts")
    async def all(self, call: Call, query: PageQuery) -> Page[ChannelView]:
        """List the channels, without their URLs."""
        found = [channel_view(channel) for channel in await self.channels.all(call.actor)]
        return Page(found[query.offset : query.offset + query.limit], len(found))

    @operation(returns=ChannelView, errors=(NotAllowed, UnknownChannel), tag="alerts")
    async def one(self, call: Call, channel_id: int) -> ChannelView:
        """Show a channel, without its URL."""
        call.tag((channel := await self.channels.get(call.actor, channel_id)).revision)
        return channel_view(channel)

    @operation(
        returns=ChannelView, body=ChannelBody, status=201, errors=(NotAllowed, Invalid, ChannelExists), tag="alerts"
    )
    async def add(self, call: Call, body: ChannelBody) -> ChannelView:
        """Add a channel."""
        call.tag((channel := await self.channels.add(call.actor, body.named())).revision)
        return channel_view(channel)

    @operation(
        returns=ChannelView,
        body=ChannelChange,
        errors=(NotAllowed, UnknownChannel, Invalid, ChannelExists, Stale),
        tag="alerts",
    )
    async def change(self, call: Call, channel_id: int, body: ChannelChange) -> ChannelView:
        """Change the fields that are named; a URL that is not named stays."""
        channel = await self.channels.change(call.actor, channel_id, body.named(), expect=call.expect)
        call.tag(channel.revision)
        return channel_view(channel)

    @operation(status=204, errors=(NotAllowed, UnknownChannel), tag="alerts")
    async def remove(self, call: Call, channel_id: int) -> None:
        """Remove a channel, and what waits for it."""
        await self.channels.remove(call.actor, channel_id)

    @operation(returns=ChannelView, errors=(NotAllowed, UnknownChannel, NotDelivered, TooManyRequests), tag="alerts")
    async def test(self, call: Call, channel_id: int) -> ChannelView:
        """Send a test message, and wait until it was taken."""
        return channel_view(await self.channels.test(call.actor, channel_id))


@attrs.frozen
class MaintenanceApi:
    """When nobody is told."""

    maintenance: Maintenance

    @operation(returns=Page[WindowView], query=PageQuery, errors=(NotAllowed,), tag="maintenance")
    async def all(self, call: Call, query: PageQuery) -> Page[WindowView]:
        """List the windows, the latest beginning first."""
        found = [window_view(window) for window in await self.maintenance.all(call.actor)]
        return Page(found[query.offset : query.offset + query.limit], len(found))

    @operation(returns=WindowView, errors=(NotAllowed, UnknownWindow), tag="maintenance")
    async def one(self, call: Call, window_id: int) -> WindowView:
        """Show a window."""
        return window_view(await self.maintenance.get(call.actor, window_id))

    @operation(returns=WindowView, body=WindowBody, status=201, errors=(NotAllowed, Invalid), tag="maintenance")
    async def add(self, call: Call, body: WindowBody) -> WindowView:
        """Announce maintenance: alerts that begin in it are listed, and told only if they last beyond it."""
        return window_view(await self.maintenance.add(call.actor, body.fields()))

    @operation(returns=WindowView, body=WindowChange, errors=(NotAllowed, UnknownWindow, Invalid), tag="maintenance")
    async def change(self, call: Call, window_id: int, body: WindowChange) -> WindowView:
        """Change the fields that are named."""
        return window_view(await self.maintenance.change(call.actor, window_id, body.fields()))

    @operation(status=204, errors=(NotAllowed, UnknownWindow), tag="maintenance")
    async def remove(self, call: Call, window_id: int) -> None:
        """Remove a window; what began in it and goes on is told."""
        await self.maintenance.remove(call.actor, window_id)


def routes(alerts: Alerts, rules: RuleBook, channels: Channels, maintenance: Maintenance) -> list[Route]:
    """All of it."""
    listed, rule, channel, window = AlertApi(alerts), RuleApi(rules), ChannelApi(channels), MaintenanceApi(maintenance)
    return [
        route("GET", "/api/alerts", listed.all),
        route("GET", "/api/alerts/kinds", rule.kinds),
        route("GET", "/api/alerts/rules", rule.all),
        route("POST", "/api/alerts/rules", rule.add),
        route("GET", "/api/alerts/rules/{rule_id:int}", rule.one),
        route("PUT", "/api/alerts/rules/{rule_id:int}", rule.change),
        route("DELETE", "/api/alerts/rules/{rule_id:int}", rule.remove),
        route("GET", "/api/alerts/channels", channel.all),
        route("POST", "/api/alerts/channels", channel.add),
        route("GET", "/api/alerts/channels/{channel_id:int}", channel.one),
        route("PUT", "/api/alerts/channels/{channel_id:int}", channel.change),
        route("DELETE", "/api/alerts/channels/{channel_id:int}", channel.remove),
        route("POST", "/api/alerts/channels/{channel_id:int}/test", channel.test),
        route("GET", "/api/alerts/{alert_id:int}", listed.one),
        route("POST", "/api/alerts/{alert_id:int}/acknowledge", listed.acknowledge),
        route("GET", "/api/maintenance", window.all),
        route("POST", "/api/maintenance", window.add),
        route("GET", "/api/maintenance/{window_id:int}", window.one),
        route("PUT", "/api/maintenance/{window_id:int}", window.change),
        route("DELETE", "/api/maintenance/{window_id:int}", window.remove),
    ]


def _tagged(call: Call, rule: Rule) -> Rule:
    call.tag(rule.revision)
    return rule
