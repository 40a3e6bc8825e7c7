"""The Asterisk units and their power."""

from datetime import date

import structlog
from dependency_injector import providers

from ..adapters.db.cloud_tokens import SqlCloudTokens
from ..adapters.db.power_cycles import SqlCycles
from ..adapters.db.power_policy import SqlPowerPolicy
from ..adapters.db.unit_watches import SqlUnitWatches
from ..adapters.db.units import SqlUnits
from ..adapters.devices.power.account import EwelinkAccount
from ..adapters.devices.power.cloud import EwelinkCloud
from ..adapters.devices.power.ewelink import EwelinkSwitch
from ..adapters.devices.power.local import LocalSwitch
from ..adapters.devices.power.switches import Switches
from ..adapters.devices.units.opinion import NetOpinion
from ..adapters.devices.units.probes import Probes
from ..core.alerts.windows import in_maintenance
from ..core.turns import Turns
from ..core.units import (
    Clouds,
    Cycling,
    Limits,
    Powering,
    Surroundings,
    UnitConfig,
    UnitPast,
    UnitReports,
    Units,
    Wanted,
    Watching,
)
from ..core.units.importing import UnitImport
from ..core.units.live import LiveUnits
from ..ports.power.cloud import Application
from ..ports.units import Cycle
from ..settings import BadSetting, Settings
from .alerts import AlertRooms
from .foundation import Foundation
from .people import People

log = structlog.get_logger("lineman.units")


def unit_config(settings: Settings) -> UnitConfig:
    return UnitConfig(
        interval=settings.unit_interval,
        timeout=settings.unit_timeout,
        guarded=settings.unit_mode == "guarded",
        failures=settings.unit_failures,
        canaries=canaries(settings),
    )


def canaries(settings: Settings) -> tuple[tuple[str, int], ...]:
    """The places that answer while our own line is up.

    Raises:
        BadSetting: One of them is no ``host:port``.
    """
    found = []
    for place in filter(None, (one.strip() for one in settings.unit_canaries.split(","))):
        host, _, port = place.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise BadSetting(f"LINEMAN_UNIT_CANARIES: {place!r} is no host:port", field="unit_canaries")
        found.append((host.strip("[]"), int(port)))
    return tuple(found)


def application(settings: Settings) -> Application | None:
    """What the developer account gave us; ``None`` if no plug is to be switched through the cloud."""
    if settings.ewelink_app_id is None or settings.ewelink_app_secret is None or settings.ewelink_redirect_url is None:
        return None
    return Application(settings.ewelink_app_id, settings.ewelink_app_secret, settings.ewelink_redirect_url)


def application_ends(settings: Settings) -> date | None:
    """Raises ``BadSetting``: It is no day."""
    if settings.ewelink_app_expires is None:
        return None
    try:
        return date.fromisoformat(settings.ewelink_app_expires)
    except ValueError as error:
        raise BadSetting(
            f"LINEMAN_EWELINK_APP_EXPIRES: {settings.ewelink_app_expires!r} is no day such as 2027-01-31",
            field="ewelink_app_expires",
        ) from error


def limits(settings: Settings) -> Limits:
    return Limits(hold=settings.power_hold)


def tell_unit(what: str, number: str, detail: str) -> None:
    """Write what was decided about a unit into the log."""
    log.info("unit", enterprise=number, what=what, detail=detail)


def tell_cycle(what: str, cycle: Cycle | None, detail: str) -> None:
    """Write how a power cycle goes into the log."""
    known = {} if cycle is None else {"cycle": cycle.id, "plug": str(cycle.plug), "step": cycle.step}
    log.warning(what, detail=detail, **known)


