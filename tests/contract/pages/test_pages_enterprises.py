"""The pages of enterprises, and what their admins see, in a real browser."""

import re
from collections.abc import Generator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from lineman.container import House
from lineman.core.identity import UserEdit
from lineman.ports.alerts import Facts, Subject
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.gateways import NewGateway
from lineman.ports.identity import Actor, Role
from lineman.ports.secrets import Secret

from .test_pages_versions import asked, clashed

if TYPE_CHECKING:
    from .conftest import Serving, Site, Visit

ADMIN = Actor("tests", Role.ADMIN)
HOSTILE = "<img src=x onerror=alert(1)>"
TABLE = "number;name;password\n0367;Почта;canary-of-post\n17;Again;\n"


async def seed(house: House) -> None:
    """Two enterprises, of which Egor may see the first, and a gateway of each that is down."""
    now = datetime.now(UTC)
    for number, name in (("17", f"Box {HOSTILE}"), ("A/2", "Other")):
        await house.enterprises().add(ADMIN, NewEnterprise(number, name))
        await house.gateway_store().add(NewGateway(f"GW of {number}", number), at=now)
    await house.users().add(
        ADMIN, "egor", Secret("correct horse battery"),
        UserEdit(role=Role.ENTERPRISE_ADMIN, enterprise_numbers=("17",)),
    )  # fmt: skip
    await house.rule_book().ensure_usual()
    await house.rule_book().change(ADMIN, await _down(house), {"minutes": 0.0})
    await house.judging().start()
    subjects = [
        Subject("gateways", n, f"GW of {whose}", enterprise_number=whose) for n, whose in ((1, "17"), (2, "A/2"))
    ]
    await house.judging().report([Facts(subject, now, {"up": 0.0}) for subject in subjects])


async def _down(house: House) -> int:
    return next(rule.id for rule in await house.rule_book().all(ADMIN) if rule.kind == "gateway-down")


@pytest.fixture(scope="module")
def site(serving: "Serving") -> "Generator[Site]":
    with serving(seed) as site:
        yield site


def test_an_enterprise_is_added_edited_found_and_removed_and_its_password_is_never_shown(visit: "Visit") -> None:
    visit.expect("422", "409")
    page = visit.open("enterprises")
    page.get_by_role("button", name="Add enterprise").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number").fill("1 2")
    dialog.get_by_role("button", name="Add enterprise").click()
    expect(dialog.get_by_text("is one word, such as 0367")).to_be_visible()
    dialog.get_by_label("Number").fill("0042")
    dialog.get_by_label("Name", exact=True).fill("Depot")
    dialog.get_by_label("User name of its gateways").fill("root")
    dialog.get_by_label("Password of its gateways").fill("canary-of-depot")
    dialog.get_by_role("button", name="Add enterprise").click()
    row = page.get_by_role("row", name="0042")
    expect(row).to_contain_text(re.compile("Depot.*0 gateways.*root, with a password"))
    page.get_by_label("Search enterprises").fill("DEP")
    expect(page.get_by_role("row")).to_have_count(2)
    assert "search=DEP" in page.url
    row.get_by_role("button", name="Edit Depot").click()
    expect(dialog.get_by_label("Password of its gateways")).to_have_value("")
    dialog.get_by_label("Comment").fill("two branches")
    dialog.get_by_label("Forget the password").check()
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text(re.compile("root, without a password.*two branches"))
    assert "canary-of-depot" not in page.content()
    row.get_by_role("button", name="Edit").click()
    dialog.get_by_role("button", name="Remove this enterprise").click()
    page.get_by_role("button", name="Remove enterprise").click()
    expect(row).to_have_count(0)
    expect(page.get_by_text("No enterprise is called so")).to_be_visible()
    page.get_by_label("Search enterprises").fill("")
    page.get_by_role("row", name="A/2").get_by_role("button", name="Edit").click()
    dialog.get_by_role("button", name="Remove this enterprise").click()
    page.get_by_role("button", name="Remove enterprise").click()
    expect(page.get_by_text("There are gateways or units of enterprise A/2")).to_be_visible()


