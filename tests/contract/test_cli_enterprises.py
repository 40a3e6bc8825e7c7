"""``lineman enterprises``, and who is confined to one, over the real house."""

# ruff: noqa: F811  pytest finds fixtures by the names that are imported

import json
from pathlib import Path

from .test_cli import Lineman, database, lineman, portal  # noqa: F401  fixtures

TABLE = "number;name;username;password\n0367;Почта;root;canary-2\n7;Box;;\n8;;;\n"


def test_an_enterprise_is_added_changed_and_removed_and_its_password_is_never_said(lineman: Lineman) -> None:
    added = lineman(
        "enterprises", "add", "A/1", "Box", "--gateway-username", "root", "--password-stdin", stdin="canary-1\n"
    )
    assert (added.exit_code, added.output.strip()) == (0, "enterprise A/1 added: Box")
    assert lineman("enterprises", "add", "A/1", "Box").exit_code == 5
    assert lineman("enterprises", "change", "A/1").exit_code == 2
    said = [
        added,
        lineman("enterprises", "list"),
        lineman("enterprises", "show", "A/1"),
        lineman("enterprises", "change", "A/1", "--comment", "paid", "--json"),
        lineman("journal"),
    ]
    assert [one.exit_code for one in said] == [0] * 5
    assert not any("canary" in one.output for one in said)
    assert {"name": "Box", "comment": "paid", "has_gateway_password": True, "revision": 2}.items() <= json.loads(
        said[3].output
    ).items()
    forgotten = json.loads(lineman("enterprises", "change", "A/1", "--no-password", "--json").output)
    assert (forgotten["gateway_username"], forgotten["has_gateway_password"]) == (None, False)
    assert lineman("enterprises", "remove", "A/1", stdin="n\n").exit_code == 1
    assert lineman("enterprises", "remove", "A/1", "-y").exit_code == 0
    assert lineman("enterprises", "show", "A/1").exit_code == 4


def test_a_table_of_enterprises_is_tried_and_imported_and_broken_rows_are_told(
    lineman: Lineman, tmp_path: Path
) -> None:
    file = tmp_path / "tenants.csv"
    file.write_bytes(TABLE.encode("utf-8-sig"))
    dry = lineman("enterprises", "import", str(file), "--dry-run")
    assert (dry.exit_code, "2 would be added" in dry.output, "name: is required" in dry.output) == (2, True, True)
    assert lineman("enterprises", "import", str(file)).exit_code == 2
    assert [one["number"] for one in json.loads(lineman("enterprises", "list", "--json").output)] == ["7", "0367"]
    assert "1 of 2" in lineman("enterprises", "list", "--limit", "1").output
    again = lineman("enterprises", "import", "-", "--update", "--json", stdin='[{"number": "7", "name": "Box 7"}]')
    assert (again.exit_code, json.loads(again.output)["changed"]) == (0, 1)


def test_users_tokens_and_alerts_are_narrowed_to_enterprises_that_are_there(lineman: Lineman) -> None:
    lineman("enterprises", "add", "17", "Box")
    egor = ("users", "add", "egor", "--role", "enterprise_admin", "--password-stdin")
    assert lineman(*egor, "--enterprise", "18", stdin="correct horse battery\n").exit_code == 2
    assert lineman(*egor, "--enterprise", "17", stdin="correct horse battery\n").exit_code == 0
    assert "17" in lineman("users", "show", "egor").output
    made = lineman(
        "token", "create", "--name", "pbx", "--role", "enterprise_admin", "--expires", "90d", "--enterprise", "17",
        "--json",
    )  # fmt: skip
    assert json.loads(made.output)["enterprise_numbers"] == ["17"]
    refused = lineman("enterprises", "remove", "17", "-y")
    assert (refused.exit_code, "user egor, token pbx may see enterprise 17" in refused.output) == (5, True)
    assert json.loads(lineman("alerts", "list", "--enterprise", "17", "--json").output) == []
    rule = ("alerts", "rules", "add", "gateway-down", "--name", "Down there", "--enterprise", "17", "--json")
    assert json.loads(lineman(*rule).output)["enterprise_numbers"] == ["17"]
    wide = lineman("alerts", "rules", "change", "Down there", "--everywhere", "--json")
    assert json.loads(wide.output)["enterprise_numbers"] == []
    window = lineman("alerts", "maintenance", "add", "--until", "1h", "--enterprise", "17", "--json")
    assert json.loads(window.output)["enterprise_numbers"] == ["17"]
    assert lineman("alerts", "maintenance", "add", "--until", "1h", "--enterprise", "18").exit_code == 2


def test_the_shell_completes_numbers_and_kinds_of_every_system(lineman: Lineman) -> None:
    for number in ("17", "170", "2"):
        lineman("enterprises", "add", number, "Box")
    for words, position, offered in (
        ("lineman enterprises show 17", "3", {"17", "170"}),
        ("lineman users change egor --enterprise ", "5", {"17", "170", "2"}),
        ("lineman alerts rules add gateway", "4", {"gateway-down"}),
    ):
        shown = lineman(_LINEMAN_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=position)
        assert {line.partition(",")[2].partition("\t")[0] for line in shown.output.splitlines()} == offered, words
