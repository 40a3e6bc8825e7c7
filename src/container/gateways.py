"""The GoIP gateways."""

from datetime import timedelta

from dependency_injector import providers

from ..adapters.db.gateway_commands import SqlCommands
from ..adapters.db.gateway_directories import SqlDirectories
from ..adapters.db.gateway_history import LineRetention, SqlGatewayHistory
from ..adapters.db.gateway_scans import SqlScans
from ..adapters.db.gateway_watches import SqlGatewayWatches
from ..adapters.db.gateways import SqlGateways
from ..adapters.devices.gateways.driver import GoipDriver
from ..adapters.devices.gateways.radmin import RadminDirectory
from ..core.gateways import (
    Commands,
    Directories,
    GatewayConfig,
    GatewayImport,
    GatewayPast,
    GatewayReports,
    Gateways,
    Keeping,
    Probing,
    Scanning,
    Scans,
)
from ..core.gateways.live import LiveGateways
from ..core.turns import Turns
from ..ports.gateways import Directory
from ..settings import Settings
from .alerts import AlertRooms
from .foundation import Foundation
from .people import People


def gateway_config(settings: Settings) -> GatewayConfig:
    directory = settings.mftp_host and Directory(
        0, "mftp", settings.mftp_host, settings.mftp_port, settings.mftp_username, settings.mftp_password
    )
    return GatewayConfig(
        interval=settings.goip_scan_interval,
        timeout=settings.goip_scan_timeout,
        lanes=settings.goip_lanes,
        directory=directory or None,
        username=settings.goip_username,
        password=settings.goip_password,
        raw_days=settings.line_raw_days,
        hour_days=settings.line_hour_days,
    )


def line_retention(settings: Settings) -> LineRetention:
    return LineRetention(
        raw=timedelta(days=settings.line_raw_days),
        hours=timedelta(days=settings.line_hour_days),
        days=timedelta(days=settings.line_day_days),
        events=timedelta(days=settings.event_days),
    )


class GatewayRooms(AlertRooms):
    """Directories, gateways and their lines."""

    gateway_store = providers.Singleton(SqlGateways, Foundation.database, Foundation.vault)
    directory_store = providers.Singleton(SqlDirectories, Foundation.database, Foundation.vault)
    gateway_watch_store = providers.Singleton(SqlGatewayWatches, Foundation.database, Foundation.vault)
    scan_store = providers.Singleton(SqlScans, Foundation.database)
    command_store = providers.Singleton(SqlCommands, Foundation.database)
    gateway_history = providers.Singleton(
        SqlGatewayHistory, Foundation.database, providers.Singleton(line_retention, Foundation.settings)
    )
    gateway_config = providers.Singleton(gateway_config, Foundation.settings)
    gateway_driver = providers.Singleton(GoipDriver, Foundation.settings.provided.goip_page_limit)
    gateway_directory = providers.Singleton(RadminDirectory, Foundation.settings.provided.goip_page_limit)

    gateways = providers.Singleton(
        Gateways,
        gateway_store=gateway_store,
        directory_store=directory_store,
        watch_store=gateway_watch_store,
        enterprises=People.enterprise_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
        config=gateway_config,
    )
    gateway_import = providers.Singleton(
        GatewayImport,
        gateway_store=gateway_store,
        directory_store=directory_store,
        enterprises=People.enterprise_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
        config=gateway_config,
    )
    directories = providers.Singleton(
        Directories,
        directory_store=directory_store,
        directory=gateway_directory,
        journal=Foundation.journal,
        clock=Foundation.clock,
        config=gateway_config,
    )
    scans = providers.Singleton(Scans, scan_store=scan_store, journal=Foundation.journal, clock=Foundation.clock)
    gateway_reports = providers.Singleton(GatewayReports, AlertRooms.judging)
    probing = providers.Singleton(
        Probing,
        watch_store=gateway_watch_store,
        directory_store=directory_store,
        directory=gateway_directory,
        driver=gateway_driver,
        keeping=providers.Singleton(Keeping, gateway_watch_store, gateway_reports),
        turns=providers.Singleton(Turns, noun="gateway"),
        clock=Foundation.clock,
        config=gateway_config,
    )
    scanning = providers.Singleton(
        Scanning,
        probing=probing,
        gateway_store=gateway_store,
        watch_store=gateway_watch_store,
        scan_store=scan_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
        config=gateway_config,
    )
    commands = providers.Singleton(
        Commands,
        probing=probing,
        command_store=command_store,
        gateway_store=gateway_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
        config=gateway_config,
    )
    gateway_past = providers.Singleton(
        GatewayPast,
        gateway_store=gateway_store,
        history=gateway_history,
        clock=Foundation.clock,
        config=gateway_config,
    )
    live_gateways = providers.Singleton(LiveGateways, gateways, scans, Foundation.clock)
