"""The first steps with units: a site that has none, and no enterprise."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Visit


def test_an_empty_site_says_what_to_do_first(visit: "Visit") -> None:
    page = visit.open("units")
    steps = page.locator(".first-steps li")
    expect(steps).to_have_count(3)
    expect(steps.first).to_contain_text("add one first")
    expect(page.get_by_role("button", name="Add a unit")).to_be_disabled()
    expect(page.get_by_label("Totals")).to_be_hidden()
    page.get_by_role("button", name="Add unit").click()
    page.get_by_role("dialog").get_by_role("link", name="To the enterprises").click()
    page.get_by_role("button", name="Add an enterprise").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number").fill("1001")
    dialog.get_by_label("Name", exact=True).fill("North & Sons")
    dialog.get_by_role("button", name="Add enterprise").click()
    page.get_by_role("link", name="Units", exact=True).click()
    expect(steps.first).to_contain_text("✓ An enterprise")
    page.get_by_role("button", name="Add a unit").click()
    dialog.get_by_label("Address").fill("192.0.2.17")
    dialog.get_by_label("Password").fill("secret")
    dialog.get_by_role("button", name="Add unit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("North & Sons (1001)")
    expect(page.get_by_text("No line was ever read")).to_be_visible()
    page.get_by_role("link", name="Weekly report").or_(page.get_by_role("link", name="Units", exact=True)).first.click()
    page.get_by_role("button", name="Add unit").click()
    expect(dialog).to_contain_text("Every enterprise has its unit")


def test_an_account_without_an_application_says_what_is_missing(visit: "Visit") -> None:
    visit.expect("409", "502")
    page = visit.open("units/power")
    expect(page.get_by_text("The plugs cannot be listed")).to_be_visible()
    expect(page.get_by_role("alert").first).to_contain_text("not authorised yet")
    page.get_by_role("button", name="Authorise").click()
    expect(page.locator(".note.bad")).to_be_visible()
