"""The miners."""

from datetime import timedelta

import structlog
from dependency_injector import providers

from ..adapters.db.actions import SqlActions
from ..adapters.db.changes import SqlChanges
from ..adapters.db.discovery import SqlJobs
from ..adapters.db.events import SqlEvents
from ..adapters.db.groups import SqlGroups
from ..adapters.db.miners import SqlMiners
from ..adapters.db.ranking import SqlRanking
from ..adapters.db.retention import Retention
from ..adapters.db.series import SqlSeries
from ..adapters.db.uses import SqlUses
from ..adapters.db.watches import SqlWatches
from ..adapters.devices.miners.controls.control import AsicControl
from ..adapters.devices.miners.controls.table import CONTROLS
from ..adapters.devices.miners.driver import AsicDriver
from ..adapters.devices.miners.models import TomlCatalogue
from ..core.miners.accepting import Accepting
from ..core.miners.actions import Actions
from ..core.miners.backlog import Backlog, Reports
from ..core.miners.bulk import Bulk
from ..core.miners.chronicle import Chronicle
from ..core.miners.comparisons import Comparisons
from ..core.miners.discovery import Discovery
from ..core.miners.events import Event
from ..core.miners.exporting import Exporting
from ..core.miners.groups import Groups
from ..core.miners.health import Policy
from ..core.miners.importing import Importing
from ..core.miners.inventory import Miners
from ..core.miners.levels import Detail
from ..core.miners.live import Live
from ..core.miners.places import Places
from ..core.miners.polling import Polling
from ..core.miners.reporting import Reporting
from ..core.miners.reports import Accounts
from ..core.miners.statistics import Statistics
from ..core.turns import Turns
from ..ports.miners import Miner, Order
from ..settings import Settings
from .alerts import AlertRooms
from .foundation import Foundation
from .people import People

log = structlog.get_logger("lineman.miners")


def retention(settings: Settings) -> Retention:
    """How long which series is kept."""
    return Retention(
        raw=timedelta(days=settings.raw_days),
        five_minutes=timedelta(days=settings.five_minutes_days),
        hours=timedelta(days=settings.hour_days),
        events=timedelta(days=settings.event_days),
    )


def miners_policy(settings: Settings) -> Policy:
    return Policy(offline_after=settings.offline_after, degraded_below=settings.degraded_below)


def chart_detail(settings: Settings) -> Detail:
    return Detail(
        interval=settings.polling_interval, raw_days=settings.raw_days, five_minutes_days=settings.five_minutes_days
    )


def tell(miner: Miner, event: Event) -> None:
    """Write what happened to a miner into the log."""
    log.info("miner", id=miner.id, name=miner.name, happened=type(event).__name__, detail=str(event))


def tell_order(order: Order) -> None:
    """Write what became of an action into the log."""
    log.info("action", id=order.id, miner=order.miner_id, action=order.action, status=order.status, detail=order.detail)