def test_who_edits_an_enterprise_that_another_changed_meanwhile_sees_both(visit: "Visit") -> None:
    visit.expect("412")
    page = visit.open("enterprises")
    page.get_by_role("row", name="A/2").get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Mine")
    asked(page, "PUT", "/api/enterprises/A%2F2", {"name": "Theirs", "comment": "their words"})
    clashed(dialog, "Name", "Other", "Theirs", "Mine")
    expect(dialog.get_by_label("Comment")).to_have_value("their words")
    dialog.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_role("row", name="A/2")).to_contain_text(re.compile("Mine.*their words"))
    asked(page, "PUT", "/api/enterprises/A%2F2", {"name": "Other", "comment": ""})


def test_a_table_of_enterprises_is_tried_before_anything_changes(visit: "Visit") -> None:
    page = visit.open("enterprises")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("Rows").fill(TABLE)
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("there is an enterprise 17 already")).to_be_visible()
    expect(page.get_by_text("This would happen: 1 new, 1 wrong.")).to_be_visible()
    page.get_by_role("button", name="Import 1 enterprise").click()
    expect(page.get_by_text("Done: 1 new, 1 wrong.")).to_be_visible()
    page = visit.open("enterprises")
    expect(page.get_by_role("row", name="0367")).to_contain_text(re.compile("Почта.*a password alone"))


def test_a_user_is_confined_to_enterprises_by_checking_them(visit: "Visit") -> None:
    page = visit.open("users")
    expect(page.get_by_role("row", name="egor")).to_contain_text(f"Box {HOSTILE}")
    page.get_by_role("button", name="Add user").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("emma")
    dialog.get_by_label("Password").fill("correct horse battery")
    expect(dialog.get_by_label("Other (A/2)")).to_be_hidden()
    dialog.get_by_label("Role").select_option("enterprise_admin")
    dialog.get_by_label("Other (A/2)").check()
    dialog.get_by_role("button", name="Add user").click()
    expect(page.get_by_role("row", name="emma")).to_contain_text("Other")


def test_a_rule_about_gateways_is_narrowed_to_enterprises_and_not_to_containers(visit: "Visit") -> None:
    page = visit.open("alerts/rules")
    page.get_by_role("button", name="Add rule").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What to watch").select_option("gateway-down")
    dialog.get_by_label("Name", exact=True).fill("Down at the box")
    expect(dialog.get_by_text("Only some miners")).to_be_hidden()
    dialog.get_by_text("Only some enterprises").click()
    dialog.get_by_label(f"Box {HOSTILE} (17)").check()
    dialog.get_by_role("button", name="Add rule").click()
    expect(page.get_by_role("row", name="Down at the box")).to_contain_text(f"Box {HOSTILE}")
    expect(page.get_by_role("row", name="Gateway down").first).to_contain_text("all enterprises")


def test_alerts_are_of_an_enterprise_and_lead_to_the_gateway(visit: "Visit") -> None:
    page = visit.open("alerts")
    expect(page.get_by_role("row", name="GW of 17")).to_contain_text(f"Box {HOSTILE}")
    page.get_by_label("All enterprises").select_option("A/2")
    expect(page.get_by_role("row", name="GW of 17")).to_have_count(0)
    link = page.get_by_role("row", name="GW of A/2").get_by_role("link", name="GW of A/2")
    assert (link.get_attribute("href") or "").endswith("/ui/gateway/GW%20of%20A%2F2")


@pytest.mark.parametrize("visit", ["egor"], indirect=True)
def test_an_enterprise_admin_sees_his_enterprise_and_its_alerts_and_changes_nothing(visit: "Visit") -> None:
    page = visit.open("enterprises")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").last).to_contain_text(f"17Box {HOSTILE}1 gateway")
    assert page.get_by_role("button", name=re.compile("Add|Edit")).count() == 0
    for path, seen, hidden in (
        ("alerts", "GW of 17", "GW of A/2"), ("alerts/rules", "Gateway down", "Miner offline"),
    ):  # fmt: skip
        page = visit.open(path)
        expect(page.get_by_role("row", name=seen).first).to_be_visible()
        expect(page.get_by_role("row", name=hidden)).to_have_count(0)
        assert page.get_by_role("button", name=re.compile("^Acknowledge |Add|Edit")).count() == 0
    page = visit.open("alerts/maintenance")
    expect(page.get_by_text("No maintenance is planned")).to_be_visible()
