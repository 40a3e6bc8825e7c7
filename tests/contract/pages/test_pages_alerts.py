"""Alerts, their rules, channels and maintenance, in a real browser."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from lineman.container import House
from lineman.ports.alerts import Facts, Subject

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Site, Visit

HOSTILE = "<img src=x onerror=alert(1)>"


def heat(site: "Site", celsius: float, name: str = HOSTILE, miner_id: int = 59) -> None:
    """A miner of the southern container says how hot it is, and time goes on."""

    async def say(house: House) -> None:
        judging = house.judging()
        await judging.start()
        at = datetime.now(UTC)
        await judging.report(
            [Facts(Subject("miners", miner_id, name, 2), at, {"chip_c": celsius}, {"chip_c": HOSTILE})]
        )
        await judging.tick()

    site.does(say)


def test_a_rule_is_added_with_what_is_usual_for_its_kind_and_its_errors_stand_at_their_fields(visit: "Visit") -> None:
    visit.expect("422")
    page = visit.open("alerts/rules")
    page.get_by_role("button", name="Add a rule").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What to watch").select_option("hot-chip")
    expect(dialog.get_by_label("Threshold, °C")).to_have_value("100")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Chips hot")
    dialog.get_by_label("What to watch").select_option("offline")
    expect(dialog.get_by_label(re.compile("Threshold"))).to_be_hidden()
    dialog.get_by_label("What to watch").select_option("hot-chip")
    dialog.get_by_label("For how many minutes").fill("-1")
    dialog.get_by_role("button", name="Add rule").click()
    expect(dialog.get_by_label("For how many minutes")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("For how many minutes").fill("0")
    dialog.get_by_label("Threshold, °C").fill("90.5")
    dialog.get_by_role("button", name="Add rule").click()
    row = page.get_by_role("row", name="Chips hot")
    expect(row).to_contain_text(re.compile("90.5.°C, at once"))
    row.get_by_role("button", name="Edit").click()
    page.get_by_role("dialog").get_by_label("Severity").select_option("warning")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Warning")


def test_an_alert_fires_is_acknowledged_and_recovers_before_ones_eyes(visit: "Visit", site: "Site") -> None:
    page = visit.open("alerts")
    expect(page.get_by_text("Nothing fires")).to_be_visible()
    heat(site, 97)
    row = page.get_by_role("row").filter(has_text="Chips hot")
    expect(row).to_contain_text("Firing")
    expect(row.get_by_role("link", name=HOSTILE)).to_be_visible()
    page.reload()
    expect(page.locator(".nav .count")).to_have_text("1")
    row.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("dialog").get_by_label("Comment").fill("Fans are on order")
    page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Nothing fires")).to_be_visible()
    page.get_by_role("button", name="Acknowledged").click()
    expect(row).to_contain_text("by admin: Fans are on order")
    assert page.url.endswith("alerts?status=acknowledged")
    # One that recovered is not on this list any more.
    row.get_by_role("link", name="Chips hot").click()
    facts = page.get_by_label("The alert")
    expect(facts).to_contain_text("Fans are on order")
    heat(site, 60)
    expect(facts).to_contain_text("Recovered")
    expect(page.get_by_text("Nobody was told")).to_be_visible()


def test_a_channel_is_tested_and_its_address_is_never_shown(visit: "Visit") -> None:
    visit.expect("502", "422")
    page = visit.open("alerts/channels")
    page.get_by_role("button", name="Add a channel").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Night shift")
    dialog.get_by_label("Address").fill("nonsense")
    dialog.get_by_role("button", name="Add channel").click()
    expect(dialog.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Address").fill("json://user:canary-of-a-channel@127.0.0.1:9/")
    dialog.get_by_role("button", name="Add channel").click()
    row = page.get_by_role("row", name="Night shift")
    expect(row).to_contain_text("json")
    row.get_by_role("button", name="Send a test").click()
    expect(row.get_by_role("status")).to_have_class("bad-text")
    assert "canary-of-a-channel" not in page.content()
    row.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Remove this channel").click()
    page.get_by_role("button", name="Remove channel").click()
    expect(page.get_by_text("There are no channels")).to_be_visible()


def test_maintenance_is_announced_for_a_container_and_a_miner(visit: "Visit") -> None:
    visit.expect("422")
    page = visit.open("alerts/maintenance")
    page.get_by_role("button", name="Announce maintenance").last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Until").fill("2020-01-01T00:00")
    dialog.get_by_label("Why").fill(HOSTILE)
    dialog.get_by_label("North").check()
    dialog.get_by_role("combobox", name="Add miners").fill("silent")
    dialog.get_by_role("option", name="S-silent").click()
    dialog.get_by_role("button", name="Announce").click()
    expect(dialog.get_by_label("Until")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Until").fill("2037-01-01T00:00")
    dialog.get_by_role("button", name="Announce").click()
    row = page.get_by_role("row").filter(has_text="goes on")
    expect(row).to_contain_text(re.compile("North, S-silent"))
    expect(row).to_contain_text(HOSTILE)
    row.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Remove it").click()
    page.get_by_role("dialog").last.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("No maintenance is planned")).to_be_visible()


@pytest.mark.parametrize("visit", ["carla"], indirect=True)
def test_a_client_sees_the_alerts_of_his_containers_and_presses_nothing(visit: "Visit", site: "Site") -> None:
    page = visit.open("alerts?status=all")
    expect(page.get_by_role("row").filter(has_text="Chips hot")).to_be_visible()
    assert page.get_by_role("button", name="Acknowledge", exact=True).count() == 0
    expect(page.get_by_label("Pages of alerts").get_by_role("link")).to_have_text(["Alerts", "Rules", "Maintenance"])
    page.get_by_role("link", name="Chips hot").click()
    expect(page.get_by_label("The alert")).to_contain_text("Recovered")
    assert page.get_by_text("Notifications").count() == 0
    page = visit.open("alerts/rules")
    expect(page.get_by_role("row", name="Chips hot")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Add|Edit")).count() == 0
