"""Alerts, of all systems."""

from dependency_injector import providers

from ..adapters.db.alert_outbox import SqlOutbox
from ..adapters.db.alert_rules import SqlRules
from ..adapters.db.alerts import SqlAlerts
from ..adapters.notify.apprise import AppriseNotifier
from ..core.alerts import Alerts, Channels, Dispatch, Judging, Maintenance, RuleBook
from ..core.gateways.kinds import KINDS as GATEWAY_KINDS
from ..core.miners.kinds import KINDS as MINER_KINDS
from ..core.units.kinds import KINDS as UNIT_KINDS
from .foundation import Foundation
from .people import People

#: The tables of all contexts.
KINDS = (*MINER_KINDS, *GATEWAY_KINDS, *UNIT_KINDS)


class AlertRooms(People):
    """Judging, telling, and what people set."""

    rule_store = providers.Singleton(SqlRules, Foundation.database, Foundation.vault)
    alert_store = providers.Singleton(SqlAlerts, Foundation.database)
    outbox = providers.Singleton(SqlOutbox, Foundation.database)
    notifier = providers.Singleton(AppriseNotifier)
    alert_kinds = providers.Object({kind.kind: kind for kind in KINDS})
    judging = providers.Singleton(
        Judging, rule_store=rule_store, alert_store=alert_store, clock=Foundation.clock, kinds=alert_kinds
    )
    dispatch = providers.Singleton(
        Dispatch, outbox=outbox, rule_store=rule_store, notifier=notifier, clock=Foundation.clock
    )
    alerts = providers.Singleton(Alerts, alert_store=alert_store, journal=Foundation.journal, clock=Foundation.clock)
    rule_book = providers.Singleton(
        RuleBook,
        rule_store=rule_store,
        containers=People.container_store,
        enterprises=People.enterprise_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
        known=alert_kinds,
    )
    channels = providers.Singleton(
        Channels,
        rule_store=rule_store,
        outbox=outbox,
        notifier=notifier,
        journal=Foundation.journal,
        clock=Foundation.clock,
    )
    maintenance = providers.Singleton(
        Maintenance,
        rule_store=rule_store,
        containers=People.container_store,
        enterprises=People.enterprise_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
        systems={kind.system: kind.of_enterprises for kind in KINDS},
    )