class MinerRooms(AlertRooms):
    """Polling, series, discovery and actions."""

    miner_store = providers.Singleton(SqlMiners, Foundation.database, Foundation.vault)
    group_store = providers.Singleton(SqlGroups, Foundation.database, Foundation.vault)
    watch_store = providers.Singleton(SqlWatches, Foundation.database, Foundation.vault)
    job_store = providers.Singleton(SqlJobs, Foundation.database, Foundation.vault)
    event_store = providers.Singleton(SqlEvents, Foundation.database)
    series_store = providers.Singleton(
        SqlSeries, Foundation.database, providers.Singleton(retention, Foundation.settings)
    )

    catalogue = providers.Singleton(TomlCatalogue)
    miner_driver = providers.Singleton(AsicDriver, reply_limit=Foundation.settings.provided.reply_limit)
    miners = providers.Singleton(
        Miners,
        container_store=People.container_store,
        miner_store=miner_store,
        watch_store=watch_store,
        catalogue=catalogue,
        journal=Foundation.journal,
        clock=Foundation.clock,
        default_port=Foundation.settings.provided.default_miner_port,
        group_store=group_store,
    )
    places = providers.Singleton(
        Places,
        container_store=People.container_store,
        miner_store=miner_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
    )
    groups = providers.Singleton(Groups, group_store=group_store, journal=Foundation.journal, clock=Foundation.clock)
    importing = providers.Singleton(
        Importing,
        container_store=People.container_store,
        miner_store=miner_store,
        group_store=group_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
        default_port=Foundation.settings.provided.default_miner_port,
    )
    discovery = providers.Singleton(
        Discovery,
        job_store=job_store,
        miner_store=miner_store,
        watch_store=watch_store,
        driver=miner_driver,
        probe=miner_driver,
        journal=Foundation.journal,
        clock=Foundation.clock,
        interval=Foundation.settings.provided.polling_interval,
        deadline=Foundation.settings.provided.connection_timeout,
        default_port=Foundation.settings.provided.default_miner_port,
    )
    accepting = providers.Singleton(
        Accepting,
        job_store=job_store,
        miner_store=miner_store,
        container_store=People.container_store,
        group_store=group_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
    )
    exporting = providers.Singleton(
        Exporting, container_store=People.container_store, miner_store=miner_store, group_store=group_store
    )
    bulk = providers.Singleton(
        Bulk,
        container_store=People.container_store,
        miner_store=miner_store,
        group_store=group_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
    )
    reporting = providers.Singleton(
        Reporting,
        sink=AlertRooms.judging,
        container_store=People.container_store,
        watch_store=watch_store,
        clock=Foundation.clock,
        policy=providers.Singleton(miners_policy, Foundation.settings),
    )
    turns = providers.Singleton(Turns)
    actions = providers.Singleton(
        Actions,
        control=providers.Singleton(
            AsicControl, miner_driver, providers.Object(CONTROLS), reply_limit=Foundation.settings.provided.reply_limit
        ),
        order_store=providers.Singleton(SqlActions, Foundation.database),
        miner_store=miner_store,
        watch_store=watch_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
        alone=turns.provided.alone,
        tell=providers.Object(tell_order),
    )
    polling = providers.Singleton(
        Polling,
        turns=turns,
        driver=miner_driver,
        miner_store=miner_store,
        watch_store=watch_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
        backlog=providers.Singleton(
            Backlog,
            watch_store,
            tell,
            providers.Singleton(Reports, reporting.provided.polled, actions.provided.observed),
        ),
        policy=providers.Singleton(miners_policy, Foundation.settings),
        interval=Foundation.settings.provided.polling_interval,
        deadline=Foundation.settings.provided.connection_timeout,
    )
    statistics = providers.Singleton(
        Statistics,
        container_store=People.container_store,
        miner_store=miner_store,
        watch_store=watch_store,
        series_store=series_store,
        clock=Foundation.clock,
        detail=providers.Singleton(chart_detail, Foundation.settings),
    )
    chronicle = providers.Singleton(Chronicle, miner_store=miner_store, event_store=event_store, clock=Foundation.clock)
    comparisons = providers.Singleton(
        Comparisons,
        container_store=People.container_store,
        miner_store=miner_store,
        watch_store=watch_store,
        series_store=series_store,
        ranking_store=providers.Singleton(SqlRanking, Foundation.database),
        clock=Foundation.clock,
        detail=providers.Singleton(chart_detail, Foundation.settings),
    )
    accounts = providers.Singleton(
        Accounts,
        container_store=People.container_store,
        use_store=providers.Singleton(SqlUses, Foundation.database),
        clock=Foundation.clock,
    )
    live = providers.Singleton(
        Live,
        change_store=providers.Singleton(SqlChanges, Foundation.database, Foundation.vault),
        container_store=People.container_store,
        miner_store=miner_store,
        statistics=statistics,
        clock=Foundation.clock,
    )