class UnitRooms(AlertRooms):
    """Units, plugs, and the cloud behind these."""

    unit_store = providers.Singleton(SqlUnits, Foundation.database, Foundation.vault)
    unit_watch_store = providers.Singleton(SqlUnitWatches, Foundation.database)
    cycle_store = providers.Singleton(SqlCycles, Foundation.database)
    power_policy_store = providers.Singleton(SqlPowerPolicy, Foundation.database)
    cloud_token_store = providers.Singleton(SqlCloudTokens, Foundation.database, Foundation.vault, Foundation.clock)

    ewelink_account = providers.Singleton(
        EwelinkAccount,
        cloud_token_store,
        Foundation.clock,
        providers.Singleton(application, Foundation.settings),
        api=Foundation.settings.provided.ewelink_api,
        quota=Foundation.settings.provided.ewelink_quota,
        reserve=Foundation.settings.provided.ewelink_reserve,
    )
    power_switch = providers.Singleton(
        Switches, providers.Singleton(EwelinkSwitch, ewelink_account), providers.Singleton(LocalSwitch)
    )
    unit_probe = providers.Singleton(Probes)
    unit_turns = providers.Singleton(Turns, noun="unit")
    unit_config = providers.Singleton(unit_config, Foundation.settings)
    unit_reports = providers.Singleton(UnitReports, AlertRooms.judging, clock=Foundation.clock)
    watching = providers.Singleton(
        Watching,
        unit_store=unit_store,
        watch_store=unit_watch_store,
        probe=unit_probe,
        surroundings=providers.Singleton(
            Surroundings,
            policy_store=power_policy_store,
            rule_store=AlertRooms.rule_store,
            cycle_store=cycle_store,
            opinion=providers.Singleton(NetOpinion),
            in_maintenance=providers.Object(in_maintenance),
            clock=Foundation.clock,
            config=unit_config,
        ),
        reports=unit_reports,
        clock=Foundation.clock,
        alone=unit_turns.provided.alone,
        config=unit_config,
        say=providers.Object(tell_unit),
    )
    cycling = providers.Singleton(
        Cycling,
        cycle_store=cycle_store,
        switch=power_switch,
        clock=Foundation.clock,
        alone=providers.Singleton(Turns, noun="plug").provided.alone,
        told=watching.provided.ended,
        unwanted=providers.Singleton(
            Wanted,
            unit_store=unit_store,
            watch_store=unit_watch_store,
            policy_store=power_policy_store,
            rule_store=AlertRooms.rule_store,
            in_maintenance=providers.Object(in_maintenance),
            clock=Foundation.clock,
            guarded=unit_config.provided.guarded,
        ),
        say=providers.Object(tell_cycle),
        limits=providers.Singleton(limits, Foundation.settings),
        at_once=Foundation.settings.provided.power_cycles_at_once,
    )
    units = providers.Singleton(
        Units,
        unit_store=unit_store,
        watch_store=unit_watch_store,
        cycle_store=cycle_store,
        enterprises=People.enterprise_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
    )
    live_units = providers.Singleton(LiveUnits, units, Foundation.clock)
    unit_importing = providers.Singleton(
        UnitImport,
        unit_store=unit_store,
        enterprises=People.enterprise_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
    )
    unit_past = providers.Singleton(
        UnitPast, unit_store=unit_store, watch_store=unit_watch_store, clock=Foundation.clock, config=unit_config
    )
    powering = providers.Singleton(
        Powering,
        unit_store=unit_store,
        watch_store=unit_watch_store,
        cycle_store=cycle_store,
        policy_store=power_policy_store,
        switch=power_switch,
        probe=unit_probe,
        watching=watching,
        journal=Foundation.journal,
        clock=Foundation.clock,
    )
    clouds = providers.Singleton(
        Clouds,
        cloud=providers.Singleton(EwelinkCloud, ewelink_account),
        token_store=cloud_token_store,
        switch=power_switch,
        unit_store=unit_store,
        reports=unit_reports,
        journal=Foundation.journal,
        clock=Foundation.clock,
        quota=Foundation.settings.provided.ewelink_quota,
        application_ends=providers.Singleton(application_ends, Foundation.settings),
    )
