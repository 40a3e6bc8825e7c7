"""Two people edit one thing: whoever is second sees both versions in every form, and chooses."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Visit

#: As another tab of the same person does it.
ASK = """async ([method, path, body]) => {
  const me = await (await fetch("/api/auth/me")).json();
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": me.csrf };
  const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
  return { status: answer.status, value: await answer.json() };
}"""


def asked(page: Page, method: str, path: str, body: dict[str, Any]) -> Any:
    answer = page.evaluate(ASK, [method, path, body])
    assert answer["status"] in {200, 201}, answer
    return answer["value"]


def opened(page: Page, name: str) -> Locator:
    page.get_by_role("button", name=name, exact=True).click()
    return page.get_by_role("dialog")


def clashed(dialog: Locator, label: str, was: str, theirs: str, mine: str) -> None:
    dialog.get_by_role("button", name="Save").click()
    cells = dialog.get_by_role("row", name=re.compile(f"^{label}")).get_by_role("cell")
    expect(cells).to_have_text([was, theirs, mine])


def test_a_container_keeps_mine_and_what_only_they_have_changed(visit: "Visit") -> None:
    visit.expect("412")
    page = visit.open("containers/2")
    dialog = opened(page, "Edit")
    dialog.get_by_label("Location").fill("mine")
    asked(page, "PUT", "/miners/api/containers/2", {"location": "theirs", "description": "their words"})
    clashed(dialog, "Location", "<img src=x onerror=alert(1)>", "theirs", "mine")
    expect(dialog.get_by_label("Description")).to_have_value("their words")
    dialog.get_by_role("button", name="Keep mine").click()
    expect(dialog).to_have_count(0)
    kept = page.request.get(f"{visit.url}/miners/api/containers/2").json()
    assert (kept["location"], kept["description"]) == ("mine", "their words")


@pytest.mark.parametrize(
    ("start", "where", "edit", "field", "name", "theirs"),
    [
        (
            "groups",
            "/miners/api/miners/groups",
            "Edit {name}",
            "User name",
            "username",
            "x",
        ),
        ("alerts/rules", "/api/alerts/rules", "Edit {name}", "For how many minutes", "minutes", 77),
        ("alerts/channels", "/api/alerts/channels", "Edit {name}", "Name", "name", "theirs"),
        ("alerts/maintenance", "/api/maintenance", "", "Why", "reason", "theirs"),
        ("users", "/api/users", "Edit {name}", "E-mail", "email", "their@example.com"),
    ],
)
def test_every_form_shows_both_and_takes_theirs(
    visit: "Visit", start: str, where: str, edit: str, field: str, name: str, theirs: object
) -> None:
    visit.expect("412")
    page = visit.open("")
    bodies: dict[str, dict[str, Any]] = {
        "groups": {"name": "Hall 9", "username": "was"},
        "alerts/rules": {"kind": "hot-chip", "name": "Second look", "minutes": 9},
        "alerts/channels": {"name": "Night shift", "url": "json://127.0.0.1:9/"},
        "alerts/maintenance": {"until": "2099-01-01T00:00:00Z", "miner_ids": [1], "reason": "was"},
        "users": {"username": "second", "password": "correct horse battery", "role": "operator"},
    }
    one = asked(page, "POST", where, bodies[start])
    page = visit.open(start)
    called = edit.format(name=one.get("name") or one.get("username"))
    page.get_by_role("button", name=called or re.compile("^Edit the maintenance"), exact=bool(called)).first.click()
    dialog = page.get_by_role("dialog")
    box = dialog.get_by_label(field, exact=True)
    mine = {"email": "mine@example.com", "minutes": "8"}.get(name, "mine")
    box.fill(mine)
    asked(page, "PUT", f"{where}/{one['id']}", {name: theirs})
    clashed(dialog, field, str(one[name] or "none"), str(theirs), mine)
    dialog.get_by_role("button", name="Take theirs").click()
    expect(box).to_have_value(str(theirs))
    expect(dialog.get_by_role("button", name="Take theirs")).to_have_count(0)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert page.request.get(f"{visit.url}{where}/{one['id']}").json()[name] == theirs
