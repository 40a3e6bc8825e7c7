"""Alerts over HTTP: the list and the rules, for every system alike; and all of the routes."""

from typing import Annotated

import attrs
import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.routing import Route

from ...core.alerts import Alerts, Channels, Maintenance, RuleBook
from ...ports.alerts import (
    AlertOver,
    AlertQuery,
    Rule,
    RuleExists,
    Severity,
    Status,
    UnknownAlert,
    UnknownRule,
)
from ...ports.errors import Invalid, NotAllowed, Stale
from ...ports.identity import Permission
from .alerts_channels import ChannelApi
from .alerts_shapes import Comment, Fields, Ids, Name, Numbers, PageQuery
from .alerts_views import (
    AlertView,
    KindView,
    alert_view,
    kind_view,
)
from .maintenance import MaintenanceApi
from .wire import Call, Id, Page, operation, route

Tags = Annotated[tuple[str, ...], Meta(max_length=1000)]
Minutes = Annotated[float, Meta(description="How long it must be so, in minutes", extra_json_schema={"minimum": 0})]


class RuleChange(Fields, frozen=True, kw_only=True):
    """Null takes away a threshold of one's own and the escalation; empty lists mean all."""

    name: Name | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    threshold: float | UnsetType | None = UNSET
    minutes: Minutes | UnsetType = UNSET
    severity: Severity | UnsetType = UNSET
    container_ids: Ids | UnsetType = UNSET
    enterprise_numbers: Numbers | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    channel_ids: Annotated[Ids, Meta(description="Who is told; empty = every active channel")] | UnsetType = UNSET
    escalate_after_minutes: int | UnsetType | None = UNSET
    escalate_channel_ids: Ids | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class RuleBody(RuleChange, frozen=True, kw_only=True):
    kind: str


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    comment: Comment | None = None


class AlertsQuery(PageQuery, frozen=True, kw_only=True):
    status: Status | None = None
    open: Annotated[bool, Meta(description="Not recovered, or recovered")] | None = None
    severity: Severity | None = None
    container_id: Id | None = None
    enterprise_number: Annotated[str, Meta(max_length=32)] | None = None
    system: Annotated[str, Meta(max_length=50)] | None = None
    subject_id: Id | None = None
    subject: Annotated[str, Meta(max_length=200, description="Part of its name, in any case")] | None = None


@attrs.frozen
class AlertApi:
    """The list of alerts."""

    alerts: Alerts

    @operation(
        returns=Page[AlertView], query=AlertsQuery, errors=(NotAllowed,), tag="alerts", needs=Permission.SEE_ALERTS
    )
    async def all(self, call: Call, query: AlertsQuery) -> Page[AlertView]:
        """List alerts, the newest first.

        A client gets those of his containers, an enterprise admin those of his
        enterprises, without who was told.
        """
        wanted = AlertQuery(
            query.status, query.open, query.severity, query.container_id, query.system, query.subject_id,
            query.subject, query.limit, query.offset, enterprise_number=query.enterprise_number,
        )  # fmt: skip
        found, total = await self.alerts.find(call.actor, wanted)
        return Page([alert_view(told) for told in found], total)

    @operation(returns=AlertView, errors=(NotAllowed, UnknownAlert), tag="alerts")
    async def one(self, call: Call, alert_id: int) -> AlertView:
        """Show an alert."""
        return alert_view(await self.alerts.get(call.actor, alert_id))

    @operation(
        returns=AlertView,
        body=Acknowledgement,
        errors=(NotAllowed, UnknownAlert, AlertOver, Invalid),
        tag="alerts",
        needs=Permission.MANAGE_ALERTS,
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

    @operation(returns=Page[Rule], query=PageQuery, errors=(NotAllowed,), tag="alerts", needs=Permission.SEE_ALERTS)
    async def all(self, call: Call, query: PageQuery) -> Page[Rule]:
        """List the rules."""
        found = await self.rules.all(call.actor)
        return Page(found[query.offset : query.offset + query.limit], len(found))

    @operation(returns=Rule, errors=(NotAllowed, UnknownRule), tag="alerts")
    async def one(self, call: Call, rule_id: int) -> Rule:
        """Show a rule."""
        return _tagged(call, await self.rules.get(call.actor, rule_id))

    @operation(
        returns=Rule,
        body=RuleBody,
        status=201,
        errors=(NotAllowed, Invalid, RuleExists),
        tag="alerts",
        needs=Permission.MANAGE_ALERTS,
    )
    async def add(self, call: Call, body: RuleBody) -> Rule:
        """Add a rule; what is not named is what its kind starts with."""
        fields = body.named()
        return _tagged(call, await self.rules.add(call.actor, fields.pop("kind"), fields))

    @operation(
        returns=Rule,
        body=RuleChange,
        errors=(NotAllowed, UnknownRule, Invalid, RuleExists, Stale),
        tag="alerts",
        needs=Permission.MANAGE_ALERTS,
    )
    async def change(self, call: Call, rule_id: int, body: RuleChange) -> Rule:
        """Change the fields that are named; the kind stays."""
        return _tagged(call, await self.rules.change(call.actor, rule_id, body.named(), expect=call.expect))

    @operation(status=204, errors=(NotAllowed, UnknownRule), tag="alerts")
    async def remove(self, call: Call, rule_id: int) -> None:
        """Remove a rule; its alerts end, and stay in the list."""
        await self.rules.remove(call.actor, rule_id)


def routes(alerts: Alerts, rules: RuleBook, channels: Channels, maintenance: Maintenance) -> list[Route]:
    """All of it."""
    listed, rule = AlertApi(alerts), RuleApi(rules)
    return [
        route("GET", "/api/alerts", listed.all),
        route("GET", "/api/alerts/kinds", rule.kinds),
        route("GET", "/api/alerts/rules", rule.all),
        route("POST", "/api/alerts/rules", rule.add),
        route("GET", "/api/alerts/rules/{rule_id:int}", rule.one),
        route("PUT", "/api/alerts/rules/{rule_id:int}", rule.change),
        route("DELETE", "/api/alerts/rules/{rule_id:int}", rule.remove),
        *ChannelApi(channels).routes(),
        *MaintenanceApi(maintenance).routes(),
        route("GET", "/api/alerts/{alert_id:int}", listed.one),
        route("POST", "/api/alerts/{alert_id:int}/acknowledge", listed.acknowledge),
    ]


def _tagged(call: Call, rule: Rule) -> Rule:
    call.tag(rule.revision)
    return rule
