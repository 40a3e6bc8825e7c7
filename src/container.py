"""The composition root: every room, built without waiting; ``opened`` turns the water on.

Nothing is wired or injected behind anybody's back: faces get use cases handed
in (``service.py``), tests replace a provider with ``override``.
"""

import os
import secrets
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from dependency_injector import containers, providers

from .adapters.clock import SystemClock
from .adapters.crypto.keyfile import key_file, key_path
from .adapters.crypto.keys import split_keys
from .adapters.crypto.passwords import Argon2Hash
from .adapters.crypto.tokens import JwtMint
from .adapters.crypto.vault import FernetVault
from .adapters.db.actions import SqlActions
from .adapters.db.admin import check_key
from .adapters.db.alert_outbox import SqlOutbox
from .adapters.db.alert_rules import SqlRules
from .adapters.db.alerts import SqlAlerts
from .adapters.db.changes import SqlChanges
from .adapters.db.containers import SqlContainers
from .adapters.db.discovery import SqlJobs
from .adapters.db.engine import Database
from .adapters.db.events import SqlEvents
from .adapters.db.groups import SqlGroups
from .adapters.db.journal import SqlJournal
from .adapters.db.lease import SqlLease
from .adapters.db.miners import SqlMiners
from .adapters.db.ranking import SqlRanking
from .adapters.db.retention import Retention
from .adapters.db.series import SqlSeries
from .adapters.db.sqlite import SqliteDatabase
from .adapters.db.tokens import SqlTokens
from .adapters.db.users import SqlUsers
from .adapters.db.uses import SqlUses
from .adapters.db.watches import SqlWatches
from .adapters.devices.miners.controls.control import AsicControl
from .adapters.devices.miners.controls.table import CONTROLS
from .adapters.devices.miners.driver import AsicDriver
from .adapters.devices.miners.models import TomlCatalogue
from .adapters.notify.apprise import AppriseNotifier
from .core.alerts import Alerts, Channels, Dispatch, Judging, Maintenance, RuleBook
from .core.identity import Identity, Passkeys, Tokens, Users
from .core.identity import Policy as LoginPolicy
from .core.journal import Journals
from .core.lease import WorkingLease
from .core.miners.accepting import Accepting
from .core.miners.actions import Actions
from .core.miners.backlog import Backlog, Reports
from .core.miners.bulk import Bulk
from .core.miners.chronicle import Chronicle
from .core.miners.comparisons import Comparisons
from .core.miners.discovery import Discovery
from .core.miners.events import Event
from .core.miners.exporting import Exporting
from .core.miners.groups import Groups
from .core.miners.health import Policy
from .core.miners.importing import Importing
from .core.miners.inventory import Miners
from .core.miners.kinds import KINDS
from .core.miners.levels import Detail
from .core.miners.live import Live
from .core.miners.places import Places
from .core.miners.polling import Polling
from .core.miners.reporting import Reporting
from .core.miners.reports import Accounts
from .core.miners.statistics import Statistics
from .core.miners.turns import Turns
from .ports.miners import Miner, Order
from .ports.secrets import Secret
from .settings import BadSetting, Settings

log = structlog.get_logger("lineman.miners")


def secret_keys(settings: Settings) -> tuple[Secret, ...]:
    """The keys for secrets at rest, newest first: from the settings, else the file beside the SQLite database.

    Raises:
        BadSetting: A PostgreSQL database, which has no beside, and no keys in the settings.
    """
    if settings.secret_keys is not None:
        return split_keys(settings.secret_keys)
    if settings.backend == "sqlite":
        return key_file(key_path(settings.sqlite_path))
    raise BadSetting(
        "LINEMAN_SECRET_KEYS is needed on PostgreSQL; make a key with `openssl rand -base64 32` and keep it apart",
        field="secret_keys",
    )


def retention(settings: Settings) -> Retention:
    """How long which series is kept."""
    return Retention(
        raw=timedelta(days=settings.raw_days),
        five_minutes=timedelta(days=settings.five_minutes_days),
        hours=timedelta(days=settings.hour_days),
        events=timedelta(days=settings.event_days),
    )


