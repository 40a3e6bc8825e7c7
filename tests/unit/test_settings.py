"""What a deployment decides, and how it is told that it decided wrongly."""

from pathlib import Path

import pytest

from lineman.settings import BadSetting, Settings, masked_url


def test_the_older_names_of_the_specification_work() -> None:
    settings = Settings.read(
        {
            "DATABASE_URL": "sqlite:///./miners.db",
            "DEFAULT_MINER_PORT": "4029",
            "CONNECTION_TIMEOUT": "2.5",
            "POLLING_INTERVAL": "30",
            "MAX_WORKERS": "50",
            "API_HOST": "0.0.0.0",
            "API_PORT": "8001",
            "SECRET_KEY": "old key",
        }
    )
    assert (settings.database, settings.default_miner_port, settings.connection_timeout) == (
        "sqlite:///./miners.db", 4029, 2.5,
    )  # fmt: skip
    assert (settings.polling_interval, settings.max_workers, settings.host, settings.port) == (30, 50, "0.0.0.0", 8001)
    assert settings.secret_keys is not None
    assert settings.secret_keys.reveal() == "old key"


def test_our_name_goes_before_an_alias_and_the_environment_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "lineman.toml"
    file.write_text('port = 1\nhost = "file"\n')
    settings = Settings.read({"LINEMAN_PORT": "2", "API_PORT": "3"}, file)
    assert (settings.port, settings.host) == (2, "file")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"API_PORT": "70000"}, "API_PORT: 70000 is not between 0 and 65535"),
        ({"LINEMAN_PORT": "many"}, "LINEMAN_PORT: 'many' is not a value of type int"),
        ({"LINEMAN_AUTH": "none"}, "'none' is none of login, trust-local"),
        ({"POLLING_INTERVAL": "nan"}, "POLLING_INTERVAL: nan is not between 1 and 86400"),
        ({"CONNECTION_TIMEOUT": "inf"}, "CONNECTION_TIMEOUT: inf is not between 0.1 and 60"),
    ],
)
def test_a_bad_value_names_its_variable(environ: dict[str, str], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        Settings.read(environ)


def test_an_unknown_name_in_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lineman.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(BadSetting, match="there is no setting 'prot'"):
        Settings.read({}, file)


def test_secrets_are_shown_as_set() -> None:
    settings = Settings.read({"LINEMAN_ADMIN_PASSWORD": "canary", "LINEMAN_DATABASE": "postgresql://me:canary@db/x"})
    shown = {name: value for name, value, _, _ in settings.rows()}
    assert shown["admin_password"] == "set"
    assert shown["database"] == "postgresql://me:***@db/x"
    assert "canary" not in str(settings.rows())


def test_a_password_among_the_parameters_of_an_address_is_masked_too() -> None:
    masked = masked_url("postgresql://me@db/x?password=canary&sslmode=require&sslpassword=canary")
    assert masked == "postgresql://me@db/x?password=***&sslmode=require&sslpassword=***"


def test_an_address_without_a_password_stays_as_it_is() -> None:
    assert masked_url("sqlite:///lineman.db") == "sqlite:///lineman.db"


@pytest.mark.parametrize(
    ("database", "backend", "path"),
    [
        ("sqlite:///lineman.db", "sqlite", "lineman.db"),
        ("sqlite:///./data/miners.db", "sqlite", "data/miners.db"),
        ("sqlite:////var/lib/lineman.db", "sqlite", "/var/lib/lineman.db"),
        ("postgresql://me@db/lineman", "postgresql", None),
    ],
)
def test_the_address_of_the_database_says_its_kind(database: str, backend: str, path: str | None) -> None:
    settings = Settings(database=database)
    assert settings.backend == backend
    assert path is None or settings.sqlite_path == Path(path)


@pytest.mark.parametrize("database", ["", "lineman.db", "mysql://db/x", "sqlite://", "sqlite:///", "postgresql://"])
def test_another_database_is_refused_with_the_way_out(database: str) -> None:
    with pytest.raises(BadSetting, match="write sqlite:///PATH or postgresql://"):
        _ = Settings(database=database).backend
