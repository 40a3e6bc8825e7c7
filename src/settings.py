"""What a deployment decides: the environment over a TOML file over the defaults.

Every setting is ``LINEMAN_`` and its name in capitals; the older names in
``aliases`` work too, so that an installation of the services that lineman
replaces starts with the variables that it has.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import attrs

from .ports.errors import Invalid
from .ports.secrets import Secret

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
#: PostgreSQL takes passwords among the parameters as well: password, sslpassword, and whatever is called like them.
_PASSWORD = re.compile(r"(?<=password=)[^&]+", re.IGNORECASE)


class BadSetting(Invalid):
    """A setting is not valid."""


def setting(
    default: Any, doc: str, *, aliases: tuple[str, ...] = (), low: float | None = None, high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:  # fmt: skip
    """One setting: its default, what it means, older names for it, and its bounds."""
    metadata = {"doc": doc, "aliases": aliases, "low": low, "high": high, "choices": choices}
    return attrs.field(default=default, metadata=metadata, repr=not isinstance(default, Secret))


@attrs.frozen(kw_only=True)
class Settings:
    """All settings of one deployment."""

    database: str = setting(
        "sqlite:///lineman.db", "Where everything is kept: sqlite:///PATH or postgresql://…", aliases=("DATABASE_URL",)
    )
    host: str = setting("127.0.0.1", "The address that lineman serve binds", aliases=("API_HOST",))
    port: int = setting(8000, "The port that lineman serve binds", aliases=("API_PORT",), low=0, high=65535)
    public_url: str | None = setting(
        None, "The address under which people and other processes reach this service, if it is behind a proxy"
    )
    forwarded_allow: str = setting(
        "127.0.0.1", "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, separated by commas"
    )

    auth: str = setting(
        "login",
        "login, or trust-local: peers on this host are let in as operator without a token (never behind a proxy)",
        choices=("login", "trust-local"),
    )
    admin_password: Secret | None = setting(
        None, "The password of the first user, admin; without it a random one is written to a 0600 file"
    )
    registration: str = setting(
        "closed", "open lets people register themselves as client or accountant, inactive until an admin approves",
        choices=("closed", "open"),
    )  # fmt: skip
    secret_keys: Secret | None = setting(
        None,
        "Keys for secrets at rest, newest first, separated by commas; needed on PostgreSQL, else a file beside the "
        "database is used",
        aliases=("SECRET_KEY",),
    )
    token: Secret | None = setting(None, "The token that the command line acts with")
    url: str | None = setting(None, "A running service for the command line to talk to, instead of the database")
    login_minutes: int = setting(60, "How long a bearer token from /api/auth/login lasts", low=1, high=1440)
    session_hours: int = setting(12, "How long a browser stays logged in", low=1, high=720)

    polling_interval: float = setting(
        60.0, "Seconds between two polls of one miner", aliases=("POLLING_INTERVAL",), low=1, high=86400
    )
    connection_timeout: float = setting(
        5.0,
        "Seconds that one miner may take for one poll, all in all",
        aliases=("CONNECTION_TIMEOUT",),
        low=0.1,
        high=60,
    )
    max_workers: int = setting(
        200, "How many miners are talked to at the same time", aliases=("MAX_WORKERS",), low=1, high=5000
    )
    default_miner_port: int = setting(
        4028, "The port of a miner added without one", aliases=("DEFAULT_MINER_PORT",), low=1, high=65535
    )
    reply_limit: int = setting(1 << 20, "Bytes that one reply of a device may have", low=4096, high=1 << 28)
    offline_after: int = setting(3, "Missed polls after which a miner is offline; before, it is stale", low=1, high=100)
    degraded_below: float = setting(
        0.8, "A miner that hashes less than this part of its nominal rate is degraded", low=0, high=1
    )

    raw_days: int = setting(7, "Days that single readings are kept", low=1, high=366)
    five_minutes_days: int = setting(90, "Days that 5-minute series are kept", low=1, high=3660)
    hour_days: int = setting(1095, "Days that hourly series are kept", low=1, high=36600)
    event_days: int = setting(365, "Days that the events of miners are kept", low=1, high=36600)
    journal_days: int = setting(730, "Days that the journal is kept; 0 is for ever", low=0, high=36600)

    mftp_host: str | None = setting(
        None, "The remote administration server (RADMIN) whose list names the gateways", aliases=("MFTP_HOST",)
    )
    mftp_port: int = setting(8086, "Its port", aliases=("MFTP_PORT",), low=1, high=65535)
    mftp_username: str | None = setting(None, "The login of its list", aliases=("MFTP_USERNAME",))
    mftp_password: Secret | None = setting(None, "The password of its list", aliases=("MFTP_PASSWORD",))
    goip_username: str | None = setting(
        None, "The login of gateways that have none, nor has their enterprise", aliases=("GOIP_DEFAULT_USERNAME",)
    )
    goip_password: Secret | None = setting(
        None, "The password of gateways that have none, nor has their enterprise", aliases=("GOIP_DEFAULT_PASSWORD",)
    )
    goip_scan_interval: float = setting(
        300.0, "Seconds between two scans of all gateways", aliases=("GOIP_SCAN_INTERVAL",), low=10, high=86400
    )
    goip_scan_timeout: float = setting(
        30.0, "Seconds that a list, or one gateway, may take in one scan", aliases=("GOIP_SCAN_TIMEOUT",), low=1,
        high=300,
    )  # fmt: skip
    goip_lanes: int = setting(16, "How many gateways are talked to at the same time", low=1, high=256)
    goip_page_limit: int = setting(1 << 20, "Bytes that one page of a gateway may have", low=4096, high=1 << 28)
    line_raw_days: int = setting(7, "Days that single readings of lines are kept", low=1, high=366)
    line_hour_days: int = setting(400, "Days that hourly series of lines are kept", low=1, high=3660)
    line_day_days: int = setting(3660, "Days that daily series of lines are kept", low=1, high=36600)

    unit_interval: float = setting(60.0, "Seconds between two looks at one Asterisk unit", low=5, high=86400)
    unit_timeout: float = setting(15.0, "Seconds that one look at a unit may take, all in all", low=1, high=300)
    unit_lanes: int = setting(100, "How many units are looked at at the same time", low=1, high=1000)
    unit_mode: str = setting(
        "guarded",
        "guarded, or seed: the rules of the service that lineman replaces, with no guard against cutting power",
        choices=("guarded", "seed"),
    )
    unit_failures: int = setting(3, "Failed looks running after which a unit is down", low=1, high=100)
    unit_canaries: str = setting(
        "",
        "host:port of places that answer while our own line is up, by commas; while none does no power is cut",
    )
    power_cycles_at_once: int = setting(2, "Power cycles under way in the whole fleet", low=1, high=10)
    power_hold: float = setting(10.0, "Seconds that a power cycle stays off", low=5, high=120)
    ewelink_app_id: str | None = setting(None, "The application id of the eWeLink developer account")
    ewelink_app_secret: Secret | None = setting(None, "The secret of that application")
    ewelink_redirect_url: str | None = setting(
        None, "The redirect address registered with it, such as https://HOST/ewelink-callback/"
    )
    ewelink_app_expires: str | None = setting(
        None, "The day on which the application's own credential ends, YYYY-MM-DD"
    )
    ewelink_quota: int = setting(
        50_000, "Calls that the application may make in a month and region", low=100, high=1 << 40
    )
    ewelink_reserve: int = setting(500, "Calls of these that are kept for switching power on", low=0, high=1 << 40)
    ewelink_api: str | None = setting(
        None, "Another address for the cloud's API, such as a simulator's; the region's own otherwise"
    )

    body_limit: int = setting(1 << 20, "Bytes that the body of a request may have", low=1024, high=1 << 28)
    log_level: str = setting("info", "How much is logged", choices=("debug", "info", "warning", "error"))
    log_format: str = setting(
        "auto", "console, json, or auto (console on a terminal, else json)", choices=("auto", "console", "json")
    )

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None, file: Path | None = None) -> "Settings":
        """Read the environment and a TOML file (``LINEMAN_CONFIG``, else ``lineman.toml`` if it is there).

        Raises:
            BadSetting: A value does not fit, or the file names a setting that does not exist.
        """
        environ = os.environ if environ is None else environ
        found = {**_from_file(file or _config_file(environ)), **_from_environment(environ)}
        return cls(**{name: _convert(name, value, source) for name, (value, source) in found.items()})

    @property
    def backend(self) -> str:
        """``sqlite`` or ``postgresql``.

        Raises:
            BadSetting: The database's address is neither.
        """
        scheme, mark, rest = self.database.partition("://")
        if mark and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
            return "sqlite"
        if mark and scheme in {"postgresql", "postgres"} and rest:
            return "postgresql"
        raise BadSetting(
            f"{masked_url(self.database)!r} is no database: write sqlite:///PATH or postgresql://USER@HOST/NAME",
            field="database",
        )

    @property
    def sqlite_path(self) -> Path:
        """Where the SQLite file is: ``sqlite:///here.db`` is relative, ``sqlite:////var/lib/there.db`` absolute."""
        return Path(self.database.removeprefix("sqlite:///"))

    def rows(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        """Name, value as people may see it, meaning, and the environment names of every setting."""
        return [
            (field.name, _shown(getattr(self, field.name)), field.metadata["doc"], names(field))
            for field in attrs.fields(Settings)
        ]


def names(field: "attrs.Attribute[Any]") -> tuple[str, ...]:
    """The environment names of a setting, ours first."""
    return (f"LINEMAN_{field.name.upper()}", *field.metadata["aliases"])


def masked_url(url: str) -> str:
    """A database address without its password."""
    scheme, mark, rest = url.partition("://")
    account, at, place = rest.rpartition("@")
    user, colon, _ = account.partition(":")
    return f"{scheme}{mark}{user}{colon and ':***'}{at}{_PASSWORD.sub('***', place)}"


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return masked_url(value) if isinstance(value, str) and "://" in value else str(value)


def _config_file(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get("LINEMAN_CONFIG"):
        return Path(named)
    return path if (path := Path("lineman.toml")).is_file() else None


def _from_file(path: Path | None) -> dict[str, tuple[Any, str]]:
    if path is None:
        return {}
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(f"{path}: {error}", field="config") from error
    known = {field.name for field in attrs.fields(Settings)}
    for name in content:
        if name not in known:
            raise BadSetting(f"{path}: there is no setting {name!r}; `lineman settings` lists them all", field=name)
    return {name: (value, f"{path}: {name}") for name, value in content.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    found = {}
    for field in attrs.fields(Settings):
        for name in names(field):
            if (value := environ.get(name)) is not None and value.strip():
                found[field.name] = (value.strip(), name)
                break
    return found


def _convert(name: str, value: Any, source: str) -> Any:
    field = getattr(attrs.fields(Settings), name)
    hint = get_type_hints(Settings)[name]
    kind = next((part for part in get_args(hint) if part is not type(None)), hint)
    try:
        result = _cast(kind, value)
    except (TypeError, ValueError):
        shown = "the value" if kind is Secret else repr(value)
        raise BadSetting(f"{source}: {shown} is not a value of type {kind.__name__}", field=name) from None
    low, high, choices = (field.metadata[key] for key in ("low", "high", "choices"))
    if choices and result not in choices:
        raise BadSetting(f"{source}: {result!r} is none of {', '.join(choices)}", field=name)
    # Said this way round, so that what is not a number at all (nan) does not pass either.
    if not ((low is None or low <= result) and (high is None or result <= high)):
        raise BadSetting(f"{source}: {result} is not between {low} and {high}", field=name)
    return result


def _cast(kind: type, value: Any) -> Any:
    if kind is Secret:
        return Secret(str(value))
    if kind is bool:
        text = str(value).lower()
        if text not in TRUE | FALSE:
            raise ValueError(text)
        return text in TRUE
    if kind is int and isinstance(value, float):
        raise TypeError(value)
    return kind(value)
