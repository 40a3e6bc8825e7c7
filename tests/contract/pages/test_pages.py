"""The pages in a real browser, over a whole service with made-up miners (see conftest)."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from lineman.container import House
from lineman.ports.identity import Actor, Role

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Site, Visit

HOSTILE = "<img src=x onerror=alert(1)>"
PASSWORD = "correct horse battery"
#: How many pixels of a canvas are painted.
PAINTED = """(canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    .data.filter((value, index) => index % 4 === 3 && value > 0).length"""
#: Controls without a name for those who do not see them.
NAMELESS = """() => [...document.querySelectorAll(":is(main, header) :is(button, input, select, a[href])")]
    .filter((one) => one.checkVisibility() && !(one.textContent.trim() && one.tagName !== "SELECT")
        && !one.getAttribute("aria-label") && !one.labels?.length).map((one) => one.outerHTML)"""


def miner_path(page: Page, name: str) -> str:
    """Go to a miner by its name and return the path of its page."""
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return page.url.split("/ui/")[1]


@pytest.mark.parametrize("visit", [""], indirect=True)
def test_a_deep_link_leads_over_the_login_to_where_it_points(visit: "Visit") -> None:
    visit.expect("401")
    page = visit.open("miners?search=N-00&sort=-name")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("tbody .row-link").first).to_have_text("N-009")
    assert page.url.endswith("/ui/miners?search=N-00&sort=-name")
    page.get_by_role("link", name="admin").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.request.get(f"{visit.url}/api/auth/me").status == 401


def test_the_overview_tells_the_totals_and_what_needs_a_look(visit: "Visit") -> None:
    page = visit.open("")
    totals = page.get_by_label("Totals")
    expect(totals).to_contain_text("60")
    expect(totals.locator("li[data-is=offline]")).to_contain_text("1 offline")
    expect(totals).to_contain_text("said by 59 of 60")
    expect(page.locator(".trouble li")).to_contain_text(["S-silent"])
    north = page.locator(".card").filter(has_text="North")
    expect(north).to_contain_text("PH/s")
    expect(north.locator(".spark-line")).to_have_attribute("d", re.compile("^M"))
    north.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("North")
    expect(page.locator("tbody .row-link")).to_have_count(58)


def test_search_filters_order_and_page_live_in_the_address(visit: "Visit") -> None:
    page = visit.open("miners?size=50")
    expect(page.locator(".pager")).to_contain_text(re.compile("1.50 of 60 miners"))
    page.get_by_role("button", name="Next").click()
    expect(page.locator("tbody tr")).to_have_count(10)
    page.keyboard.press("/")
    page.keyboard.type("n-01")
    page.get_by_label("All makers").select_option("Whatsminer")
    page.get_by_label("Any status").select_option("online")
    for _ in range(2):
        page.get_by_role("button", name="Hash rate").click()
    expect(page.locator("tbody .row-link").first).to_have_text("N-019")
    assert page.url.endswith("?size=50&search=n-01&manufacturer=Whatsminer&availability=online&sort=-hash_rate_hs")
    page.reload()
    expect(page.locator("tbody .row-link").first).to_have_text("N-019")
    expect(page.get_by_label("Search miners")).to_have_value("n-01")
    expect(page.get_by_label("Any status")).to_have_value("online")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Hash rate")
    page.get_by_label("Search miners").fill("no such miner")
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_a_refresh_keeps_rows_focus_and_place(visit: "Visit") -> None:
    page = visit.open("miners?sort=name")
    link = page.get_by_role("link", name="N-040", exact=True)
    link.focus()
    page.keyboard.press("ArrowDown")
    page.evaluate("() => { document.querySelectorAll('tbody tr').forEach((row) => { row.kept = true; }); }")
    place = page.evaluate("scrollY")
    with page.expect_response(re.compile(r"/api/miners\?")):
        page.evaluate("document.dispatchEvent(new CustomEvent('lineman:retry'))")
    page.wait_for_timeout(100)
    assert page.evaluate("[...document.querySelectorAll('tbody tr')].every((row) => row.kept)")
    assert page.evaluate("document.activeElement.textContent") == "N-041"
    assert page.evaluate("scrollY") == place > 0
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("N-041")
    page.go_back()
    expect(page.locator("tbody tr").first).to_be_visible()
    page.wait_for_function(f"scrollY === {place}")


@pytest.mark.parametrize("visit", [""], indirect=True)
def test_who_gets_no_stream_asks_every_five_seconds_instead(visit: "Visit") -> None:
    visit.expect("503")
    page = visit.page
    login = {"username": "carla", "password": PASSWORD}
    assert page.request.post(f"{visit.url}/api/auth/session", data=login).status == 200
    page.clock.install()
    page.route("**/api/stream?*", lambda route: route.fulfill(status=503, body="{}"))
    visit.open("containers/2")
    for _ in range(2):
        with page.expect_response(re.compile(r"/api/miners\?container_id=2")):
            page.clock.fast_forward(5_500)


def test_charts_are_drawn_over_any_span(visit: "Visit", charts: None) -> None:
    page = visit.open("miners?search=N-001")
    path = miner_path(page, "N-001")
    canvases = page.locator(".chart canvas")
    expect(canvases).to_have_count(4)
    assert [canvas.evaluate(PAINTED) > 1000 for canvas in canvases.all()] == [True] * 4
    # A miner added just now has its last hour shown first.
    expect(page.locator("[data-span='1h']")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-span='24h']").click()
    expect(page.get_by_label("Charts")).to_contain_text(re.compile("12 of 26. polls missed"))
    page.get_by_role("button", name="6 h").click()
    expect(page.get_by_role("button", name="6 h")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=re.compile("From.to")).click()
    page.get_by_label("From", exact=True).fill("2020-01-01T00:00")
    page.get_by_label("To", exact=True).fill("2020-01-02T00:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Nothing in this span").first).to_be_visible()
    page.go_back()
    expect(page.locator("[data-span='6h']")).to_have_attribute("aria-pressed", "true")
    assert page.url.endswith(f"{path}?span=6h")
    chart = page.locator(".u-over").first.bounding_box()
    assert chart is not None
    middle, height = chart["x"] + chart["width"] / 2, chart["y"] + 40
    page.mouse.move(middle, height)
    page.mouse.down()
    page.mouse.move(middle + 100, height, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile("since=.*until="))


def test_without_the_chart_library_there_are_numbers_and_the_way_to_get_it(visit: "Visit") -> None:
    def without(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('data-charts="yes"', 'data-charts="no"'))

    visit.page.route(re.compile(r"/ui/(miners.*)?$"), without)
    page = visit.open("miners?search=N-001")
    miner_path(page, "N-001")
    expect(page.get_by_text("Charts need uPlot")).to_contain_text("Install Node.js")
    expect(page.locator(".charts table").first).to_contain_text("TH/s")


def test_poll_now_shows_the_figures_or_what_the_miner_did_wrong(visit: "Visit") -> None:
    visit.expect("504")
    page = visit.open("miners?search=N-002")
    miner_path(page, "N-002")
    page.get_by_role("button", name="Poll now").click()
    expect(page.locator(".outcome")).to_contain_text("It answered")
    expect(page.locator(".outcome")).to_contain_text("121.0\u00a0TH/s")
    expect(page.get_by_label("Figures")).to_contain_text("121.0\u00a0TH/s")
    page = visit.open("miners?search=S-silent")
    miner_path(page, "S-silent")
    expect(page.get_by_label("Condition")).to_contain_text("did not answer in time")
    page.get_by_role("button", name="Poll now").click()
    expect(page.locator(".outcome.bad")).to_contain_text("192.0.2.66:4028 did not answer within 5 s")


def test_a_wrong_port_is_told_at_its_field_and_a_right_one_adds_the_miner(visit: "Visit") -> None:
    visit.expect("422")
    page = visit.open("miners")
    page.get_by_role("button", name="Add miner").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Fresh")
    dialog.get_by_label("Address").fill("10.9.9.9")
    dialog.get_by_label("Port", exact=True).fill("70000")
    dialog.get_by_role("button", name="Add miner").click()
    port = dialog.get_by_label("Port", exact=True)
    expect(port).to_have_attribute("aria-invalid", "true")
    expect(port).to_be_focused()
    expect(port).to_have_accessible_description(re.compile("65535"))
    port.fill("4029")
    dialog.get_by_role("button", name="Add miner").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fresh")
    expect(page.get_by_label("Condition")).to_contain_text("Not polled yet")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove miner").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Miners")
    expect(page.get_by_role("link", name="Fresh")).to_have_count(0)


def test_who_edits_what_another_changed_meanwhile_sees_what_it_was(visit: "Visit", site: "Site") -> None:
    visit.expect("412")
    page = visit.open("miners?search=N-003")
    miner_id = int(miner_path(page, "N-003").split("/")[1].split("?")[0])
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Model").fill("mine")

    async def rename(house: House) -> None:
        other = Actor("olga", Role.OPERATOR)
        await house.miners().change(other, miner_id, {"name": "N-003 moved", "model": "hers"})

    site.does(rename)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("row", name="Model")).to_contain_text(re.compile("hers.*mine"))
    expect(dialog.get_by_role("row", name="Name")).to_contain_text("N-003 moved")
    dialog.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("N-003 moved")
    assert page.request.get(f"{visit.url}/miners/api/miners/{miner_id}").json()["model"] == "mine"


def test_hostile_words_of_devices_and_people_are_only_text(visit: "Visit") -> None:
    page = visit.open("")
    expect(page.locator(".card").filter(has_text=HOSTILE)).to_be_visible()
    visit.open("miners?search=img")
    miner_path(page, HOSTILE)
    expect(page.get_by_label("Pools")).to_contain_text(f"stratum+tcp://{HOSTILE}:3333")
    page.get_by_text("Raw reply").click()
    expect(page.get_by_label("Raw reply")).to_contain_text("<script>alert(3)</script>")
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Edit {HOSTILE}")
    assert page.locator("img[src=x], main script").count() == 0


@pytest.mark.parametrize("visit", ["carla"], indirect=True)
def test_a_client_sees_only_his_containers_and_nothing_to_press(visit: "Visit") -> None:
    visit.expect("404", "403")
    page = visit.open("")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator("nav.nav a")).to_have_text(["Overview", "Miners", "Alerts", "Compare", "Reports"])
    page = visit.open("miners")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert page.get_by_role("button", name="Add miner").count() == 0
    miner_path(page, "S-silent")
    assert page.get_by_role("button", name=re.compile("Poll|Edit|Remove")).count() == 0
    page.goto(f"{visit.url}/ui/containers/1")
    expect(page.get_by_role("alert")).to_contain_text("There is no")
    page.goto(f"{visit.url}/ui/users")
    expect(page.get_by_role("alert")).to_contain_text("manage-users")


def test_an_admin_approves_who_waits_and_sees_a_token_once(visit: "Visit") -> None:
    page = visit.open("users")
    waiting = page.get_by_role("row", name="newcomer")
    expect(waiting).to_contain_text("Waits for approval")
    waiting.get_by_role("button", name="Approve").click()
    expect(waiting).to_contain_text("Active")
    waiting.get_by_role("button", name="Edit").click()
    page.get_by_role("dialog").get_by_label("North").check()
    page.get_by_role("button", name="Save").click()
    expect(waiting).to_contain_text("North")
    page = visit.open("tokens")
    page.get_by_role("button", name="Add token").click()
    page.get_by_role("dialog").get_by_label("Name").fill("grafana")
    page.get_by_role("button", name="Make token").click()
    key = page.get_by_label("The token").input_value()
    answer = page.request.get(
        f"{visit.url}/miners/api/miners", headers={"Authorization": f"Bearer {key}", "Cookie": ""}
    )
    assert answer.status == 200
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("row", name="grafana")).to_contain_text("Accountant")
    assert key not in page.content()


def test_a_lost_connection_is_told_and_ends_by_itself(visit: "Visit") -> None:
    visit.expect("ERR_INTERNET_DISCONNECTED")
    page = visit.open("miners")
    expect(page.locator("tbody tr")).to_have_count(60)
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("The server has not answered since")
    expect(page.locator("tbody tr")).to_have_count(60)
    page.context.set_offline(False)
    expect(page.locator(".banner")).to_be_hidden()


PLACES = (
    "", "miners", "containers/2", "containers/1/map", "containers/1/ranking", "miners/1", "miners/import", "groups",
    "discovery", "compare", "compare?miners=1,2", "alerts", "alerts/rules", "alerts/channels", "alerts/maintenance",
    "reports", "enterprises", "enterprises/import", "users", "tokens", "account", "nowhere",
)  # fmt: skip
GO = """(url) => { history.pushState({}, "", url); dispatchEvent(new PopStateEvent("popstate")); }"""


def test_each_page_fits_a_phone_and_names_its_controls(visit: "Visit") -> None:
    page = visit.page
    page.set_viewport_size({"width": 390, "height": 844})
    visit.open("account")
    for path in PLACES:
        page.evaluate("document.querySelector('main').replaceChildren()")
        page.evaluate(GO, f"{visit.url}/ui/{path}")
        page.wait_for_selector("main :is(h1, h2)", state="attached")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate(NAMELESS) == [], path
        assert page.locator("h1").count() == (path != "nowhere"), path
    page.get_by_role("button", name="Pages").click()
    page.get_by_role("link", name="Discovery").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Discovery")
    expect(page.get_by_role("link", name="Reports")).to_be_hidden()