def login_policy(settings: Settings) -> LoginPolicy:
    return LoginPolicy(
        registration_open=settings.registration == "open",
        login=timedelta(minutes=settings.login_minutes),
        session=timedelta(hours=settings.session_hours),
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


def postgres(dsn: str) -> Database:
    """A PostgreSQL database; psycopg is imported by those who use it."""
    from .adapters.db.postgres import PostgresDatabase

    return PostgresDatabase(dsn)


def process_name() -> str:
    """A name that no other process has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class House(containers.DeclarativeContainer):
    """All of lineman but its faces."""

    settings = providers.Dependency(instance_of=Settings)

    clock = providers.Singleton(SystemClock)
    keys = providers.Singleton(secret_keys, settings)
    vault = providers.Singleton(FernetVault, keys)
    mint = providers.Singleton(JwtMint, keys)
    hasher = providers.Singleton(Argon2Hash)
    passkey = providers.Singleton(Passkeys, mint, clock)

    database = providers.Selector(
        settings.provided.backend,
        sqlite=providers.Singleton(SqliteDatabase, settings.provided.sqlite_path),
        postgresql=providers.Singleton(postgres, settings.provided.database),
    )
    journal = providers.Singleton(SqlJournal, database)
    journals = providers.Singleton(Journals, journal)
    lease_store = providers.Singleton(SqlLease, database)
    lease = providers.Factory(WorkingLease, store=lease_store, clock=clock)

    user_store = providers.Singleton(SqlUsers, database)
    token_store = providers.Singleton(SqlTokens, database)
    container_store = providers.Singleton(SqlContainers, database)
    miner_store = providers.Singleton(SqlMiners, database, vault)
    group_store = providers.Singleton(SqlGroups, database, vault)
    watch_store = providers.Singleton(SqlWatches, database, vault)
    job_store = providers.Singleton(SqlJobs, database, vault)
    event_store = providers.Singleton(SqlEvents, database)
    series_store = providers.Singleton(SqlSeries, database, providers.Singleton(retention, settings))

    identity = providers.Singleton(
        Identity,
        users=user_store,
        tokens=token_store,
        hasher=hasher,
        mint=mint,
        journal=journal,
        clock=clock,
        policy=providers.Singleton(login_policy, settings),
    )
    users = providers.Singleton(
        Users,
        users=user_store,
        tokens=token_store,
        containers=container_store,
        hasher=hasher,
        journal=journal,
        clock=clock,
    )
    tokens = providers.Singleton(Tokens, tokens=token_store, containers=container_store, journal=journal, clock=clock)

    rule_store = providers.Singleton(SqlRules, database, vault)
    alert_store = providers.Singleton(SqlAlerts, database)
    outbox = providers.Singleton(SqlOutbox, database)
    notifier = providers.Singleton(AppriseNotifier)
    #: Every system adds its table.
    alert_kinds = providers.Object({kind.kind: kind for kind in KINDS})
    judging = providers.Singleton(
        Judging, rule_store=rule_store, alert_store=alert_store, clock=clock, kinds=alert_kinds
    )
    dispatch = providers.Singleton(Dispatch, outbox=outbox, rule_store=rule_store, notifier=notifier, clock=clock)
    alerts = providers.Singleton(Alerts, alert_store=alert_store, journal=journal, clock=clock)
    rule_book = providers.Singleton(
        RuleBook, rule_store=rule_store, containers=container_store, journal=journal, clock=clock, known=alert_kinds
    )
    channels = providers.Singleton(
        Channels, rule_store=rule_store, outbox=outbox, notifier=notifier, journal=journal, clock=clock
    )
    maintenance = providers.Singleton(
        Maintenance,
        rule_store=rule_store,
        containers=container_store,
        journal=journal,
        clock=clock,
        systems=frozenset(kind.system for kind in KINDS),
    )

    catalogue = providers.Singleton(TomlCatalogue)
    miner_driver = providers.Singleton(AsicDriver, reply_limit=settings.provided.reply_limit)
    miners = providers.Singleton(
        Miners,
        container_store=container_store,
        miner_store=miner_store,
        watch_store=watch_store,
        catalogue=catalogue,
        journal=journal,
        clock=clock,
        default_port=settings.provided.default_miner_port,
        group_store=group_store,
    )
    places = providers.Singleton(
        Places, container_store=container_store, miner_store=miner_store, journal=journal, clock=clock
    )
    groups = providers.Singleton(Groups, group_store=group_store, journal=journal, clock=clock)
    importing = providers.Singleton(
        Importing,
        container_store=container_store,
        miner_store=miner_store,
        group_store=group_store,
        journal=journal,
        clock=clock,
        default_port=settings.provided.default_miner_port,
    )
    discovery = providers.Singleton(
        Discovery,
        job_store=job_store,
        miner_store=miner_store,
        watch_store=watch_store,
        driver=miner_driver,
        probe=miner_driver,
        journal=journal,
        clock=clock,
        interval=settings.provided.polling_interval,
        deadline=settings.provided.connection_timeout,
        default_port=settings.provided.default_miner_port,
    )
    accepting = providers.Singleton(
        Accepting,
        job_store=job_store,
        miner_store=miner_store,
        container_store=container_store,
        group_store=group_store,
        journal=journal,
        clock=clock,
    )
    exporting = providers.Singleton(
        Exporting, container_store=container_store, miner_store=miner_store, group_store=group_store
    )
    bulk = providers.Singleton(
        Bulk,
        container_store=container_store,
        miner_store=miner_store,
        group_store=group_store,
        journal=journal,
        clock=clock,
    )
    reporting = providers.Singleton(
        Reporting,
        sink=judging,
        container_store=container_store,
        watch_store=watch_store,
        clock=clock,
        policy=providers.Singleton(miners_policy, settings),
    )
    turns = providers.Singleton(Turns)
    actions = providers.Singleton(
        Actions,
        control=providers.Singleton(
            AsicControl, miner_driver, providers.Object(CONTROLS), reply_limit=settings.provided.reply_limit
        ),
        order_store=providers.Singleton(SqlActions, database),
        miner_store=miner_store,
        watch_store=watch_store,
        journal=journal,
        clock=clock,
        alone=turns.provided.alone,
        tell=providers.Object(tell_order),
    )
    polling = providers.Singleton(
        Polling,
        turns=turns,
        driver=miner_driver,
        miner_store=miner_store,
        watch_store=watch_store,
        journal=journal,
        clock=clock,
        backlog=providers.Singleton(
            Backlog,
            watch_store,
            tell,
            providers.Singleton(Reports, reporting.provided.polled, actions.provided.observed),
        ),
        policy=providers.Singleton(miners_policy, settings),
        interval=settings.provided.polling_interval,
        deadline=settings.provided.connection_timeout,
    )
    statistics = providers.Singleton(
        Statistics,
        container_store=container_store,
        miner_store=miner_store,
        watch_store=watch_store,
        series_store=series_store,
        clock=clock,
        detail=providers.Singleton(chart_detail, settings),
    )
    chronicle = providers.Singleton(Chronicle, miner_store=miner_store, event_store=event_store, clock=clock)
    comparisons = providers.Singleton(
        Comparisons,
        container_store=container_store,
        miner_store=miner_store,
        watch_store=watch_store,
        series_store=series_store,
        ranking_store=providers.Singleton(SqlRanking, database),
        clock=clock,
        detail=providers.Singleton(chart_detail, settings),
    )
    accounts = providers.Singleton(
        Accounts, container_store=container_store, use_store=providers.Singleton(SqlUses, database), clock=clock
    )
    live = providers.Singleton(
        Live,
        change_store=providers.Singleton(SqlChanges, database, vault),
        container_store=container_store,
        miner_store=miner_store,
        statistics=statistics,
        clock=clock,
    )


@asynccontextmanager
async def opened(house: House) -> AsyncGenerator[House]:
    """Open what has to be opened, and close it again.

    Raises:
        Unavailable: The database is not there.
        NewerDatabase, ChangedMigration: It is not that of this program.
        Sealed: The secret keys are not those that it was used with.
    """
    async with house.database() as database:
        await check_key(database, house.vault())
        yield house
