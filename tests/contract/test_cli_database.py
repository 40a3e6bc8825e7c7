"""``lineman db``: what it says of a database, and that nothing gets lost on the way to another file, key or server."""

import json
import stat
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from lineman.adapters.cli.main import cli

KEYS = "a key for tests only and long enough"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("lineman.adapters.logs.configure", lambda *args: None)
    monkeypatch.setenv("LINEMAN_DATABASE", f"sqlite:///{tmp_path}/lineman.db")
    for name in ("LINEMAN_URL", "LINEMAN_TOKEN", "LINEMAN_SECRET_KEYS"):
        monkeypatch.delenv(name, raising=False)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))


def lineman(*argv: str, stdin: str | None = None, **environ: str) -> Result:
    result = CliRunner().invoke(cli, argv, input=stdin, env=environ, prog_name="lineman")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def settle() -> None:
    assert lineman("containers", "add", "North").exit_code == 0
    added = lineman(
        "miners", "add", "10.0.0.5", "--maker", "antminer", "--container", "1", "--username", "root",
        "--password-stdin", stdin="canary-of-the-miner\n",
    )  # fmt: skip
    assert added.exit_code == 0, added.output


def miners(**environ: str) -> list[str]:
    listed = lineman("miners", "list", "--json", **environ)
    assert listed.exit_code == 0, listed.output
    found: list[str] = [one["ip_address"] for one in json.loads(listed.stdout)]
    return found


def test_status_changes_nothing_and_migrate_says_what_it_did(tmp_path: Path) -> None:
    absent = lineman("db", "status")
    assert (absent.exit_code, absent.stderr[:34]) == (4, "lineman: There is no database yet.")
    assert list(tmp_path.iterdir()) == []
    assert "migrated from nothing" in lineman("db", "migrate").stdout
    assert "nothing to do" in lineman("db", "migrate").stdout
    settle()
    found = json.loads(lineman("db", "status", "--json").stdout)
    assert (found["pending"], found["problem"]) == ([], None)
    assert {"name": "miner", "rows": 1, "more": False} in found["tables"]
    assert "SQLite" in lineman("db", "status").stdout


def test_a_backup_is_a_whole_database_for_its_owner_only(tmp_path: Path) -> None:
    settle()
    target = tmp_path / "copy.db"
    made = lineman("db", "backup", str(target))
    assert (made.exit_code, "The secret keys are not in the backup" in made.stderr) == (0, True), made.output
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert lineman("db", "backup", str(target)).exit_code == 2
    (tmp_path / "lineman.db.key").rename(tmp_path / "copy.db.key")
    assert miners(LINEMAN_DATABASE=f"sqlite:///{target}") == ["10.0.0.5"]
    assert b"canary" not in target.read_bytes()


def test_new_keys_open_what_the_old_ones_sealed(tmp_path: Path) -> None:
    settle()
    before = (tmp_path / "lineman.db.key").read_text().splitlines()
    turned = lineman("db", "rotate-keys")
    assert turned.exit_code == 0, turned.output
    after = (tmp_path / "lineman.db.key").read_text().splitlines()
    assert after[1:] == before
    (tmp_path / "lineman.db.key").write_text(f"{after[0]}\n")
    again = lineman("db", "rotate-keys")
    assert again.exit_code == 0, again.output


def test_passwords_that_no_key_opens_are_given_up_only_when_told(tmp_path: Path) -> None:
    settle()
    (tmp_path / "lineman.db.key").unlink()
    assert lineman("db", "rotate-keys").exit_code == 1
    assert lineman("db", "rotate-keys", "--forget", stdin="n\n").exit_code == 1
    assert lineman("db", "rotate-keys", "--forget", "--yes").exit_code == 0
    assert lineman("db", "rotate-keys").exit_code == 0


def test_an_installation_moves_to_postgresql_with_its_secrets(new_postgres: str) -> None:
    settle()
    info = dict(part.split("=", 1) for part in new_postgres.split())
    target = f"postgresql://{info['user']}@{info['host']}:{info['port']}/{info['dbname']}"
    refused = lineman("db", "copy", "--to", target)
    assert (refused.exit_code, "LINEMAN_SECRET_KEYS" in refused.stderr) == (2, True)
    moved = lineman("db", "copy", "--to", target, LINEMAN_SECRET_KEYS=KEYS)
    assert (moved.exit_code, "rows copied to" in moved.stdout) == (0, True), moved.output
    there = {"LINEMAN_DATABASE": target, "LINEMAN_SECRET_KEYS": KEYS}
    assert miners(**there) == ["10.0.0.5"]
    assert lineman("db", "rotate-keys", **there).exit_code == 0
    assert "PostgreSQL" in lineman("db", "status", **there).stdout
    assert lineman("db", "copy", "--to", target, LINEMAN_SECRET_KEYS=KEYS).exit_code == 5
    assert (lineman("db", "backup", "x.db", **there).exit_code, Path("x.db").exists()) == (2, False)


def test_the_database_is_managed_where_it_is_and_by_those_who_may() -> None:
    settle()
    key = lineman("token", "create", "--name", "t", "--role", "operator", "--expires", "1h").stdout.strip()
    assert lineman("db", "migrate", LINEMAN_TOKEN=key).exit_code == 3
    assert lineman("db", "status", "--url", "http://127.0.0.1:1").exit_code == 2
    assert lineman("db", "copy", "--to", "sqlite:///other.db").exit_code == 2
