"""The first steps with gateways: a site that has none, no enterprise and no directory."""

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Visit


def test_an_empty_site_says_what_to_do_first_and_ticks_off_what_is_done(visit: "Visit") -> None:
    page = visit.open("gateways")
    steps = page.locator(".first-steps li")
    expect(steps).to_have_count(3)
    expect(steps.nth(0)).to_contain_text(re.compile("A directory.*MFTP_HOST", re.DOTALL))
    expect(steps.nth(1)).to_contain_text(re.compile("An enterprise.*add one first", re.DOTALL))
    expect(page.get_by_role("button", name="Add a gateway")).to_be_disabled()
    expect(page.get_by_label("Totals")).to_be_hidden()
    page.get_by_role("button", name="Add gateway").click()
    expect(page.get_by_role("dialog")).to_contain_text("Add an enterprise first")
    page.get_by_role("dialog").get_by_role("link", name="To the enterprises").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enterprises")
    page.get_by_role("button", name="Add an enterprise").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number").fill("1001")
    dialog.get_by_label("Name", exact=True).fill("North & Sons")
    dialog.get_by_role("button", name="Add enterprise").click()
    page.get_by_role("link", name="Directories").click()
    page.get_by_role("button", name="Add a directory").click()
    dialog.get_by_label("Name", exact=True).fill("Head office")
    dialog.get_by_label("Host").fill("192.0.2.10")
    dialog.get_by_role("button", name="Add directory").click()
    page.get_by_role("link", name="All gateways").click()
    expect(page.locator(".first-steps [data-done]")).to_have_count(2)
    page.get_by_role("button", name="Add a gateway").click()
    dialog.get_by_label("Name", exact=True).fill("Branch-001")
    dialog.get_by_role("button", name="Add gateway").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Branch-001")
    page.get_by_role("link", name="Gateways", exact=True).first.click()
    expect(page.locator("tbody.gateway")).to_contain_text("wait for the next one, or start one")
    expect(page.get_by_label("Scan", exact=True)).to_be_hidden()


def test_gateways_without_a_directory_that_is_switched_on_are_told_of(visit: "Visit") -> None:
    page = visit.open("gateways/directories")
    page.get_by_role("button", name="Edit Head office").click()
    page.get_by_role("dialog").get_by_label("Read its list").uncheck()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Head office")).to_contain_text("switched off")
    page.get_by_role("link", name="All gateways").click()
    expect(page.get_by_role("alert").filter(has_text="No directory is switched on")).to_contain_text("MFTP_HOST")
